"""Average true range (J. Welles Wilder, 1978)."""

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

__all__ = ["ATR", "SPEC", "atr_array", "atr_step"]

SEEN, CLOSE, AVERAGE, SLOTS = 0, 1, 2, 3


@kernel
def atr_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """Wilder's average of the true range, in units of price; NaN for the first ``period`` bars.

    The true range is the largest of high - low, |high - close before| and |low - close before|;
    the first bar has none. The seed is the mean of the first ``period`` true ranges, as in TA-Lib
    and Wilder; StockCharts counts high - low of the first bar as a true range and begins one bar
    earlier, so its values differ until that seed has faded.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan
    seen = state[at + SEEN]
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    if seen == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    true_range = high - low
    true_range = max(true_range, abs(high - before))
    true_range = max(true_range, abs(low - before))
    average = state[at + AVERAGE]
    if seen <= period:
        state[at + SEEN] = seen + 1.0
        average += true_range  # of the seed: still a sum
        if seen < period:
            state[at + AVERAGE] = average
            return math.nan
        average /= period
    else:
        average += (true_range - average) * (1.0 / period)
    state[at + AVERAGE] = average
    return average


@kernel
def atr_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`atr_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = atr_step(state, high[t], low[t], close[t], period)


@kernel
def atr_dense(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    period: int,
    scratch: MutableSequence[float],
    spare: Sequence[int],
    out: MutableSequence[float],
) -> bool:
    """:func:`atr_array` of series without a gap."""
    for s in range(len(rows)):
        begin, end = begins[s], begins[s] + rows[s]
        h, lo, before = high[begin + 1 : end], low[begin + 1 : end], close[begin : end - 1]
        true_range = scratch[spare[s] + 1 : spare[s] + rows[s]]
        for t in range(len(h)):
            widest = max(h[t] - lo[t], abs(h[t] - before[t]))
            true_range[t] = max(widest, abs(lo[t] - before[t]))
    averages(scratch, spare, out, begins, rows, 1, period, 1.0 / period)
    blank(out, begins, period)
    return True


def _slots(period: int) -> int:  # noqa: ARG001 - the same for every period
    return SLOTS


def _reach(period: int) -> int:
    return period + bars_to_fade(1.0 - 1.0 / period)


SPEC = IndicatorSpec(
    name="atr",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("atr",),
    step=atr_step,
    array=atr_array,
    dense=atr_dense,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ATR(KernelIndicator):
    """Average true range; adds ``atr_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
