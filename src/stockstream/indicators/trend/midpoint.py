"""The middle of a range: of one series, or of highs and lows."""

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

__all__ = [
    "MIDPOINT_SPEC",
    "MIDPRICE_SPEC",
    "MidPoint",
    "MidPrice",
    "midpoint_array",
    "midpoint_step",
    "midprice_array",
    "midprice_step",
]


@kernel
def midpoint_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``(highest + lowest) / 2`` of the last ``period`` values, NaN until there are so many."""
    top = highest_step(state, x, period, at)
    bottom = lowest_step(state, x, period, at + EXTREME_HEAD + period)
    return (top + bottom) / 2.0


@kernel
def midprice_step(
    state: MutableSequence[float], high: float, low: float, period: int, at: int = 0
) -> float:
    """``(highest high + lowest low) / 2`` of ``period`` bars, NaN until there are so many."""
    bar = high + low
    if bar - bar != 0.0:
        return math.nan
    top = highest_step(state, high, period, at)
    bottom = lowest_step(state, low, period, at + EXTREME_HEAD + period)
    return (top + bottom) / 2.0


@kernel
def midpoint_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`midpoint_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = midpoint_step(state, x[t], period)


def _midpoint_slots(period: int) -> int:
    return 2 * extreme_slots(period)


def _midpoint_reach(period: int) -> int:
    return period - 1


MIDPOINT_SPEC = IndicatorSpec(
    name="midpoint",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("midpoint",),
    step=midpoint_step,
    array=midpoint_array,
    slots=_midpoint_slots,
    reach=_midpoint_reach,
)


@kernel
def midprice_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`midprice_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = midprice_step(state, high[t], low[t], period)


def _midprice_slots(period: int) -> int:
    return 2 * extreme_slots(period)


def _midprice_reach(period: int) -> int:
    return period - 1


MIDPRICE_SPEC = IndicatorSpec(
    name="midprice",
    inputs=("high", "low"),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("midprice",),
    step=midprice_step,
    array=midprice_array,
    slots=_midprice_slots,
    reach=_midprice_reach,
)


@dataclass(frozen=True)
class MidPoint(KernelIndicator):
    """Middle of the range of ``close``; adds ``midpoint_<period>``."""

    spec: ClassVar[IndicatorSpec] = MIDPOINT_SPEC

    period: int = 14


@dataclass(frozen=True)
class MidPrice(KernelIndicator):
    """Middle of the range of highs and lows; adds ``midprice_<period>``."""

    spec: ClassVar[IndicatorSpec] = MIDPRICE_SPEC

    period: int = 14
