"""Checked bars as users of the documented columns expect them: in order, with adjusted closes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockstream.lake.adjusted_close import EVENTS, fill_adjusted_close, find_factors
from stockstream.lake.order import in_key_order
from stockstream.lake.records import between, of_names

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from stockstream.lake.publication import Pair

__all__ = ["load_checked", "scan_checked"]


def load_checked(
    pair: Pair,
    symbols: Sequence[str] | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> pl.DataFrame:
    """Bars of some symbols and sessions (all by default), sorted by symbol and date.

    Args:
        pair: bars and the actions that go with them.
        symbols: exact symbols.
        start: first session.
        end: last session, included.
    """
    events = _events(pair, symbols, start)
    rows = _rows(pair, symbols, start, end)
    if events.is_empty():  # so nobody asks for the basis, which is a fifth of the bytes
        return fill_adjusted_close(in_key_order(rows.drop("basis").collect()).lazy()).collect()
    bars = in_key_order(rows.collect())
    if not bars["adjusted_close"].null_count():
        return bars
    # What happened after `end` adjusts the bars before it.
    later = bars if end is None else _bars_of(events, pair, start)
    return fill_adjusted_close(bars.lazy(), find_factors(later, events)).collect()


def scan_checked(pair: Pair) -> pl.LazyFrame:
    """Every bar, lazily; the rows of each symbol are in order of their dates."""
    events = _events(pair)
    factors = None if events.is_empty() else find_factors(_bars_of(events, pair), events)
    return fill_adjusted_close(pair.bars.scan(), factors)


def _events(
    pair: Pair, symbols: Sequence[str] | None = None, after: dt.date | None = None
) -> pl.DataFrame:
    """What adjusts the bars from a day on."""
    rows = pair.actions.scan().filter(pl.col("kind").is_in(EVENTS), of_names(symbols))
    return (rows if after is None else rows.filter(pl.col("date") > after)).collect()


def _bars_of(events: pl.DataFrame, pair: Pair, start: dt.date | None = None) -> pl.DataFrame:
    return in_key_order(_rows(pair, events["symbol"].unique().to_list(), start).collect())


def _rows(
    pair: Pair,
    symbols: Sequence[str] | None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> pl.LazyFrame:
    rows = between(pair.bars, start, end)
    return rows if symbols is None else rows.filter(of_names(symbols))
