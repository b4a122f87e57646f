"""Ultimate oscillator (Larry Williams, 1985)."""

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

__all__ = ["SPEC", "UltimateOscillator", "ultimate_array", "ultimate_step"]

STARTED, CLOSE, SUMS = 0, 1, 2


@kernel
def ultimate_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    fast: int,
    middle: int,
    slow: int,
    at: int = 0,
) -> float:
    """Buying pressure over true range in three windows, weighted 4, 2 and 1; 0 to 100.

    Buying pressure is the close less the true low (the lower of low and close before). Stocks &
    Commodities, 1985. The first bar has none. A window without any range counts as 0, as in TA-Lib.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        return math.nan
    pressure = close - min(low, before)
    moved = true_range(high, low, before)
    middle_at = at + SUMS + 2 * (SUM_RING + fast)
    slow_at = middle_at + 2 * (SUM_RING + middle)
    quick = _share(state, pressure, moved, fast, at + SUMS)
    medium = _share(state, pressure, moved, middle, middle_at)
    long = _share(state, pressure, moved, slow, slow_at)
    return 100.0 * ((4.0 * quick + 2.0 * medium + long) / 7.0)


@kernel
def _share(
    state: MutableSequence[float], pressure: float, moved: float, period: int, at: int
) -> float:
    """Sum of the pressure over the sum of the ranges."""
    bought = sum_step(state, pressure, period, at)
    total = sum_step(state, moved, period, at + SUM_RING + period)
    return bought / total if total != 0.0 else 0.0


@kernel
def ultimate_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    middle: int,
    slow: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`ultimate_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = ultimate_step(state, high[t], low[t], close[t], fast, middle, slow)


def _slots(fast: int, middle: int, slow: int) -> int:
    return SUMS + 2 * (sum_slots(fast) + sum_slots(middle) + sum_slots(slow))


def _reach(fast: int, middle: int, slow: int) -> int:  # noqa: ARG001 - the longest counts
    return slow


SPEC = IndicatorSpec(
    name="ultimate",
    inputs=("high", "low", "close"),
    parameters=("fast", "middle", "slow"),
    defaults=(7, 14, 28),
    minimums=(1, 2, 3),
    ascending=("fast", "middle", "slow"),
    outputs=("ultimate",),
    step=ultimate_step,
    array=ultimate_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class UltimateOscillator(KernelIndicator):
    """Ultimate oscillator, 0 to 100; adds ``ultimate``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    fast: int = 7
    middle: int = 14
    slow: int = 28
