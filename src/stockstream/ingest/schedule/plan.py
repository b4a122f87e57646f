"""When the daily run starts, where, and with which command."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Plan", "parse_time"]

NOON: Final = dt.time(12)
_SECRET: Final = re.compile(
    r"://[^/\s]+@|^--?[\w-]*(token|password|secret|api-?key)", re.IGNORECASE
)


@dataclass(frozen=True)
class Plan:
    """When the daily run starts, where, and with which command.

    A run in the evening is about the session that has just closed, so it starts on the days of
    sessions. A run in the morning is about the session of the day before, so it starts a day later.

    Attributes:
        command: the program by its absolute path, and its arguments.
        folder: where it starts, for the settings file that lies there.
        at: time of day, to the minute.
        timezone: of this time; an IANA name.

    Raises:
        ConfigError: the command holds something secret, or signs that no line can hold.
        UnknownNameError: there is no such time zone.
    """

    command: tuple[str, ...]
    folder: Path
    at: dt.time
    timezone: str = "Australia/Sydney"

    def __post_init__(self) -> None:
        if self.timezone not in available_timezones():
            hint = "such as Australia/Sydney"
            raise UnknownNameError("time zone", self.timezone, available_timezones(), hint)
        for word in (*self.command, str(self.folder)):
            if not word.isprintable():
                raise ConfigError(
                    f"{word!r} holds a line break or another sign that cannot be kept"
                )
            if _SECRET.search(word):
                raise ConfigError(
                    "the command holds a password or a token, which others could read in the "
                    "schedule; put it into stockstream.toml and make that file yours alone"
                )

    @property
    def is_morning(self) -> bool:
        """Whether it starts before the session of its day."""
        return self.at < NOON

    def next_run(self, now: dt.datetime) -> dt.datetime:
        """When it starts next, in its own time zone.

        Args:
            now: a moment with a time zone.
        """
        zone = ZoneInfo(self.timezone)
        day = now.astimezone(zone).date()
        weekdays = range(1, 6) if self.is_morning else range(5)
        while True:
            start = dt.datetime.combine(day, self.at, zone)
            if start > now and day.weekday() in weekdays:
                return start
            day += dt.timedelta(days=1)


def parse_time(text: str) -> dt.time:
    """``18:30`` as a time of day.

    Raises:
        ConfigError: it is none.
    """
    found = re.fullmatch(r"([01]?\d|2[0-3]):([0-5]\d)", text.strip(), re.ASCII)
    if found is None:
        raise ConfigError(f"{text!r} is not a time of day; write it as 18:30")
    return dt.time(int(found[1]), int(found[2]))
