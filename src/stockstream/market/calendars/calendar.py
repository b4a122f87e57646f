"""Sessions of an exchange, from a table that is shipped.

The tables beside this file name the weekdays on which an exchange is closed, the weekend days on
which it is open, and the sessions that close early. ``scripts/make_calendars.py`` writes them from
exchange_calendars, which is needed at development time only: importing it takes longer than most
backtests.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    Day = dt.date | np.datetime64 | str
    Days = NDArray[np.datetime64]

__all__ = ["CLOSES", "TIMEZONES", "Calendar", "get_calendar"]

TIMEZONES: Final = {"XASX": "Australia/Sydney", "XNYS": "America/New_York"}
"""The exchanges that have a table, by ISO 10383 market identifier, and where their clock hangs."""

CLOSES: Final = {"XASX": dt.time(16), "XNYS": dt.time(16)}
"""When continuous trading ends on a usual day, by the exchange's clock. On the ASX the auction that
makes the official closing price follows at 16:10."""

LAG = dt.timedelta(minutes=60)
ONE_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Calendar:
    """The sessions of one exchange between two days.

    Days are given as ``datetime.date``, ``numpy.datetime64`` or ISO text and come back as
    ``datetime64[D]``. A question about a day outside ``first``..``last`` is an error, because the
    table cannot know the answer.

    Attributes:
        name: ISO 10383 market identifier, such as ``"XASX"``.
        timezone: IANA name of the exchange's time zone.
        first: first day that the table covers; itself a session or not.
        last: last day that the table covers.
        all_sessions: ``datetime64[D] [T]``, every session from first to last, ascending.
        close: when a usual session ends, by the exchange's clock.
        early_closes: when the other ones end, by their day.
    """

    name: str
    timezone: str = field(compare=False)
    first: np.datetime64 = field(compare=False)
    last: np.datetime64 = field(compare=False)
    all_sessions: Days = field(compare=False, repr=False)
    close: dt.time = field(compare=False, repr=False)
    early_closes: Mapping[dt.date, dt.time] = field(compare=False, repr=False)

    def sessions(self, start: Day | None = None, end: Day | None = None) -> Days:
        """``datetime64[D]``: the sessions from start to end, both included.

        Raises:
            ConfigError: a day is outside the table, or end comes before start.
        """
        low = self.first if start is None else self._day(start)
        high = self.last if end is None else self._day(end)
        if high < low:
            raise ConfigError(f"end {high} is before start {low}; swap them")
        return self.all_sessions[self._before(low) : self._before(high + ONE_DAY)]

    def is_session(self, dates: Day | Iterable[Day] | Days) -> NDArray[np.bool_]:
        """Whether each day is a session; same shape as the days given (NaT is none).

        Raises:
            ConfigError: a day is outside the table.
        """
        days = self._days(dates)
        index = np.minimum(self._before(days), len(self.all_sessions) - 1)
        return np.asarray(self.all_sessions[index] == days)

    def count_before(self, dates: Day | Iterable[Day] | Days) -> NDArray[np.int64]:
        """How many sessions the table has before each day: the day's place on the session axis.

        Raises:
            ConfigError: a day is outside the table.
        """
        return np.asarray(self._before(self._days(dates)), np.int64)

    def next_session(self, day: Day) -> np.datetime64:
        """The first session after a day."""
        return self.offset(day, 1)

    def previous_session(self, day: Day) -> np.datetime64:
        """The last session before a day."""
        return self.offset(day, -1)

    def offset(self, day: Day, sessions: int) -> np.datetime64:
        """Step from a day by a number of sessions.

        Args:
            day: any day of the table.
            sessions: 1 is the first session after the day, -1 the last one before it, 0 the day
                itself if it is a session, else the last one before it.

        Raises:
            ConfigError: the day, or the session asked for, is outside the table.
        """
        here = self._day(day)
        before, up_to = self._before(np.array([here, here + ONE_DAY])).tolist()
        index = before + sessions if sessions < 0 else up_to + sessions - 1
        if not 0 <= index < len(self.all_sessions):
            raise ConfigError(f"{sessions:+d} sessions from {here} is outside {self._extent()}")
        session: np.datetime64 = self.all_sessions[index]
        return session

    def close_at(self, session: Day) -> dt.datetime:
        """When a session ends, in UTC.

        Raises:
            ConfigError: the exchange does not trade on that day, or it is outside the table.
        """
        day = self._day(session)
        if not self.is_session(day):
            raise ConfigError(f"{day} is not a session of {self.name}, so it has no close")
        date = dt.date.fromisoformat(str(day))
        local = dt.datetime.combine(
            date, self.early_closes.get(date, self.close), ZoneInfo(self.timezone)
        )
        return local.astimezone(dt.UTC)

    def as_of(self, now: dt.datetime, lag: dt.timedelta = LAG) -> dt.date:
        """The newest session whose bars are final: it closed at least ``lag`` before now.

        Args:
            now: a moment, in any time zone.
            lag: how long after the close a source still corrects the last bar.

        Raises:
            ConfigError: ``now`` has no time zone, or is beyond the table.
        """
        if now.utcoffset() is None:
            raise ConfigError(f"{now} has no time zone; use datetime.now(UTC)")
        moment = now.astimezone(dt.UTC) - lag
        day = moment.astimezone(ZoneInfo(self.timezone)).date()
        session = self.offset(day, 0)
        if self.close_at(session) > moment:
            session = self.previous_session(session)
        return dt.date.fromisoformat(str(session))

    def covers(self, dates: Days) -> NDArray[np.bool_]:
        """Whether the table knows each day."""
        return np.asarray((dates >= self.first) & (dates <= self.last))

    def _before(self, days: Days | np.datetime64) -> NDArray[np.int64]:
        return np.searchsorted(self.all_sessions, days)

    def _day(self, day: Day) -> np.datetime64:
        (result,) = self._days([day])
        if np.isnat(result):
            raise ConfigError(f"{day!r} is not a day; write days as YYYY-MM-DD")
        return np.datetime64(result)

    def _days(self, dates: Day | Iterable[Day] | Days) -> Days:
        single = isinstance(dates, str) or not np.iterable(dates)
        try:
            days = np.asarray(dates if single else np.asarray(dates), "datetime64[D]")
        except ValueError as error:
            raise ConfigError(f"not a day: {error}; write days as YYYY-MM-DD") from error
        outside = ~(self.covers(days) | np.isnat(days))
        if outside.any():
            day = days[outside].flat[0]
            later = f"; a release that knows {str(day)[:4]} is needed" if day > self.last else ""
            raise ConfigError(f"{day} is outside {self._extent()}{later}")
        return days

    def _extent(self) -> str:
        return f"the table of {self.name} sessions, which covers {self.first} to {self.last}"


@cache
def get_calendar(name: str) -> Calendar:
    """The calendar of an exchange by its market identifier.

    Raises:
        UnknownNameError: there is no table for it.
    """
    if name not in TIMEZONES:
        raise UnknownNameError("calendar", name, TIMEZONES)
    table = Path(__file__).with_name(f"{name}.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split(",") for line in table if line[:1].isdigit()]
    of = {
        event: np.array([day for day, what in rows if what == event], "datetime64[D]")
        for event in ("first", "closed", "open", "last")
    }
    early = {
        dt.date.fromisoformat(day): dt.time.fromisoformat(what.removeprefix("early "))
        for day, what in rows
        if what.startswith("early ")
    }
    first, last = of["first"][0], of["last"][0]
    days = np.arange(first, last + ONE_DAY)
    closed = ~np.is_busday(days, holidays=of["closed"])
    sessions = np.sort(np.concatenate((days[~closed], of["open"])))
    sessions.setflags(write=False)
    early_closes = MappingProxyType(early)
    return Calendar(name, TIMEZONES[name], first, last, sessions, CLOSES[name], early_closes)
