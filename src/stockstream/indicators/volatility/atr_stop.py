"""Trailing stop in average true ranges (Sylvain Vervoort, TASC June 2009)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.volatility.atr import SLOTS as ATR_SLOTS
from stockstream.indicators.volatility.atr import atr_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "ATRStop", "atr_stop_array", "atr_stop_step"]

STOP, CLOSE, STARTED, ATR_AT = 0, 1, 2, 3


@kernel
def atr_stop_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    period: int,
    multiple: float,
    at: int = 0,
) -> float:
    """A stop ``multiple`` ATR below the close that only rises, until a close falls through it.

    Then it stands as far above the close and only falls, until a close rises through it: above the
    close it is the stop of a short, below it that of a long. The first one is that of a long. NaN
    for the first ``period`` bars.
    """
    average = atr_step(state, high, low, close, period, at + ATR_AT)
    if average - average != 0.0:
        return math.nan
    distance = multiple * average
    stop = state[at + STOP]
    before = state[at + CLOSE]
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        stop = close - distance
    elif close > stop:
        stop = max(stop, close - distance) if before > stop else close - distance
    else:
        stop = min(stop, close + distance) if before < stop else close + distance
    state[at + STOP] = stop
    state[at + CLOSE] = close
    return stop


@kernel
def atr_stop_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    multiple: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`atr_stop_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = atr_stop_step(state, high[t], low[t], close[t], period, multiple)


def _slots(_period: int, _multiple: float) -> int:
    return ATR_AT + ATR_SLOTS


def _reach(period: int, _multiple: float) -> int:
    """That of the ATR. A stop also rests on all bars since it last changed sides."""
    return period + bars_to_fade(1.0 - 1.0 / period)


SPEC = IndicatorSpec(
    name="atr_stop",
    inputs=("high", "low", "close"),
    parameters=("period", "multiple"),
    defaults=(14, 3.0),
    minimums=(1, 0.0),
    outputs=("atr_stop",),
    step=atr_stop_step,
    array=atr_stop_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ATRStop(KernelIndicator):
    """Trailing stop some average true ranges away; adds ``atr_stop``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
    multiple: float = 3.0
