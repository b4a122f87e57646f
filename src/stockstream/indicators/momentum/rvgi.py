"""Relative vigor index (John Ehlers, 2002). Not the relative volatility index, also called RVI."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.window import SUM_RING, sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "RelativeVigorIndex", "rvgi_array", "rvgi_step"]

FOUR = 4  # floats of state of one smoothing


@kernel
def rvgi_step(
    state: MutableSequence[float],
    opened: float,
    high: float,
    low: float,
    close: float,
    period: int,
    at: int = 0,
) -> tuple[float, float]:
    """Where bars close in their range: ``sum(weighted close - open) / sum(weighted high - low)``.

    Each is first smoothed over four bars with weights 1, 2, 2, 1 over 6, then summed over
    ``period``; the signal is the line smoothed by the same weights. "Relative Vigor Index", Stocks
    & Commodities, January 2002. A window without range gives 0.0. The line is known 3 bars before
    the signal.
    """
    bar = opened + high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    ranges = at + FOUR
    lines = at + 2 * FOUR
    sums = at + 3 * FOUR
    vigor = _four(state, close - opened, at)
    width = _four(state, high - low, ranges)
    vigor = sum_step(state, vigor, period, sums)
    width = sum_step(state, width, period, sums + SUM_RING + period)
    if width - width != 0.0:
        return math.nan, math.nan
    line = vigor / width if width != 0.0 else 0.0
    return line, _four(state, line, lines)


@kernel
def _four(state: MutableSequence[float], x: float, at: int) -> float:
    """``(x + 2 * x[1 ago] + 2 * x[2 ago] + x[3 ago]) / 6``, NaN for the first three values."""
    one, two, three = state[at], state[at + 1], state[at + 2]
    state[at] = x
    state[at + 1] = one
    state[at + 2] = two
    if state[at + 3] < 3.0:
        state[at + 3] += 1.0
        return math.nan
    return (x + 2.0 * one + 2.0 * two + three) / 6.0


@kernel
def rvgi_array(
    opened: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    signal: MutableSequence[float],
) -> None:
    """:func:`rvgi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], signal[t] = rvgi_step(state, opened[t], high[t], low[t], close[t], period)


def _slots(period: int) -> int:
    return 3 * FOUR + 2 * sum_slots(period)


def _reach(period: int) -> int:
    return period + 5


SPEC = IndicatorSpec(
    name="rvgi",
    inputs=("open", "high", "low", "close"),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("line", "signal"),
    step=rvgi_step,
    array=rvgi_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class RelativeVigorIndex(KernelIndicator):
    """Relative vigor index; adds ``rvgi_line_<period>`` and ``rvgi_signal_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 10
