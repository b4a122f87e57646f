"""Donchian channels (Richard Donchian)."""

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

__all__ = ["SPEC", "DonchianChannels", "donchian_array", "donchian_step"]


@kernel
def donchian_step(
    state: MutableSequence[float], high: float, low: float, period: int, at: int = 0
) -> tuple[float, float, float]:
    """The highest high of ``period`` bars, the lowest low, and the middle of the two.

    Today's bar is in the window, as in TA-Lib's DONCHIAN: a close cannot be above the upper band.
    A breakout rule compares with the band of the day before, ``lag(upper, 1)``.
    """
    bar = high + low
    if bar - bar != 0.0:
        return math.nan, math.nan, math.nan
    top = highest_step(state, high, period, at)
    bottom = lowest_step(state, low, period, at + EXTREME_HEAD + period)
    return top, (top + bottom) / 2.0, bottom


@kernel
def donchian_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    upper: MutableSequence[float],
    middle: MutableSequence[float],
    lower: MutableSequence[float],
) -> None:
    """:func:`donchian_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            upper[t], middle[t], lower[t] = donchian_step(state, high[t], low[t], period)


def _slots(period: int) -> int:
    return 2 * extreme_slots(period)


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="donchian",
    inputs=("high", "low"),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("upper", "middle", "lower"),
    step=donchian_step,
    array=donchian_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class DonchianChannels(KernelIndicator):
    """Channel of the highs and lows; adds ``donchian_upper_20``, ``_middle_20``, ``_lower_20``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
