"""A window of values in their order: what median, quantile and rank are read from.

A ring remembers which value leaves, a second array holds the same values sorted. One step moves at
most ``period`` numbers, and few where values change little from bar to bar.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence

__all__ = ["COUNT", "HEAD", "below", "order_slots", "order_step"]

COUNT, SLOT, HEAD = 0, 1, 2


@kernel
def order_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> int:
    """Take a finite value in, the oldest out; gives how many there are.

    The values are then sorted in ``state[at + HEAD + period:]``.
    """
    count = int(state[at + COUNT])
    slot = int(state[at + SLOT])
    ring = at + HEAD
    ordered = ring + period
    place = count
    if count == period:
        place = below(state, state[ring + slot], count, ordered)
    else:
        count += 1
        state[at + COUNT] += 1.0
    state[ring + slot] = x
    state[at + SLOT] = float((slot + 1) % period)
    while place > 0 and state[ordered + place - 1] > x:
        state[ordered + place] = state[ordered + place - 1]
        place -= 1
    while place + 1 < count and state[ordered + place + 1] < x:
        state[ordered + place] = state[ordered + place + 1]
        place += 1
    state[ordered + place] = x
    return count


@kernel
def below(state: MutableSequence[float], x: float, count: int, first: int) -> int:
    """How many of ``count`` sorted values, from ``state[first]`` on, are less than ``x``."""
    low = 0
    high = count
    while low < high:
        middle = (low + high) // 2
        if state[first + middle] < x:
            low = middle + 1
        else:
            high = middle
    return low


def order_slots(period: int) -> int:
    """Floats of state: two, the ring, and the sorted values."""
    return HEAD + 2 * period
