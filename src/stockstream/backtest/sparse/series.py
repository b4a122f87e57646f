"""One symbol's bars and what is summed up of them beforehand, so that a trial can skip bars.

Two kinds of sums, both made once for all trials of a symbol. Prefix sums of the closes and of the
powers of their returns: the sum over any range is one subtraction. And extremes inside spans of
``SPAN`` bars, from each bar to the end of its span and back to its beginning: the extremes of any
range are those of two bars and of the whole spans between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stockstream.backtest.broker.layout import market_of, table
from stockstream.backtest.broker.records import Record
from stockstream.jit import compiled, kernel
from stockstream.metrics.returns import per_bar

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Action, Bar, Codes, Column
    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel

__all__ = ["SPAN", "Reach", "Series", "Sums", "series_of"]

SPAN: Final = 32
"""Bars whose extremes are known together; a power of two."""

CALM: Final = 0.5
"""Return of a bar above which prefix sums of fourth powers lose too many digits to be used."""


class Sums(Record):
    """Sums over the bars before this one; returns are those of the close."""

    whole_lines = True
    __slots__ = ("returns", "squares", "cubes", "fourths", "shortfalls", "closes")
    returns: float
    squares: float
    cubes: float
    fourths: float
    shortfalls: float  # squares of what the returns lack to the risk-free rate
    closes: float


class Reach(Record):
    """Extremes from this bar to the end of its span, or from the beginning of it to this bar."""

    whole_lines = True
    __slots__ = ("highest", "lowest", "worst", "top", "low", "high")
    highest: float  # of the closes
    lowest: float
    worst: float  # least close over the highest one before it, both inside
    top: int  # the last bar with the highest close
    low: float  # of the lows
    high: float  # of the highs


class Series(NamedTuple):
    """A symbol as the trial kernel reads it."""

    first: int  # bar of the trading window
    stop: int  # bars of the panel
    bars: list[Bar]
    close: Column
    sums: list[Sums]  # [T + 1]
    onward: list[Reach]  # [T], to the end of the span
    since: list[Reach]  # [T], from its beginning
    actions: list[Action]
    action_start: Codes  # [T + 1]
    action_after: Codes  # [T]: the first bar after this one with an action, or T
    risk_free: float  # per bar
    calm: int  # 1: prefix sums of all powers can be used


def series_of(panel: Panel, config: BacktestConfig, *, lists: bool) -> Series:
    """The series of a panel of one symbol with a bar in every session.

    Args:
        panel: what is traded.
        config: says the risk-free rate.
        lists: for the interpreter; otherwise for compiled code.
    """
    market, bars = market_of(panel, lists=lists), panel.sessions
    ready: Any = (lambda column: column.tolist()) if lists else (lambda column: column)
    acting = np.append(np.unique(panel.actions.bar), bars)
    after = np.searchsorted(acting[:-1], np.arange(bars), side="right")
    made = Series(
        panel.first,
        bars,
        market.bars,
        ready(np.require(panel.close, requirements=["C", "W"])),
        table(Sums, bars + 1, lists=lists),
        table(Reach, bars, lists=lists),
        table(Reach, bars, lists=lists),
        market.actions,
        market.action_start,
        ready(acting[after]),
        per_bar(config.risk_free, config.periods_per_year),
        int((np.abs(np.diff(panel.close)) < CALM * panel.close[:-1]).all()),
    )
    fill: Any = fill_series if lists else compiled(fill_series)
    fill(made)
    return made


@kernel
def fill_series(series: Series) -> None:
    """Work the sums and the extremes out."""
    for t in range(series.stop):
        _add_bar(t, series)
        _reach_back(t, series.close[t], series.since)
    for back in range(series.stop):
        _reach_on(series.stop - 1 - back, series)


@kernel
def _add_bar(t: int, series: Series) -> None:
    before, after = series.sums[t], series.sums[t + 1]
    close = series.close[t]
    value = close / series.close[t - 1] - 1.0 if t > 0 else 0.0
    square = value * value
    short = min(value - series.risk_free, 0.0)
    after.returns = before.returns + value
    after.squares = before.squares + square
    after.cubes = before.cubes + square * value
    after.fourths = before.fourths + square * square
    after.shortfalls = before.shortfalls + short * short
    after.closes = before.closes + close


@kernel
def _reach_back(t: int, close: float, since: list[Reach]) -> None:
    reach = since[t]
    reach.highest = close
    reach.lowest = close
    reach.worst = 1.0
    reach.top = t
    if t & (SPAN - 1) == 0:
        return
    before = since[t - 1]
    reach.lowest = min(before.lowest, close)
    reach.worst = before.worst
    if close < before.highest:
        reach.highest = before.highest
        reach.top = before.top
        reach.worst = min(before.worst, close / before.highest)


@kernel
def _reach_on(t: int, series: Series) -> None:
    reach, now = series.onward[t], series.bars[t]
    close = series.close[t]
    reach.highest = close
    reach.lowest = close
    reach.worst = 1.0
    reach.top = t
    reach.low = now.low
    reach.high = now.high
    if t & (SPAN - 1) == SPAN - 1 or t == series.stop - 1:
        return
    after = series.onward[t + 1]
    reach.lowest = min(after.lowest, close)
    reach.worst = min(after.worst, after.lowest / close)
    reach.low = min(after.low, now.low)
    reach.high = max(after.high, now.high)
    if after.highest >= close:
        reach.highest = after.highest
        reach.top = after.top
