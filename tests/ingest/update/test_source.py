"""A source that fails, in every way it can: nothing is lost, and the next run makes it good."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.testing.source_server import Burst, FaultPlan, Poison

if TYPE_CHECKING:
    from tests.ingest.update.conftest import Rehearsal

    from stockstream.providers.base import FetchResult

BEFORE, DAY, AFTER = "2024-05-03", "2024-05-06", "2024-05-07"
SICK = "P03.AX"
ALL = ("CON", "GON", "ILL", "NUL", "P00", "P01", "P02", "P03", "P04", "P05", "PLN", "SPL")
"""In batches of four: the second one is P00 to P03."""
SECOND = ("P00.AX", "P01.AX", "P02.AX", "P03.AX")
LAST = pl.col("date") == dt.date(2024, 5, 6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "failed"),
    [
        ("not_found", "not_found"),
        ("empty", "empty"),
        ("malformed", "malformed"),
        ("html", "malformed"),
        ("null_chart", "malformed"),
        ("wrong_symbol", "malformed"),
        ("server_error", "transient"),
        ("reset", "transient"),
        ("truncated", "transient"),
        ("rate_limited", "rate_limited"),
    ],
)
def test_a_symbol_that_fails_fails_alone(rehearsal: Rehearsal, kind: Any, failed: str) -> None:
    rehearsal.begin(BEFORE)
    old = rehearsal.lake.bars(["P03"])
    rehearsal.server.plan(FaultPlan(poison=(Poison(kind, (SICK,)),)))
    summary = rehearsal.run(DAY)
    assert summary.state == "partial"
    assert list(summary.symbols_failed) == [SICK]
    assert summary.symbols_failed[SICK].startswith(f"{failed}: ")
    assert summary.symbols_fetched == 11
    assert_frame_equal(rehearsal.lake.bars(["P03"]), old)
    rehearsal.demand_truth(DAY, SICK)
    assert rehearsal.kinds("symbol_failed") == [("symbol_failed", SICK)]
    rehearsal.server.plan(FaultPlan())
    assert rehearsal.run(AFTER).state == "complete"
    rehearsal.demand_truth(AFTER)


def test_a_symbol_that_was_never_there_is_not_missing(rehearsal: Rehearsal) -> None:
    """A source never has all of a list; the run is complete without such symbols."""
    rehearsal.server.plan(FaultPlan(poison=(Poison("not_found", (SICK,)),)))
    summary = rehearsal.run(DAY)
    assert summary.state == "complete"
    assert list(summary.symbols_failed) == [SICK]


def test_failed_batches_are_fetched_by_the_next_run_and_the_others_are_not(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.begin(BEFORE)
    rehearsal.server.plan(FaultPlan(poison=(Poison("server_error", SECOND),)))
    summary = rehearsal.run(DAY)
    assert summary.state == "partial"
    assert list(summary.batches_failed) == [1]
    assert "nothing was written" in summary.batches_failed[1]
    assert summary.counters == {
        "SymbolsFetched": 8,
        "SymbolsFailed": 0,
        "BatchesProcessed": 2,
        "BatchesFailed": 1,
    }
    rehearsal.demand_truth(DAY, *SECOND)
    assert ("batch_failed", "2024-05-06-batch-1") in rehearsal.kinds("batch_failed")
    asked = rehearsal.asked()
    rehearsal.server.plan(FaultPlan())
    summary = rehearsal.run(DAY)
    assert (summary.state, summary.added) == ("complete", 4)
    assert summary.batches_failed == {}
    assert (rehearsal.asked() - asked) == dict.fromkeys(SECOND, 1)
    rehearsal.demand_truth(DAY)
    assert rehearsal.run(DAY).state == "nothing to do"


def test_a_symbol_that_failed_in_passing_is_asked_for_again_and_alone(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    rehearsal.server.plan(FaultPlan(poison=(Poison("server_error", (SICK,)),)))
    rehearsal.run(DAY)
    asked = rehearsal.asked()
    rehearsal.server.plan(FaultPlan())
    summary = rehearsal.run(DAY)
    assert (summary.state, summary.added, summary.batches_processed) == ("complete", 1, 4)
    assert (rehearsal.asked() - asked) == {SICK: 1}
    rehearsal.demand_truth(DAY)


@pytest.mark.slow
def test_a_source_that_is_down_leaves_everything_as_it_was(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    before = rehearsal.lake.version()
    plan = FaultPlan(server_error=1.0)
    rehearsal.server.plan(plan)
    for run in (1, 2):
        summary = rehearsal.run(DAY)
        assert (summary.state, summary.run) == ("failed", f"{DAY}.{run}")
        assert list(summary.batches_failed) == [0, 1, 2]
        assert summary.version_after == before
    assert set(rehearsal.lake.health(start=dt.date(2024, 5, 6))["level"]) >= {"error"}
    rehearsal.server.plan(FaultPlan())
    assert rehearsal.run(DAY).state == "complete"
    rehearsal.demand_truth(DAY)


@pytest.mark.slow
def test_a_week_of_small_troubles(rehearsal: Rehearsal) -> None:
    """A tenth of all requests fails, and some come too fast: attempts make up for it."""
    rehearsal.server.plan(
        FaultPlan(
            seed=11,
            server_error=0.05,
            reset=0.03,
            truncated=0.02,
            bursts=(Burst(first=5, count=3, retry_after=1.0),),
        )
    )
    for day in ("2024-05-13", "2024-05-14", "2024-05-15", "2024-05-16", "2024-05-17"):
        summary = rehearsal.run(day, attempts=8)
        assert summary.state == "complete"
    assert rehearsal.server.faults()
    rehearsal.demand_truth("2024-05-17", "GON.AX")
    assert rehearsal.kinds("symbol_recovered")


def test_a_bar_in_progress_is_not_stored(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    rehearsal.run(DAY, at=dt.time(11))
    rehearsal.demand_truth(BEFORE)
    raw = pl.read_parquet(f"{rehearsal.place}/raw-data/{DAY}-*.parquet").filter(LAST)
    assert raw["is_final"].any() is False
    assert len(raw) == 11
    rehearsal.run(DAY, again=True)
    rehearsal.demand_truth(DAY)


def test_the_event_of_a_bar_without_prices_is_kept(rehearsal: Rehearsal) -> None:
    rehearsal.run("2024-05-20")
    rehearsal.run("2024-05-21")
    rehearsal.demand_truth("2024-05-21", "GON.AX")
    dividend = rehearsal.lake.actions(["NUL"])
    assert dividend.select("date", "value").rows() == [(dt.date(2024, 5, 21), 0.05)]
    assert rehearsal.lake.bars(["NUL"])["date"].max() == dt.date(2024, 5, 20)


def test_a_last_bar_without_prices_comes_a_day_later(rehearsal: Rehearsal) -> None:
    rehearsal.begin(BEFORE)
    plan = FaultPlan(poison=(Poison("null_bar", (SICK,)),))
    rehearsal.server.plan(plan)
    rehearsal.run(DAY)
    assert rehearsal.lake.bars(["P03"])["date"].max() == dt.date(2024, 5, 3)
    rehearsal.server.plan(FaultPlan())
    rehearsal.run(AFTER)
    rehearsal.demand_truth(AFTER)


@pytest.mark.slow
def test_an_event_that_comes_late(rehearsal: Rehearsal) -> None:
    def late(result: FetchResult, _start: dt.date) -> FetchResult:
        return replace(result, actions=result.actions.clear())

    rehearsal.begin("2024-05-13")
    rehearsal.run("2024-05-14", change=late)
    assert rehearsal.lake.actions(["PLN"]).is_empty()
    rehearsal.run("2024-05-15")
    rehearsal.demand_truth("2024-05-15", "GON.AX")
    dividend = rehearsal.lake.actions(["PLN"])
    assert dividend["first_seen"].to_list() == [dt.date(2024, 5, 15)]


@pytest.mark.slow
def test_an_event_beside_a_bar_that_is_not_final_any_more(rehearsal: Rehearsal) -> None:
    """The second pass has the dividend, but no prices: the bar of the first one stays with it."""
    day = dt.date(2024, 5, 14)

    def without_event(result: FetchResult, _start: dt.date) -> FetchResult:
        return replace(result, actions=result.actions.clear())

    rehearsal.begin("2024-05-13")
    rehearsal.run(day, change=without_event)
    rehearsal.server.plan(FaultPlan(poison=(Poison("null_bar", ("PLN.AX",)),)))
    rehearsal.run(day, again=True)
    rehearsal.demand_truth(day, "GON.AX")


def test_a_correction_of_the_source_is_taken_over(rehearsal: Rehearsal) -> None:
    def wrong(result: FetchResult, _start: dt.date) -> FetchResult:
        is_it = (pl.col("symbol") == SICK) & LAST
        higher = pl.when(is_it).then(pl.col("high") + 0.5).otherwise("high").alias("high")
        close = pl.when(is_it).then(pl.col("close") + 0.02).otherwise("close").alias("close")
        return replace(result, bars=result.bars.with_columns(higher, close))

    rehearsal.begin(BEFORE)
    rehearsal.run(DAY, change=wrong)
    summary = rehearsal.run(AFTER)
    rehearsal.demand_truth(AFTER)
    assert (summary.added, summary.updated) == (11, 1)
    assert rehearsal.kinds("corrected") == [("corrected", SICK)]


@pytest.mark.slow
def test_what_is_wrong_day_after_day_is_noted_once(rehearsal: Rehearsal) -> None:
    """The same row comes ten times, with the days that follow."""

    def dirty(result: FetchResult, _start: dt.date) -> FetchResult:
        is_it = (pl.col("symbol") == SICK) & LAST
        broken = pl.when(is_it).then(-1.0).otherwise("low").alias("low")
        jumps = pl.when((pl.col("symbol") == "PLN.AX") & LAST).then(pl.col("close") * 4)
        bars = result.bars.with_columns(
            broken, high=pl.max_horizontal("high", jumps), close=jumps.otherwise("close")
        )
        return replace(result, bars=bars)

    rehearsal.begin(BEFORE)
    for day in (DAY, AFTER, "2024-05-08"):
        summary = rehearsal.run(day, change=dirty)
        assert summary.quarantined == {"not_positive": 1}
    assert len(rehearsal.lake.quarantine()) == 1
    found = rehearsal.lake.findings().filter(pl.col("rule") == "jump")
    assert found.select("symbol", "date", "source").rows() == [
        ("PLN.AX", dt.date(2024, 5, 6), "yahoo"),
        ("PLN.AX", dt.date(2024, 5, 7), "yahoo"),
    ]


@pytest.mark.slow
def test_a_symbol_that_keeps_failing_is_asked_for_now_and_then(rehearsal: Rehearsal) -> None:
    rehearsal.server.plan(FaultPlan(poison=(Poison("not_found", (SICK,)),)))
    skipped = []
    for day in ("06-03", "06-04", "06-05", "06-06", "06-07", "06-11", "06-12"):
        summary = rehearsal.run(f"2024-{day}", skip_after=2)
        skipped.append(SICK in summary.symbols_skipped)
        assert (SICK in summary.symbols_failed) is not skipped[-1]
    assert skipped[:2] == [False, False]
    assert skipped[2:].count(True) == 4
    rehearsal.demand_truth("2024-06-12", SICK, "GON.AX")
