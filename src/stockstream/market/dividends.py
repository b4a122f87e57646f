"""Dividends that can hardly be true: paid twice, or in the wrong unit."""

from __future__ import annotations

from typing import Final

import polars as pl

from stockstream.market.findings import note

__all__ = ["odd_dividends"]

AGAIN: Final = 7
"""Days within which nobody pays the same amount twice."""


def odd_dividends(bars: pl.DataFrame, actions: pl.DataFrame) -> pl.DataFrame:
    """Findings: the same dividend twice within days; one that is exactly 100 times another.

    Args:
        bars: sound bars with ``fresh``; events of their symbols, between the first and the last
            fresh bar, are looked at.
        actions: the dividends among them are used.
    """
    spans = (
        bars.filter("fresh")
        .group_by("symbol")
        .agg(first=pl.col("date").min(), last=pl.col("date").max())
    )
    value, before = pl.col("value"), pl.col("value").shift().over("symbol")
    since = pl.col("date").diff().over("symbol").dt.total_days()
    usual = (value / value.median().over("symbol")).is_between(0.1, 10.0)
    ratio = value / before
    hundredfold = (ratio * 100).is_between(0.99, 1.01) | (ratio / 100).is_between(0.99, 1.01)
    found = (
        actions.filter(pl.col("kind") == "dividend")
        .sort("symbol", "date")
        .with_columns(
            before=before,
            again=(value == before) & (since <= AGAIN),
            slipped=hundredfold & ~usual,
        )
        .filter(pl.col("again") | pl.col("slipped"))
        .join(spans, on="symbol")
        .filter(pl.col("date").is_between("first", "last"))
    )
    why = pl.when("again").then(pl.lit("again after days")).otherwise(pl.lit("another unit"))
    text = pl.format("{} after {}: {}", "value", "before", why)
    return note(found.sort("symbol", "date"), "odd_dividend", text)
