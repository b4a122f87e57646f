"""One symbol's bars and what is summed up of them beforehand, so that a trial can skip bars.

Two kinds of sums, both made once for all trials of a symbol. Prefix sums of the closes and of the
powers of their returns: the sum over any range is one subtraction. And extremes inside spans of
``SPAN`` bars, from each bar to the end of its span and back to its beginning: the extremes of any
range are those of two bars and of the whole spans between.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from stockstream.backtest.broker.layout import market_of, table
from stockstream.backtest.broker.records import Action, Bar, Record
from stockstream.jit import compiled, kernel
from stockstream.metrics.returns import per_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.broker.records import Codes, Column
    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel

__all__ = ["SPAN", "Reach", "Series", "Sums", "series_in_hand", "series_of"]

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
    calm: Codes  # [1]; 1: prefix sums of all powers can be used


class _Tables:
    """What a series is worked out into."""

    def __init__(self, bars: int, *, lists: bool) -> None:
        self.bars = bars
        self.quotes = np.empty((0 if lists else bars, len(Bar._fields)))
        self.action_after: Any = np.zeros(bars, np.int64)
        self.calm: Any = np.zeros(1, np.int64)
        if lists:
            self.action_after, self.calm = [0] * bars, [0]
        self.sums = table(Sums, bars + 1, lists=lists)
        self.onward, self.since = (table(Reach, bars, lists=lists) for _ in range(2))


class _InHand(threading.local):
    """The series that a thread worked out last; the next one is written over it."""

    def __init__(self) -> None:
        self.made_of: tuple[Panel, float] | None = None
        self.series: Series | None = None
        self.tables: _Tables | None = None


_in_hand = _InHand()


def series_in_hand(panel: Panel, config: BacktestConfig) -> Series:
    """:func:`series_of` for compiled code; good until the thread asks for another panel's."""
    risk_free = per_bar(config.risk_free, config.periods_per_year)
    held, series = _in_hand.made_of, _in_hand.series
    if held is None or series is None or held[0] is not panel or held[1] != risk_free:
        tables = _in_hand.tables
        if tables is None or tables.bars != panel.sessions:
            tables = _in_hand.tables = _Tables(panel.sessions, lists=False)
        _in_hand.made_of = None  # until it is whole
        series = _in_hand.series = _made(panel, risk_free, tables, lists=False)
        _in_hand.made_of = (panel, risk_free)
    return series


def series_of(panel: Panel, config: BacktestConfig) -> Series:
    """The series of a panel of one symbol with a bar in every session, for the interpreter.

    Args:
        panel: what is traded.
        config: says the risk-free rate.
    """
    risk_free = per_bar(config.risk_free, config.periods_per_year)
    return _made(panel, risk_free, _Tables(panel.sessions, lists=True), lists=True)


def _made(panel: Panel, risk_free: float, tables: _Tables, *, lists: bool) -> Series:
    bars = panel.sessions
    quotes, actions, start = _listed(panel) if lists else _quoted(panel, tables.quotes)
    ready: Any = (lambda column: column.tolist()) if lists else (lambda column: column)
    made = Series(
        panel.first,
        bars,
        quotes,
        ready(np.require(panel.close, requirements=["C", "W"])),
        tables.sums,
        tables.onward,
        tables.since,
        actions,
        start,
        tables.action_after,
        risk_free,
        tables.calm,
    )
    fill: Any = fill_series if lists else compiled(fill_series)
    fill(made)
    return made


def _listed(panel: Panel) -> tuple[Any, Any, Any]:
    """Bars, actions, and the first action of each bar, for the interpreter."""
    market = market_of(panel, lists=True)
    return market.bars, market.actions, market.action_start


def _quoted(panel: Panel, quotes: NDArray[np.float64]) -> tuple[Any, Any, Any]:
    """The same for compiled code; the bars in memory that is there."""
    kinds: list[Any] = [(name, "f8") for name in Bar._fields]
    for place, name in enumerate(Bar._fields):
        quotes[:, place] = getattr(panel, name)
    known = panel.actions
    fields: list[Any] = [("symbol", "i8"), ("kind", "i8"), ("value", "f8")]
    actions = np.empty(len(known.bar), np.dtype(fields))
    for name in Action._fields:
        actions[name] = getattr(known, name)
    start = np.zeros(panel.sessions + 1, np.int64)
    if len(known.bar):
        start[:] = np.searchsorted(known.bar, np.arange(panel.sessions + 1))
    return quotes.view(np.dtype(kinds)).reshape(-1), actions, start


@kernel
def fill_series(series: Series) -> None:
    """Work the sums and the extremes out."""
    series.calm[0] = 1
    for t in range(series.stop):
        _add_bar(t, series)
        _reach_back(t, series.close[t], series.since)
    after = series.stop
    for back in range(series.stop):
        t = series.stop - 1 - back
        _reach_on(t, series)
        series.action_after[t] = after
        if series.action_start[t] < series.action_start[t + 1]:
            after = t


@kernel
def _add_bar(t: int, series: Series) -> None:
    before, after = series.sums[t], series.sums[t + 1]
    close = series.close[t]
    value = 0.0
    if t > 0:
        last = series.close[t - 1]
        value = close / last - 1.0
        if not abs(close - last) < CALM * last:
            series.calm[0] = 0
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
