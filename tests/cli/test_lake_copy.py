"""``stockstream lake copy``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


def test_copy(stockstream: Stockstream, lake: Path, tmp_path: Path) -> None:
    done = stockstream("lake", "copy", "there", "--lake", lake, "--json").document
    assert (done["version"], done["there"]) == ("bars@1 actions@1", 0)
    assert Lake.open(tmp_path / "there").symbols() == Lake.open(lake).symbols()
    said = stockstream("lake", "copy", "there", "--lake", lake)
    assert said.out.splitlines() == [
        f"copied 0 files, 0 bytes; {done['files']} files it had",
        f"{tmp_path / 'there'} reads bars@1 actions@1",
    ]


def test_a_place_that_cannot_be_used(stockstream: Stockstream, lake: Path) -> None:
    said = stockstream("lake", "copy", lake, "--lake", lake)
    assert (said.code, "is the lake itself" in said.err) == (2, True)
    said = stockstream("lake", "copy", "s3://me:hush@bucket", "--lake", lake)
    assert (said.code, "hush" in said.err) == (2, False)
