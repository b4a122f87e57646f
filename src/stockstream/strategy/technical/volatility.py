"""How much price moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.strategy.technical.registered import indicator

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars, Number

__all__ = [
    "Bands",
    "Exits",
    "Stops",
    "adr",
    "atr",
    "atr_stop",
    "bandwidth",
    "bollinger",
    "chaikin_volatility",
    "chandelier",
    "choppiness",
    "donchian",
    "drawdown",
    "garman_klass",
    "historical_volatility",
    "keltner",
    "mass_index",
    "natr",
    "parkinson",
    "percent_b",
    "rogers_satchell",
    "rvi",
    "std",
    "true_range",
    "ulcer_index",
    "variance",
    "yang_zhang",
    "zscore",
]


class Bands(NamedTuple):
    """Bands around a line."""

    upper: Number
    middle: Number
    lower: Number


class Exits(NamedTuple):
    """Stops of a long and of a short position."""

    long: Number
    short: Number


class Stops(NamedTuple):
    """Where a long and a short position would be stopped."""

    long: Number
    short: Number


def bollinger(x: Number, period: int = 20, deviations: float = 2.0) -> Bands:
    """Moving average, and bands so many standard deviations above and below it."""
    return Bands(*indicator("bollinger", x, parameters=(period, deviations)))


def percent_b(x: Number, period: int = 20, deviations: float = 2.0) -> Number:
    """Where the value lies between its Bollinger bands: 0 at the lower, 1 at the upper."""
    return indicator("percent_b", x, parameters=(period, deviations))[0]


def bandwidth(x: Number, period: int = 20, deviations: float = 2.0) -> Number:
    """Width of the Bollinger bands in percent of their middle."""
    return indicator("bandwidth", x, parameters=(period, deviations))[0]


def keltner(bars: Bars, period: int = 20, atr_period: int = 10, width: float = 2.0) -> Bands:
    """Exponential average, and bands so many average true ranges above and below it."""
    values = (period, atr_period, width)
    return Bands(*indicator("keltner", bars.high, bars.low, bars.close, parameters=values))


def donchian(bars: Bars, period: int = 20) -> Bands:
    """Highest high, lowest low and their middle."""
    return Bands(*indicator("donchian", bars.high, bars.low, parameters=(period,)))


def true_range(bars: Bars) -> Number:
    """Range of the bar, the gap from the close before included."""
    return indicator("true_range", bars.high, bars.low, bars.close, parameters=())[0]


def atr(bars: Bars, period: int = 14) -> Number:
    """Wilder's average true range."""
    return indicator("atr", bars.high, bars.low, bars.close, parameters=(period,))[0]


def natr(bars: Bars, period: int = 14) -> Number:
    """Average true range in percent of the close."""
    return indicator("natr", bars.high, bars.low, bars.close, parameters=(period,))[0]


def adr(bars: Bars, period: int = 14) -> Number:
    """Average range of the day, gaps left out."""
    return indicator("adr", bars.high, bars.low, parameters=(period,))[0]


def atr_stop(bars: Bars, period: int = 14, multiple: float = 3.0) -> Number:
    """A trailing stop of some average true ranges, of a long or a short in turn."""
    values = (period, multiple)
    return indicator("atr_stop", bars.high, bars.low, bars.close, parameters=values)[0]


def chandelier(bars: Bars, period: int = 22, multiple: float = 3.0) -> Exits:
    """Stops of some average true ranges from the highest high and the lowest low."""
    values = (period, multiple)
    return Exits(*indicator("chandelier", bars.high, bars.low, bars.close, parameters=values))


def chaikin_volatility(bars: Bars, period: int = 10, change: int = 10) -> Number:
    """Change of the smoothed range, in percent."""
    return indicator("chaikin_volatility", bars.high, bars.low, parameters=(period, change))[0]


def mass_index(bars: Bars, period: int = 9, total: int = 25) -> Number:
    """Dorsey's mass index: a widening range announces a turn."""
    return indicator("mass_index", bars.high, bars.low, parameters=(period, total))[0]


def choppiness(bars: Bars, period: int = 14) -> Number:
    """Choppiness index: high in a range, low in a trend."""
    return indicator("choppiness", bars.high, bars.low, bars.close, parameters=(period,))[0]


def std(x: Number, period: int) -> Number:
    """Population standard deviation of the last values."""
    return indicator("std", x, parameters=(period,))[0]


def variance(x: Number, period: int) -> Number:
    """Population variance of the last values."""
    return indicator("variance", x, parameters=(period,))[0]


def zscore(x: Number, period: int) -> Number:
    """Distance from the mean of the last values in standard deviations."""
    return indicator("zscore", x, parameters=(period,))[0]


def ulcer_index(x: Number, period: int = 14) -> Number:
    """Root of the mean squared drawdown of the last values, in percent."""
    return indicator("ulcer_index", x, parameters=(period,))[0]


def drawdown(x: Number, period: int = 252) -> Number:
    """Fall from the highest of the last values, a fraction: 0 at a new high, else below."""
    return indicator("drawdown", x, parameters=(period,))[0]


def rvi(x: Number, period: int = 14, deviation: int = 10) -> Number:
    """Relative volatility index: RSI of the standard deviation."""
    return indicator("rvi", x, parameters=(period, deviation))[0]


def historical_volatility(x: Number, period: int = 20, sessions: float = 252.0) -> Number:
    """Annual standard deviation of logarithmic returns."""
    return indicator("historical_volatility", x, parameters=(period, sessions))[0]


def parkinson(bars: Bars, period: int = 20, sessions: float = 252.0) -> Number:
    """Annual volatility from highs and lows."""
    return indicator("parkinson", bars.high, bars.low, parameters=(period, sessions))[0]


def garman_klass(bars: Bars, period: int = 20, sessions: float = 252.0) -> Number:
    """Annual volatility from all four prices, without drift."""
    values = (period, sessions)
    return indicator("garman_klass", bars.open, bars.high, bars.low, bars.close, parameters=values)[
        0
    ]


def rogers_satchell(bars: Bars, period: int = 20, sessions: float = 252.0) -> Number:
    """Annual volatility from all four prices, whatever the drift."""
    values = (period, sessions)
    return indicator(
        "rogers_satchell", bars.open, bars.high, bars.low, bars.close, parameters=values
    )[0]


def yang_zhang(bars: Bars, period: int = 20, sessions: float = 252.0) -> Number:
    """Annual volatility from all four prices and the gaps between bars."""
    values = (period, sessions)
    return indicator("yang_zhang", bars.open, bars.high, bars.low, bars.close, parameters=values)[0]
