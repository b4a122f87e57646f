"""Which rows of raw batches are bars, and which of these tell more than the checked bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from stockstream.market.bars import KEY, PRICES

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["News", "find_news", "keep_bars", "keep_newest"]

RESTATED: Final = 1.1
"""Closes of one day that differ by more are on different scales; no correction is so large."""

_IS_BAR: Final = pl.all_horizontal(
    pl.col(KEY).is_not_null(),
    pl.col(PRICES).is_finite().fill_null(value=False),
    pl.col("is_final").fill_null(value=True),
)


class News(NamedTuple):
    """Bars that are not checked yet, and symbols whose raw bars are on another scale."""

    bars: pl.DataFrame
    apart: Sequence[str]


def keep_bars(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows that are final and have every price."""
    return rows.filter(_IS_BAR)


def keep_newest(bars: pl.DataFrame) -> pl.DataFrame:
    """The newest row of each symbol and date: by time of fetch, then by place.

    Args:
        bars: rows of batches, in the order of these.
    """
    stamps = bars["fetch_timestamp"].unique()
    times = stamps.str.to_datetime(time_zone="UTC", strict=False)
    newest = (
        bars.lazy()
        .select(*KEY, fetched=pl.col("fetch_timestamp").replace_strict(stamps, times))
        .with_row_index("place")
        .sort("fetched", nulls_last=False, maintain_order=True)
        .group_by(KEY)
        .agg(pl.col("place").last())
        .collect()
    )
    return bars[newest["place"].sort()]


def find_news(bars: pl.DataFrame, checked: pl.LazyFrame, rejected: pl.DataFrame) -> News:
    """Bars of days that are neither checked nor rejected.

    After a split a source sends its prices divided anew. Until they are ingested, such prices and
    the checked ones do not make one series: where the two differ plainly on the last day that both
    have, the symbol's raw bars are left out.

    Args:
        bars: raw bars, each symbol and date once.
        checked: symbol, date and close of the checked bars.
        rejected: symbol and date of rows that did not pass the check.
    """
    span = pl.col("date").is_between(bars["date"].min(), bars["date"].max())
    known = checked.filter(span).select(*KEY, checked="close")
    compared = bars.lazy().join(known, on=KEY, how="left", maintain_order="left").collect()
    apart = (
        compared.lazy()
        .drop_nulls("checked")
        .group_by("symbol")
        .agg((pl.col("close") / pl.col("checked")).get(pl.col("date").arg_max()).alias("scale"))
        .filter(~pl.col("scale").is_between(1 / RESTATED, RESTATED))
        .collect()["symbol"]
        .sort()
    )
    news = compared.filter(
        pl.col("checked").is_null(), ~pl.col("symbol").is_in(apart.implode())
    ).join(rejected, on=KEY, how="anti", maintain_order="left")
    return News(news.drop("checked"), apart.to_list())
