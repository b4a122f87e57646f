"""Price weighed by what was traded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.strategy.technical.registered import indicator

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars, Number

__all__ = [
    "ad",
    "adosc",
    "cmf",
    "dollar_volume",
    "ease_of_movement",
    "force_index",
    "mfi",
    "nvi",
    "obv",
    "pvi",
    "pvo",
    "relative_volume",
    "vpt",
    "vwap",
]


def obv(bars: Bars) -> Number:
    """On-balance volume, from the volume of the symbol's first bar."""
    return indicator("obv", bars.close, bars.volume, parameters=())[0]


def vwap(bars: Bars, period: int = 20) -> Number:
    """Average of the typical price of the last bars, weighted by volume."""
    values = (period,)
    return indicator("vwap", bars.high, bars.low, bars.close, bars.volume, parameters=values)[0]


def ad(bars: Bars) -> Number:
    """Chaikin's accumulation/distribution line."""
    return indicator("ad", bars.high, bars.low, bars.close, bars.volume, parameters=())[0]


def adosc(bars: Bars, fast: int = 3, slow: int = 10) -> Number:
    """Chaikin oscillator: fast less slow average of accumulation/distribution."""
    values = (fast, slow)
    return indicator("adosc", bars.high, bars.low, bars.close, bars.volume, parameters=values)[0]


def cmf(bars: Bars, period: int = 20) -> Number:
    """Chaikin money flow: volume weighed by where bars close, -1 to 1."""
    values = (period,)
    return indicator("cmf", bars.high, bars.low, bars.close, bars.volume, parameters=values)[0]


def mfi(bars: Bars, period: int = 14) -> Number:
    """Money flow index: RSI weighed by money, 0 to 100."""
    values = (period,)
    return indicator("mfi", bars.high, bars.low, bars.close, bars.volume, parameters=values)[0]


def force_index(bars: Bars, period: int = 13) -> Number:
    """Elder's force index: change times volume, averaged."""
    return indicator("force_index", bars.close, bars.volume, parameters=(period,))[0]


def ease_of_movement(bars: Bars, period: int = 14, scale: float = 100000000.0) -> Number:
    """How far price moves for its volume, averaged."""
    values = (period, scale)
    return indicator("ease_of_movement", bars.high, bars.low, bars.volume, parameters=values)[0]


def pvo(bars: Bars, fast: int = 12, slow: int = 26) -> Number:
    """Fast less slow average of volume, in percent."""
    return indicator("pvo", bars.volume, parameters=(fast, slow))[0]


def nvi(bars: Bars) -> Number:
    """Negative volume index: returns of bars with less volume than the one before."""
    return indicator("nvi", bars.close, bars.volume, parameters=())[0]


def pvi(bars: Bars) -> Number:
    """Positive volume index: returns of bars with more volume than the one before."""
    return indicator("pvi", bars.close, bars.volume, parameters=())[0]


def vpt(bars: Bars) -> Number:
    """Volume price trend: volume times return, summed."""
    return indicator("vpt", bars.close, bars.volume, parameters=())[0]


def dollar_volume(bars: Bars, period: int = 20) -> Number:
    """Mean of close times volume."""
    return indicator("dollar_volume", bars.close, bars.volume, parameters=(period,))[0]


def relative_volume(bars: Bars, period: int = 20) -> Number:
    """Volume over the mean of the bars before."""
    return indicator("relative_volume", bars.volume, parameters=(period,))[0]
