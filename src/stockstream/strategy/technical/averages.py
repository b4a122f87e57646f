"""Averages of price and lines through it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.strategy.technical.registered import indicator

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars, Number

__all__ = [
    "Regression",
    "alma",
    "dema",
    "ema",
    "highest",
    "hma",
    "kama",
    "linreg",
    "lowest",
    "midpoint",
    "midprice",
    "rma",
    "sma",
    "t3",
    "tema",
    "trima",
    "tsf",
    "vwma",
    "wma",
    "zlema",
]


class Regression(NamedTuple):
    """A line: its value today, slope a bar, value at the oldest bar, angle in degrees."""

    value: Number
    slope: Number
    intercept: Number
    angle: Number


def sma(x: Number, period: int) -> Number:
    """Simple moving average."""
    return indicator("sma", x, parameters=(period,))[0]


def ema(x: Number, period: int) -> Number:
    """Exponential moving average."""
    return indicator("ema", x, parameters=(period,))[0]


def wma(x: Number, period: int) -> Number:
    """Linearly weighted moving average."""
    return indicator("wma", x, parameters=(period,))[0]


def rma(x: Number, period: int) -> Number:
    """Wilder's moving average, also called SMMA."""
    return indicator("rma", x, parameters=(period,))[0]


def dema(x: Number, period: int) -> Number:
    """Double exponential moving average: less lag than an EMA."""
    return indicator("dema", x, parameters=(period,))[0]


def tema(x: Number, period: int) -> Number:
    """Triple exponential moving average: less lag still."""
    return indicator("tema", x, parameters=(period,))[0]


def t3(x: Number, period: int = 5, volume_factor: float = 0.7) -> Number:
    """Tillson's T3, smooth with little lag."""
    return indicator("t3", x, parameters=(period, volume_factor))[0]


def trima(x: Number, period: int) -> Number:
    """Triangular moving average: the middle of the window weighs most."""
    return indicator("trima", x, parameters=(period,))[0]


def hma(x: Number, period: int) -> Number:
    """Hull moving average: fast and smooth, it overshoots at turns."""
    return indicator("hma", x, parameters=(period,))[0]


def zlema(x: Number, period: int) -> Number:
    """Exponential moving average of price with its lag made up for."""
    return indicator("zlema", x, parameters=(period,))[0]


def kama(x: Number, period: int = 10, fast: int = 2, slow: int = 30) -> Number:
    """Kaufman's adaptive average: fast in a trend, slow in noise."""
    return indicator("kama", x, parameters=(period, fast, slow))[0]


def alma(x: Number, period: int = 9, offset: float = 0.85, sigma: float = 6.0) -> Number:
    """Arnaud Legoux moving average: weights in the shape of a bell."""
    return indicator("alma", x, parameters=(period, offset, sigma))[0]


def vwma(bars: Bars, period: int) -> Number:
    """Moving average of the close, weighted by volume."""
    return indicator("vwma", bars.close, bars.volume, parameters=(period,))[0]


def midpoint(x: Number, period: int) -> Number:
    """Middle of the range of the last values."""
    return indicator("midpoint", x, parameters=(period,))[0]


def midprice(bars: Bars, period: int) -> Number:
    """Middle of the range of highs and lows."""
    return indicator("midprice", bars.high, bars.low, parameters=(period,))[0]


def highest(x: Number, period: int) -> Number:
    """Highest of the last values, today's included."""
    return indicator("highest", x, parameters=(period,))[0]


def lowest(x: Number, period: int) -> Number:
    """Lowest of the last values, today's included."""
    return indicator("lowest", x, parameters=(period,))[0]


def linreg(x: Number, period: int = 14) -> Regression:
    """Least-squares line through the last values."""
    return Regression(*indicator("linreg", x, parameters=(period,)))


def tsf(x: Number, period: int = 14) -> Number:
    """Least-squares line through the last values, one bar on."""
    return indicator("tsf", x, parameters=(period,))[0]
