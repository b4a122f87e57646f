"""Rolling sum without drift.

One pass without subtraction (van Herk's scheme for extremes, applied to sums): the series is cut
into blocks of ``period`` values. When a block is complete, each of its values in the ring is
replaced by the sum from there to the end of the block; a window is then the rest of the last block
and the beginning of this one. Nothing is ever taken off a sum, so a value that has left the window
leaves no rounding behind: the error is that of ``period`` additions, whatever came before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "RollingSum", "sum_array", "sum_slots", "sum_step"]

SLOT, FULL, BLOCK, RING = 0, 1, 2, 3


@kernel
def sum_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The sum of the last ``period`` values, NaN until there are so many."""
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    block = x if slot == 0 else state[at + BLOCK] + x
    state[at + BLOCK] = block
    state[at + RING + slot] = x
    if slot + 1 == period:
        _sums_from_here(state, period, at)
        return block
    state[at + SLOT] += 1.0
    if state[at + FULL] == 0.0:
        return math.nan
    return state[at + RING + slot + 1] + block


@kernel
def _sums_from_here(state: MutableSequence[float], period: int, at: int) -> None:
    """End a block: each value in the ring becomes the sum from there to the end."""
    state[at + SLOT] = 0.0
    state[at + FULL] = 1.0
    rest = state[at + RING + period - 1]
    for i in range(at + RING + period - 2, at + RING - 1, -1):
        rest += state[i]
        state[i] = rest


@kernel
def sum_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`sum_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = sum_step(state, x[t], period)


def sum_slots(period: int) -> int:
    """Floats of state: three, and the ring of ``period`` values."""
    return RING + period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="rolling_sum",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("rolling_sum",),
    step=sum_step,
    array=sum_array,
    slots=sum_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class RollingSum(KernelIndicator):
    """Sum of ``close`` over a window; adds ``rolling_sum_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
