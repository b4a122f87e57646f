"""Which sessions weights are set on: by the exchange's calendar, whatever the data has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.market.calendars import get_calendar
from stockstream.strategy.schedule import SCHEDULES, check_schedule, due_sessions

if TYPE_CHECKING:
    from numpy.typing import NDArray

ASX = ("BHP.AX", "CBA.AX")
SESSIONS = get_calendar("XASX").sessions("2023-03-01", "2024-02-29")


def due(
    every: int | str,
    dates: NDArray[np.datetime64] = SESSIONS,
    *,
    offset: int = 0,
    first: int = 0,
    symbols: tuple[str, ...] = ASX,
) -> list[str]:
    found = due_sessions(every, offset, dates, first, symbols)
    return [str(day) for day in dates[found]]


def without(first: str, last: str) -> NDArray[np.datetime64]:
    """The sessions but those from one day to another."""
    low, high = np.searchsorted(SESSIONS, np.array([first, last], "datetime64[D]"))
    return np.delete(SESSIONS, np.arange(low, high + 1))


def test_month_ends_are_those_of_the_exchange() -> None:
    # 29 and 30 April were a weekend; Good Friday and Easter Monday were in April, not in March
    assert due("month")[:4] == ["2023-03-31", "2023-04-28", "2023-05-31", "2023-06-30"]
    assert due("month")[-1] == "2024-02-29"  # nobody has to see March to know
    assert due("month_start")[:3] == ["2023-03-01", "2023-04-03", "2023-05-01"]


def test_weeks_end_before_a_holiday() -> None:
    april = due("week")
    assert "2023-04-06" in april  # the Thursday before Good Friday
    assert "2023-04-14" in april
    assert "2023-04-11" in due("week_start")  # the Tuesday after Easter Monday


def test_quarters() -> None:
    assert due("quarter") == ["2023-03-31", "2023-06-30", "2023-09-29", "2023-12-29"]
    assert due("quarter_start") == ["2023-04-03", "2023-07-03", "2023-10-02", "2024-01-02"]


def test_every_day_and_every_n() -> None:
    assert due("day") == [str(day) for day in SESSIONS]
    assert due(1) == due("day")
    assert due(100, first=3) == [str(SESSIONS[i]) for i in (3, 103, 203)]
    assert due(100, first=3, offset=5) == [str(SESSIONS[i]) for i in (8, 108, 208)]


def test_an_offset_counts_sessions_of_the_exchange() -> None:
    assert due("month", offset=1)[:3] == ["2023-03-01", "2023-04-03", "2023-05-01"]
    assert due("month_start", offset=2)[:2] == ["2023-03-03", "2023-04-05"]


def test_nothing_is_due_before_the_run_begins() -> None:
    end_of_april = int(np.searchsorted(SESSIONS, np.datetime64("2023-04-28")))
    assert due("month", first=end_of_april)[0] == "2023-04-28"
    assert due("month", first=end_of_april + 1)[0] == "2023-05-31"


def test_a_missed_session_is_made_good_at_the_next() -> None:
    halted = without("2023-04-27", "2023-05-03")
    assert due("month", halted)[:3] == ["2023-03-31", "2023-05-04", "2023-05-31"]


def test_long_silence_is_one_session_not_several() -> None:
    halted = without("2023-04-27", "2023-08-03")
    assert due("month", halted)[:3] == ["2023-03-31", "2023-08-04", "2023-08-31"]


@pytest.mark.parametrize("every", [*SCHEDULES, 1, 7])
@pytest.mark.parametrize("symbols", [ASX, ("AAPL",), ("BHP.AX", "AAPL"), ("SAP.DE",)])
def test_what_is_due_rests_on_no_later_session(every: int | str, symbols: tuple[str, ...]) -> None:
    whole = due_sessions(every, 1, SESSIONS, 5, symbols)
    for stop in range(6, len(SESSIONS), 9):
        np.testing.assert_array_equal(
            due_sessions(every, 1, SESSIONS[:stop], 5, symbols), whole[:stop]
        )


def test_weekdays_where_no_calendar_is_known() -> None:
    days = np.arange("2023-12-18", "2024-01-12", dtype="datetime64[D]")
    days = days[np.is_busday(days)]
    assert due("month", days, symbols=("SAP.DE",)) == ["2023-12-29"]
    assert due("week", days, symbols=("SAP.DE", "BHP.AX"))[:2] == ["2023-12-22", "2023-12-29"]
    future = np.arange("2190-01-25", "2190-02-04", dtype="datetime64[D]")
    future = future[np.is_busday(future)]
    assert due("month", future) == ["2190-01-29"]  # beyond the table; 30 and 31 are a weekend


@pytest.mark.parametrize(
    ("every", "offset", "message"),
    [
        (0, 0, "every=0 is not a whole number"),
        (1.5, 0, "every=1.5"),
        (float("nan"), 0, "every=nan"),
        (True, 0, "every=True"),
        (1, -1, "offset=-1"),
        ("month", 0.5, "offset=0.5"),
    ],
)
def test_schedules_that_cannot_be_used_are_refused(every: Any, offset: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_schedule(every, offset)


def test_an_unknown_name_says_which_there_are() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'month'"):
        check_schedule("monthly", 0)
