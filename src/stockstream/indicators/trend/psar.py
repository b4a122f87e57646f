"""Parabolic stop and reverse (J. Welles Wilder, 1978)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "ParabolicSAR", "psar_array", "psar_step"]

SEEN, SIDE, STOP, EXTREME, FACTOR, HIGH, LOW, SLOTS = 0, 1, 2, 3, 4, 5, 6, 7


@kernel
def psar_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    acceleration: float,
    maximum: float,
    at: int = 0,
) -> float:
    """The stop of a position that is always in the market, on the day it is valid.

    ``stop += factor * (extreme - stop)``, the extreme being the best price of the trade so far. The
    factor starts at ``acceleration``, grows by it with every new extreme, to ``maximum`` at most,
    and the stop never enters the range of the last two bars. A bar that touches the stop turns the
    position; the stop is then the extreme of the trade that ended. Wilder leaves the beginning
    open. TA-Lib, followed here: the first bar's low (high) is the first stop, long unless the low
    of the second bar moved further than its high.
    """
    bar = high + low
    if bar - bar != 0.0:
        return math.nan
    before_high, before_low = state[at + HIGH], state[at + LOW]
    state[at + HIGH] = high
    state[at + LOW] = low
    seen = state[at + SEEN]
    if seen < 2.0:
        state[at + SEEN] = seen + 1.0
    if seen == 0.0:
        return math.nan
    if seen == 1.0:
        _enter(state, high, low, before_high, before_low, at)
        state[at + FACTOR] = min(acceleration, maximum)
        before_high, before_low = high, low
    # short positions are long ones with the signs turned: negation is exact
    side = state[at + SIDE]
    top, bottom = (high, low) if side > 0.0 else (-low, -high)
    before_top, before_bottom = (
        (before_high, before_low) if side > 0.0 else (-before_low, -before_high)
    )
    stop = side * state[at + STOP]
    extreme = side * state[at + EXTREME]
    if bottom <= stop:
        stop = max(extreme, before_top, top)
        state[at + SIDE] = -side
        state[at + EXTREME] = side * bottom
        state[at + FACTOR] = min(acceleration, maximum)
        following = stop + state[at + FACTOR] * (bottom - stop)
        state[at + STOP] = side * max(following, before_top, top)
        return side * stop
    if top > extreme:
        extreme = top
        state[at + EXTREME] = side * top
        state[at + FACTOR] = min(state[at + FACTOR] + acceleration, maximum)
    following = stop + state[at + FACTOR] * (extreme - stop)
    state[at + STOP] = side * min(following, before_bottom, bottom)
    return side * stop


@kernel
def _enter(
    state: MutableSequence[float],
    high: float,
    low: float,
    before_high: float,
    before_low: float,
    at: int,
) -> None:
    """The first position, taken on the second bar."""
    down = before_low - low
    if down > 0.0 and high - before_high < down:
        state[at + SIDE] = -1.0
        state[at + STOP] = before_high
        state[at + EXTREME] = low
    else:
        state[at + SIDE] = 1.0
        state[at + STOP] = before_low
        state[at + EXTREME] = high


def _reach(acceleration: float, maximum: float) -> int:  # noqa: ARG001 - a choice, not a bound
    """One year: a stop rests on its trade and the one before, which no number bounds."""
    return 252


@kernel
def psar_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    acceleration: float,
    maximum: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`psar_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = psar_step(state, high[t], low[t], acceleration, maximum)


def _slots(acceleration: float, maximum: float) -> int:  # noqa: ARG001 - the same for all
    return SLOTS


SPEC = IndicatorSpec(
    name="psar",
    inputs=("high", "low"),
    parameters=("acceleration", "maximum"),
    defaults=(0.02, 0.2),
    minimums=(0.0, 0.0),
    outputs=("psar",),
    step=psar_step,
    array=psar_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ParabolicSAR(KernelIndicator):
    """Parabolic stop and reverse; adds ``psar``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    acceleration: float = 0.02
    maximum: float = 0.2
