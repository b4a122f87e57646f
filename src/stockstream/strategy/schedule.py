"""When weights are set: the names of schedules, and which sessions they make due.

Which session is the last of its month is asked of the exchange's calendar, never of the data: the
data of a run that is cut off today would not tell that the month goes on.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    Days = NDArray[np.datetime64]

__all__ = ["SCHEDULES", "check_schedule", "due_sessions"]

SCHEDULES: Final = (
    *("day", "week", "month", "quarter"),
    *("week_start", "month_start", "quarter_start"),
)
"""Names of schedules: the last session of each, or the first one."""


def check_schedule(every: int | str, offset: int) -> None:
    """Refuse a schedule that cannot be used.

    Raises:
        UnknownNameError: no schedule has this name.
        ConfigError: a number of sessions below 1, or an offset below 0.
    """
    if isinstance(every, str):
        if every not in SCHEDULES:
            raise UnknownNameError("schedule", every, SCHEDULES, hint="or a number of sessions")
    elif not _is_whole(every, 1):
        raise ConfigError(f"every={every!r} is not a whole number of sessions from 1 on")
    if not _is_whole(offset, 0):
        raise ConfigError(f"offset={offset!r} is not a whole number of sessions from 0 on")


def due_sessions(
    every: int | str, offset: int, dates: Days, first: int, symbols: Sequence[str]
) -> NDArray[np.bool_]:
    """Which sessions of a run weights are set on.

    A number of sessions is counted on the run's own axis. For a name, the sessions are those of
    the exchange's calendar, and weekdays where there is none for the symbols or the day; one on
    which nothing of the run traded is made good at the next session of the run.

    Args:
        every: number of sessions, or a name of :data:`SCHEDULES`.
        offset: sessions that it is later.
        dates: ``datetime64[D] [T]``, the sessions of the run, ascending.
        first: index of the first one that is traded.
        symbols: their endings say which exchange it is.

    Returns:
        ``[T]``; False before ``first``. What it says of a session rests on no later one.
    """
    import numpy as np

    place = np.arange(len(dates))
    if not isinstance(every, str):
        since = place - first - offset
        return np.asarray((since >= 0) & (since % every == 0))
    planned = _planned(every, offset, dates[0], dates[-1], symbols)
    # how many were planned up to each session: it is due where there are more than the day before
    passed = np.searchsorted(planned, dates, side="right")
    before = np.searchsorted(planned, np.append(dates[:1] - 1, dates[:-1]), side="right")
    return np.asarray((place >= first) & (passed > before))


def _planned(
    every: str, offset: int, start: np.datetime64, end: np.datetime64, symbols: Sequence[str]
) -> Days:
    """The sessions of a schedule, and some before ``start``."""
    import numpy as np

    # a quarter and some more before, for what was planned then and is due later by the offset
    days = _calendar_days(symbols, start - 100 - 2 * offset, end + 100)
    period = _periods(every.removesuffix("_start"), days)
    changes = np.flatnonzero(period[1:] != period[:-1])
    chosen = changes + 1 if every.endswith("_start") else changes
    later = chosen + offset
    return days[later[later < len(days)]]


def _periods(name: str, days: Days) -> NDArray[np.int64]:
    """A number for the day, week, month or quarter of each day."""
    import numpy as np

    if name == "day":
        return days.astype(np.int64)
    if name == "week":
        return (days.astype(np.int64) + 3) // 7  # day 0 was a Thursday
    months = days.astype("datetime64[M]").astype(np.int64)
    return months if name == "month" else months // 3


def _calendar_days(symbols: Sequence[str], start: np.datetime64, end: np.datetime64) -> Days:
    """The sessions from one day to another: of the symbols' exchange, else weekdays."""
    import numpy as np

    from stockstream.market.calendars import get_calendar
    from stockstream.market.markets import calendar_of

    days = np.arange(start, end + 1)
    open_days = np.is_busday(days)
    name = calendar_of(symbols)
    if name is not None:
        calendar = get_calendar(name)
        known = calendar.covers(days)
        open_days[known] = calendar.is_session(days[known])
    return days[open_days]


def _is_whole(value: object, least: int) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return False
    return value == int(value) and value >= least
