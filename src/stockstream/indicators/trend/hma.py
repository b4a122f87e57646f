"""Hull moving average (Alan Hull, 2005)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.wma import RING as WMA_HEAD
from stockstream.indicators.trend.wma import wma_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["HMA", "SPEC", "hma_array", "hma_step"]


@kernel
def hma_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``WMA(2 * WMA(period / 2) - WMA(period))``, the outer one over ``sqrt(period)`` values.

    Half and root are cut to whole numbers, as Hull and TA-Lib do; libraries that round them give
    another line for periods such as 14.
    """
    half = max(1, period // 2)
    root = int(math.sqrt(period))
    half_at = at + WMA_HEAD + period
    quick = wma_step(state, x, half, half_at)
    slow = wma_step(state, x, period, at)
    return wma_step(state, 2.0 * quick - slow, root, half_at + WMA_HEAD + half)


def _slots(period: int) -> int:
    return 3 * WMA_HEAD + period + max(1, period // 2) + math.isqrt(period)


def _reach(period: int) -> int:
    return period - 1 + math.isqrt(period) - 1


@kernel
def hma_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`hma_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = hma_step(state, x[t], period)


SPEC = IndicatorSpec(
    name="hma",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("hma",),
    step=hma_step,
    array=hma_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class HMA(KernelIndicator):
    """Hull moving average of ``close``; adds ``hma_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
