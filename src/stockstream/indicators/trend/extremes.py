"""Highest and lowest value of the last ``period`` bars (Donchian's channel is made of both).

One pass without search (van Herk 1992, Gil and Werman 1993): the series is cut into blocks of
``period`` values. When a block is complete, each of its values in the ring is replaced by the
extreme from there to the end of the block; a window is then the rest of the last block and the
beginning of this one, and its extreme that of two numbers.
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

__all__ = [
    "HIGHEST",
    "LOWEST",
    "Highest",
    "Lowest",
    "extreme_slots",
    "highest_array",
    "highest_step",
    "lowest_array",
    "lowest_step",
]

SLOT, FULL, BLOCK, RING = 0, 1, 2, 3


@kernel
def highest_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The highest of the last ``period`` values, NaN until there are so many."""
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    best = x if slot == 0 else max(x, state[at + BLOCK])
    state[at + BLOCK] = best
    state[at + RING + slot] = x
    if slot + 1 == period:
        _highest_from_here(state, period, at)
        return best
    state[at + SLOT] += 1.0
    if state[at + FULL] == 0.0:
        return math.nan
    older = state[at + RING + slot + 1]
    return max(best, older)


@kernel
def _highest_from_here(state: MutableSequence[float], period: int, at: int) -> None:
    """End a block: each value in the ring becomes the highest from there to the end."""
    state[at + SLOT] = 0.0
    state[at + FULL] = 1.0
    rest = state[at + RING + period - 1]
    for i in range(at + RING + period - 2, at + RING - 1, -1):
        rest = max(rest, state[i])
        state[i] = rest


@kernel
def highest_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`highest_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = highest_step(state, x[t], period)


@kernel
def lowest_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The lowest of the last ``period`` values, NaN until there are so many.

    It is the highest with the signs turned: negation is exact.
    """
    return -highest_step(state, -x, period, at)


@kernel
def lowest_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`lowest_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = lowest_step(state, x[t], period)


def extreme_slots(period: int) -> int:
    """Floats of state: three, and the ring of ``period`` values."""
    return RING + period


def _reach(period: int) -> int:
    return period - 1


HIGHEST = IndicatorSpec(
    name="highest",
    inputs=("high",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("highest",),
    step=highest_step,
    array=highest_array,
    slots=extreme_slots,
    reach=_reach,
)

LOWEST = IndicatorSpec(
    name="lowest",
    inputs=("low",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("lowest",),
    step=lowest_step,
    array=lowest_array,
    slots=extreme_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Highest(KernelIndicator):
    """Highest ``high`` of a window, today included; adds ``highest_<period>``."""

    spec: ClassVar[IndicatorSpec] = HIGHEST

    period: int = 20


@dataclass(frozen=True)
class Lowest(KernelIndicator):
    """Lowest ``low`` of a window, today included; adds ``lowest_<period>``."""

    spec: ClassVar[IndicatorSpec] = LOWEST

    period: int = 20
