"""Relative strength index (J. Welles Wilder, 1978)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.four import averages, blank
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["RSI", "SPEC", "rsi_array", "rsi_step"]

SEEN, PREVIOUS, GAIN, LOSS, SLOTS = 0, 1, 2, 3, 4


@kernel
def rsi_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``100 * gain / (gain + loss)``, the averages of rises and falls; NaN for ``period`` values.

    Wilder's averages, ``average += (value - average) / period``, seeded with the mean of the first
    ``period`` changes, as in TA-Lib and StockCharts. A series that never moved has no strength to
    measure: TA-Lib gives 0, others 50 or 100; followed here is TA-Lib. Once it has moved, a
    series that stands still keeps its value.
    """
    if x - x != 0.0:
        return math.nan
    seen = state[at + SEEN]
    change = x - state[at + PREVIOUS]
    state[at + PREVIOUS] = x
    if seen == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    rise = max(0.0, change)
    fall = max(0.0, -change)
    gain = state[at + GAIN]
    loss = state[at + LOSS]
    if seen <= period:
        state[at + SEEN] = seen + 1.0
        gain += rise  # of the seed: still sums
        loss += fall
        if seen < period:
            state[at + GAIN] = gain
            state[at + LOSS] = loss
            return math.nan
        gain /= period
        loss /= period
    else:
        share = 1.0 / period
        gain += (rise - gain) * share
        loss += (fall - loss) * share
    state[at + GAIN] = gain
    state[at + LOSS] = loss
    moved = gain + loss
    return 100.0 * (gain / moved) if moved > 0.0 else 0.0


@kernel
def rsi_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`rsi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = rsi_step(state, x[t], period)


@kernel
def rsi_dense(
    x: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    period: int,
    scratch: MutableSequence[float],
    spare: Sequence[int],
    out: MutableSequence[float],
) -> bool:
    """:func:`rsi_array` of series without a gap."""
    for s in range(len(rows)):
        begin, n = begins[s], rows[s]
        now, before = x[begin + 1 : begin + n], x[begin : begin + n - 1]
        rise = scratch[spare[s] + 1 : spare[s] + n]
        for t in range(len(now)):
            rise[t] = max(0.0, now[t] - before[t])
    averages(scratch, spare, out, begins, rows, 1, period, 1.0 / period)
    for s in range(len(rows)):
        begin, n = begins[s], rows[s]
        now, before = x[begin + 1 : begin + n], x[begin : begin + n - 1]
        fall = scratch[spare[s] + 1 : spare[s] + n]
        for t in range(len(now)):
            fall[t] = max(0.0, -(now[t] - before[t]))
    averages(scratch, spare, scratch, spare, rows, 1, period, 1.0 / period)
    for s in range(len(rows)):
        gain = out[begins[s] + period : begins[s] + rows[s]]
        loss = scratch[spare[s] + period : spare[s] + rows[s]]
        for t in range(len(gain)):
            moved = gain[t] + loss[t]
            strength = 100.0 * (gain[t] / moved)
            gain[t] = strength if moved > 0.0 else 0.0
    blank(out, begins, period)
    return True


def _slots(period: int) -> int:  # noqa: ARG001 - the same for every period
    return SLOTS


def _reach(period: int) -> int:
    return period + bars_to_fade(1.0 - 1.0 / period)


SPEC = IndicatorSpec(
    name="rsi",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("rsi",),
    step=rsi_step,
    array=rsi_array,
    dense=rsi_dense,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class RSI(KernelIndicator):
    """Relative strength index of ``close``, 0 to 100; adds ``rsi_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
