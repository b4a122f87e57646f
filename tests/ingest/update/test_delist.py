"""When a symbol counts as delisted: not found on three days, and off the list for good."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.ingest.delist import find_delisted, removed_lately
from stockstream.ingest.health import HealthEvent, health_rows
from stockstream.lake.store import Lake
from stockstream.market.bars import conform
from stockstream.market.calendars import get_calendar
from stockstream.testing.source_server import FaultPlan, Poison

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.ingest.update.conftest import Rehearsal

XASX = get_calendar("XASX")
DAYS: list[dt.date] = XASX.sessions("2024-05-01", "2024-06-28").tolist()
LAST = DAYS[5]
"""Of the newest bar of the small lake below."""

GONE = ["2024-05-10", "2024-05-13", "2024-05-14"]
"""GON.AX is neither on the list nor known to the source from the first of them on."""


@pytest.mark.slow
def test_a_company_that_went(rehearsal: Rehearsal) -> None:
    rehearsal.begin("2024-05-09")
    close = rehearsal.lake.bars(["GON"])["close"][-1]
    runs = [rehearsal.run(day) for day in [*GONE, "2024-05-15", "2024-05-16"]]
    assert [run.delisted for run in runs] == [(), (), ("GON.AX",), (), ()]
    assert [run.state for run in runs] == ["partial"] * 3 + ["complete"] * 2
    (action,) = rehearsal.lake.actions(["GON"]).rows(named=True)
    assert (action["kind"], action["date"]) == ("delisting", dt.date(2024, 5, 10))
    assert action["value"] == pytest.approx(close)
    assert (action["first_seen"], action["provider"]) == (dt.date(2024, 5, 14), "universe")
    rehearsal.demand_truth("2024-05-16")
    assert rehearsal.kinds("delisted") == [("delisted", "GON.AX")]


@pytest.mark.slow
def test_the_run_that_found_it_has_nothing_more_to_do(rehearsal: Rehearsal) -> None:
    rehearsal.begin("2024-05-09")
    for day in GONE:
        rehearsal.run(day)
    before = rehearsal.contents()
    assert rehearsal.run(GONE[-1]).state == "nothing to do"
    assert rehearsal.contents() == before


@pytest.mark.slow
def test_a_bank_that_the_source_forgets_for_a_week_is_not_delisted(rehearsal: Rehearsal) -> None:
    rehearsal.begin("2024-05-03")
    rehearsal.server.plan(FaultPlan(poison=(Poison("not_found", ("PLN.AX",)),)))
    for day in ("2024-05-06", "2024-05-07", "2024-05-08", "2024-05-09", "2024-05-10"):
        summary = rehearsal.run(day)
        assert (summary.state, summary.delisted) == ("partial", ())
    assert rehearsal.lake.actions(["PLN"]).is_empty()
    rehearsal.server.plan(FaultPlan())
    rehearsal.run("2024-05-13")
    rehearsal.demand_truth("2024-05-13")


class Small:
    """A lake with a few bars of one symbol, to which a test tells the rest."""

    def __init__(self, place: Path) -> None:
        self.lake = Lake.create(place, calendar="XASX")
        rows = [
            {"symbol": "XYZ.AX", "date": day, "volume": 1}
            | dict.fromkeys(("open", "high", "low", "close"), 2.5)
            for day in DAYS
            if day <= LAST
        ]
        self.lake.merge(conform(pl.DataFrame(rows), provider="yahoo", basis="split"))

    def refuse(self, days: Sequence[dt.date], kind: str = "not_found") -> None:
        event = HealthEvent("warning", "symbol_failed", "XYZ.AX", 1, f"{kind}: no such symbol")
        for day in days:
            at = dt.datetime.combine(day, dt.time(8), dt.UTC)
            self.lake.record_health(health_rows([event], day, f"{day}.1", at))

    def leave(self, valid_to: dt.date | None, renamed_to: str | None = None) -> None:
        row = {
            "symbol": ["XYZ.AX"],
            "valid_from": [dt.date(2010, 1, 4)],
            "valid_to": [valid_to],
            "renamed_to": [renamed_to],
            "known_from": [DAYS[9]],
        }
        types = {"valid_to": pl.Date, "renamed_to": pl.String}
        self.lake.record_universe(pl.DataFrame(row, schema_overrides=types), "directory")

    def found(self) -> list[tuple[str, dt.date, float]]:
        return find_delisted(self.lake, XASX).select("symbol", "date", "value").rows()


@pytest.fixture
def small(tmp_path: Path) -> Small:
    return Small(tmp_path / "lake")


def test_both_together_are_enough(small: Small) -> None:
    small.refuse(DAYS[6:9])
    small.leave(LAST)
    assert small.found() == [("XYZ.AX", DAYS[6], 2.5)]


def test_not_found_alone_is_not_enough(small: Small) -> None:
    small.refuse(DAYS[6:30])
    small.leave(None)
    assert small.found() == []


def test_a_removal_alone_is_not_enough(small: Small) -> None:
    small.leave(LAST)
    assert small.found() == []
    small.refuse(DAYS[6:8])
    small.refuse(DAYS[6:8])
    assert small.found() == []


@pytest.mark.parametrize("kind", ["empty", "malformed", "transient", "rate_limited"])
def test_another_failure_is_not_enough(small: Small, kind: str) -> None:
    small.refuse(DAYS[6:12], kind)
    small.leave(LAST)
    assert small.found() == []


def test_not_found_before_its_newest_bar_says_nothing(small: Small) -> None:
    small.refuse(DAYS[1:6])
    small.leave(LAST)
    small.refuse(DAYS[6:8])
    assert small.found() == []


def test_a_new_symbol_of_the_company_is_no_delisting(small: Small) -> None:
    small.refuse(DAYS[6:12])
    small.leave(LAST, "NEW.AX")
    assert small.found() == []


def test_the_source_is_asked_for_a_month_after_the_removal(small: Small) -> None:
    small.leave(LAST)
    assert removed_lately(small.lake, LAST + dt.timedelta(days=30)) == ["XYZ.AX"]
    assert removed_lately(small.lake, LAST + dt.timedelta(days=31)) == []
    small.refuse(DAYS[6:9])
    small.lake.merge(
        small.lake.bars().clear(), find_delisted(small.lake, XASX).with_columns(first_seen=LAST)
    )
    assert removed_lately(small.lake, LAST) == []
    assert small.found() == []
