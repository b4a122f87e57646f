"""Volume-weighted average price, rolling over daily bars."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "VWAP", "vwap_array", "vwap_step"]

SLOT, FULL, TRADED, MONEY, SHARES, RINGS = 0, 1, 2, 3, 4, 5


@kernel
def vwap_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    volume: float,
    period: int,
    at: int = 0,
) -> float:
    """``sum(typical price * volume) / sum(volume)`` over the last ``period`` bars.

    The typical price is (high + low + close) / 3. On intraday bars VWAP starts anew each session;
    a daily bar is a whole session, so here it rolls over ``period`` of them. NaN until there are so
    many, and where none of them traded. The rolling sums are made afresh each time the ring comes
    round, and are exactly 0.0 when no bar of the window has volume.
    """
    bar = high + low + close + volume
    if bar - bar != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    money = at + RINGS
    shares = money + period
    paid = (high + low + close) / 3.0 * volume
    state[at + TRADED] += (volume != 0.0) - (state[shares + slot] != 0.0)
    state[at + MONEY] += paid - state[money + slot]
    state[at + SHARES] += volume - state[shares + slot]
    state[money + slot] = paid
    state[shares + slot] = volume
    if slot + 1 == period:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
        state[at + MONEY] = 0.0
        state[at + SHARES] = 0.0
        for i in range(period):
            state[at + MONEY] += state[money + i]
            state[at + SHARES] += state[shares + i]
    else:
        state[at + SLOT] += 1.0
    if state[at + TRADED] == 0.0:
        state[at + MONEY] = 0.0
        state[at + SHARES] = 0.0
    if state[at + FULL] == 0.0 or state[at + SHARES] == 0.0:
        return math.nan
    return state[at + MONEY] / state[at + SHARES]


@kernel
def vwap_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`vwap_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = vwap_step(state, high[t], low[t], close[t], volume[t], period)


def _slots(period: int) -> int:
    return RINGS + 2 * period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="vwap",
    inputs=("high", "low", "close", "volume"),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("vwap",),
    step=vwap_step,
    array=vwap_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class VWAP(KernelIndicator):
    """Rolling volume-weighted average of the typical price; adds ``vwap_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
