"""Technical indicators as expressions.

The formulas, their conventions and their warm-up are those of ``stockstream.indicators``. Each
takes the numbers it works on (or the bars, where it needs several fields) and its periods in bars.
They nest: ``sma(rsi(bars.close, 14), 3)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.strategy.expression import number
from stockstream.strategy.node import Expr, indicator_spec

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars, Number, Operand

__all__ = [
    "Bands",
    "Macd",
    "Oscillator",
    "atr",
    "bollinger",
    "ema",
    "indicator",
    "macd",
    "obv",
    "rsi",
    "sma",
    "stochastic",
    "vwap",
    "wma",
]


class Macd(NamedTuple):
    """Moving average convergence divergence."""

    line: Number
    signal: Number
    histogram: Number


class Bands(NamedTuple):
    """Bands around a moving average."""

    upper: Number
    middle: Number
    lower: Number


class Oscillator(NamedTuple):
    """The stochastic oscillator, from 0 to 100."""

    k: Number
    d: Number


def indicator(name: str, *inputs: Operand, parameters: tuple[float, ...]) -> tuple[Number, ...]:
    """Any registered indicator, one of your own included; its outputs in their order.

    Raises:
        UnknownNameError: no indicator has this name.
        StrategyError: it works on another number of inputs.
        ConfigError: parameters that do not fit.
    """
    arguments = tuple(number(x) for x in inputs)
    return tuple(
        Expr.make("indicator", arguments, (name, output, *parameters))
        for output in indicator_spec(name).outputs
    )


def sma(x: Number, period: int) -> Number:
    """Simple moving average."""
    return indicator("sma", x, parameters=(period,))[0]


def ema(x: Number, period: int) -> Number:
    """Exponential moving average."""
    return indicator("ema", x, parameters=(period,))[0]


def wma(x: Number, period: int) -> Number:
    """Linearly weighted moving average."""
    return indicator("wma", x, parameters=(period,))[0]


def rsi(x: Number, period: int = 14) -> Number:
    """Wilder's relative strength index, from 0 to 100."""
    return indicator("rsi", x, parameters=(period,))[0]


def macd(x: Number, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Fast minus slow exponential average, its own average, and the difference of the two."""
    return Macd(*indicator("macd", x, parameters=(fast, slow, signal)))


def bollinger(x: Number, period: int = 20, deviations: float = 2.0) -> Bands:
    """Moving average, and bands so many standard deviations above and below it."""
    return Bands(*indicator("bollinger", x, parameters=(period, deviations)))


def atr(bars: Bars, period: int = 14) -> Number:
    """Wilder's average true range."""
    return indicator("atr", bars.high, bars.low, bars.close, parameters=(period,))[0]


def stochastic(bars: Bars, period: int = 14, smoothing: int = 3, signal: int = 3) -> Oscillator:
    """Where the close lies in the range of the last bars, smoothed, and its own average."""
    values = (period, smoothing, signal)
    return Oscillator(*indicator("stochastic", bars.high, bars.low, bars.close, parameters=values))


def obv(bars: Bars) -> Number:
    """On-balance volume, from 0 on the symbol's first bar."""
    return indicator("obv", bars.close, bars.volume, parameters=())[0]


def vwap(bars: Bars, period: int = 20) -> Number:
    """Average of the typical price of the last bars, weighted by volume."""
    return indicator("vwap", bars.high, bars.low, bars.close, bars.volume, parameters=(period,))[0]
