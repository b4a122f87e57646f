"""Williams %R (Larry Williams, 1973)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "WilliamsR", "willr_array", "willr_step"]


@kernel
def willr_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """``-100 * (highest high - close) / (highest high - lowest low)``, -100 to 0.

    The raw stochastic turned upside down. A range of zero gives 0.0, as in TA-Lib.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan
    top = highest_step(state, high, period, at)
    bottom = lowest_step(state, low, period, at + EXTREME_HEAD + period)
    width = top - bottom
    return -100.0 * ((top - close) / width) if width != 0.0 else 0.0


@kernel
def willr_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`willr_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = willr_step(state, high[t], low[t], close[t], period)


def _slots(period: int) -> int:
    return 2 * extreme_slots(period)


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="willr",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("willr",),
    step=willr_step,
    array=willr_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class WilliamsR(KernelIndicator):
    """Williams %R, -100 to 0; adds ``willr_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
