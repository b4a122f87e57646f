"""Which days to ask for."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.ingest.windows import history_start, plan_windows
from stockstream.market.calendars import get_calendar

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.ingest.windows import Window

XASX = get_calendar("XASX")
SESSIONS: list[dt.date] = XASX.sessions("2020-01-02", "2024-06-28").tolist()
SESSION = SESSIONS[-1]


def window_of(last: dt.date | None, **options: Any) -> Window:
    known = {} if last is None else {"BHP.AX": last}
    [window] = plan_windows(["BHP.AX"], known, SESSION, XASX, **options).windows
    return window


def test_a_known_symbol_is_asked_for_from_its_tenth_last_session() -> None:
    for late in (1, 2, 30, 700):
        at = len(SESSIONS) - 1 - late
        assert window_of(SESSIONS[at]) == ("BHP.AX", SESSIONS[at - 9], SESSION)


def test_a_new_symbol_is_asked_for_years_back() -> None:
    assert window_of(None) == ("BHP.AX", dt.date(2014, 6, 28), SESSION)
    assert window_of(None, history_years=1).start == dt.date(2023, 6, 28)


def test_a_symbol_that_is_up_to_date_is_not_asked_for() -> None:
    last = {"A": SESSION, "B": SESSIONS[-2], "C": SESSION + dt.timedelta(days=3)}
    plan = plan_windows("ABCD", last, SESSION, XASX)
    assert plan.up_to_date == ("A", "C")
    assert [window.symbol for window in plan.windows] == ["B", "D"]
    second = plan_windows("ABCD", last, SESSION, XASX, again=True)
    assert second.up_to_date == ()
    assert [window.start for window in second.windows[:2]] == [SESSIONS[-10], SESSIONS[-11]]
    assert all(window.start <= window.end for window in second.windows)


@pytest.mark.parametrize(("overlap", "back"), [(1, 0), (2, 1), (25, 24)])
def test_the_overlap_counts_sessions(overlap: int, back: int) -> None:
    last = SESSIONS[-3]
    assert window_of(last, overlap=overlap).start == SESSIONS[-3 - back]


def test_without_an_overlap_only_new_days_are_asked_for() -> None:
    assert window_of(SESSIONS[-2], overlap=0).start == SESSIONS[-2] + dt.timedelta(days=1)


def test_without_a_calendar_weekdays_are_counted() -> None:
    [window] = plan_windows(["X"], {"X": dt.date(2024, 6, 24)}, SESSION, None).windows
    assert window.start == dt.date(2024, 6, 11)
    [before_the_table] = plan_windows(["X"], {"X": dt.date(1970, 1, 8)}, SESSION, XASX).windows
    assert before_the_table.start == dt.date(1969, 12, 26)


def test_a_leap_day_years_back() -> None:
    assert history_start(dt.date(2024, 2, 29), 10) == dt.date(2014, 2, 28)
    assert history_start(dt.date(2024, 2, 29), 4) == dt.date(2020, 2, 29)


@given(
    st.dictionaries(st.text("ABCDE", min_size=1, max_size=3), st.sampled_from(SESSIONS)),
    st.lists(st.text("ABCDEF", min_size=1, max_size=3), unique=True),
    st.integers(0, 30),
    st.sampled_from(SESSIONS),
)
def test_each_symbol_is_asked_for_once_or_up_to_date(
    last: Mapping[str, dt.date], symbols: list[str], overlap: int, session: dt.date
) -> None:
    plan = plan_windows(symbols, last, session, XASX, overlap=overlap)
    asked = [window.symbol for window in plan.windows]
    assert sorted([*asked, *plan.up_to_date]) == sorted(symbols)
    for symbol, start, end in plan.windows:
        assert start <= end == session
        if symbol in last and overlap:
            seen = XASX.sessions(start, last[symbol])
            assert len(seen) == min(overlap, len(XASX.sessions(None, last[symbol])))
    assert all(last[symbol] >= session for symbol in plan.up_to_date)
