"""What the lake has of some symbols, as far as a fetch must know it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.ingest.sessions import ASX_SUFFIX
from stockstream.ingest.skips import LOOK_BACK, to_skip
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.lake.location import Location
    from stockstream.market.calendars import Calendar
    from stockstream.settings import FetchSettings

__all__ = ["Stored"]

_COLUMNS: Final = ("symbol", "date", "close")
_SCHEMA: Final = {"symbol": pl.String, "date": pl.Date, "close": pl.Float64}


@dataclass(frozen=True, eq=False)
class Stored:
    """What the lake has of some symbols.

    Attributes:
        lake: the lake; None before the first run.
        calendar: sessions that windows are counted in; None if nothing says which.
        last: newest stored session of each symbol that has one.
        tail: symbol, date, close of at least the newest ``overlap`` bars of each symbol.
        skipped: symbols that failed for so long that this session does not ask for them.
    """

    lake: Lake | None
    calendar: Calendar | None
    last: Mapping[str, dt.date]
    tail: pl.DataFrame
    skipped: frozenset[str]

    @classmethod
    def read(
        cls, place: Location, symbols: Sequence[str], session: dt.date, settings: FetchSettings
    ) -> Stored:
        """Read it in two scans: the newest weeks of the market, then what they do not show.

        Args:
            place: where the lake is or will be.
            symbols: in full.
            session: the as-of session.
            settings: overlap and when to skip.

        Raises:
            LakeError: the lake cannot be read.
        """
        lake = Lake(place) if Lake.exists(place) else None
        calendar = _calendar(lake, symbols)
        if lake is None:
            return cls(None, calendar, {}, pl.DataFrame(schema=_SCHEMA), frozenset())
        tail = _tail(lake, symbols, session, settings.overlap)
        newest = tail.group_by("symbol").agg(pl.col("date").max())
        last: dict[str, dt.date] = dict(newest.rows())
        health = lake.health(start=session - dt.timedelta(days=LOOK_BACK))
        skipped = to_skip(symbols, health, last, session, calendar, after=settings.skip_after)
        return cls(lake, calendar, last, tail, skipped)

    def history(self, symbols: Sequence[str]) -> pl.DataFrame:
        """symbol, date, close of every stored bar of some symbols."""
        if self.lake is None or not symbols:
            return self.tail.clear()
        return _closes(self.lake).filter(pl.col("symbol").is_in(symbols)).collect()

    def unknown(self, splits: pl.DataFrame) -> pl.DataFrame:
        """Those of some actions that the lake does not have."""
        if self.lake is None or splits.is_empty():
            return splits
        return splits.join(self.lake.actions(), on=("symbol", "date", "kind"), how="anti")


def _calendar(lake: Lake | None, symbols: Sequence[str]) -> Calendar | None:
    if lake is not None and lake.calendar != "none":
        return get_calendar(lake.calendar)
    australian = any(symbol.endswith(ASX_SUFFIX) for symbol in symbols)
    return get_calendar("XASX") if australian else None


def _tail(lake: Lake, symbols: Sequence[str], session: dt.date, overlap: int) -> pl.DataFrame:
    enough = max(overlap, 1)
    weeks = dt.timedelta(days=15 + 5 * enough)
    wanted = pl.col("symbol").is_in(symbols)
    recent = _closes(lake).filter(pl.col("date") >= session - weeks).collect().filter(wanted)
    shown = recent.group_by("symbol").len().filter(pl.col("len") >= enough)["symbol"]
    rest = sorted(set(symbols) - set(shown))
    if not rest:
        return recent
    older = (
        _closes(lake)
        .filter(pl.col("symbol").is_in(rest))
        .group_by("symbol")
        .agg(pl.col("date", "close").sort_by("date").tail(enough))
        .explode("date", "close")
        .collect()
    )
    return pl.concat([recent.filter(~pl.col("symbol").is_in(rest)), older])


def _closes(lake: Lake) -> pl.LazyFrame:
    return lake.scan_bars().select(_COLUMNS)
