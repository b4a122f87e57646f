"""A split divides the whole history of a symbol: it is replaced at once, or not at all."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal, assert_series_equal

from stockstream.providers.base import Failure, FetchResult

if TYPE_CHECKING:
    from tests.ingest.update.conftest import Rehearsal

BEFORE, DAY, AFTER = "2024-05-14", "2024-05-15", "2024-05-16"
SPLIT = pl.col("symbol") == "SPL.AX"


def is_history(result: FetchResult, start: dt.date) -> bool:
    """Whether SPL.AX was asked for, and more than its last days."""
    is_it = {*result.bars["symbol"], *result.actions["symbol"]} == {"SPL.AX"}
    return is_it and start < dt.date(2024, 3, 1)


def forgetful(result: FetchResult, start: dt.date) -> FetchResult:
    """Nothing comes of SPL.AX from long ago."""
    if not is_history(result, start):
        return result
    failure = Failure("SPL.AX", "out of order", "transient")
    return FetchResult(result.bars.clear(), result.actions.clear(), (failure,))


def test_a_split_replaces_the_history_in_one_commit(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    old = rehearsal.lake.bars(["SPL"])
    asked = rehearsal.asked()
    summary = rehearsal.run(DAY)
    rehearsal.demand_truth(DAY, "GON.AX")
    new = rehearsal.lake.bars(["SPL"])
    assert_series_equal(new["close"][: len(old)] * 2.0, old["close"], abs_tol=0.01)
    assert new["volume"][0] == 2 * old["volume"][0]
    assert (summary.version_before, summary.version_after) == (
        "bars@1 actions@1",
        "bars@2 actions@2",
    )
    assert summary.updated == len(old)
    assert rehearsal.kinds("restated") == [("restated", "SPL.AX")]
    assert (rehearsal.asked() - asked)["SPL.AX"] == 2
    assert_frame_equal(rehearsal.lake.bars(["SPL"], version="bars@1 actions@1"), old)


def test_the_dividends_before_a_split_are_divided_too(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    rehearsal.run(DAY)
    dividend = rehearsal.lake.actions(["SPL"]).filter(pl.col("kind") == "dividend")
    assert dividend["value"].to_list() == pytest.approx([0.2])
    assert dividend["first_seen"].to_list() == [dt.date(2024, 5, 14)]


@pytest.mark.slow
def test_a_split_is_restated_once(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    rehearsal.run(DAY)
    asked = rehearsal.asked()
    summary = rehearsal.run(AFTER)
    rehearsal.demand_truth(AFTER, "GON.AX")
    assert summary.updated == len(rehearsal.truth(BEFORE)[0].filter(symbol="CON.AX")) + 1
    assert rehearsal.kinds("restated", run=f"{AFTER}.1") == [("restated", "CON.AX")]
    assert (rehearsal.asked() - asked)["SPL.AX"] == 1


def test_without_its_history_a_symbol_waits_and_is_not_mixed(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    old = rehearsal.lake.bars(["SPL"])
    summary = rehearsal.run(DAY, change=forgetful)
    assert (summary.state, summary.pending) == ("partial", ("SPL.AX",))
    assert summary.symbols_failed["SPL.AX"].startswith("transient: its stored prices are on")
    assert ("restatement_pending", "SPL.AX") in rehearsal.kinds("restatement_pending")
    assert_frame_equal(rehearsal.lake.bars(["SPL"]), old)
    assert rehearsal.lake.actions(["SPL"])["kind"].to_list() == ["dividend"]
    rehearsal.demand_truth(DAY, "SPL.AX", "GON.AX")


@pytest.mark.slow
@pytest.mark.parametrize("day", [DAY, AFTER])
def test_the_next_run_heals_a_symbol_that_waits(rehearsal: Rehearsal, day: str) -> None:
    rehearsal.begin(BEFORE)
    rehearsal.run(DAY, change=forgetful)
    summary = rehearsal.run(day)
    assert "SPL.AX" not in summary.symbols_failed
    assert summary.pending == ()
    rehearsal.demand_truth(day, "GON.AX")


@pytest.mark.slow
def test_a_history_that_lacks_a_stored_day(rehearsal: Rehearsal) -> None:
    """The bar stays, on the new scale, and is noted."""
    rehearsal.begin(BEFORE)

    def lacking(result: FetchResult, start: dt.date) -> FetchResult:
        lost = pl.col("date") == dt.date(2024, 2, 1)
        bars = result.bars.filter(~lost) if is_history(result, start) else result.bars
        return replace(result, bars=bars)

    summary = rehearsal.run(DAY, change=lacking)
    assert summary.findings["restated_by_ratio"] == 1
    rehearsal.demand_truth(DAY, "GON.AX")


@pytest.mark.slow
def test_a_split_after_a_run_that_was_too_early(rehearsal: Rehearsal) -> None:
    """The source was late with it: the session came on the old scale, the second pass on the new.

    Whatever is merged again after that, the lake stays on the new scale.
    """
    rehearsal.begin(BEFORE)

    def late(result: FetchResult, start: dt.date) -> FetchResult:
        names = ("open", "high", "low", "close")
        double = (pl.when(SPLIT).then(pl.col(n) * 2).otherwise(n).alias(n) for n in names)
        return replace(
            result,
            bars=result.bars.with_columns(double),
            actions=result.actions.filter(pl.col("kind") != "split"),
        )

    rehearsal.run(DAY, change=late)
    assert not rehearsal.lake.bars(["SPL"]).filter(pl.col("close") > 9.0).is_empty()
    for _ in range(2):
        summary = rehearsal.run(DAY, again=True)
        rehearsal.demand_truth(DAY, "GON.AX")
        assert summary.pending == ()
    assert rehearsal.kinds("restatement_pending") == []


@pytest.mark.slow
def test_an_old_session_once_more_after_a_split(rehearsal: Rehearsal) -> None:
    """Its old batches are on the old scale, and are not merged again."""
    rehearsal.begin(BEFORE)
    rehearsal.run(DAY)
    for _ in range(2):
        summary = rehearsal.run(BEFORE, today=DAY, again=True)
        assert (summary.state, summary.added, summary.updated) == ("complete", 0, 0)
        assert summary.pending == ()
    rehearsal.demand_truth(DAY, "GON.AX")
    assert rehearsal.kinds("restatement_pending") == []
