"""Kaufman's efficiency ratio and the adaptive average made with it (Perry Kaufman, 1995)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.trend.window import LAG_RING, lag_slots, lag_step, sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "EFFICIENCY_SPEC",
    "KAMA",
    "KAMA_SPEC",
    "EfficiencyRatio",
    "efficiency_array",
    "efficiency_slots",
    "efficiency_step",
    "kama_array",
    "kama_step",
]

PREVIOUS, STARTED, LAG_AT = 0, 1, 2
AVERAGE, RATIO_AT = 0, 1


@kernel
def efficiency_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``|x - x[period ago]| / sum(|change|)``: 1.0 for a straight line, near 0 for noise.

    *Smarter Trading*, 1995. NaN for the first ``period`` values; a window without any movement
    counts as a straight line, as in TA-Lib's ER.
    """
    if x - x != 0.0:
        return math.nan
    before = lag_step(state, x, period, at + LAG_AT)
    change = abs(x - state[at + PREVIOUS])
    state[at + PREVIOUS] = x
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        return math.nan
    moved = sum_step(state, change, period, at + LAG_AT + LAG_RING + period)
    if before - before != 0.0:
        return math.nan
    return min(1.0, abs(x - before) / moved) if moved != 0.0 else 1.0


def efficiency_slots(period: int) -> int:
    """Floats of state: two, a ring of values and a ring of changes."""
    return LAG_AT + lag_slots(period) + sum_slots(period)


@kernel
def kama_step(
    state: MutableSequence[float], x: float, period: int, fast: int, slow: int, at: int = 0
) -> float:
    """An EMA whose weight follows the efficiency ratio: fast in a trend, slow in noise.

    ``average += (x - average) * c**2`` with ``c = ratio * (f - s) + s``, where f and s are the
    weights ``2 / (n + 1)`` of EMAs over ``fast`` and ``slow`` bars. It starts from the value before
    the first ratio, as in TA-Lib.
    """
    if x - x != 0.0:
        return math.nan
    ratio = efficiency_step(state, x, period, at + RATIO_AT)
    if ratio - ratio != 0.0:
        state[at + AVERAGE] = x
        return math.nan
    least = 2.0 / (slow + 1.0)
    weight = ratio * (2.0 / (fast + 1.0) - least) + least
    state[at + AVERAGE] += (x - state[at + AVERAGE]) * (weight * weight)
    return state[at + AVERAGE]


def _kama_reach(period: int, fast: int, slow: int) -> int:  # noqa: ARG001 - the slow one is longer
    """At its slowest: a market that goes nowhere for so long keeps the start in memory."""
    weight = 2.0 / (slow + 1.0)
    return period + bars_to_fade(1.0 - weight * weight)


@kernel
def efficiency_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`efficiency_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = efficiency_step(state, x[t], period)


def _efficiency_reach(period: int) -> int:
    return period


EFFICIENCY_SPEC = IndicatorSpec(
    name="efficiency_ratio",
    inputs=("close",),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("efficiency_ratio",),
    step=efficiency_step,
    array=efficiency_array,
    slots=efficiency_slots,
    reach=_efficiency_reach,
)


@kernel
def kama_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    fast: int,
    slow: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`kama_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = kama_step(state, x[t], period, fast, slow)


def _kama_slots(period: int, fast: int, slow: int) -> int:  # noqa: ARG001 - the same for all
    return RATIO_AT + efficiency_slots(period)


KAMA_SPEC = IndicatorSpec(
    name="kama",
    inputs=("close",),
    parameters=("period", "fast", "slow"),
    defaults=(10, 2, 30),
    minimums=(2, 1, 2),
    ascending=("fast", "slow"),
    outputs=("kama",),
    step=kama_step,
    array=kama_array,
    slots=_kama_slots,
    reach=_kama_reach,
)


@dataclass(frozen=True)
class EfficiencyRatio(KernelIndicator):
    """Kaufman's efficiency ratio of ``close``, 0 to 1; adds ``efficiency_ratio_<period>``."""

    spec: ClassVar[IndicatorSpec] = EFFICIENCY_SPEC

    period: int = 10


@dataclass(frozen=True)
class KAMA(KernelIndicator):
    """Kaufman's adaptive moving average of ``close``; adds ``kama``."""

    spec: ClassVar[IndicatorSpec] = KAMA_SPEC

    period: int = 10
    fast: int = 2
    slow: int = 30
