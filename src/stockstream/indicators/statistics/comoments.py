"""Rolling sums of squares and products of two series, without drift.

The scheme is that of ``moments``, for two series at once: moments of the rests of the last block,
moments of the beginning of this one, and the two merged. Nothing is ever taken off a sum, and all
deviations are from a recent pair of values.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence

__all__ = ["comoments_slots", "comoments_step"]

SLOT, FULL, SHIFT_X, SHIFT_Y, BLOCK, RINGS = 0, 1, 2, 3, 4, 9
MEAN_X, MEAN_Y, XX, YY, XY, ROW = 0, 1, 2, 3, 4, 5
"""A row: both means, and the sums of the squares and products of the deviations from them."""


@kernel
def comoments_step(
    state: MutableSequence[float], x: float, y: float, period: int, at: int = 0
) -> tuple[float, float, float]:
    """Sums of (x - mean)^2, (y - mean)^2 and their product; NaN until there are ``period`` pairs.

    A pair with a number that is not finite gives NaN and leaves the state alone.
    """
    pair = x + y
    if pair - pair != 0.0:
        return math.nan, math.nan, math.nan
    slot = int(state[at + SLOT])
    row = at + RINGS + ROW * slot
    if slot == 0:
        for i in range(ROW):
            state[at + BLOCK + i] = 0.0
    _add(state, at + BLOCK, slot + 1.0, x - state[at + SHIFT_X], y - state[at + SHIFT_Y])
    state[row + MEAN_X] = x  # as they are, until the block is complete
    state[row + MEAN_Y] = y
    if slot + 1 == period:
        _comoments_from_here(state, x, y, period, at)
        first = at + RINGS
        return state[first + XX], state[first + YY], state[first + XY]
    state[at + SLOT] += 1.0
    if state[at + FULL] == 0.0:
        return math.nan, math.nan, math.nan
    return _together(state, at + BLOCK, slot + 1.0, row + ROW, period - slot - 1.0)


@kernel
def _add(state: MutableSequence[float], row: int, count: float, x: float, y: float) -> None:
    """Take one more pair into a row, which then stands for ``count`` of them."""
    dx = x - state[row + MEAN_X]
    dy = y - state[row + MEAN_Y]
    share = (count - 1.0) / count
    state[row + MEAN_X] += dx / count
    state[row + MEAN_Y] += dy / count
    state[row + XX] += dx * dx * share
    state[row + YY] += dy * dy * share
    state[row + XY] += dx * dy * share


@kernel
def _together(
    state: MutableSequence[float], one: int, n: float, two: int, m: float
) -> tuple[float, float, float]:
    """The sums of two rows, of ``n`` and of ``m`` pairs, as one."""
    dx = state[two + MEAN_X] - state[one + MEAN_X]
    dy = state[two + MEAN_Y] - state[one + MEAN_Y]
    both = n * m / (n + m)
    xx = state[one + XX] + state[two + XX] + dx * dx * both
    yy = state[one + YY] + state[two + YY] + dy * dy * both
    return xx, yy, state[one + XY] + state[two + XY] + dx * dy * both


@kernel
def _comoments_from_here(
    state: MutableSequence[float], x: float, y: float, period: int, at: int
) -> None:
    """End a block: each pair in the ring becomes the sums from there to the end."""
    state[at + SLOT] = 0.0
    state[at + FULL] = 1.0
    state[at + SHIFT_X] = x
    state[at + SHIFT_Y] = y
    for slot in range(period - 1, -1, -1):
        row = at + RINGS + ROW * slot
        dx = state[row + MEAN_X] - x
        dy = state[row + MEAN_Y] - y
        for i in range(ROW):
            state[row + i] = state[row + ROW + i] if slot + 1 < period else 0.0
        _add(state, row, float(period - slot), dx, dy)


def comoments_slots(period: int) -> int:
    """Floats of state: a head of nine, and ``period`` rows of five."""
    return RINGS + ROW * period
