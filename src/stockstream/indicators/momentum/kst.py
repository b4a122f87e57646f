"""Know sure thing (Martin Pring, 1992)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.momentum.roc import roc_step
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.sma import RING as SMA_HEAD
from stockstream.indicators.trend.sma import sma_slots, sma_step
from stockstream.indicators.trend.window import LAG_RING
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["KST", "SPEC", "kst_array", "kst_step"]


@kernel
def kst_step(
    state: MutableSequence[float],
    x: float,
    roc1: int,
    roc2: int,
    roc3: int,
    roc4: int,
    sma1: int,
    sma2: int,
    sma3: int,
    sma4: int,
    signal: int,
    at: int = 0,
) -> tuple[float, float]:
    """Four smoothed rates of change, weighted 1 to 4, and the simple mean of the sum.

    ``SMA(ROC(10), 10) + 2 * SMA(ROC(15), 10) + 3 * SMA(ROC(20), 10) + 4 * SMA(ROC(30), 15)`` and a
    signal of 9 bars: Pring's short-term set (Stocks & Commodities, September 1992; StockCharts).
    The line is known ``signal - 1`` bars before the signal.
    """
    if x - x != 0.0:
        return math.nan, math.nan
    second = at + PART + roc1 + sma1
    third = second + PART + roc2 + sma2
    fourth = third + PART + roc3 + sma3
    line = _smoothed(state, x, roc1, sma1, at)
    line += 2.0 * _smoothed(state, x, roc2, sma2, second)
    line += 3.0 * _smoothed(state, x, roc3, sma3, third)
    line += 4.0 * _smoothed(state, x, roc4, sma4, fourth)
    return line, sma_step(state, line, signal, fourth + PART + roc4 + sma4)


@kernel
def _smoothed(
    state: MutableSequence[float], x: float, period: int, smoothing: int, at: int
) -> float:
    """Simple mean of a rate of change."""
    return sma_step(state, roc_step(state, x, period, at), smoothing, at + LAG_RING + period)


PART = LAG_RING + SMA_HEAD


def _slots(
    roc1: int,
    roc2: int,
    roc3: int,
    roc4: int,
    sma1: int,
    sma2: int,
    sma3: int,
    sma4: int,
    signal: int,
) -> int:
    rings = roc1 + roc2 + roc3 + roc4 + sma1 + sma2 + sma3 + sma4
    return 4 * PART + rings + sma_slots(signal)


def _reach(
    roc1: int,
    roc2: int,
    roc3: int,
    roc4: int,
    sma1: int,
    sma2: int,
    sma3: int,
    sma4: int,
    signal: int,
) -> int:
    longest = max(roc1 + sma1, roc2 + sma2, roc3 + sma3, roc4 + sma4)
    return longest + signal - 2


@kernel
def kst_array(
    x: Sequence[float],
    offsets: Sequence[int],
    roc1: int,
    roc2: int,
    roc3: int,
    roc4: int,
    sma1: int,
    sma2: int,
    sma3: int,
    sma4: int,
    signal: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    smooth: MutableSequence[float],
) -> None:
    """:func:`kst_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], smooth[t] = kst_step(
                state, x[t], roc1, roc2, roc3, roc4, sma1, sma2, sma3, sma4, signal
            )


SPEC = IndicatorSpec(
    name="kst",
    inputs=("close",),
    parameters=("roc1", "roc2", "roc3", "roc4", "sma1", "sma2", "sma3", "sma4", "signal"),
    defaults=(10, 15, 20, 30, 10, 10, 10, 15, 9),
    minimums=(1, 1, 1, 1, 1, 1, 1, 1, 1),
    outputs=("kst", "signal"),
    step=kst_step,
    array=kst_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class KST(KernelIndicator):
    """Know sure thing of ``close``; adds ``kst`` and ``kst_signal``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    roc1: int = 10
    roc2: int = 15
    roc3: int = 20
    roc4: int = 30
    sma1: int = 10
    sma2: int = 10
    sma3: int = 10
    sma4: int = 15
    signal: int = 9
