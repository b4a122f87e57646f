"""A provider's adjusted closes against the events that should explain them.

Close, splits and dividends give the adjusted close to a few parts in a hundred million, so that a
difference means a wrong price, or an event that is missing, invented or of another size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, get_args

import polars as pl

from stockstream.errors import DataError
from stockstream.market.adjust import Convention, adjust

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ADJUSTED_SCHEMA", "TOLERANCE", "compare_adjusted"]

TOLERANCE: Final = 1e-3
"""Relative difference up to which an adjusted close is explained."""

ADJUSTED_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "convention": pl.String(),
        "events": pl.UInt32(),
        "bars": pl.UInt32(),
        "off": pl.UInt32(),
        "median": pl.Float64(),
        "worst": pl.Float64(),
        "date": pl.Date(),
        "reason": pl.String(),
    }
)
"""One row for each symbol with adjusted closes: its splits and dividends; bars compared, and how
many are ``off`` by more than :data:`TOLERANCE`; the median and the worst relative difference; the
last day that is off, before the event in question; or the ``reason`` why its events cannot be
applied at all."""


def compare_adjusted(bars: pl.DataFrame, actions: pl.DataFrame) -> pl.DataFrame:
    """Compare stored adjusted closes with those that close and events give.

    Both conventions of :mod:`stockstream.market.adjust` are tried, and the nearer one counts. The
    two series may differ by a constant: a provider's may already have events after the last bar.

    Args:
        bars: sound bars, sorted by symbol and date; symbols without an adjusted close are left out.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA`.

    Returns:
        Frame of :data:`ADJUSTED_SCHEMA`, the worst first.
    """
    given = bars.filter(pl.col("adjusted_close").is_not_null())["symbol"].unique()
    wanted = bars.filter(pl.col("symbol").is_in(given.implode()))
    parts = [
        part
        for convention in get_args(Convention)
        for part in _compare(wanted, actions, convention)
    ]
    if not parts:
        return ADJUSTED_SCHEMA.to_frame()
    events = actions.filter(pl.col("kind").is_in(["split", "dividend"])).group_by("symbol").len()
    return (
        pl.concat(parts)
        .sort("symbol", "off", "median", nulls_last=True, maintain_order=True)
        .unique("symbol", keep="first", maintain_order=True)
        .join(events, on="symbol", how="left")
        .with_columns(events=pl.col("len").fill_null(0))
        .select(ADJUSTED_SCHEMA.names())
        .sort("off", "worst", "symbol", descending=[True, True, False], nulls_last=False)
    )


def _compare(
    bars: pl.DataFrame, actions: pl.DataFrame, convention: Convention
) -> Iterator[pl.DataFrame]:
    """Differences by symbol; halves find the symbols whose events cannot be applied."""
    symbols = bars["symbol"].unique().sort()
    if symbols.is_empty():
        return
    of_these = actions.filter(pl.col("symbol").is_in(symbols.implode()))
    try:
        adjusted = adjust(bars, of_these, "total_return", convention)
    except DataError as error:
        if len(symbols) == 1:
            yield _unexplained(symbols[0], convention, str(error))
            return
        for half in (symbols[: len(symbols) // 2], symbols[len(symbols) // 2 :]):
            yield from _compare(
                bars.filter(pl.col("symbol").is_in(half.implode())), of_these, convention
            )
        return
    yield _differences(bars, adjusted["close"], convention)


def _differences(bars: pl.DataFrame, explained: pl.Series, convention: Convention) -> pl.DataFrame:
    ratio = pl.col("adjusted_close") / pl.col("explained")
    off = (ratio / ratio.last().over("symbol") - 1).abs()
    return (
        bars.select("symbol", "date", "adjusted_close", explained=explained)
        .drop_nulls()
        .select("symbol", "date", off=off)
        .group_by("symbol")
        .agg(
            convention=pl.lit(convention),
            events=pl.lit(0, pl.UInt32),
            bars=pl.len(),
            off=(pl.col("off") > TOLERANCE).sum(),
            median=pl.col("off").median(),
            worst=pl.col("off").max(),
            date=pl.col("date").filter(pl.col("off") > TOLERANCE).last(),
            reason=pl.lit(None, pl.String),
        )
        .match_to_schema(ADJUSTED_SCHEMA, integer_cast="upcast")
    )


def _unexplained(symbol: str, convention: Convention, reason: str) -> pl.DataFrame:
    row = {"symbol": symbol, "convention": convention, "reason": reason}
    return pl.DataFrame([row], ADJUSTED_SCHEMA)
