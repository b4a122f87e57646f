"""What the lake does not let in: bars that would make its other bars untrustworthy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import DataError
from stockstream.market.bars import PRICES

if TYPE_CHECKING:
    from stockstream.lake.delta import Snapshot

__all__ = [
    "SIMULATED",
    "demand_checked",
    "demand_same_basis",
    "demand_same_kind",
    "demand_same_market",
    "unchecked",
]

SIMULATED = "simulated"
"""Provider of made-up bars."""

_SHOWN = 5


def demand_same_kind(bars: pl.DataFrame, *, simulated: bool, place: str) -> None:
    """Real and made-up bars never share a lake.

    Raises:
        DataError: they would.
    """
    foreign = bars.filter((pl.col("provider") == SIMULATED) != simulated)
    if not foreign.is_empty():
        kinds = ("simulated", "real") if simulated else ("real", "simulated")
        raise DataError(
            f"the lake at {place} holds {kinds[0]} bars and these are {kinds[1]} "
            f"({foreign['symbol'][0]} from provider {foreign['provider'][0]!r}); nothing was "
            "written: choose another lake (--lake DIR)"
        )


def demand_checked(bars: pl.DataFrame) -> None:
    """Every bar has a symbol, a date, positive prices and a volume.

    Raises:
        DataError: one has not.
    """
    bad = unchecked(bars)
    if not bad.is_empty():
        raise DataError(
            f"{len(bad):,} bar(s) were not checked, such as {bad.row(0, named=True)}; nothing was "
            "written: check the bars first (stockstream.market.check.check_bars)"
        )


def unchecked(bars: pl.DataFrame) -> pl.DataFrame:
    """The bars without a symbol, a date, positive prices or a volume."""
    priced = pl.all_horizontal(pl.col(PRICES).is_finite() & (pl.col(PRICES) > 0))
    keyed = pl.all_horizontal(pl.col("symbol", "date", "volume").is_not_null())
    return bars.filter(~(priced & keyed).fill_null(value=False))


def demand_same_basis(snapshot: Snapshot, bars: pl.DataFrame) -> None:
    """A symbol stays on one basis: as traded and split-adjusted prices do not mix.

    Raises:
        DataError: they would.
    """
    names = ["symbol", "basis"]
    come = bars.lazy().select(names).unique()
    have = snapshot.scan().select(names)
    if bars["symbol"].n_unique() < 100:
        have = have.filter(pl.col("symbol").is_in(bars["symbol"].unique().implode()))
    mixed = (
        pl.concat([have.unique(), come])
        .group_by("symbol")
        .agg(pl.col("basis").unique().sort())
        .filter(pl.col("basis").list.len() > 1)
        .join(come, on="symbol", suffix="_come")
        .sort("symbol")
        .collect()
    )
    if mixed.is_empty():
        return
    shown = ", ".join(mixed["symbol"][:_SHOWN]) + ("..." if len(mixed) > _SHOWN else "")
    raise DataError(
        f"{len(mixed):,} symbol(s) would have bars on two bases ({' and '.join(mixed['basis'][0])})"
        f": {shown}; a split would then be counted twice or not at all, so nothing was written. "
        "Say which basis the source has (--basis raw or --basis split), or use another lake"
    )


def demand_same_market(snapshot: Snapshot, bars: pl.DataFrame) -> None:
    """A made-up bar is never corrected: another value is a bar of another made-up market.

    Raises:
        DataError: a bar would change.
    """
    have = snapshot.scan().select("symbol", "date", have="close")
    other = (
        bars.lazy()
        .join(have, on=["symbol", "date"])
        .filter(pl.col("close") != pl.col("have"))
        .select("symbol", "date")
        .head(1)
        .collect()
    )
    if not other.is_empty():
        symbol, date = other.row(0)
        raise DataError(
            f"the lake holds another simulated market: {symbol} on {date} has another close there. "
            "Other dates, companies or seeds make another market; nothing was written: choose "
            "another lake (--lake DIR)"
        )
