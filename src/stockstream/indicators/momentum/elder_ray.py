"""Elder ray: bull power and bear power (Alexander Elder, 1989)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "ElderRay", "elder_ray_array", "elder_ray_step"]


@kernel
def elder_ray_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> tuple[float, float]:
    """Bull power ``high - EMA(close)`` and bear power ``low - EMA(close)``, in units of price.

    *Trading for a Living*, 1993. TA-Lib's ERI.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    average = ema_step(state, close, period, at)
    return high - average, low - average


@kernel
def elder_ray_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    bull: MutableSequence[float],
    bear: MutableSequence[float],
) -> None:
    """:func:`elder_ray_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            bull[t], bear[t] = elder_ray_step(state, high[t], low[t], close[t], period)


def _slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return EMA_SLOTS


SPEC = IndicatorSpec(
    name="elder_ray",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(13,),
    minimums=(1,),
    outputs=("bull", "bear"),
    step=elder_ray_step,
    array=elder_ray_array,
    slots=_slots,
    reach=ema_reach,
)


@dataclass(frozen=True)
class ElderRay(KernelIndicator):
    """Bull and bear power; adds ``elder_ray_bull_<period>`` and ``elder_ray_bear_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 13
