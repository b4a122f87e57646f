"""Vortex indicator (Etienne Botes and Douglas Siepman, 2010)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.true_range import true_range
from stockstream.indicators.trend.window import SUM_RING, sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "Vortex", "vortex_array", "vortex_step"]

SEEN, HIGH, LOW, CLOSE, SUMS = 0, 1, 2, 3, 4


@kernel
def vortex_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> tuple[float, float]:
    """+VI and -VI: ``sum(|high - low before|)`` and ``sum(|low - high before|)`` over true range.

    Stocks & Commodities, January 2010. All three sums are over ``period`` bars; the first bar has
    none. A window without any range gives 0.0 for both, as in TA-Lib.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    up = abs(high - state[at + LOW])
    down = abs(low - state[at + HIGH])
    moved = true_range(high, low, state[at + CLOSE])
    seen = state[at + SEEN]
    state[at + SEEN] = 1.0
    state[at + HIGH] = high
    state[at + LOW] = low
    state[at + CLOSE] = close
    if seen == 0.0:
        return math.nan, math.nan
    sums = at + SUMS
    plus = sum_step(state, up, period, sums)
    minus = sum_step(state, down, period, sums + SUM_RING + period)
    total = sum_step(state, moved, period, sums + 2 * (SUM_RING + period))
    if total == 0.0:
        return 0.0, 0.0
    return plus / total, minus / total


@kernel
def vortex_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    plus: MutableSequence[float],
    minus: MutableSequence[float],
) -> None:
    """:func:`vortex_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            plus[t], minus[t] = vortex_step(state, high[t], low[t], close[t], period)


def _slots(period: int) -> int:
    return SUMS + 3 * sum_slots(period)


def _reach(period: int) -> int:
    return period


SPEC = IndicatorSpec(
    name="vortex",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("plus", "minus"),
    step=vortex_step,
    array=vortex_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Vortex(KernelIndicator):
    """Vortex lines; adds ``vortex_plus_<period>`` and ``vortex_minus_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
