"""What is left to do of a session."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.ingest.batch import fetch_batch
from stockstream.ingest.resume import renumber, resume, retry_failed
from stockstream.lake.raw import RawZone

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.fetching.conftest import Source

    from stockstream.ingest.pacing import Pacing

SESSION = dt.date(2024, 6, 28)
CLOSES = [15.42, 15.4, 15.61]


def plan(*parts: str) -> list[dict[str, Any]]:
    return [{"symbols": list(names), "batchNumber": number} for number, names in enumerate(parts)]


@pytest.fixture
def made(tmp_path: Path, new_source: type[Source], pacing: Pacing) -> Path:
    """Batches 0 (ABC) and 2 (GHI) of nine symbols; B failed in passing, H is not known."""
    known = {f"{name}.AX": CLOSES for name in "ABCDEFGI"}
    source = new_source(known, faults={"B.AX": ["malformed"]}, forever=["B.AX"])
    for number, names in ((0, "ABC"), (2, "GHI")):
        fetch_batch(tmp_path, source, names, number, SESSION, suffix=".AX", pacing=pacing)
    return tmp_path


def test_the_same_plan_stays_as_it_is(made: Path) -> None:
    same = plan("ABC", "DEF", "GHI")
    assert resume(made, SESSION, same, ".AX") == same
    assert resume(made, dt.date(2024, 6, 27), same, ".AX") == same
    bare_and_full = plan("ABC", "DEF")
    bare_and_full[0]["symbols"] = ["C.AX", "A.AX", "B"]
    assert resume(made, SESSION, bare_and_full, ".AX") == bare_and_full


def test_symbols_cut_in_another_way(made: Path) -> None:
    new = resume(made, SESSION, plan("ABCDE", "FGHIJ"), ".AX")
    assert new == [
        {"symbols": ["F", "G", "H", "I", "J"], "batchNumber": 1},
        {"symbols": ["A", "B", "C"], "batchNumber": 0},
        {"symbols": ["G", "H", "I"], "batchNumber": 2},
        {"symbols": ["D", "E"], "batchNumber": 3},
    ]


def test_a_damaged_file_is_done_again_under_another_number(made: Path) -> None:
    [file] = (made / "raw-data").glob("*-batch-2.parquet")
    file.write_bytes(file.read_bytes()[:-40])
    new = resume(made, SESSION, plan("ABC", "DEF", "GHI"), ".AX")
    assert [batch["batchNumber"] for batch in new] == [0, 1, 3]
    assert new[-1]["symbols"] == ["G", "H", "I"]
    assert retry_failed(made, SESSION, 10) == [{"symbols": ["B"], "batchNumber": 3}]


def test_failed_symbols_are_tried_again_under_new_numbers(made: Path) -> None:
    assert retry_failed(made, SESSION, 10) == [{"symbols": ["B"], "batchNumber": 3}]
    assert retry_failed(made, SESSION, 10, planned=22) == [{"symbols": ["B"], "batchNumber": 22}]
    everything = retry_failed(made, SESSION, 1, kinds=("malformed", "not_found"))
    assert everything == [
        {"symbols": ["B"], "batchNumber": 3},
        {"symbols": ["H"], "batchNumber": 4},
    ]
    assert retry_failed(made, dt.date(2024, 6, 27), 10) == []


def test_what_came_later_is_not_tried_again(
    made: Path, new_source: type[Source], pacing: Pacing
) -> None:
    source = new_source({"B.AX": CLOSES})
    [batch] = retry_failed(made, SESSION, 10)
    answer = fetch_batch(
        made, source, batch["symbols"], batch["batchNumber"], SESSION, suffix=".AX", pacing=pacing
    )
    assert answer["metadata"]["symbols_fetched"] == 1
    assert retry_failed(made, SESSION, 10) == []


def test_a_second_pass_gets_new_numbers(made: Path) -> None:
    assert renumber(made, SESSION, plan("ABC", "DEF")) == [
        {"symbols": ["A", "B", "C"], "batchNumber": 3},
        {"symbols": ["D", "E", "F"], "batchNumber": 4},
    ]


def test_files_of_others_do_not_disturb(made: Path, new_source: type[Source]) -> None:
    rows = new_source({"A.AX": CLOSES}).fetch(["A.AX"], dt.date(2024, 1, 1), SESSION).bars
    RawZone(made).write_batch(SESSION, 1, rows)
    same = plan("ABC", "DEF", "GHI")
    assert resume(made, SESSION, same, ".AX") == same
    assert [batch["symbols"] for batch in retry_failed(made, SESSION, 10)] == [["B"]]
