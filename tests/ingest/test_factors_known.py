"""When a value was public: the first day at whose close it can be seen."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import DataError
from stockstream.ingest.factors.known import known_days
from stockstream.market.calendars import get_calendar

SYDNEY, NEW_YORK = get_calendar("XASX"), get_calendar("XNYS")


def known(text: str, market: str = "XASX") -> str:
    calendar = {"XASX": SYDNEY, "XNYS": NEW_YORK}.get(market)
    return str(known_days(pl.Series([text, None]), "x.csv", calendar)[0])


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-02-20", "2024-02-20"),
        ("20/02/2024", "2024-02-20"),
        ("20240220", "2024-02-20"),
        ("2024-02-20 00:00:00", "2024-02-20"),
        # the exchange's own clock: before the close, at it, after it
        ("2024-02-20 08:30:00", "2024-02-20"),
        ("2024-02-20T16:00", "2024-02-20"),
        ("2024-02-20 16:00:01", "2024-02-21"),
        # with a time zone: Sydney is eleven hours ahead in summer and ten in winter
        ("2024-02-20T05:00:00Z", "2024-02-20"),
        ("2024-02-20T05:00:01Z", "2024-02-21"),
        ("2024-07-23T06:00:00+00:00", "2024-07-23"),
        ("2024-07-23 06:01:00+0000", "2024-07-24"),
        ("2024-02-19 22:00:00.250Z", "2024-02-20"),
        ("2024-02-20 01:00:00-05:00", "2024-02-21"),
        ("2024-02-20 00:00:00+11:00", "2024-02-20"),
        # an early close, and days without a session
        ("2024-12-24 14:10", "2024-12-24"),
        ("2024-12-24 14:11", "2024-12-25"),
        ("2024-02-24 23:00", "2024-02-24"),
        ("2024-12-25 23:00", "2024-12-25"),
        # a time that cannot be read, and a day that the calendar does not know
        ("2024-02-20 04:30 PM", "2024-02-21"),
        ("2090-02-20 09:00", "2090-02-21"),
    ],
)
def test_the_day_of_a_text(text: str, day: str) -> None:
    assert known(text) == day


@pytest.mark.parametrize(
    ("text", "market", "day"),
    [
        ("2024-02-20T20:59:00Z", "XNYS", "2024-02-20"),
        ("2024-02-20T21:01:00Z", "XNYS", "2024-02-21"),
        ("2024-02-22T03:00:00Z", "XNYS", "2024-02-22"),
        ("2024-02-20", "none", "2024-02-20"),
        ("2024-02-20 00:00", "none", "2024-02-20"),
        ("2024-02-20 09:00", "none", "2024-02-21"),
        ("2024-02-20T22:00:00Z", "none", "2024-02-21"),
    ],
)
def test_the_exchange_decides(text: str, market: str, day: str) -> None:
    assert known(text, market) == day


def test_columns_of_dates_and_moments() -> None:
    days = [dt.date(2024, 2, 20), None]
    assert known_days(pl.Series(days), "x", SYDNEY).to_list() == days
    assert known_days(pl.Series([20240220, None]), "x", SYDNEY).to_list() == days
    moments = pl.Series([dt.datetime(2024, 2, 20, 8), dt.datetime(2024, 2, 20), None])  # noqa: DTZ001
    assert known_days(moments, "x", SYDNEY).to_list() == [*days[:1], *days]
    # 08:00 UTC is 19:00 in Sydney, midnight is 11:00
    assert known_days(moments.dt.replace_time_zone("UTC"), "x", SYDNEY).to_list() == [
        dt.date(2024, 2, 21),
        *days,
    ]
    local = moments.dt.replace_time_zone("Australia/Sydney")
    assert known_days(local, "x", SYDNEY).to_list() == [*days[:1], *days]


def test_what_is_no_date() -> None:
    with pytest.raises(DataError, match=r"x\.csv, data row 2: 'soon' is not a date"):
        known_days(pl.Series(["2024-02-20 10:00", "soon"]), "x.csv", SYDNEY)


@pytest.mark.slow
@given(st.datetimes(dt.datetime(2015, 1, 1), dt.datetime(2025, 12, 31)))  # noqa: DTZ001
def test_no_moment_counts_at_a_close_before_it(moment: dt.datetime) -> None:
    published = moment.replace(microsecond=0, tzinfo=dt.UTC)
    for calendar in (SYDNEY, NEW_YORK):
        text = pl.Series([published.isoformat()])
        (day,) = known_days(text, "x", calendar)
        assert day == known_days(pl.Series([published]), "x", calendar)[0]
        session = calendar.offset(day - dt.timedelta(days=1), 1)
        assert calendar.close_at(session) >= published
        before = calendar.previous_session(session)
        assert calendar.close_at(before) < published  # and no session later than need be
