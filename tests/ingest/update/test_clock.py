"""Which session a run is for, wherever the host stands and whatever its clock shows."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.ingest.pacing import Clock
from stockstream.ingest.update import session_to_run
from stockstream.settings import FetchSettings, ListSettings, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.ingest.update.conftest import Rehearsal

    from stockstream.providers.base import FetchResult

ZONES = ["UTC", "Australia/Sydney", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Kiritimati"]
SECOND = dt.timedelta(seconds=1)

FINAL = [
    ("2023-09-29", "2023-09-28", "2023-09-29T07:00Z"),  # 16:00 is 06:00 in UTC
    ("2023-10-02", "2023-09-29", "2023-10-02T06:00Z"),  # Sydney's clocks were put forward
    ("2023-12-22", "2023-12-21", "2023-12-22T04:10Z"),  # it closes at 14:10
    ("2024-02-29", "2024-02-28", "2024-02-29T06:00Z"),
    ("2024-04-02", "2024-03-28", "2024-04-02T06:00Z"),  # Easter
    ("2024-04-05", "2024-04-04", "2024-04-05T06:00Z"),
    ("2024-04-08", "2024-04-05", "2024-04-08T07:00Z"),  # and put back
]
"""A session, the one before it, and the moment at which its bars are final."""


@pytest.fixture(params=ZONES)
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The time zone of this process."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


@pytest.mark.parametrize(("session", "before", "moment"), FINAL)
def test_a_session_is_run_when_its_bars_are_final(
    host: str, session: str, before: str, moment: str
) -> None:
    final = dt.datetime.fromisoformat(moment).astimezone()  # as the host's clock shows it
    for now, wanted in ((final - SECOND, before), (final, session)):
        assert session_to_run(Settings(), now=now) == dt.date.fromisoformat(wanted)


def test_a_weekend_belongs_to_its_friday(host: str) -> None:
    friday = dt.datetime(2024, 4, 5, 6, tzinfo=dt.UTC)
    for hours in range(0, 72, 7):
        now = (friday + dt.timedelta(hours=hours)).astimezone()
        assert session_to_run(Settings(), now=now) == dt.date(2024, 4, 5)


def test_the_lag_and_the_market_are_settings() -> None:
    at_once = Settings(fetch=FetchSettings(lag_minutes=0))
    moment = dt.datetime(2024, 4, 5, 5, tzinfo=dt.UTC)
    assert session_to_run(at_once, now=moment) == dt.date(2024, 4, 5)
    american = Settings(symbols=ListSettings(market="US"))
    assert session_to_run(american, now=moment) == dt.date(2024, 4, 4)


@pytest.mark.slow
def test_the_lake_does_not_depend_on_where_the_host_stands(rehearsal: Rehearsal, host: str) -> None:
    for day in ("2023-12-22", "2024-02-29", "2024-04-05", "2024-04-08"):
        rehearsal.run(day)
        rehearsal.demand_truth(day)


@pytest.mark.slow
def test_a_clock_that_is_set_back_between_two_passes(rehearsal: Rehearsal) -> None:
    """What came last counts, though it seems to be older."""

    class Slow(Clock):
        def now(self) -> dt.datetime:
            return super().now() - dt.timedelta(days=30)

    def higher(result: FetchResult, _start: dt.date) -> FetchResult:
        more = pl.when(pl.col("date") == dt.date(2024, 5, 6)).then(0.01).otherwise(0.0)
        return replace(result, bars=result.bars.with_columns(pl.col("high") + more))

    rehearsal.begin("2024-05-03")
    rehearsal.run("2024-05-06", change=higher)
    rehearsal.run("2024-05-06", again=True, clock=Slow())
    rehearsal.demand_truth("2024-05-06")
