"""How fast price moves, and how far it has gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.strategy.technical.registered import indicator

if TYPE_CHECKING:
    from stockstream.strategy.expression import Bars, Number

__all__ = [
    "Oscillator",
    "Power",
    "Signalled",
    "accelerator",
    "awesome",
    "bop",
    "cci",
    "cmo",
    "cmou",
    "connors_rsi",
    "coppock",
    "dpo",
    "elder_ray",
    "fisher",
    "imi",
    "kst",
    "mom",
    "qstick",
    "roc",
    "rocp",
    "rocr",
    "rocr100",
    "rsi",
    "rvgi",
    "smi",
    "stochastic",
    "stochastic_fast",
    "stochrsi",
    "tsi",
    "ultimate",
    "vhf",
    "willr",
]


class Oscillator(NamedTuple):
    """A stochastic oscillator, from 0 to 100."""

    k: Number
    d: Number


class Signalled(NamedTuple):
    """A line and the signal it is compared with."""

    line: Number
    signal: Number


class Power(NamedTuple):
    """High and low of the bar against an average."""

    bull: Number
    bear: Number


def rsi(x: Number, period: int = 14) -> Number:
    """Wilder's relative strength index, from 0 to 100."""
    return indicator("rsi", x, parameters=(period,))[0]


def stochastic(bars: Bars, period: int = 14, smoothing: int = 3, signal: int = 3) -> Oscillator:
    """Where the close lies in the range of the last bars, smoothed, and its own average."""
    values = (period, smoothing, signal)
    return Oscillator(*indicator("stochastic", bars.high, bars.low, bars.close, parameters=values))


def stochastic_fast(bars: Bars, period: int = 14, signal: int = 3) -> Oscillator:
    """Where the close lies in the range of the last bars, and its average."""
    values = (period, signal)
    return Oscillator(
        *indicator("stochastic_fast", bars.high, bars.low, bars.close, parameters=values)
    )


def stochrsi(
    x: Number, period: int = 14, window: int = 14, smoothing: int = 3, signal: int = 3
) -> Oscillator:
    """Where RSI lies in its own range, smoothed, and its average."""
    return Oscillator(*indicator("stochrsi", x, parameters=(period, window, smoothing, signal)))


def smi(bars: Bars, period: int = 13, slow: int = 25, fast: int = 2, signal: int = 9) -> Signalled:
    """Stochastic momentum index: the close against the middle of its range, -100 to 100."""
    values = (period, slow, fast, signal)
    return Signalled(*indicator("smi", bars.high, bars.low, bars.close, parameters=values))


def willr(bars: Bars, period: int = 14) -> Number:
    """Williams %R, -100 to 0."""
    return indicator("willr", bars.high, bars.low, bars.close, parameters=(period,))[0]


def cci(bars: Bars, period: int = 20) -> Number:
    """Commodity channel index: distance from the mean in mean deviations."""
    return indicator("cci", bars.high, bars.low, bars.close, parameters=(period,))[0]


def mom(x: Number, period: int = 10) -> Number:
    """Change over a number of bars, in units of price."""
    return indicator("mom", x, parameters=(period,))[0]


def roc(x: Number, period: int = 10) -> Number:
    """Change over a number of bars, in percent."""
    return indicator("roc", x, parameters=(period,))[0]


def rocp(x: Number, period: int = 10) -> Number:
    """Change over a number of bars, as a fraction."""
    return indicator("rocp", x, parameters=(period,))[0]


def rocr(x: Number, period: int = 10) -> Number:
    """Value over that of some bars ago."""
    return indicator("rocr", x, parameters=(period,))[0]


def rocr100(x: Number, period: int = 10) -> Number:
    """Value in percent of that of some bars ago."""
    return indicator("rocr100", x, parameters=(period,))[0]


def cmo(x: Number, period: int = 14) -> Number:
    """Chande momentum oscillator with Wilder's smoothing (TA-Lib's), -100 to 100."""
    return indicator("cmo", x, parameters=(period,))[0]


def cmou(x: Number, period: int = 14) -> Number:
    """Chande momentum oscillator of plain sums (Chande's own), -100 to 100."""
    return indicator("cmou", x, parameters=(period,))[0]


def tsi(x: Number, slow: int = 25, fast: int = 13, signal: int = 13) -> Signalled:
    """True strength index, -100 to 100, and its average."""
    return Signalled(*indicator("tsi", x, parameters=(slow, fast, signal)))


def ultimate(bars: Bars, fast: int = 7, middle: int = 14, slow: int = 28) -> Number:
    """Ultimate oscillator: buying pressure in three windows, 0 to 100."""
    values = (fast, middle, slow)
    return indicator("ultimate", bars.high, bars.low, bars.close, parameters=values)[0]


def awesome(bars: Bars, fast: int = 5, slow: int = 34) -> Number:
    """Awesome oscillator: fast less slow average of the median price."""
    return indicator("awesome", bars.high, bars.low, parameters=(fast, slow))[0]


def accelerator(bars: Bars, fast: int = 5, slow: int = 34, signal: int = 5) -> Number:
    """Awesome oscillator less its own average."""
    return indicator("accelerator", bars.high, bars.low, parameters=(fast, slow, signal))[0]


def coppock(x: Number, smoothing: int = 10, fast: int = 11, slow: int = 14) -> Number:
    """Coppock curve: weighted average of two rates of change."""
    return indicator("coppock", x, parameters=(smoothing, fast, slow))[0]


def kst(
    x: Number,
    roc1: int = 10,
    roc2: int = 15,
    roc3: int = 20,
    roc4: int = 30,
    sma1: int = 10,
    sma2: int = 10,
    sma3: int = 10,
    sma4: int = 15,
    signal: int = 9,
) -> Signalled:
    """Pring's know sure thing: four smoothed rates of change, and their average."""
    values = (roc1, roc2, roc3, roc4, sma1, sma2, sma3, sma4, signal)
    return Signalled(*indicator("kst", x, parameters=values))


def dpo(x: Number, period: int = 20) -> Number:
    """Detrended price oscillator in its causal form."""
    return indicator("dpo", x, parameters=(period,))[0]


def vhf(x: Number, period: int = 28) -> Number:
    """Vertical horizontal filter: high in a trend, low in a range."""
    return indicator("vhf", x, parameters=(period,))[0]


def fisher(bars: Bars, period: int = 10) -> Signalled:
    """Fisher transform of the median price, and its value one bar before."""
    return Signalled(*indicator("fisher", bars.high, bars.low, parameters=(period,)))


def connors_rsi(
    x: Number, period: int = 3, streak_period: int = 2, rank_period: int = 100
) -> Number:
    """ConnorsRSI: RSI, RSI of the streak and rank of the change, 0 to 100."""
    return indicator("connors_rsi", x, parameters=(period, streak_period, rank_period))[0]


def elder_ray(bars: Bars, period: int = 13) -> Power:
    """Elder's bull power and bear power: high and low against an average."""
    return Power(*indicator("elder_ray", bars.high, bars.low, bars.close, parameters=(period,)))


def rvgi(bars: Bars, period: int = 10) -> Signalled:
    """Relative vigor index: where bars close in their range, and its average."""
    values = (period,)
    return Signalled(
        *indicator("rvgi", bars.open, bars.high, bars.low, bars.close, parameters=values)
    )


def bop(bars: Bars) -> Number:
    """Balance of power: close less open over the range of the bar, -1 to 1."""
    return indicator("bop", bars.open, bars.high, bars.low, bars.close, parameters=())[0]


def qstick(bars: Bars, period: int = 10) -> Number:
    """Mean of close less open."""
    return indicator("qstick", bars.open, bars.close, parameters=(period,))[0]


def imi(bars: Bars, period: int = 14) -> Number:
    """Intraday momentum index, 0 to 100."""
    return indicator("imi", bars.open, bars.close, parameters=(period,))[0]
