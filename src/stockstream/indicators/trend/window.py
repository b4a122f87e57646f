"""What other indicators keep of the past: the value of some bars ago, and sums over a window."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence

__all__ = ["LAG_RING", "SUM_RING", "lag_slots", "lag_step", "sum_slots", "sum_step"]

SLOT, FULL, LAG_RING = 0, 1, 2
BUSY, TOTAL, SUM_RING = 2, 3, 4


@kernel
def lag_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The value of ``period`` values ago, NaN until there is one."""
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    before = state[at + LAG_RING + slot]
    full = state[at + FULL]
    state[at + LAG_RING + slot] = x
    if slot + 1 == period:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
    else:
        state[at + SLOT] += 1.0
    return before if full != 0.0 else math.nan


def lag_slots(period: int) -> int:
    """Floats of state: two, and the ring of ``period`` values."""
    return LAG_RING + period


@kernel
def sum_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The sum of the last ``period`` values, NaN until there are so many.

    A rolling sum, made afresh each time the ring of values comes round, so that rounding does not
    add up; exactly 0.0 when every value of the window is.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    oldest = state[at + SUM_RING + slot]
    state[at + SUM_RING + slot] = x
    busy = state[at + BUSY] + (x != 0.0) - (oldest != 0.0)
    total = state[at + TOTAL] + (x - oldest)
    if slot + 1 == period:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
        total = 0.0
        for i in range(at + SUM_RING, at + SUM_RING + period):
            total += state[i]
    else:
        state[at + SLOT] += 1.0
    if busy == 0.0:
        total = 0.0
    state[at + BUSY] = busy
    state[at + TOTAL] = total
    return total if state[at + FULL] != 0.0 else math.nan


def sum_slots(period: int) -> int:
    """Floats of state: four, and the ring of ``period`` values."""
    return SUM_RING + period
