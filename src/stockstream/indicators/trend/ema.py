"""Exponential moving average."""

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

__all__ = ["EMA", "EMA_SLOTS", "SPEC", "ema_array", "ema_reach", "ema_step"]

AVERAGE, SEEN, EMA_SLOTS = 0, 1, 2


@kernel
def ema_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``average += (x - average) * 2 / (period + 1)``, NaN for the first ``period - 1`` values.

    The seed is the mean of the first ``period`` values, as in TA-Lib and StockCharts; other
    libraries start from the first value (pandas ``ewm(adjust=False)``), and agree once the seed
    has faded.
    """
    if x - x != 0.0:
        return math.nan
    average = state[at + AVERAGE]
    seen = state[at + SEEN]
    if seen < period:
        seen += 1.0
        state[at + SEEN] = seen
        average += x  # of the seed: still a sum
        if seen < period:
            state[at + AVERAGE] = average
            return math.nan
        average /= period
    else:
        average += (x - average) * (2.0 / (period + 1.0))
    state[at + AVERAGE] = average
    return average


@kernel
def ema_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`ema_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = ema_step(state, x[t], period)


@kernel
def ema_dense(
    x: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    period: int,
    _scratch: MutableSequence[float],
    _spare: Sequence[int],
    out: MutableSequence[float],
) -> bool:
    """:func:`ema_array` of series without a gap."""
    averages(x, begins, out, begins, rows, 0, period, 2.0 / (period + 1.0))
    blank(out, begins, period - 1)
    return True


def ema_reach(period: int) -> int:
    """Bars of the seed before its last one, and those in which it fades."""
    return period - 1 + bars_to_fade(1.0 - 2.0 / (period + 1.0))


def _slots(period: int) -> int:  # noqa: ARG001 - the same for every period
    return EMA_SLOTS


SPEC = IndicatorSpec(
    name="ema",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("ema",),
    step=ema_step,
    array=ema_array,
    dense=ema_dense,
    slots=_slots,
    reach=ema_reach,
)


@dataclass(frozen=True)
class EMA(KernelIndicator):
    """Exponential moving average of ``close``; adds ``ema_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
