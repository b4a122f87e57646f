"""The newest final session at any moment: closes, early closes, time zones, and clocks."""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError
from stockstream.market.calendars import get_calendar
from stockstream.market.calendars.calendar import TIMEZONES

if TYPE_CHECKING:
    from stockstream.market.calendars import Calendar

SYDNEY = ZoneInfo("Australia/Sydney")
ZONES = ("UTC", "Australia/Sydney", "America/New_York", "Asia/Kolkata", "Pacific/Kiritimati")
HALF_HOUR = dt.timedelta(minutes=30)
LAGS = st.timedeltas(dt.timedelta(), dt.timedelta(hours=30))
MOMENTS = st.datetimes(
    dt.datetime(1970, 2, 1),  # noqa: DTZ001 - hypothesis adds the zone
    dt.datetime(2027, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([ZoneInfo(zone) for zone in ZONES]),
)
# exchange_calendars 4.13 uses what pandas 3.1 announces to change.
old_pandas_habits = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def asx() -> Calendar:
    return get_calendar("XASX")


def sydney(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SYDNEY)


@old_pandas_habits
@pytest.mark.parametrize("name", TIMEZONES)
def test_every_close_is_that_of_exchange_calendars(name: str) -> None:
    import exchange_calendars

    calendar = get_calendar(name)
    theirs = exchange_calendars.get_calendar(
        name, start=str(calendar.first), end=str(calendar.last)
    )
    expected = [close.to_pydatetime() for close in theirs.closes]
    assert [calendar.close_at(session) for session in calendar.sessions()] == expected


@pytest.mark.parametrize(
    ("name", "session", "close"),
    [
        ("XASX", "2026-07-01", "2026-07-01T06:00+00:00"),
        ("XASX", "2026-01-05", "2026-01-05T05:00+00:00"),
        ("XASX", "2026-12-24", "2026-12-24T03:10+00:00"),
        ("XASX", "2026-12-31", "2026-12-31T03:10+00:00"),
        ("XNYS", "2026-11-25", "2026-11-25T21:00+00:00"),
        ("XNYS", "2026-11-27", "2026-11-27T18:00+00:00"),
    ],
)
def test_closes_and_early_closes_in_utc(name: str, session: str, close: str) -> None:
    assert get_calendar(name).close_at(session) == dt.datetime.fromisoformat(close)


@pytest.mark.parametrize(
    ("now", "session"),
    [
        ("2026-06-05 06:00", "2026-06-04"),  # Friday, before the open
        ("2026-06-06 06:00", "2026-06-05"),  # Saturday
        ("2026-06-07 23:59", "2026-06-05"),  # Sunday
        ("2026-06-08 18:00", "2026-06-05"),  # Monday, the King's birthday
        ("2026-06-15 06:00", "2026-06-12"),  # Monday, before the open
        ("2026-12-27 06:00", "2026-12-24"),
        ("2026-06-04 12:00", "2026-06-03"),  # in session
        ("2026-06-04 16:05", "2026-06-03"),  # closed, not yet final
        ("2026-06-04 16:29:59.999999", "2026-06-03"),
        ("2026-06-04 16:30", "2026-06-04"),
        ("2026-06-04 16:35", "2026-06-04"),
        ("2026-12-24 14:39", "2026-12-23"),  # half a day
        ("2026-12-24 14:40", "2026-12-24"),
        ("2026-12-31 14:40", "2026-12-31"),
        ("2027-01-04 14:40", "2026-12-31"),
        ("2024-02-29 06:00", "2024-02-28"),
        ("2024-02-29 16:30", "2024-02-29"),
        ("2024-03-01 06:00", "2024-02-29"),
    ],
)
def test_the_newest_final_session_in_sydney(asx: Calendar, now: str, session: str) -> None:
    assert asx.as_of(sydney(now), HALF_HOUR) == dt.date.fromisoformat(session)


def test_without_a_lag_given_it_is_an_hour(asx: Calendar) -> None:
    assert asx.as_of(sydney("2026-06-04 16:59")) == dt.date(2026, 6, 3)
    assert asx.as_of(sydney("2026-06-04 17:00")) == dt.date(2026, 6, 4)


@pytest.mark.parametrize(
    ("sunday", "friday", "monday"),
    [
        ("2026-04-05", "2026-04-02", "2026-04-07"),  # with Good Friday and Easter Monday
        ("2025-04-06", "2025-04-04", "2025-04-07"),
        ("2026-10-04", "2026-10-02", "2026-10-05"),
        ("2025-10-05", "2025-10-03", "2025-10-06"),
    ],
)
def test_every_hour_around_a_change_of_clocks(
    asx: Calendar, sunday: str, friday: str, monday: str
) -> None:
    switch = dt.datetime.combine(dt.date.fromisoformat(sunday), dt.time(), SYDNEY)
    hours = [
        switch.astimezone(dt.UTC) + dt.timedelta(hours=hour, minutes=minute)
        for hour in range(-12, 48)
        for minute in (0, 59)
    ]
    final = dt.datetime.combine(dt.date.fromisoformat(monday), dt.time(16, 30), SYDNEY)
    for now in hours:
        wanted = monday if now >= final.astimezone(dt.UTC) else friday
        assert str(asx.as_of(now, HALF_HOUR)) == wanted, now
        assert asx.as_of(now.astimezone(SYDNEY), HALF_HOUR) == asx.as_of(now, HALF_HOUR)
    assert {now.astimezone(SYDNEY).utcoffset() for now in hours} == {
        dt.timedelta(hours=10),
        dt.timedelta(hours=11),
    }


@given(MOMENTS, LAGS)
def test_it_is_the_last_session_that_closed_before(now: dt.datetime, lag: dt.timedelta) -> None:
    asx = get_calendar("XASX")
    day = (now - dt.timedelta(days=14)).date()
    near = asx.sessions(
        max(day, dt.date(1970, 1, 2)), min(day + dt.timedelta(days=17), dt.date(2027, 12, 31))
    )
    utc = now.astimezone(dt.UTC)
    assert asx.as_of(now, lag) == max(
        session.item() for session in near if asx.close_at(session) + lag <= utc
    )


@pytest.mark.slow
@given(MOMENTS, st.timedeltas(dt.timedelta(), dt.timedelta(days=400)))
def test_a_clock_that_goes_back_gives_no_later_session(
    now: dt.datetime, back: dt.timedelta
) -> None:
    asx = get_calendar("XASX")
    earlier = max(now.astimezone(dt.UTC) - back, dt.datetime(1970, 2, 1, tzinfo=dt.UTC))
    assert asx.as_of(earlier) <= asx.as_of(now)


@given(MOMENTS)
def test_the_zone_in_which_now_is_told_changes_nothing(now: dt.datetime) -> None:
    for name in TIMEZONES:
        calendar = get_calendar(name)
        told = {calendar.as_of(now.astimezone(ZoneInfo(zone))) for zone in ZONES}
        assert len(told) == 1


@pytest.mark.parametrize("zone", ZONES)
def test_the_zone_of_the_host_changes_nothing(
    asx: Calendar, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt.datetime(2026, 6, 4, 20, 0, tzinfo=dt.UTC)  # Friday 06:00 in Sydney
    with monkeypatch.context() as host:
        host.setenv("TZ", zone)
        time.tzset()
        answers = [asx.as_of(now), asx.as_of(now.astimezone()), asx.close_at("2026-06-04")]
    time.tzset()
    close = dt.datetime(2026, 6, 4, 6, 0, tzinfo=dt.UTC)
    assert answers == [dt.date(2026, 6, 4), dt.date(2026, 6, 4), close]


def test_the_answer_is_a_plain_date(asx: Calendar) -> None:
    assert type(asx.as_of(sydney("2026-06-05 06:00"))) is dt.date
    assert asx.close_at(np.datetime64("2026-06-04")).tzinfo is dt.UTC


def test_a_moment_without_a_time_zone_is_refused(asx: Calendar) -> None:
    with pytest.raises(ConfigError, match=r"2026-06-05 06:00:00 has no time zone; use .*UTC"):
        asx.as_of(dt.datetime(2026, 6, 5, 6))  # noqa: DTZ001 - that is the point


def test_a_moment_beyond_the_table_says_which_year_is_missing(asx: Calendar) -> None:
    message = "2028-01-04 is outside .* to 2027-12-31; a release that knows 2028 is needed"
    with pytest.raises(ConfigError, match=message):
        asx.as_of(sydney("2028-01-04 06:00"))
    with pytest.raises(ConfigError, match="1969-12-31 is outside"):
        asx.as_of(sydney("1969-12-31 06:00"))
    assert asx.as_of(sydney("2027-12-31 23:00")) == dt.date(2027, 12, 31)


def test_a_day_off_has_no_close(asx: Calendar) -> None:
    with pytest.raises(ConfigError, match="2026-04-03 is not a session of XASX"):
        asx.close_at("2026-04-03")
