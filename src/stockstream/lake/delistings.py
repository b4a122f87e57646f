"""Which symbols of a panel stopped trading, and at which of its bars a position is closed.

A symbol is delisted by an action of that kind. Without one it is deemed delisted when its last bar
in the lake lies more than :data:`SILENT_SESSIONS` sessions before the lake's last session.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.lake.delta import Snapshot

    Ints = NDArray[np.int64]

__all__ = ["SILENT_SESSIONS", "Delistings", "find_delistings"]

SILENT_SESSIONS = 10


class Delistings(NamedTuple):
    """``bars`` ``[S]``: bar at which a position is closed (T: never); ``flags``: for the reader."""

    bars: Ints
    flags: list[str]


def find_delistings(
    snapshot: Snapshot,
    events: pl.DataFrame,
    symbols: Sequence[str],
    last: Ints,
    axis: Ints,
    window: tuple[int, int],
) -> Delistings:
    """Find the delistings inside a window.

    A symbol alone on its axis has no bar after its last: its position stays open, marked at that
    last close, and the flag says why.

    Args:
        snapshot: the table of bars.
        events: actions of the symbols up to the window's end, with ``place`` and ``day``.
        symbols: the universe, S symbols.
        last: ``[S]``, day of each symbol's last bar in the panel; -1 without one.
        axis: ``[T]``, days of the panel's sessions, ascending.
        window: first and last day.
    """
    told = _told(events)
    ended = [int(s) for s in np.flatnonzero((last >= window[0]) & (last < window[1]))]
    silent = _silent(snapshot, symbols, last, [s for s in ended if s not in told], window[1])
    bars, flags = np.full(len(symbols), len(axis)), []
    for place in ended:
        day = int(last[place])
        if told.get(place, day) > day:
            flags.append(f"{symbols[place]}: delisted on {_date(told[place])}")
            bars[place] = np.searchsorted(axis, told[place])
        elif place in silent:
            flags.append(f"{symbols[place]}: no bar after {_date(day)}, deemed delisted")
            bars[place] = np.searchsorted(axis, day, side="right")
    return Delistings(bars, flags)


def _told(events: pl.DataFrame) -> dict[int, int]:
    """Day of each symbol's delisting action."""
    delistings = events.filter(pl.col("kind") == "delisting")
    return dict(delistings.select("place", "day").sort("day").iter_rows())


def _silent(
    snapshot: Snapshot, symbols: Sequence[str], last: Ints, places: list[int], end: int
) -> set[int]:
    """Those of the places that have no bar after the window and none in the last sessions."""
    cutoff = _cutoff(snapshot) if places else None
    quiet = {place for place in places if cutoff is not None and last[place] < cutoff}
    newest = snapshot.bounds("date")[1]
    if not quiet or _date(end) >= newest:
        return quiet
    later = snapshot.scan(range(_date(end).year, newest.year + 1)).filter(
        pl.col("date") > _date(end), pl.col("symbol").is_in([symbols[place] for place in quiet])
    )
    trading = set(later.select(pl.col("symbol").unique()).collect()["symbol"])
    return {place for place in quiet if symbols[place] not in trading}


def _cutoff(snapshot: Snapshot) -> int | None:
    """The lake's session that has just :data:`SILENT_SESSIONS` after it; None in a short lake."""
    days: set[int] = set()
    for year in sorted({f.year for f in snapshot.files if f.year is not None}, reverse=True):
        found = snapshot.scan([year]).select(pl.col("date").unique().to_physical()).collect()
        days.update(found["date"])
        if len(days) > SILENT_SESSIONS:
            return sorted(days)[-SILENT_SESSIONS - 1]
    return None


def _date(day: int) -> dt.date:
    return dt.date(1970, 1, 1) + dt.timedelta(days=day)
