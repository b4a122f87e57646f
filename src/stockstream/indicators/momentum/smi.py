"""Stochastic momentum index (William Blau, 1993)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "StochasticMomentum", "smi_array", "smi_step"]


@kernel
def smi_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    period: int,
    slow: int,
    fast: int,
    signal: int,
    at: int = 0,
) -> tuple[float, float]:
    """How far the close is from the middle of its range, smoothed twice, -100 to 100; and its EMA.

    ``100 * EMA(EMA(close - middle)) / (EMA(EMA(highest - lowest)) / 2)`` with the range of
    ``period`` bars, averages over ``slow`` and then ``fast`` bars. Stocks & Commodities, January
    1993. TA-Lib's SMI, which shows the line only once the signal exists. No range: 0.0.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    averages = at + 2 * (EXTREME_HEAD + period)
    top = highest_step(state, high, period, at)
    bottom = lowest_step(state, low, period, at + EXTREME_HEAD + period)
    away = ema_step(state, close - (top + bottom) * 0.5, slow, averages)
    width = ema_step(state, top - bottom, slow, averages + EMA_SLOTS)
    away = ema_step(state, away, fast, averages + 2 * EMA_SLOTS)
    width = ema_step(state, width, fast, averages + 3 * EMA_SLOTS)
    line = 100.0 * away / (0.5 * width) if width != 0.0 else 0.0
    smooth = ema_step(state, line, signal, averages + 4 * EMA_SLOTS)
    if smooth - smooth != 0.0:
        return math.nan, math.nan
    return line, smooth


@kernel
def smi_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    slow: int,
    fast: int,
    signal: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    smooth: MutableSequence[float],
) -> None:
    """:func:`smi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], smooth[t] = smi_step(
                state, high[t], low[t], close[t], period, slow, fast, signal
            )


def _slots(period: int, slow: int, fast: int, signal: int) -> int:  # noqa: ARG001 - averages are of one size
    return 2 * extreme_slots(period) + 5 * EMA_SLOTS


def _reach(period: int, slow: int, fast: int, signal: int) -> int:
    return period - 1 + ema_reach(slow) + ema_reach(fast) + ema_reach(signal)


SPEC = IndicatorSpec(
    name="smi",
    inputs=("high", "low", "close"),
    parameters=("period", "slow", "fast", "signal"),
    defaults=(13, 25, 2, 9),
    minimums=(1, 1, 1, 1),
    outputs=("smi", "signal"),
    step=smi_step,
    array=smi_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class StochasticMomentum(KernelIndicator):
    """Stochastic momentum index; adds ``smi`` and ``smi_signal``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 13
    slow: int = 25
    fast: int = 2
    signal: int = 9
