"""Which symbols of a panel stopped trading, and at which of its bars a position is closed.

A symbol is delisted by an action of that kind. Without one it is deemed delisted when its last bar
in the lake lies more than :data:`SILENT_SESSIONS` sessions before the lake's last session. One that
trades again later was not delisted, whatever an action says. All of this is a matter of the lake,
not of the window: a part of a panel has the delistings of the whole.
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
        events: actions of the symbols, with ``place`` and ``day``.
        symbols: the universe, S symbols.
        last: ``[S]``, day of each symbol's last bar in the panel; -1 without one.
        axis: ``[T]``, days of the panel's sessions, ascending.
        window: first and last day.
    """
    told = _told(events, last)
    ended = [int(s) for s in np.flatnonzero((last >= window[0]) & (last < window[1]))]
    silent = _silent(snapshot, last, [s for s in ended if s not in told])
    gone = [s for s in ended if s in silent or told.get(s, window[1] + 1) <= window[1]]
    back = _trading(snapshot, symbols, gone, window[1])
    bars, flags = np.full(len(symbols), len(axis)), []
    for place in gone:
        day = int(last[place])
        if place in back:
            continue
        if place in told:
            flags.append(f"{symbols[place]}: delisted on {_date(told[place])}")
            bars[place] = np.searchsorted(axis, told[place])
        else:
            flags.append(f"{symbols[place]}: no bar after {_date(day)}, deemed delisted")
            bars[place] = np.searchsorted(axis, day, side="right")
    return Delistings(bars, flags)


def _told(events: pl.DataFrame, last: Ints) -> dict[int, int]:
    """Day of each symbol's first delisting action after its last bar."""
    delistings = events.filter(pl.col("kind") == "delisting").select("place", "day").sort("day")
    later = [(place, day) for place, day in delistings.iter_rows() if day > last[place]]
    return dict(reversed(later))


def _silent(snapshot: Snapshot, last: Ints, places: list[int]) -> set[int]:
    """Those of the places whose last bar is not among the lake's last sessions."""
    cutoff = _cutoff(snapshot) if places else None
    return {place for place in places if cutoff is not None and last[place] < cutoff}


def _trading(snapshot: Snapshot, symbols: Sequence[str], places: list[int], end: int) -> set[int]:
    """Those of the places that have a bar after the window."""
    newest = snapshot.bounds("date")[1]
    if not places or _date(end) >= newest:
        return set()
    named = {symbols[place]: place for place in places}
    later = snapshot.scan(range(_date(end).year, newest.year + 1)).filter(
        pl.col("date") > _date(end), pl.col("symbol").is_in(list(named))
    )
    trading = later.select(pl.col("symbol").unique()).collect()["symbol"]
    return {named[symbol] for symbol in trading}


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
