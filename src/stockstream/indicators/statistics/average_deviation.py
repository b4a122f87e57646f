"""Mean absolute deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "AverageDeviation", "average_deviation_array", "average_deviation_step"]

SLOT, FULL, RING = 0, 1, 2


@kernel
def average_deviation_step(
    state: MutableSequence[float], x: float, period: int, at: int = 0
) -> float:
    """``mean(|x - mean(x)|)`` over the last ``period`` values, made afresh each time.

    TA-Lib's AVGDEV. Less swayed by outliers than ``std``; it
    takes ``2 * period`` additions for each value.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    state[at + RING + slot] = x
    if slot + 1 == period:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
    else:
        state[at + SLOT] += 1.0
    if state[at + FULL] == 0.0:
        return math.nan
    mean = 0.0
    for i in range(at + RING, at + RING + period):
        mean += state[i]
    mean /= period
    total = 0.0
    for i in range(at + RING, at + RING + period):
        total += abs(state[i] - mean)
    return total / period


@kernel
def average_deviation_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`average_deviation_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = average_deviation_step(state, x[t], period)


def _slots(period: int) -> int:
    return RING + period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="average_deviation",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("average_deviation",),
    step=average_deviation_step,
    array=average_deviation_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class AverageDeviation(KernelIndicator):
    """Mean absolute deviation of ``close`` from its mean; adds ``average_deviation_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
