"""Where price is going, and how surely."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.strategy.technical.registered import indicator

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars, Number

__all__ = [
    "Cloud",
    "Directions",
    "Extremes",
    "Macd",
    "Trend",
    "adx",
    "adxr",
    "apo",
    "aroon",
    "aroon_oscillator",
    "di",
    "dx",
    "efficiency_ratio",
    "ichimoku",
    "macd",
    "ppo",
    "psar",
    "supertrend",
    "trix",
    "vortex",
]


class Macd(NamedTuple):
    """Two averages compared: their difference, its own average, and what is between them."""

    line: Number
    signal: Number
    histogram: Number


class Directions(NamedTuple):
    """Movement up and down."""

    plus: Number
    minus: Number


class Extremes(NamedTuple):
    """How lately an extreme was, 0 to 100."""

    up: Number
    down: Number


class Trend(NamedTuple):
    """A line under a rising trend (direction 1) or above a falling one (-1)."""

    line: Number
    direction: Number


class Cloud(NamedTuple):
    """Lines of today, spans of ``displacement`` bars ago: those that charts draw at today."""

    conversion: Number
    base: Number
    span_a: Number
    span_b: Number


def macd(x: Number, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Fast minus slow exponential average, its own average, and the difference of the two."""
    return Macd(*indicator("macd", x, parameters=(fast, slow, signal)))


def apo(x: Number, fast: int = 12, slow: int = 26) -> Number:
    """Fast minus slow exponential average, in units of price."""
    return indicator("apo", x, parameters=(fast, slow))[0]


def ppo(x: Number, fast: int = 12, slow: int = 26, signal: int = 9) -> Macd:
    """Fast less slow exponential average in percent, its own average, and the difference."""
    return Macd(*indicator("ppo", x, parameters=(fast, slow, signal)))


def trix(x: Number, period: int = 15) -> Number:
    """Change of a triple exponential average, in percent."""
    return indicator("trix", x, parameters=(period,))[0]


def efficiency_ratio(x: Number, period: int = 10) -> Number:
    """Kaufman's ratio of the way made to the way walked, 0 to 1."""
    return indicator("efficiency_ratio", x, parameters=(period,))[0]


def di(bars: Bars, period: int = 14) -> Directions:
    """Wilder's +DI and -DI: movement up and down in percent of the true range."""
    return Directions(*indicator("di", bars.high, bars.low, bars.close, parameters=(period,)))


def dx(bars: Bars, period: int = 14) -> Number:
    """Directional movement index: how one-sided the movement is, 0 to 100."""
    return indicator("dx", bars.high, bars.low, bars.close, parameters=(period,))[0]


def adx(bars: Bars, period: int = 14) -> Number:
    """Average directional movement index: strength of a trend, 0 to 100."""
    return indicator("adx", bars.high, bars.low, bars.close, parameters=(period,))[0]


def adxr(bars: Bars, period: int = 14) -> Number:
    """Mean of ADX today and one period ago."""
    return indicator("adxr", bars.high, bars.low, bars.close, parameters=(period,))[0]


def aroon(bars: Bars, period: int = 14) -> Extremes:
    """How lately the highest high and the lowest low were, 100 for today."""
    return Extremes(*indicator("aroon", bars.high, bars.low, parameters=(period,)))


def aroon_oscillator(bars: Bars, period: int = 14) -> Number:
    """Aroon up less Aroon down, -100 to 100."""
    return indicator("aroon_oscillator", bars.high, bars.low, parameters=(period,))[0]


def vortex(bars: Bars, period: int = 14) -> Directions:
    """Vortex lines: upward and downward movement over the true range."""
    values = (period,)
    return Directions(*indicator("vortex", bars.high, bars.low, bars.close, parameters=values))


def psar(bars: Bars, acceleration: float = 0.02, maximum: float = 0.2) -> Number:
    """Parabolic stop and reverse: the stop that is valid on the bar."""
    return indicator("psar", bars.high, bars.low, parameters=(acceleration, maximum))[0]


def supertrend(bars: Bars, period: int = 10, multiplier: float = 3.0) -> Trend:
    """A stop of some average ranges that follows price, and its direction."""
    values = (period, multiplier)
    return Trend(*indicator("supertrend", bars.high, bars.low, bars.close, parameters=values))


def ichimoku(
    bars: Bars, conversion: int = 9, base: int = 26, span: int = 52, displacement: int = 26
) -> Cloud:
    """Ichimoku lines, and the cloud as it stands at the bar: no look-ahead."""
    values = (conversion, base, span, displacement)
    return Cloud(*indicator("ichimoku", bars.high, bars.low, parameters=values))
