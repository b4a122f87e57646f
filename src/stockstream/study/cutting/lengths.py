"""Lengths of windows: ``3y``, ``6m``, ``26w`` or a number of sessions."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from typing import Self

    from numpy.typing import NDArray

    Dates = NDArray[np.datetime64]

__all__ = ["Length"]

Unit = Literal["y", "m", "w", ""]

_TEXT = re.compile(r"([0-9]{1,5})([ymwd]?)")
_NAMES: dict[Unit, str] = {"y": "year", "m": "month", "w": "week", "": "session"}


@dataclass(frozen=True)
class Length:
    """A length of time.

    Attributes:
        count: above zero.
        unit: ``y`` years, ``m`` months, ``w`` weeks of the calendar; empty: sessions of the data.
    """

    count: int
    unit: Unit

    @classmethod
    def parse(cls, text: str, name: str) -> Self:
        """Read a length.

        Args:
            text: such as ``3y``.
            name: what it is the length of, for the message.

        Raises:
            ConfigError: it is none.
        """
        found = _TEXT.fullmatch(text)
        if found is None or found[2] == "d" or int(found[1]) == 0:
            raise ConfigError(
                f"{name}={text!r} is no length: give years, months or weeks (3y, 6m, 26w), or a "
                "number of sessions (250)"
            )
        unit: Unit = found[2]  # type: ignore[assignment]  # the pattern allows no other
        return cls(int(found[1]), unit)

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def words(self) -> str:
        """``3 years``, ``1 session``."""
        return f"{self.count} {_NAMES[self.unit]}{'s' if self.count > 1 else ''}"

    def after(self, day: dt.date, times: int, dates: Dates) -> dt.date | None:
        """The day that lies so many lengths after another.

        Calendar lengths are counted from the day itself, so that nothing adds up: a month after
        31 January is 28 February, and two months after it are 31 March.

        Args:
            day: where from; in sessions the first session on or after it counts.
            times: how many lengths.
            dates: ``datetime64[D] [T]``, the sessions, ascending.

        Returns:
            None where the sessions, or the calendar, end before that. The end of the last session
            is the day after it.
        """
        steps = self.count * times
        if self.unit == "":
            return _sessions_after(day, steps, dates)
        try:
            if self.unit == "w":
                return day + dt.timedelta(weeks=steps)
            return _months_after(day, steps * (12 if self.unit == "y" else 1))
        except (OverflowError, ValueError):
            return None


def _sessions_after(day: dt.date, steps: int, dates: Dates) -> dt.date | None:
    place = int(np.searchsorted(dates, np.datetime64(day))) + steps
    if place > len(dates) or not len(dates):
        return None
    if place == len(dates):
        return _day(dates[-1]) + dt.timedelta(days=1)
    return _day(dates[place])


def _day(date: np.datetime64) -> dt.date:
    day: dt.date = date.astype("datetime64[D]").item()
    return day


def _months_after(day: dt.date, months: int) -> dt.date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))
