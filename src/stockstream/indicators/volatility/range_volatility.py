"""Volatility from the prices of a bar: Parkinson, Garman-Klass, Rogers-Satchell.

Each is the root of the mean over ``period`` bars of an estimate of the variance of one bar, times
the bars of a year. They use the open, the extremes and the close, and so need five to seven times
fewer bars than closes alone; none sees the gaps between bars (Yang-Zhang does).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "GARMAN_KLASS",
    "PARKINSON",
    "ROGERS_SATCHELL",
    "GarmanKlassVolatility",
    "ParkinsonVolatility",
    "RogersSatchellVolatility",
    "garman_klass_array",
    "garman_klass_step",
    "parkinson_array",
    "parkinson_step",
    "rogers_satchell_array",
    "rogers_satchell_bar",
    "rogers_satchell_step",
]

OPENING = 2.0 * math.log(2.0) - 1.0
WIDTH = 4.0 * math.log(2.0)


@kernel
def _yearly(variance: float, period: int, sessions: float) -> float:
    """The root of a sum of variances, as a volatility a year."""
    if variance - variance != 0.0:
        return math.nan
    return math.sqrt(variance / period * sessions) if variance > 0.0 else 0.0


@kernel
def parkinson_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    period: int,
    sessions: float,
    at: int = 0,
) -> float:
    """``sqrt(mean(ln(high / low)^2) / (4 ln 2) * sessions)`` (Michael Parkinson, 1980).

    Units: a fraction a year of ``sessions`` bars; with 1, that of one bar. A bar whose prices are
    not above 0 counts as absent.
    """
    bar = high + low
    if bar - bar != 0.0 or high <= 0.0 or low <= 0.0:
        return math.nan
    width = math.log(high / low)
    return _yearly(sum_step(state, width * width / WIDTH, period, at), period, sessions)


@kernel
def parkinson_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    sessions: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`parkinson_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = parkinson_step(state, high[t], low[t], period, sessions)


@kernel
def garman_klass_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    period: int,
    sessions: float,
    at: int = 0,
) -> float:
    """``sqrt(mean(ln(high/low)^2 / 2 - (2 ln 2 - 1) ln(close/open)^2) * sessions)`` (1980).

    Units: a fraction a year of ``sessions`` bars; with 1, that of one bar. A bar whose prices are
    not above 0 counts as absent. Where rounding or prices outside of their own range would make
    the mean negative, 0.0.
    """
    bar = opening + high + low + close
    if bar - bar != 0.0 or min(opening, high, low, close) <= 0.0:
        return math.nan
    width = math.log(high / low)
    body = math.log(close / opening)
    variance = 0.5 * (width * width) - OPENING * (body * body)
    return _yearly(sum_step(state, variance, period, at), period, sessions)


@kernel
def garman_klass_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    sessions: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`garman_klass_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = garman_klass_step(
                state, opening[t], high[t], low[t], close[t], period, sessions
            )


@kernel
def rogers_satchell_bar(opening: float, high: float, low: float, close: float) -> float:
    """Variance of one bar: ``ln(high/close) ln(high/open) + ln(low/close) ln(low/open)``."""
    up = math.log(high / close) * math.log(high / opening)
    return up + math.log(low / close) * math.log(low / opening)


@kernel
def rogers_satchell_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    period: int,
    sessions: float,
    at: int = 0,
) -> float:
    """``sqrt(mean(ln(h/c) ln(h/o) + ln(l/c) ln(l/o)) * sessions)`` (1991); right under a trend.

    Units: a fraction a year of ``sessions`` bars; with 1, that of one bar. A bar whose prices are
    not above 0 counts as absent. Where prices outside of their own range would make the mean
    negative, 0.0.
    """
    bar = opening + high + low + close
    if bar - bar != 0.0 or min(opening, high, low, close) <= 0.0:
        return math.nan
    variance = rogers_satchell_bar(opening, high, low, close)
    return _yearly(sum_step(state, variance, period, at), period, sessions)


@kernel
def rogers_satchell_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    sessions: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`rogers_satchell_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = rogers_satchell_step(
                state, opening[t], high[t], low[t], close[t], period, sessions
            )


def _slots(period: int, _sessions: float) -> int:
    return sum_slots(period)


def _reach(period: int, _sessions: float) -> int:
    return period - 1


PARKINSON = IndicatorSpec(
    name="parkinson",
    inputs=("high", "low"),
    parameters=("period", "sessions"),
    defaults=(20, 252.0),
    minimums=(1, 1.0),
    outputs=("parkinson",),
    step=parkinson_step,
    array=parkinson_array,
    slots=_slots,
    reach=_reach,
)

GARMAN_KLASS = IndicatorSpec(
    name="garman_klass",
    inputs=("open", "high", "low", "close"),
    parameters=("period", "sessions"),
    defaults=(20, 252.0),
    minimums=(1, 1.0),
    outputs=("garman_klass",),
    step=garman_klass_step,
    array=garman_klass_array,
    slots=_slots,
    reach=_reach,
)

ROGERS_SATCHELL = IndicatorSpec(
    name="rogers_satchell",
    inputs=("open", "high", "low", "close"),
    parameters=("period", "sessions"),
    defaults=(20, 252.0),
    minimums=(1, 1.0),
    outputs=("rogers_satchell",),
    step=rogers_satchell_step,
    array=rogers_satchell_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ParkinsonVolatility(KernelIndicator):
    """Parkinson's volatility; adds ``parkinson``."""

    spec: ClassVar[IndicatorSpec] = PARKINSON

    period: int = 20
    sessions: float = 252.0


@dataclass(frozen=True)
class GarmanKlassVolatility(KernelIndicator):
    """Garman and Klass's volatility; adds ``garman_klass``."""

    spec: ClassVar[IndicatorSpec] = GARMAN_KLASS

    period: int = 20
    sessions: float = 252.0


@dataclass(frozen=True)
class RogersSatchellVolatility(KernelIndicator):
    """Rogers and Satchell's volatility, right under a trend; adds ``rogers_satchell``."""

    spec: ClassVar[IndicatorSpec] = ROGERS_SATCHELL

    period: int = 20
    sessions: float = 252.0
