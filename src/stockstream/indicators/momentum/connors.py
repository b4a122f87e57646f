"""ConnorsRSI (Larry Connors and Cesar Alvarez, 2012)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.momentum.rsi import SLOTS as RSI_SLOTS
from stockstream.indicators.momentum.rsi import rsi_step
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "ConnorsRSI", "connors_rsi_array", "connors_rsi_step"]

STARTED, PREVIOUS, STREAK, SLOT, FULL, PARTS = 0, 1, 2, 3, 4, 5


@kernel
def connors_rsi_step(
    state: MutableSequence[float],
    x: float,
    period: int,
    streak_period: int,
    rank_period: int,
    at: int = 0,
) -> float:
    """The mean of three numbers from 0 to 100: RSI, RSI of the streak, rank of today's change.

    The streak is the days in a row that price rose (negative: fell; 0 after a tie). The rank is the
    share of the last ``rank_period`` one-bar returns below today's, which costs so many
    comparisons a bar. *An Introduction to ConnorsRSI*, Connors Research, 2012: 3, 2 and 100.
    """
    if x - x != 0.0:
        return math.nan
    streak_at = at + PARTS + RSI_SLOTS
    ring = streak_at + RSI_SLOTS
    before = state[at + PREVIOUS]
    state[at + PREVIOUS] = x
    strength = rsi_step(state, x, period, at + PARTS)
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        rsi_step(state, 0.0, streak_period, streak_at)
        return math.nan
    streak = state[at + STREAK]
    if x > before:
        streak = max(streak, 0.0) + 1.0
    elif x < before:
        streak = min(streak, 0.0) - 1.0
    else:
        streak = 0.0
    state[at + STREAK] = streak
    run = rsi_step(state, streak, streak_period, streak_at)
    change = x / before - 1.0 if before != 0.0 else 0.0
    rank = _rank(state, change, rank_period, at, ring)
    return (strength + run + rank) / 3.0


@kernel
def _rank(state: MutableSequence[float], change: float, period: int, at: int, ring: int) -> float:
    """Share of the ``period`` changes before this one that are below it, in percent."""
    slot = int(state[at + SLOT])
    rank = math.nan
    if state[at + FULL] != 0.0:
        below = 0
        for i in range(ring, ring + period):
            if state[i] < change:
                below += 1
        rank = 100.0 * below / period
    state[ring + slot] = change
    if slot + 1 == period:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
    else:
        state[at + SLOT] += 1.0
    return rank


def _reach(period: int, streak_period: int, rank_period: int) -> int:
    """The start of RSI fades; a streak is counted from its first day, at most some dozen bars."""
    longest = max(period, streak_period)
    return max(rank_period + 1, longest + bars_to_fade(1.0 - 1.0 / longest))


@kernel
def connors_rsi_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    streak_period: int,
    rank_period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`connors_rsi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = connors_rsi_step(state, x[t], period, streak_period, rank_period)


def _slots(period: int, streak_period: int, rank_period: int) -> int:  # noqa: ARG001 - RSI's state has one size
    return PARTS + 2 * RSI_SLOTS + rank_period


SPEC = IndicatorSpec(
    name="connors_rsi",
    inputs=("close",),
    parameters=("period", "streak_period", "rank_period"),
    defaults=(3, 2, 100),
    minimums=(2, 2, 2),
    outputs=("connors_rsi",),
    step=connors_rsi_step,
    array=connors_rsi_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ConnorsRSI(KernelIndicator):
    """ConnorsRSI of ``close``, 0 to 100; adds ``connors_rsi``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 3
    streak_period: int = 2
    rank_period: int = 100
