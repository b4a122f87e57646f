"""Adjustment of bars for splits and dividends, on read: the stored bars stay as they came.

Adjusted prices are the prices of the last bar's shares; every earlier bar is multiplied by the
factors of the events after it. With the close ``C_prev`` of the bar before an event, the close
``C`` of the event's bar, ``S`` new shares for one old share and ``D`` cash for one new share, the
bars before the event are multiplied by ``1 / S`` and, for total return, by

========== ======================== ==================================================
convention factor of the dividend   who
========== ======================== ==================================================
``yahoo``  ``1 - D * S / C_prev``   Yahoo Finance and CRSP-like series: the money is
                                    put back into the share at the close before
``return`` ``C / (C + D)``          Alpha Vantage: the adjusted close grows by the day's
                                    return ``(C + D) * S / C_prev``
========== ======================== ==================================================
"""

from __future__ import annotations

from typing import Literal, get_args

import polars as pl

from stockstream.errors import DataError, UnknownNameError
from stockstream.market.actions import at_bars
from stockstream.market.bars import BASES, KEY, PRICES

__all__ = ["Convention", "Mode", "adjust"]

Mode = Literal["none", "split", "total_return"]
Convention = Literal["yahoo", "return"]


def adjust(
    bars: pl.DataFrame,
    actions: pl.DataFrame,
    mode: Mode,
    convention: Convention = "yahoo",
) -> pl.DataFrame:
    """Adjust prices and volumes for what happened after each bar.

    An event on a day without a bar works at the symbol's next bar; one after the last bar waits for
    its own and changes nothing yet. Splits are applied to as-traded bars only (basis ``raw``); a
    provider's split-adjusted bars (basis ``split``) already have them, and their dividends must be
    on the same basis.

    Args:
        bars: checked bars, sorted by and unique on symbol and date.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA`.
        mode: ``"none"`` returns the bars as they are; ``"split"`` adjusts prices and volumes for
            splits; ``"total_return"`` adjusts prices for dividends as well.
        convention: how a dividend becomes a factor.

    Returns:
        The bars with open, high, low, close and volume adjusted. Their ``basis`` is ``"adjusted"``,
        so that they are neither stored nor adjusted twice. ``adjusted_close`` stays the provider's.

    Raises:
        UnknownNameError: the mode or convention does not exist.
        DataError: bars are already adjusted, a symbol mixes two bases, or a dividend is not smaller
            than the price before it.
    """
    _demand("mode", mode, get_args(Mode))
    _demand("convention", convention, get_args(Convention))
    if mode == "none":
        return bars
    events = _by_bar(at_bars(_applicable(actions, bars), bars, "split", "dividend"))
    shares, money = pl.col("shares"), pl.col("money")
    cash = pl.lit(1.0) if mode == "split" else _cash_factor(convention)
    return (
        bars.join(events, on=KEY, how="left", maintain_order="left")
        .with_columns(split=pl.col("split").fill_null(1.0), money=cash.fill_null(1.0))
        .pipe(_demand_positive)
        .with_columns(shares=_product_of_later("split"), money=_product_of_later("money"))
        .with_columns(pl.col(PRICES) * money / shares)
        .with_columns(
            volume=(pl.col("volume") * shares).round().cast(pl.Int64), basis=pl.lit("adjusted")
        )
        .select(bars.columns)
    )


def _applicable(actions: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    """The actions that the bars do not have in them already.

    Raises:
        DataError: bars that were adjusted before, or a symbol on two bases.
    """
    bases = bars.select("symbol", "basis").unique().sort("symbol", "basis")
    for basis in set(bases["basis"].unique()) - set(BASES):
        raise DataError(
            f"bars of basis {basis!r} cannot be adjusted; adjust the stored bars instead"
        )
    mixed = bases.filter(pl.col("symbol").is_duplicated())["symbol"].unique().sort()
    if len(mixed):
        raise DataError(
            f"{len(mixed)} symbol(s) have both raw and split-adjusted bars, such as {mixed[0]}; "
            "load each of them again from one source"
        )
    done = bases.filter(pl.col("basis") == "split")["symbol"].implode()
    return actions.filter((pl.col("kind") != "split") | ~pl.col("symbol").is_in(done))


def _by_bar(events: pl.DataFrame) -> pl.DataFrame:
    """For each bar with events: ``split``, new shares for one old share, and ``cash`` for one."""
    is_split = pl.col("kind") == "split"
    split = pl.when(is_split).then("value").otherwise(1.0)
    cash = pl.when(is_split).then(0.0).otherwise("value")
    # A dividend is paid on the shares after the splits up to its own day.
    held = pl.col("split").cum_prod().over("symbol", "bar_date")
    return (
        events.sort("symbol", "date", is_split, descending=[False, False, True])
        .with_columns(split=split, cash=cash)
        .with_columns(cash=pl.col("cash") * held)
        .group_by("symbol", date="bar_date")
        .agg(pl.col("split").product(), pl.col("cash").sum())
    )


def _cash_factor(convention: Convention) -> pl.Expr:
    """The dividend's factor for the bars before; null where nothing is paid or no bar is before."""
    before = pl.col("close").shift().over("symbol")
    if convention == "yahoo":
        return 1 - pl.col("cash") / before
    after = pl.col("close") * pl.col("split")
    return after / (after + pl.col("cash"))


def _product_of_later(column: str) -> pl.Expr:
    return pl.col(column).cum_prod(reverse=True).shift(-1, fill_value=1.0).over("symbol")


def _demand_positive(frame: pl.DataFrame) -> pl.DataFrame:
    impossible = frame.filter(pl.col("money") <= 0.0)
    if len(impossible):
        symbol, date, cash = impossible.select(*KEY, "cash").row(0)
        raise DataError(
            f"{symbol} paid {cash} for each share held before {date}, which is no less than the "
            "close before; correct the dividend, or use convention='return' or mode='split'"
        )
    return frame


def _demand(what: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise UnknownNameError(what, given, known)
