"""From Yahoo's time stamps to the sessions of an exchange.

A bar is stamped with the moment its session opened, which in Sydney is the evening before in UTC.
Only the exchange's own time zone, as the answer names it, gives the right day.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

from stockstream.errors import MalformedError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["exchange_zone", "live_stamp", "moments_of", "offset_text", "session_end"]


def exchange_zone(meta: Mapping[str, Any]) -> ZoneInfo:
    """The time zone of the exchange.

    Raises:
        MalformedError: the answer names none that exists.
    """
    name = meta.get("exchangeTimezoneName")
    try:
        return ZoneInfo(name if isinstance(name, str) else "")
    except (ValueError, OSError, LookupError):  # a path, a folder, an unknown name
        raise MalformedError(
            f"the exchange's time zone {name!r} is not in this machine's time zone database"
        ) from None


def moments_of(stamps: Sequence[int], zone: dt.tzinfo | None) -> list[dt.datetime]:
    """Seconds since 1970 as moments on a zone's clock.

    Raises:
        MalformedError: a stamp is not a number, or lies beyond the calendar.
    """
    at = dt.datetime.fromtimestamp
    try:
        return [at(stamp, zone) for stamp in stamps]
    except (TypeError, ValueError, OverflowError, OSError):
        raise MalformedError("a time stamp is not a moment") from None


def live_stamp(
    stamps: Sequence[int], moments: Sequence[dt.datetime], meta: Mapping[str, Any]
) -> int | None:
    """The last stamp, if its row is of a day so far; else None.

    Such a row is stamped with its last trade instead of its open. A stamp is an open if another
    row, or the current session, has one at that time of day. Where nothing says when sessions open
    the row is taken for a day so far: a later fetch will tell.

    Args:
        stamps: of every row, ascending.
        moments: the same on the exchange's clock.
        meta: of the chart.
    """
    last = stamps[-1]
    if last != meta.get("regularMarketTime"):
        return None
    opens = {moment.time() for stamp, moment in zip(stamps, moments, strict=True) if stamp != last}
    start = _session_edge(meta, "start", moments[-1])
    if start is not None:
        opens.add(start.time())
    return None if moments[-1].time() in opens else last


def session_end(meta: Mapping[str, Any], moment: dt.datetime) -> dt.datetime | None:
    """When the session of a moment's day ends; None if the answer does not say."""
    end = _session_edge(meta, "end", moment)
    return end if end is not None and end.date() == moment.date() else None


@lru_cache(64)
def offset_text(offset: dt.timedelta | None) -> str:
    """An offset from UTC as ISO 8601 writes it.

    >>> offset_text(dt.timedelta(hours=-9, minutes=-30))
    '-09:30'
    """
    zone = dt.timezone(offset or dt.timedelta())
    return dt.time(tzinfo=zone).isoformat().removeprefix("00:00:00")


def _session_edge(
    meta: Mapping[str, Any], edge: Literal["start", "end"], moment: dt.datetime
) -> dt.datetime | None:
    """When the current session starts or ends, on the clock of ``moment``."""
    match meta.get("currentTradingPeriod"):
        case {"regular": dict(regular)}:
            stamp = regular.get(edge)
            if isinstance(stamp, int) and stamp > 0:
                return moments_of([stamp], moment.tzinfo)[0]
    return None
