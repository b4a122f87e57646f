"""The set-ups that are compared: what the peer is told, what we are told, what should come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["SETUPS", "Setup"]

EXACT = 1e-9
"""Relative difference of equity and of each fill below which two results are the same."""


@dataclass(frozen=True)
class Setup:
    """One way of trading that both sides can be told.

    Attributes:
        peer: environment and script of the peer.
        name: the peer's set-up, as its script calls it.
        theirs: what the peer does, in words.
        ours: what we are told, in words.
        reason: why results differ, or what makes them equal.
        weight: of equity in the market, shared by the symbols of a case.
        portfolio: cases of several symbols with one account, not single series.
        tolerance: relative difference that is allowed; None where a difference is expected.
        at_least: the share of cases that must be within it.
        series: the first so many series are enough; None is all of them, and real data.
        fill, size_at, fractional: fields of our configuration.
        sizing: ``weight`` orders weights on signals; ``rebalance`` orders all weights whenever one
            changes; ``outlay`` does so with the commission inside the money laid out, as bt does.
        stop_loss, take_profit: the bracket, fractions of the entry price.
        commission_bps: of the value of a fill.
    """

    peer: str
    name: str
    theirs: str
    ours: str
    reason: str
    weight: float = 1.0
    portfolio: bool = False
    tolerance: float | None = EXACT
    at_least: float = 1.0
    series: int | None = None
    fill: Literal["next_open", "next_close", "same_close"] = "next_open"
    size_at: Literal["order", "fill"] = "order"
    fractional: bool = False
    sizing: Literal["weight", "rebalance", "outlay"] = "weight"
    stop_loss: float = 0.0
    take_profit: float = 0.0
    commission_bps: float = 10.0

    @property
    def key(self) -> str:
        """Name of the set-up among all."""
        return f"{self.peer}.{self.name}"


SETUPS = (
    Setup(
        "vectorbt",
        "all_in",
        "`from_signals`, signals shifted by one bar, `price=open`, all cash",
        "`size_at=fill`, `fractional`",
        "equal",
        size_at="fill",
        fractional=True,
    ),
    Setup(
        "vectorbt",
        "portfolio",
        "`from_orders`, `targetpercent`, `cash_sharing`, `call_seq=auto`, `price=open`",
        "`size_at=fill`, `fractional`, weight 0.5 / n",
        "equal while the cash suffices; after that vectorbt serves the cheapest purchase first, we "
        "the first symbol",
        weight=0.5,
        portfolio=True,
        size_at="fill",
        fractional=True,
    ),
    Setup(
        "vectorbt",
        "same_close",
        "`from_signals` as it comes: fills at the close that made the signal",
        "`fill=same_close`, `fractional`",
        "equal; our result carries a flag, because nobody can trade like this",
        fill="same_close",
        fractional=True,
    ),
    Setup(
        "vectorbt",
        "bracket",
        "as `all_in`, `sl_stop=5 %`, `tp_stop=10 %`, `stop_entry_price=price`",
        "as `all_in`, `Bracket(stop_loss=0.05, take_profit=0.1)`",
        "cannot be told: vectorbt watches from the bar after the entry, and a stop touched later "
        "in a bar outweighs the sale that was due at its open; ours watches the entry bar too, and "
        "the sale at the open comes first",
        tolerance=None,
        size_at="fill",
        fractional=True,
        stop_loss=0.05,
        take_profit=0.1,
    ),
    Setup(
        "backtesting",
        "integer",
        "`Backtest`, `buy()` and `position.close()`, `finalize_trades=False`",
        "`size_at=fill`",
        "equal",
        size_at="fill",
    ),
    Setup(
        "backtesting",
        "fractional",
        "`FractionalBacktest`: whole units of a hundred-millionth of a share",
        "`size_at=fill`, `fractional`",
        "equal; it cuts each purchase to whole units of 1e-8 shares, we do not, which shows from "
        "the tenth digit on",
        size_at="fill",
        fractional=True,
    ),
    Setup(
        "backtrader",
        "half",
        "`order_target_percent(0.5)`, `close()`",
        "the defaults, weight 0.5",
        "equal, but that it divides with `//`: for 500,000 at 0.20 a share it buys 2,499,999 "
        "shares, we buy 2,500,000",
        weight=0.5,
        at_least=0.9,
    ),
    Setup(
        "backtrader",
        "portfolio",
        "`order_target_percent(0.5 / n)`, `close()`, one broker",
        "the defaults, weight 0.5 / n",
        "equal while the cash suffices (see `nearly_all`)",
        weight=0.5,
        portfolio=True,
    ),
    Setup(
        "backtrader",
        "nearly_all",
        "`order_target_percent(0.99)`, `close()`",
        "the defaults, weight 0.99",
        "cannot be told: where the open is too dear for the order backtrader refuses it whole "
        "(`Margin`), we cut it to the cash at hand; equal where nothing was refused",
        weight=0.99,
        tolerance=None,
    ),
    Setup(
        "zipline",
        "half",
        "`order_target_percent(0.5)`, `order_target(0)`: daily orders fill at the next close",
        "`fill=next_close`, weight 0.5",
        "equal, but that zipline takes a number of shares within 1e-4 below a whole one for the "
        "whole one, and we cut it: one share once in thousands of orders. It stores prices in "
        "thousandths, so the bars here are whole thousandths",
        weight=0.5,
        at_least=0.95,
        fill="next_close",
    ),
    Setup(
        "zipline",
        "portfolio",
        "`order_target_percent(0.5 / n)`, `order_target(0)`",
        "`fill=next_close`, weight 0.5 / n",
        "equal while the cash suffices (see `nearly_all`)",
        weight=0.5,
        portfolio=True,
        fill="next_close",
    ),
    Setup(
        "zipline",
        "nearly_all",
        "`order_target_percent(0.99)`, `order_target(0)`",
        "`fill=next_close`, weight 0.99",
        "cannot be told: zipline lends whatever a dearer close costs, we cut to the cash at hand",
        weight=0.99,
        tolerance=None,
        series=40,
        fill="next_close",
    ),
    Setup(
        "bt",
        "all_in",
        "`Rebalance` on signals, `integer_positions=False`",
        "`fill=same_close`, `fractional`",
        "equal",
        fill="same_close",
        fractional=True,
    ),
    Setup(
        "bt",
        "portfolio_free",
        "`Rebalance` of all holdings with each change, no commission",
        "`fill=same_close`, `fractional`, all weights ordered with each change, no costs",
        "equal",
        weight=0.95,
        portfolio=True,
        fill="same_close",
        fractional=True,
        sizing="rebalance",
        commission_bps=0.0,
    ),
    Setup(
        "bt",
        "portfolio",
        "the same with 10 bps",
        "the same with 10 bps",
        "cannot be told: bt takes the commission out of the money that a weight lays out, we pay "
        "it from cash beside it",
        weight=0.95,
        portfolio=True,
        tolerance=None,
        fill="same_close",
        fractional=True,
        sizing="rebalance",
    ),
    Setup(
        "bt",
        "portfolio_outlay",
        "the same with 10 bps",
        "the same, the strategy orders values from which the commission is taken",
        "equal: what no setting says, a strategy's own sizing does",
        weight=0.95,
        portfolio=True,
        fill="same_close",
        fractional=True,
        sizing="outlay",
    ),
)
"""All of them, in the order of the table in ``docs/parity.md``."""
