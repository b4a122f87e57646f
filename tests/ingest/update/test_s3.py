"""The daily run with a lake in a bucket."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from stockstream.lake.location import Location

if TYPE_CHECKING:
    from tests.ingest.update.conftest import Rehearsal

pytestmark = pytest.mark.slow


@pytest.fixture
def remote(rehearsal: Rehearsal, bucket: str) -> Rehearsal:
    rehearsal.place = bucket
    return rehearsal


def tags(bucket: str) -> dict[str, str]:
    return {file.name: file.tag for file in Location.of(bucket).files()}


def test_some_days_with_a_split(remote: Rehearsal, bucket: str) -> None:
    for day in ("2024-05-13", "2024-05-14", "2024-05-15", "2024-05-16"):
        summary = remote.run(day)
        assert summary.lake == bucket
        assert summary.pending == ()
    remote.demand_truth("2024-05-16", "GON.AX")
    assert remote.kinds("restated") == [("restated", "SPL.AX"), ("restated", "CON.AX")]
    before = tags(bucket)
    assert remote.run("2024-05-16").state == "nothing to do"
    assert tags(bucket) == before


def test_two_runs_at_the_same_time_do_no_harm(remote: Rehearsal) -> None:
    """A bucket has no lock."""
    remote.run("2024-05-03")
    with ThreadPoolExecutor(2) as pool:
        runs = list(pool.map(remote.run, ["2024-05-06"] * 2))
    assert {run.state for run in runs} == {"complete"}
    remote.demand_truth("2024-05-06")
    assert remote.run("2024-05-06").state == "nothing to do"
