"""Exchanges as the sources see them: names, currency, and the hours of a session in UTC."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from stockstream.market.calendars import get_calendar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.market.calendars import Calendar

__all__ = ["ASX", "EXCHANGES", "Exchange", "Session", "exchange_of"]


class Session(NamedTuple):
    """The newest session of an exchange that has begun or begins today; stamps in UTC seconds.

    Attributes:
        pre: when the time before trading begins.
        opens: when trading begins; the stamp of the session's bar.
        closes: when trading ends.
        post: when the time after trading ends.
        offset: of the exchange's clock from UTC now, in seconds.
        timezone: short name of the exchange's time now, such as ``"AEDT"``.
    """

    pre: int
    opens: int
    closes: int
    post: int
    offset: int
    timezone: str


@dataclass(frozen=True)
class Exchange:
    """One exchange.

    Attributes:
        name: what Yahoo calls it.
        country: what EODHD calls it.
        suffix: how its symbols end.
        currency: of its prices.
        market: ISO 10383 identifier of its calendar.
        pre: when the time before trading begins, on the exchange's clock.
        opens: when trading begins.
        after: how long the time after trading is.
    """

    name: str
    country: str
    suffix: str
    currency: str
    market: str
    pre: dt.time
    opens: dt.time
    after: dt.timedelta

    @cached_property
    def calendar(self) -> Calendar:
        return get_calendar(self.market)

    @cached_property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.calendar.timezone)

    def stamp(self, day: dt.date, time: dt.time) -> int:
        """UTC seconds at which the exchange's clock shows this day and time."""
        return int(dt.datetime.combine(day, time, self.zone).timestamp())

    def stamps(self, days: NDArray[np.datetime64]) -> NDArray[np.int64]:
        """``int64 [N]``: when trading begins on each of ``datetime64[D] [N]``."""
        known, places = np.unique(days, return_inverse=True)
        opens = [self.stamp(day, self.opens) for day in known.tolist()]
        return np.array(opens, np.int64)[places]

    def session(self, now: int) -> Session:
        """The session of the exchange's day at ``now``, else the last one before that day.

        Raises:
            ConfigError: the day is outside the table of the exchange's sessions.
        """
        local = dt.datetime.fromtimestamp(now, self.zone)
        day = dt.date.fromisoformat(str(self.calendar.offset(local.date(), 0)))
        closes = self.calendar.close_at(day)
        offset = local.utcoffset() or dt.timedelta()
        return Session(
            pre=self.stamp(day, self.pre),
            opens=self.stamp(day, self.opens),
            closes=int(closes.timestamp()),
            post=int((closes + self.after).timestamp()),
            offset=int(offset.total_seconds()),
            timezone=local.tzname() or "",
        )


ASX: Final = Exchange(
    name="ASX",
    country="AU",
    suffix=".AX",
    currency="AUD",
    market="XASX",
    pre=dt.time(7),
    opens=dt.time(10),
    after=dt.timedelta(hours=1),
)
US: Final = Exchange(
    name="NMS",
    country="US",
    suffix="",
    currency="USD",
    market="XNYS",
    pre=dt.time(4),
    opens=dt.time(9, 30),
    after=dt.timedelta(hours=4),
)
EXCHANGES: Final = (ASX, US)
"""Those with a suffix first: the last one takes what is left."""


def exchange_of(symbol: str) -> Exchange:
    """The exchange that a symbol's ending names."""
    return next(exchange for exchange in EXCHANGES if symbol.endswith(exchange.suffix))
