"""Days on which nothing goes wrong: what a run does, and what the next one does not do again."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import ConfigError
from stockstream.ingest.symbol_file import SymbolFile
from stockstream.ingest.update import session_to_run
from stockstream.settings import Settings

if TYPE_CHECKING:
    from tests.ingest.update.conftest import Rehearsal

FRIDAY = "2024-05-03"
MONDAY = "2024-05-06"


def test_the_first_run_makes_a_lake(rehearsal: Rehearsal) -> None:
    summary = rehearsal.run(FRIDAY)
    rehearsal.demand_truth(FRIDAY)
    assert summary.state == "complete"
    assert summary.counters == {
        "SymbolsFetched": 12,
        "SymbolsFailed": 0,
        "BatchesProcessed": 3,
        "BatchesFailed": 0,
    }
    assert (summary.total_symbols, summary.run) == (12, "2024-05-03.1")
    assert summary.added == len(rehearsal.truth(FRIDAY)[0])
    assert (summary.version_before, summary.version_after) == (
        "bars@0 actions@0",
        "bars@1 actions@1",
    )
    assert rehearsal.lake.calendar == "XASX"
    assert len(rehearsal.lake.listed(dt.date(2024, 5, 3))) == 12
    assert rehearsal.kinds("run") == [("run", "")]
    assert set(rehearsal.lake.health()["level"]) == {"info"}


def test_the_next_day_adds_a_bar_of_each(rehearsal: Rehearsal) -> None:
    rehearsal.begin(FRIDAY)
    before = rehearsal.asked()
    summary = rehearsal.run(MONDAY)
    rehearsal.demand_truth(MONDAY)
    assert summary.state == "complete"
    assert (summary.added, summary.updated) == (11, 0)  # ILL.AX does not trade that day
    assert summary.unchanged == 10 * 11 + 4
    assert set((rehearsal.asked() - before).values()) == {1}


def test_nothing_is_written_where_nothing_is_missing(rehearsal: Rehearsal) -> None:
    """On Saturday and Sunday the newest session is Friday's."""
    rehearsal.begin(FRIDAY)
    before, asked = rehearsal.contents(), rehearsal.asked()
    for _ in range(2):
        summary = rehearsal.run(FRIDAY)
        assert (summary.state, summary.run) == ("nothing to do", "")
        assert summary.symbols_fetched == 12
        assert summary.version_before == summary.version_after == "bars@1 actions@1"
    assert rehearsal.contents() == before
    assert rehearsal.asked() == asked


def test_a_second_pass_over_a_session_changes_nothing_that_did_not_change(
    rehearsal: Rehearsal,
) -> None:
    rehearsal.begin(FRIDAY)
    before = rehearsal.lake.bars()
    summary = rehearsal.run(FRIDAY, again=True)
    assert (summary.state, summary.run) == ("complete", "2024-05-03.2")
    assert (summary.added, summary.updated, summary.batches_processed) == (0, 0, 6)
    assert summary.version_before == summary.version_after
    assert rehearsal.lake.bars().equals(before)


@pytest.mark.slow
def test_days_without_a_run_are_made_good(rehearsal: Rehearsal) -> None:
    """Five weeks: a split, a consolidation, a new company and one that went lie between."""
    rehearsal.run("2024-04-24")
    summary = rehearsal.run("2024-05-30")
    rehearsal.demand_truth("2024-05-30", "GON.AX")
    assert (summary.state, summary.pending) == ("partial", ())
    assert summary.symbols_failed.keys() == {"GON.AX"}
    assert rehearsal.kinds("restated") == [("restated", "CON.AX"), ("restated", "SPL.AX")]
    assert rehearsal.lake.bars(["GON"])["date"].max() == dt.date(2024, 4, 24)


@pytest.mark.slow
def test_a_new_company_comes_with_its_first_day(rehearsal: Rehearsal) -> None:
    rehearsal.run("2024-05-07")
    summary = rehearsal.run("2024-05-08")
    assert summary.changes["added"] == ["IPO"]
    assert summary.total_symbols == 13
    rehearsal.demand_truth("2024-05-08")
    assert "IPO.AX" in rehearsal.lake.listed(dt.date(2024, 5, 8))
    assert "IPO.AX" not in rehearsal.lake.listed(dt.date(2024, 5, 7))


def test_a_file_names_the_symbols(rehearsal: Rehearsal) -> None:
    summary = rehearsal.run(FRIDAY, lists=SymbolFile(("PLN", "SPL"), "ASX"))
    assert summary.total_symbols == summary.symbols_fetched == 2
    assert rehearsal.lake.symbols() == ["PLN.AX", "SPL.AX"]


def test_an_earlier_session_after_a_later_one(rehearsal: Rehearsal) -> None:
    rehearsal.run(MONDAY)
    before = rehearsal.lake.bars()
    summary = rehearsal.run(FRIDAY)
    assert (summary.state, summary.added, summary.updated) == ("complete", 0, 0)
    assert rehearsal.lake.bars().equals(before)


def test_adjusted_closes_are_kept_in_the_raw_zone_only(rehearsal: Rehearsal) -> None:
    rehearsal.begin(FRIDAY)
    raw = pl.read_parquet(f"{rehearsal.place}/raw-data/*.parquet")
    assert raw["adjusted_close"].null_count() == 0
    assert rehearsal.lake.bars()["adjusted_close"].null_count() == len(raw)


@pytest.mark.parametrize(
    ("day", "message"),
    [
        (dt.date(2024, 5, 4), "2024-05-04 is no session of XASX; the one before is 2024-05-03"),
        (dt.date(2024, 5, 7), "bars of 2024-05-07 are not final; .* is 2024-05-06"),
    ],
)
def test_a_day_that_cannot_be_run(day: dt.date, message: str) -> None:
    tuesday_noon = dt.datetime(2024, 5, 7, 2, tzinfo=dt.UTC)
    with pytest.raises(ConfigError, match=message):
        session_to_run(Settings(), day, tuesday_noon)
    assert session_to_run(Settings(), dt.date(2024, 5, 3), tuesday_noon) == dt.date(2024, 5, 3)
