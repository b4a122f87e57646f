"""Mass index (Donald Dorsey, 1992)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "MassIndex", "mass_index_array", "mass_index_step"]


@kernel
def mass_index_step(
    state: MutableSequence[float], high: float, low: float, period: int, total: int, at: int = 0
) -> float:
    """The sum over ``total`` bars of EMA(high - low) / EMA(EMA(high - low)) (TA-Lib's MASSI).

    About ``total`` while the range is steady. Dorsey's reversal bulge: above 27, then below 26.5.
    Averages of 0 are steady: a ratio of 1.0.
    """
    single = ema_step(state, high - low, period, at)
    double = ema_step(state, single, period, at + EMA_SLOTS)
    if double - double != 0.0:
        return math.nan
    ratio = single / double if double != 0.0 else 1.0
    return sum_step(state, ratio, total, at + 2 * EMA_SLOTS)


@kernel
def mass_index_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    total: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`mass_index_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = mass_index_step(state, high[t], low[t], period, total)


def _slots(_period: int, total: int) -> int:
    return 2 * EMA_SLOTS + sum_slots(total)


def _reach(period: int, total: int) -> int:
    return 2 * ema_reach(period) + total - 1


SPEC = IndicatorSpec(
    name="mass_index",
    inputs=("high", "low"),
    parameters=("period", "total"),
    defaults=(9, 25),
    minimums=(1, 1),
    outputs=("mass_index",),
    step=mass_index_step,
    array=mass_index_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class MassIndex(KernelIndicator):
    """Widening and narrowing of the range; adds ``mass_index``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 9
    total: int = 25
