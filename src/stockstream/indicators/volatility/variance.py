"""Rolling variance and z-score, made of the sums of the rolling standard deviation.

``std`` tells why those sums do not drift.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.volatility.std import SHIFT, SUM, std_slots, std_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "VARIANCE",
    "ZSCORE",
    "Variance",
    "ZScore",
    "variance_array",
    "variance_step",
    "zscore_array",
    "zscore_step",
]


@kernel
def variance_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """Population variance of the last ``period`` values: ``std`` squared (TA-Lib's VAR).

    Divided by n; pandas divides by n - 1.
    """
    deviation = std_step(state, x, period, at)
    return deviation * deviation


@kernel
def variance_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`variance_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = variance_step(state, x[t], period)


@kernel
def zscore_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``(x - mean) / standard deviation`` over the last ``period`` values, ``x`` one of them.

    Population deviation, divided by n, as ``std`` and Bollinger's bands: 2.0 is on the upper band
    of 2 deviations. The mean is taken from the sums of ``std``, around a recent value, so a large
    level costs no digits. NaN where all the values are equal.
    """
    deviation = std_step(state, x, period, at)
    if deviation - deviation != 0.0 or deviation == 0.0:
        return math.nan
    return ((x - state[at + SHIFT]) - state[at + SUM] / period) / deviation


@kernel
def zscore_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`zscore_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = zscore_step(state, x[t], period)


def _reach(period: int) -> int:
    return period - 1


VARIANCE = IndicatorSpec(
    name="variance",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(2,),
    outputs=("variance",),
    step=variance_step,
    array=variance_array,
    slots=std_slots,
    reach=_reach,
)

ZSCORE = IndicatorSpec(
    name="zscore",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(2,),
    outputs=("zscore",),
    step=zscore_step,
    array=zscore_array,
    slots=std_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Variance(KernelIndicator):
    """Population variance of ``close`` over a window; adds ``variance_<period>``."""

    spec: ClassVar[IndicatorSpec] = VARIANCE

    period: int = 20


@dataclass(frozen=True)
class ZScore(KernelIndicator):
    """Population standard deviations of ``close`` from its mean; adds ``zscore_<period>``."""

    spec: ClassVar[IndicatorSpec] = ZSCORE

    period: int = 20
