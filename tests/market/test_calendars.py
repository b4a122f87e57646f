"""Sessions, from tables that must equal exchange_calendars."""

from __future__ import annotations

import datetime as dt
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.market.calendars import get_calendar
from stockstream.market.calendars.calendar import TIMEZONES

if TYPE_CHECKING:
    from types import ModuleType

    from stockstream.market.calendars import Calendar

REPOSITORY = Path(__file__).resolve().parents[2]
# exchange_calendars 4.13 uses what pandas 3.1 announces to change.
old_pandas_habits = pytest.mark.filterwarnings("ignore::DeprecationWarning")
DAYS = st.dates(dt.date(1970, 1, 2), dt.date(2027, 12, 30))


@pytest.fixture
def asx() -> Calendar:
    return get_calendar("XASX")


@cache
def script() -> ModuleType:
    path = REPOSITORY / "scripts" / "make_calendars.py"
    spec = importlib.util.spec_from_file_location("make_calendars", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@old_pandas_habits
@pytest.mark.parametrize("name", TIMEZONES)
def test_the_table_is_what_exchange_calendars_says(name: str) -> None:
    calendar, tables = get_calendar(name), Path(script().TABLES)
    made = script().table(name, str(calendar.first), str(calendar.last))
    shipped = (tables / f"{name}.csv").read_text(encoding="utf-8")
    assert shipped.splitlines()[1:] == made.splitlines()[1:]


@old_pandas_habits
@pytest.mark.parametrize("name", TIMEZONES)
def test_sessions_are_those_of_exchange_calendars_over_the_whole_range(name: str) -> None:
    import exchange_calendars

    calendar = get_calendar(name)
    theirs = exchange_calendars.get_calendar(
        name, start=str(calendar.first), end=str(calendar.last)
    )
    expected = theirs.sessions.to_numpy().astype("datetime64[D]")
    np.testing.assert_array_equal(calendar.sessions(), expected)
    assert calendar.timezone == str(theirs.tz)
    assert len(expected) > 14_000


def test_the_holidays_of_2026_and_2027_as_the_asx_publishes_them(asx: Calendar) -> None:
    weekdays = np.arange("2026-01-01", "2028-01-01", dtype="datetime64[D]")
    closed = weekdays[np.is_busday(weekdays) & ~asx.is_session(weekdays)]
    assert closed.astype(str).tolist() == [
        *("2026-01-01", "2026-01-26", "2026-04-03", "2026-04-06", "2026-06-08"),
        *("2026-12-25", "2026-12-28"),
        *("2027-01-01", "2027-01-26", "2027-03-26", "2027-03-29", "2027-06-14"),
        *("2027-12-27", "2027-12-28"),
    ]


def test_both_ends_are_included(asx: Calendar) -> None:
    days = asx.sessions("2026-04-02", dt.date(2026, 4, 7))
    assert days.astype(str).tolist() == ["2026-04-02", "2026-04-07"]
    assert asx.sessions("2026-04-03", "2026-04-06").size == 0


@given(DAYS, st.integers(-300, 300))
def test_steps_agree_with_the_list_of_sessions(day: dt.date, steps: int) -> None:
    asx = get_calendar("XASX")
    sessions = asx.sessions()
    reached = asx.count_before(day) + (steps if steps < 0 else steps - 1)
    reached += int(steps >= 0 and bool(asx.is_session(day)))
    if 0 <= reached < len(sessions):
        assert asx.offset(day, steps) == sessions[reached]
    else:
        with pytest.raises(ConfigError, match="covers 1970-01-01 to 2027-12-31"):
            asx.offset(day, steps)


@given(DAYS)
def test_neighbours_are_inverse_on_sessions(day: dt.date) -> None:
    asx = get_calendar("XASX")
    session = asx.offset(day, 0)
    assert bool(asx.is_session(session))
    assert session <= np.datetime64(day)
    assert asx.previous_session(asx.next_session(session)) == session


def test_steps_from_a_day_that_is_no_session(asx: Calendar) -> None:
    good_friday = "2026-04-03"
    assert str(asx.next_session(good_friday)) == "2026-04-07"
    assert str(asx.previous_session(good_friday)) == "2026-04-02"
    assert str(asx.offset(good_friday, 0)) == "2026-04-02"
    assert str(asx.offset(good_friday, 2)) == "2026-04-08"


def test_is_session_keeps_the_shape_of_the_question(asx: Calendar) -> None:
    assert asx.is_session("2026-01-26").shape == ()
    assert asx.is_session(["2026-01-26", "2026-01-27"]).tolist() == [False, True]
    assert asx.is_session([dt.date(2026, 1, 27)]).tolist() == [True]
    grid = np.array([["2026-01-26", "NaT"]], "datetime64[D]")
    assert asx.is_session(grid).tolist() == [[False, False]]
    assert asx.is_session(asx.last).tolist() is True


def test_places_on_the_session_axis(asx: Calendar) -> None:
    assert asx.count_before(asx.first).tolist() == 0
    sessions = asx.sessions("2026-01-01", "2026-12-31")
    assert np.diff(asx.count_before(sessions)).tolist() == [1] * (len(sessions) - 1)


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda c: c.sessions("1969-12-31"), "1969-12-31 is outside the table of XASX sessions"),
        (lambda c: c.is_session(["2024-01-02", "2028-01-03"]), "2028-01-03 is outside"),
        (lambda c: c.offset(c.last, 1), r"\+1 sessions from 2027-12-31 is outside"),
        (lambda c: c.sessions("2024-01-03", "2024-01-02"), "end 2024-01-02 is before start"),
        (lambda c: c.next_session("tomorrow"), "not a day.*YYYY-MM-DD"),
        (lambda c: c.next_session("NaT"), "'NaT' is not a day"),
    ],
)
def test_a_question_without_an_answer_says_why(asx: Calendar, ask: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        ask(asx)


def test_an_unknown_exchange_names_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean 'XASX'\?; known: XASX, XNYS"):
        get_calendar("XAX")


def test_nobody_can_change_the_shared_table(asx: Calendar) -> None:
    with pytest.raises(ValueError, match="read-only"):
        asx.sessions()[0] = np.datetime64("2000-01-01")
    assert get_calendar("XASX") is asx
