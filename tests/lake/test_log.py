"""What the log of a table tells of every version."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import LakeError
from stockstream.lake.data_file import digest_in, digest_of, is_data_file, new_name
from stockstream.lake.log import entry_name, read_entry, read_log, replay
from stockstream.lake.tables import ACTIONS, BARS

if TYPE_CHECKING:
    import polars as pl
    from tests.lake.conftest import MakeActions

    from stockstream.lake import Lake
    from stockstream.lake.tables import TableSpec


@pytest.fixture
def written(lake: Lake, two_years: pl.DataFrame, make_actions: MakeActions) -> Lake:
    for number in range(3):
        event = make_actions(("BHP.AX", f"2024-01-0{number + 1}", "dividend", 0.5))
        lake.merge(two_years.head(10 * number + 10), event, source=f"part {number}")
    return lake


@pytest.mark.parametrize("spec", [BARS, ACTIONS], ids=lambda spec: spec.name)
def test_replaying_gives_the_files_of_every_version(written: Lake, spec: TableSpec) -> None:
    table = written.table(spec)
    versions = list(replay(read_log(table.location, 3)))
    assert [entry.version for entry, _ in versions] == [0, 1, 2, 3]
    assert [entry.said.get("source") for entry, _ in versions] == [
        None,
        "part 0",
        "part 1",
        "part 2",
    ]
    for entry, files in versions:
        snapshot = table.snapshot(entry.version)
        assert {logged.file for logged in files.values()} == set(snapshot.files)
        assert sum(logged.statistics["numRecords"] for logged in files.values()) == snapshot.rows


def test_the_lines_of_the_log(written: Lake) -> None:
    lines = written.log()
    assert [line.when for line in lines] == sorted((line.when for line in lines), reverse=True)
    assert (lines[0].version, lines[0].source, lines[0].data) == (
        "bars@3",
        "part 2",
        "bars@3 actions@3",
    )
    assert lines[1].data is None
    assert {line.version for line in lines} >= {"quarantine@0", "findings@0", "actions@3"}


@pytest.mark.parametrize("content", ["", "{garbage", "[]", '{"commitInfo":{}}'], ids=str)
def test_an_entry_that_was_cut_off_is_never_taken_for_a_version(
    written: Lake, content: str
) -> None:
    place = written.table(ACTIONS).location
    Path(place.path(entry_name(3))).write_text(content)
    with pytest.raises(LakeError, match=r"is damaged; see `stockstream lake verify`"):
        read_entry(place, 3)
    with pytest.raises(LakeError, match=r"damaged|cannot read table 'actions'"):
        written.actions()
    with pytest.raises(LakeError, match=r"damaged|cannot read table 'actions'"):
        written.merge(written.bars(version="bars@3 actions@2"))


def test_an_entry_that_is_not_there(written: Lake) -> None:
    place = written.table(BARS).location
    with pytest.raises(FileNotFoundError):
        read_entry(place, 9)
    Path(place.path(entry_name(1))).unlink()
    with pytest.raises(LakeError, match="cannot read the log of"):
        read_log(place, 3)


def test_a_name_holds_the_digest_of_the_bytes() -> None:
    for year in (None, 2024):
        names = {new_name(b"content", year) for _ in range(2)}
        assert len(names) == 2, "the same content again is another file"
        for name in names:
            assert digest_in(name) == digest_of(b"content") != digest_of(b"Content")
            assert is_data_file(name)
    old = f"year=2024/part-{1:032x}.parquet"
    assert (digest_in(old), is_data_file(old)) == (None, True)
    assert not is_data_file("_delta_log/00000000000000000100.checkpoint.parquet")
    assert not is_data_file("part-of-mine.parquet")
