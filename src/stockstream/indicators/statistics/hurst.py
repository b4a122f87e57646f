"""Hurst exponent (Harold Hurst, 1951), by the spread of changes over growing lags."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "HurstExponent", "hurst_array", "hurst_step"]

SLOT, FULL, RING = 0, 1, 2

LOG_2 = math.log(2.0)


@kernel
def hurst_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """0.5 for a random walk, more for a series that trends, less for one that reverts.

    Method: variance of lags. For the lags 1, 2, 4, ... up to a quarter of the window, the variance
    of ``x[t] - x[t - lag]`` within the last ``period`` values; it grows as ``lag^(2 H)``, so half
    the slope of its logarithm on that of the lag, by least squares, is H. No value outside of the
    window is read. (The rescaled range, the other common method, is biased upwards in windows this
    short.) Over 100 values H of a random walk scatters by about 0.1: take it as a hint. Changes
    are differences, so that spreads that cross zero have an H as well; give it logarithms where
    returns compound. NaN where some lag has no variance.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    state[at + RING + slot] = x
    state[at + RING + period + slot] = x  # twice, so that a window lies in one piece
    slot += 1
    if slot == period:
        slot = 0
        state[at + FULL] = 1.0
    state[at + SLOT] = float(slot)
    if state[at + FULL] == 0.0:
        return math.nan
    lag = 1
    lags = 0.0
    total = 0.0
    total_place = 0.0
    product = 0.0
    squares = 0.0
    while lag <= period // 4:
        spread = _spread(state, at + RING + slot, period, lag)
        if spread <= 0.0:
            return math.nan
        height = math.log(spread)
        total += height
        total_place += lags
        product += lags * height
        squares += lags * lags
        lags += 1.0
        lag *= 2
    slope = (lags * product - total_place * total) / (lags * squares - total_place * total_place)
    return 0.5 * slope / LOG_2


@kernel
def _spread(state: MutableSequence[float], first: int, period: int, lag: int) -> float:
    """Variance of the changes over ``lag`` values within the window from ``state[first]`` on."""
    moved = 0.0
    for i in range(lag):  # all that is left of the sum of the changes
        moved += state[first + period - 1 - i] - state[first + i]
    mean = moved / (period - lag)
    squares = 0.0
    for t in range(first + lag, first + period):
        delta = state[t] - state[t - lag] - mean
        squares += delta * delta
    return squares / (period - lag)


@kernel
def hurst_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`hurst_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = hurst_step(state, x[t], period)


def _slots(period: int) -> int:
    return RING + 2 * period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="hurst",
    inputs=("close",),
    parameters=("period",),
    defaults=(100,),
    minimums=(16,),
    outputs=("hurst",),
    step=hurst_step,
    array=hurst_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class HurstExponent(KernelIndicator):
    """Whether ``close`` trends or reverts; adds ``hurst_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 100
