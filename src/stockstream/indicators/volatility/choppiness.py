"""Choppiness index (E. W. Dreiss)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.indicators.volatility.true_range import TRUE_RANGE_SLOTS, true_range_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "Choppiness", "choppiness_array", "choppiness_step"]

HIGH_AT = TRUE_RANGE_SLOTS


@kernel
def choppiness_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """``100 * log10(sum of true ranges / (highest high - lowest low)) / log10(period)``.

    Near 100 the bars lay on top of each other, near 0 they went one way; 61.8 and 38.2 are the
    usual lines. NaN for the first ``period`` bars, since the first has no true range, and where the
    window has no range at all.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan
    low_at = at + HIGH_AT + EXTREME_HEAD + period
    true_range = true_range_step(state, high, low, close, at)
    way = sum_step(state, true_range, period, low_at + EXTREME_HEAD + period)
    top = highest_step(state, high, period, at + HIGH_AT)
    bottom = lowest_step(state, low, period, low_at)
    width = top - bottom
    if way - way != 0.0 or width <= 0.0 or way <= 0.0:
        return math.nan
    return math.log10(way / width) / math.log10(period) * 100.0


@kernel
def choppiness_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`choppiness_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = choppiness_step(state, high[t], low[t], close[t], period)


def _slots(period: int) -> int:
    return TRUE_RANGE_SLOTS + 2 * extreme_slots(period) + sum_slots(period)


def _reach(period: int) -> int:
    return period


SPEC = IndicatorSpec(
    name="choppiness",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("choppiness",),
    step=choppiness_step,
    array=choppiness_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Choppiness(KernelIndicator):
    """Whether the market trends or turns about; adds ``choppiness_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
