"""Chandelier exit (Charles Le Beau)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.indicators.volatility.atr import SLOTS as ATR_SLOTS
from stockstream.indicators.volatility.atr import atr_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "ChandelierExit", "chandelier_array", "chandelier_step"]


@kernel
def chandelier_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    period: int,
    multiple: float,
    at: int = 0,
) -> tuple[float, float]:
    """Highest high less ``multiple`` ATR, lowest low plus as much: the stops of a long and a short.

    All over the same ``period``; NaN for the first ``period`` bars. The long stop can fall while
    the ATR grows: a stop that only rises is ``atr_stop``.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    high_at = at + ATR_SLOTS
    distance = multiple * atr_step(state, high, low, close, period, at)
    top = highest_step(state, high, period, high_at)
    bottom = lowest_step(state, low, period, high_at + EXTREME_HEAD + period)
    return top - distance, bottom + distance


@kernel
def chandelier_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    multiple: float,
    state: MutableSequence[float],
    long_stop: MutableSequence[float],
    short_stop: MutableSequence[float],
) -> None:
    """:func:`chandelier_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            long_stop[t], short_stop[t] = chandelier_step(
                state, high[t], low[t], close[t], period, multiple
            )


def _slots(period: int, _multiple: float) -> int:
    return ATR_SLOTS + 2 * extreme_slots(period)


def _reach(period: int, _multiple: float) -> int:
    return period + bars_to_fade(1.0 - 1.0 / period)


SPEC = IndicatorSpec(
    name="chandelier",
    inputs=("high", "low", "close"),
    parameters=("period", "multiple"),
    defaults=(22, 3.0),
    minimums=(1, 0.0),
    outputs=("long", "short"),
    step=chandelier_step,
    array=chandelier_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ChandelierExit(KernelIndicator):
    """Stops that hang from the extremes; adds ``chandelier_long`` and ``chandelier_short``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 22
    multiple: float = 3.0
