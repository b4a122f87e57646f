"""Which days to ask for, symbol by symbol."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockstream.market.calendars import Calendar

__all__ = ["Window", "WindowPlan", "history_start", "plan_windows"]


class Window(NamedTuple):
    """Days to ask for, both included."""

    symbol: str
    start: dt.date
    end: dt.date


class WindowPlan(NamedTuple):
    """What to ask for, and the symbols of which the lake has everything."""

    windows: tuple[Window, ...]
    up_to_date: tuple[str, ...]


def plan_windows(
    symbols: Iterable[str],
    last: Mapping[str, dt.date],
    session: dt.date,
    calendar: Calendar | None,
    *,
    overlap: int = 10,
    history_years: int = 10,
    again: bool = False,
) -> WindowPlan:
    """Decide for each symbol.

    A symbol with stored bars is asked for from the first of its last ``overlap`` stored sessions,
    so that corrections and splits are seen; a new symbol as far back as ``history_years``.

    Args:
        symbols: in the order in which they will be asked for.
        last: newest stored session of the symbols that have one.
        session: the as-of session, the last day to ask for.
        calendar: counts the sessions; without one, weekdays are counted.
        overlap: stored sessions to ask for again; 0 for none.
        history_years: for new symbols.
        again: ask for symbols that are up to date as well.
    """
    starts: dict[dt.date, dt.date] = {}
    windows, up_to_date = [], []
    for symbol in symbols:
        newest = last.get(symbol)
        if newest is None:
            windows.append(Window(symbol, history_start(session, history_years), session))
        elif newest >= session and not again:
            up_to_date.append(symbol)
        else:
            if newest not in starts:
                starts[newest] = _back(newest, overlap, calendar)
            windows.append(Window(symbol, min(starts[newest], session), session))
    return WindowPlan(tuple(windows), tuple(up_to_date))


def history_start(session: dt.date, years: int) -> dt.date:
    """The same day some years before; 28 February for a 29th that the year does not have."""
    try:
        return session.replace(year=session.year - years)
    except ValueError:
        return session.replace(year=session.year - years, day=28)


def _back(newest: dt.date, overlap: int, calendar: Calendar | None) -> dt.date:
    """The first of the ``overlap`` sessions up to ``newest``; the day after it if that is none."""
    if overlap == 0:
        return newest + dt.timedelta(days=1)
    if calendar is not None:
        try:
            return _date(calendar.offset(newest, -(overlap - 1)))
        except ConfigError:  # before the first day of the calendar's table
            pass
    return _date(np.busday_offset(np.datetime64(newest), -(overlap - 1), "backward"))


def _date(day: np.datetime64) -> dt.date:
    return dt.date.fromisoformat(str(day))
