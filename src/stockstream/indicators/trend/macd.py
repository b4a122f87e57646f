"""Moving average convergence/divergence (Gerald Appel)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.four import averages, blank
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["MACD", "SPEC", "macd_array", "macd_step"]

SKIPPED, AVERAGES = 0, 1


@kernel
def macd_step(
    state: MutableSequence[float], x: float, fast: int, slow: int, signal: int, at: int = 0
) -> tuple[float, float, float]:
    """``EMA(fast) - EMA(slow)``, the EMA of that over ``signal`` bars, and their difference.

    Two conventions for the start. TA-Lib, followed here: the fast average is seeded from the last
    ``fast`` of the first ``slow`` values, so both seeds end on one bar, and the line is NaN until
    the signal exists (bar ``slow + signal - 2``, counted from 0). StockCharts and Skender: each
    average is seeded from the first values it sees. They differ by 0.2 % at bar 49 of SPY 2017 and
    agree to 4 digits from bar 249 on.
    """
    if x - x != 0.0:
        return math.nan, math.nan, math.nan
    averages = at + AVERAGES
    if state[at + SKIPPED] < slow - fast:
        state[at + SKIPPED] += 1.0
        quick = math.nan
    else:
        quick = ema_step(state, x, fast, averages)
    slow_average = ema_step(state, x, slow, averages + EMA_SLOTS)
    line = quick - slow_average
    smooth = ema_step(state, line, signal, averages + 2 * EMA_SLOTS)
    if smooth - smooth != 0.0:
        return math.nan, math.nan, math.nan
    return line, smooth, line - smooth


@kernel
def macd_array(
    x: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    slow: int,
    signal: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    smooth: MutableSequence[float],
    histogram: MutableSequence[float],
) -> None:
    """:func:`macd_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], smooth[t], histogram[t] = macd_step(state, x[t], fast, slow, signal)


@kernel
def macd_dense(
    x: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    fast: int,
    slow: int,
    signal: int,
    _scratch: MutableSequence[float],
    _spare: Sequence[int],
    line: MutableSequence[float],
    smooth: MutableSequence[float],
    histogram: MutableSequence[float],
) -> bool:
    """:func:`macd_array` of series without a gap."""
    averages(x, begins, line, begins, rows, slow - fast, fast, 2.0 / (fast + 1.0))
    averages(x, begins, histogram, begins, rows, 0, slow, 2.0 / (slow + 1.0))
    for s in range(len(rows)):
        begin, end = begins[s] + slow - 1, begins[s] + rows[s]
        quick, slow_average = line[begin:end], histogram[begin:end]
        for t in range(len(quick)):
            quick[t] -= slow_average[t]
    averages(line, begins, smooth, begins, rows, slow - 1, signal, 2.0 / (signal + 1.0))
    head = slow + signal - 2
    for s in range(len(rows)):
        begin, end = begins[s] + head, begins[s] + rows[s]
        a, b, difference = line[begin:end], smooth[begin:end], histogram[begin:end]
        for t in range(len(a)):
            difference[t] = a[t] - b[t]
    blank(line, begins, head)
    blank(smooth, begins, head)
    blank(histogram, begins, head)
    return True


def _slots(fast: int, slow: int, signal: int) -> int:  # noqa: ARG001 - same for all
    return AVERAGES + 3 * EMA_SLOTS


def _reach(fast: int, slow: int, signal: int) -> int:  # noqa: ARG001 - the slow one is longer
    return ema_reach(slow) + ema_reach(signal)


SPEC = IndicatorSpec(
    name="macd",
    inputs=("close",),
    parameters=("fast", "slow", "signal"),
    defaults=(12, 26, 9),
    minimums=(1, 2, 1),
    ascending=("fast", "slow"),
    outputs=("macd", "signal", "hist"),
    step=macd_step,
    array=macd_array,
    dense=macd_dense,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class MACD(KernelIndicator):
    """Convergence/divergence of ``close``; adds ``macd``, ``macd_signal`` and ``macd_hist``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    fast: int = 12
    slow: int = 26
    signal: int = 9
