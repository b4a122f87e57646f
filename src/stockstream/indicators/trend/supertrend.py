"""SuperTrend: a stop of some average ranges that follows price (Olivier Seban)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.rma import RMA_SLOTS, rma_reach, rma_step
from stockstream.indicators.trend.true_range import true_range
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "SuperTrend", "supertrend_array", "supertrend_step"]

STARTED, CLOSE, SIDE, UPPER, LOWER, RANGE_AT = 0, 1, 2, 3, 4, 5


@kernel
def supertrend_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    period: int,
    multiplier: float,
    at: int = 0,
) -> tuple[float, float]:
    """The line, and its direction: 1.0 below price (a rising trend), -1.0 above.

    Bands stand ``multiplier`` average true ranges (Wilder's, over ``period`` bars) above and below
    the middle of the bar. Each only moves towards price, until the close before was beyond it. The
    trend turns when a close crosses the band it follows. It begins as a rising one on bar
    ``period``, as in TA-Lib; TradingView begins with a falling one: the same after the first turn.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        return math.nan, math.nan
    width = multiplier * rma_step(state, true_range(high, low, before), period, at + RANGE_AT)
    if width - width != 0.0:
        return math.nan, math.nan
    middle = (high + low) / 2.0
    upper, lower = middle + width, middle - width
    side = state[at + SIDE]
    if side == 0.0:
        side = 1.0
    else:
        if upper >= state[at + UPPER] and before <= state[at + UPPER]:
            upper = state[at + UPPER]
        if lower <= state[at + LOWER] and before >= state[at + LOWER]:
            lower = state[at + LOWER]
        if side > 0.0 and close < lower:
            side = -1.0
        elif side < 0.0 and close > upper:
            side = 1.0
    state[at + SIDE] = side
    state[at + UPPER] = upper
    state[at + LOWER] = lower
    return (lower if side > 0.0 else upper), side


def _reach(period: int, multiplier: float) -> int:  # noqa: ARG001 - whatever the width
    """Of the average range; a band rests on its trend besides, and no number bounds how long."""
    return 1 + rma_reach(period)


@kernel
def supertrend_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    multiplier: float,
    state: MutableSequence[float],
    line: MutableSequence[float],
    direction: MutableSequence[float],
) -> None:
    """:func:`supertrend_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], direction[t] = supertrend_step(
                state, high[t], low[t], close[t], period, multiplier
            )


def _slots(period: int, multiplier: float) -> int:  # noqa: ARG001 - the same for all
    return RANGE_AT + RMA_SLOTS


SPEC = IndicatorSpec(
    name="supertrend",
    inputs=("high", "low", "close"),
    parameters=("period", "multiplier"),
    defaults=(10, 3.0),
    minimums=(1, 0.0),
    outputs=("line", "direction"),
    step=supertrend_step,
    array=supertrend_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class SuperTrend(KernelIndicator):
    """SuperTrend; adds ``supertrend_line`` and ``supertrend_direction``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 10
    multiplier: float = 3.0
