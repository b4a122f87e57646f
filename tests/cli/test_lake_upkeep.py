"""``stockstream lake log | restore | verify | repair | vacuum``."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream


@pytest.fixture
def mine(lake: Path, tmp_path: Path) -> Path:
    """A copy of the lake with a second version: one more day of 2021."""
    place = tmp_path / "mine"
    shutil.copytree(lake, place)
    copy = Lake.open(place)
    bars = copy.bars()
    last = bars.filter(pl.col("date") == pl.col("date").max())
    copy.merge(last.with_columns(date=dt.date(2021, 12, 25)), source="another day")
    return place


def damage(place: Path) -> Path:
    files = Lake.open(place).published.read().bars.files
    [path] = [place / "bars" / file.path for file in files if file.year == 2021]
    path.write_bytes(path.read_bytes()[:-1])
    return path


def test_log(stockstream: Stockstream, lake: Path) -> None:
    commits = stockstream("lake", "log", "--lake", lake, "--json").document["commits"]
    assert {
        "version": "bars@1",
        "source": "simulated",
        "data": "bars@1 actions@1",
        "when": commits[0]["when"],
    } in [{**commit, "when": commits[0]["when"]} for commit in commits]
    assert [commit["when"] for commit in commits] == sorted(
        (commit["when"] for commit in commits), reverse=True
    )
    assert "bars@1 actions@1  simulated" in stockstream("lake", "log", "--lake", lake).out


@pytest.mark.slow
def test_restore(stockstream: Stockstream, mine: Path) -> None:
    old = ("--version", "bars@1 actions@1", "--lake", mine)
    said = stockstream("lake", "restore", *old)
    after = "bars@3 actions@1 has the content of bars@1 actions@1; before it was bars@2 actions@1"
    assert said.out == after + "\n"
    document = stockstream("lake", "restore", *old, "--json").document
    assert document["before"] == document["after"] == "bars@3 actions@1"
    assert "nothing to do" in stockstream("lake", "restore", *old).out


def test_a_sound_lake(stockstream: Stockstream, mine: Path) -> None:
    said = stockstream("lake", "verify", "--lake", mine)
    assert (said.code, said.out.startswith("sound: read ")) == (0, True)
    document = stockstream("lake", "verify", "--all", "--lake", mine, "--json").document
    assert (document["sound"], document["scope"], document["problems"]) == (True, "all", [])
    assert stockstream("lake", "repair", "--lake", mine).out == "nothing to repair\n"


def test_a_damaged_lake_is_an_error_until_it_is_repaired(
    stockstream: Stockstream, mine: Path
) -> None:
    path = damage(mine)
    said = stockstream("lake", "verify", "--lake", mine)
    assert said.code == 1
    assert said.out.startswith(f"error   bars/year=2021/{path.name}: ")
    assert "damaged: read" in said.out
    document = stockstream("lake", "verify", "--lake", mine, "--json").document
    assert [problem["kind"] for problem in document["problems"]] == ["cut_off"]

    left = stockstream("lake", "repair", "--lake", mine)
    assert (left.code, left.out.startswith("left    bars/year=2021/")) == (3, True)
    assert "damage is left" in left.out
    document = stockstream("lake", "repair", "--lake", mine, "--json").document
    assert (document["whole"], document["repairs"][0]["what"]) == (False, "left")

    done = stockstream("lake", "repair", "--accept-loss", "--lake", mine)
    assert (done.code, done.out.startswith("gave up bars/year=2021/")) == (0, True)
    assert "the lake is whole and reads bars@3 actions@1" in done.out
    assert stockstream("lake", "verify", "--lake", mine).code == 0


def test_left_over_files_go_when_they_are_old(stockstream: Stockstream, mine: Path) -> None:
    draft = mine / "bars" / "year=2021" / "part.parquet#17"
    draft.write_bytes(b"half")
    said = stockstream("lake", "verify", "--lake", mine)
    assert (said.code, said.out.startswith("warning ")) == (0, True)
    stockstream("lake", "repair", "--lake", mine)
    assert draft.exists()
    said = stockstream("lake", "repair", "--older-than", "0", "--lake", mine)
    assert (said.out.startswith("removed bars/year=2021/part.parquet#17"), draft.exists()) == (
        True,
        False,
    )


def test_vacuum(stockstream: Stockstream, mine: Path) -> None:
    assert "deleted 0 files" in stockstream("lake", "vacuum", "--lake", mine).out
    for path in mine.rglob("*.parquet"):
        os.utime(path, (0, 0))
    options = ("--keep-versions", "1", "--lake", mine)
    looked = stockstream("lake", "vacuum", *options, "--dry-run").out
    assert looked.startswith("would delete 1 file, ")
    assert "kept from bars@2, actions@1, quarantine@0, findings@1, universe@1 on" in looked
    freed = stockstream("lake", "vacuum", *options, "--json").document
    assert (freed["files"], freed["dry_run"], freed["kept"]["bars"]) == (1, False, 2)
    said = stockstream("lake", "restore", "--version", "bars@1 actions@1", "--lake", mine)
    assert (said.code, "bars@1 was vacuumed" in said.err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["restore"], 2, "Missing option '--version'"),
        (["restore", "--version", "3"], 2, "'3' is no data version"),
        (["restore", "--version", "bars@9 actions@0"], 1, "there is no bars@9"),
        (["vacuum", "--keep-days", "1", "--keep-versions", "1"], 2, "not both"),
        (["vacuum", "--keep-days", "0"], 2, "greater than or equal to 1"),
        (["history"], 2, "No such command 'history'"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_clear_line(
    stockstream: Stockstream, lake: Path, arguments: list[str], code: int, message: str
) -> None:
    place = [] if arguments == ["history"] else ["--lake", lake]
    said = stockstream("lake", *arguments, *place)
    assert (said.code, said.out) == (code, "")
    assert message in said.err
