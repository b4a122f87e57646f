"""Ulcer index (Peter Martin, 1987)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "UlcerIndex", "ulcer_index_array", "ulcer_index_step"]


@kernel
def ulcer_index_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The root of the mean squared drawdown of ``period`` bars, in percent.

    The drawdown of a bar is ``100 * (x - highest) / highest``, from the highest value of the
    ``period`` bars that end with it, as StockCharts and TradingView do; so values begin with bar
    ``2 * (period - 1)``, counted from 0. Others (Skender) take the highest since the window began:
    smaller, and ``period - 1`` bars earlier. A highest value of 0 or below has no percent: 0.0.
    """
    if x - x != 0.0:
        return math.nan
    top = highest_step(state, x, period, at)
    if top - top != 0.0:
        return math.nan
    drawdown = (x - top) / top * 100.0 if top > 0.0 else 0.0
    squares = sum_step(state, drawdown * drawdown, period, at + EXTREME_HEAD + period)
    return math.sqrt(squares / period)


@kernel
def ulcer_index_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`ulcer_index_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = ulcer_index_step(state, x[t], period)


def _slots(period: int) -> int:
    return extreme_slots(period) + sum_slots(period)


def _reach(period: int) -> int:
    return 2 * (period - 1)


SPEC = IndicatorSpec(
    name="ulcer_index",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("ulcer_index",),
    step=ulcer_index_step,
    array=ulcer_index_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class UlcerIndex(KernelIndicator):
    """Depth and length of drawdowns; adds ``ulcer_index_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
