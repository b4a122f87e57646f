"""The ``adjusted_close`` of stored bars whose source sent none, worked out on read.

A source that is asked day by day sends adjusted closes that each later dividend makes stale, so the
lake does not store them. What lasts is the close and the events after it; the convention is Yahoo's
(:mod:`stockstream.market.adjust`).
"""

from __future__ import annotations

import logging
import math

import polars as pl

from stockstream.errors import DataError
from stockstream.market.adjust import adjust
from stockstream.market.bars import KEY

__all__ = ["EVENTS", "fill_adjusted_close", "find_factors"]

EVENTS = ("split", "dividend")
_LOG = logging.getLogger(__name__)


def find_factors(bars: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """By what closes are multiplied for the events after them.

    Args:
        bars: bars of the symbols that have events, up to their last, sorted by symbol and date.
        events: actions of the kinds :data:`EVENTS`, sorted by symbol and date.

    Returns:
        symbol, date, factor; sorted by symbol and date. The factor of a bar is that of its symbol's
        first row on or after its date, else 1. Where an event contradicts the prices, the symbol's
        factors are NaN up to its last event.
    """
    places = bars.select(KEY).with_row_index("place").cast({"place": pl.Int64})
    at = (
        events.select(KEY)
        .join_asof(places, on="date", by="symbol", strategy="forward", check_sortedness=False)[
            "place"
        ]
        .drop_nulls()
    )
    # Between two events the factor stays: the bars at them and those before say it all.
    around = pl.concat([at, at - 1]).unique().sort()
    return _factors(bars[around.filter(around >= 0)], events)


def fill_adjusted_close(bars: pl.LazyFrame, factors: pl.DataFrame | None = None) -> pl.LazyFrame:
    """Bars with an ``adjusted_close`` where there was none; others keep theirs.

    Args:
        bars: the rows of each symbol are in order of their dates.
        factors: see :func:`find_factors`; none if there are no events.
    """
    computed = pl.col("close")
    if factors is not None:
        bars = bars.join_asof(
            factors.lazy(), on="date", by="symbol", strategy="forward", check_sortedness=False
        )
        computed = (computed * pl.col("factor").fill_null(1.0)).fill_nan(None)
    return bars.with_columns(adjusted_close=pl.coalesce("adjusted_close", computed))


def _factors(bars: pl.DataFrame, events: pl.DataFrame) -> pl.DataFrame:
    """Factors at some bars. Symbols that cannot be adjusted are found by halving."""
    try:
        adjusted = adjust(bars, events, "total_return")
    except DataError as error:
        symbols = bars["symbol"].unique(maintain_order=True)
        if len(symbols) == 1:
            _LOG.warning("%s has no adjusted close: %s", symbols[0], error)
            return bars.select(*KEY, factor=pl.lit(math.nan))
        first = pl.col("symbol").is_in(symbols[: len(symbols) // 2].implode())
        halves = (bars.filter(first), bars.filter(~first))
        return pl.concat([_factors(half, events) for half in halves])
    return bars.select(KEY).with_columns(factor=adjusted["close"] / bars["close"])
