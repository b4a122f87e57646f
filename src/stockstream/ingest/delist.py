"""When a symbol counts as delisted: the one rule, for want of which a bad day delists a bank.

A source that does not find a symbol proves nothing, and neither does one list without it. A symbol
is delisted when both are true:

1. its removal from the list of the exchange is confirmed (it was absent from the accepted lists of
   several days, see :mod:`stockstream.ingest.symbols`), and it was not renamed;
2. the source of bars answered "not found" on :data:`NOT_FOUND_DAYS` different sessions after the
   newest bar that the lake has of it.

Its bars stay; a delisting is an action beside them.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.market.actions import conform_actions

if TYPE_CHECKING:
    from stockstream.lake.store import Lake
    from stockstream.market.calendars import Calendar

__all__ = ["NOT_FOUND_DAYS", "find_delisted", "removed_lately"]

NOT_FOUND_DAYS: Final = 3
WATCHED: Final = dt.timedelta(days=30)
"""How long the source is asked about a symbol after it left the list."""

PROVIDER: Final = "universe"


def removed_lately(lake: Lake, session: dt.date) -> list[str]:
    """Symbols that left the list not long ago, and of which nobody knows yet what became."""
    gone = _removed(lake).filter(pl.col("valid_to") >= session - WATCHED)
    return gone["symbol"].unique().sort().to_list()


def find_delisted(lake: Lake, calendar: Calendar) -> pl.DataFrame:
    """Delistings that the rule finds and the lake does not have yet.

    Returns:
        Frame of :data:`stockstream.market.actions.ACTION_SCHEMA`: the last close, dated on the
        first session after the last bar. Symbols without a bar are not among them.
    """
    gone = _removed(lake)["symbol"].unique()
    last = (
        lake.scan_bars()
        .filter(pl.col("symbol").is_in(gone.implode()))
        .group_by("symbol")
        .agg(pl.col("date", "close").sort_by("date").last())
        .collect()
    )
    refused = (
        lake.health()
        .filter(pl.col("kind") == "symbol_failed", pl.col("detail").str.starts_with("not_found"))
        .join(last, left_on="subject", right_on="symbol", suffix="_last")
        .filter(pl.col("date") > pl.col("date_last"))
        .group_by(symbol="subject")
        .agg(days=pl.col("date").n_unique())
        .filter(pl.col("days") >= NOT_FOUND_DAYS)
    )
    last = last.join(refused, on="symbol", how="semi")
    after = [calendar.next_session(day).item() for day in last["date"]]
    return conform_actions(
        last.select(
            "symbol",
            pl.Series("date", after, pl.Date),
            kind=pl.lit("delisting"),
            value="close",
        ),
        provider=PROVIDER,
    )


def _removed(lake: Lake) -> pl.DataFrame:
    """Rows of the universe of symbols that left the list for good and are not delisted yet."""
    universe = lake.universe()
    listed = universe.filter(pl.col("valid_to").is_null()).select("symbol")
    told = lake.actions().filter(pl.col("kind") == "delisting").select("symbol")
    left = universe.filter(pl.col("valid_to").is_not_null(), pl.col("renamed_to").is_null())
    return left.join(listed, on="symbol", how="anti").join(told, on="symbol", how="anti")
