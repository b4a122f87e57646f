"""Chaikin volatility (Marc Chaikin)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.indicators.trend.window import lag_slots, lag_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "ChaikinVolatility", "chaikin_volatility_array", "chaikin_volatility_step"]


@kernel
def chaikin_volatility_step(
    state: MutableSequence[float], high: float, low: float, period: int, change: int, at: int = 0
) -> float:
    """Percent change over ``change`` bars of the EMA of high - low (TA-Lib's CVI).

    From an average of 0 every change is without measure: 0.0.
    """
    average = ema_step(state, high - low, period, at)
    before = lag_step(state, average, change, at + EMA_SLOTS)
    if before - before != 0.0:
        return math.nan
    return (average / before - 1.0) * 100.0 if before != 0.0 else 0.0


@kernel
def chaikin_volatility_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    change: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`chaikin_volatility_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = chaikin_volatility_step(state, high[t], low[t], period, change)


def _slots(_period: int, change: int) -> int:
    return EMA_SLOTS + lag_slots(change)


def _reach(period: int, change: int) -> int:
    return ema_reach(period) + change


SPEC = IndicatorSpec(
    name="chaikin_volatility",
    inputs=("high", "low"),
    parameters=("period", "change"),
    defaults=(10, 10),
    minimums=(1, 1),
    outputs=("chaikin_volatility",),
    step=chaikin_volatility_step,
    array=chaikin_volatility_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ChaikinVolatility(KernelIndicator):
    """Change of the average range of a bar, in percent; adds ``chaikin_volatility``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 10
    change: int = 10
