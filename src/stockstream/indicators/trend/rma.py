"""Wilder's moving average, also called RMA or SMMA (J. Welles Wilder, 1978)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["RMA", "RMA_SLOTS", "SPEC", "rma_array", "rma_reach", "rma_step"]

AVERAGE, SEEN, RMA_SLOTS = 0, 1, 2


@kernel
def rma_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``average += (x - average) / period``, NaN for the first ``period - 1`` values.

    The average inside RSI, ATR and ADX: an EMA of ``2 * period - 1`` bars. The seed is the mean of
    the first ``period`` values, as in TA-Lib and TradingView.
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
        average += (x - average) * (1.0 / period)
    state[at + AVERAGE] = average
    return average


def rma_reach(period: int) -> int:
    """Bars of the seed before its last one, and those in which it fades."""
    return period - 1 + bars_to_fade(1.0 - 1.0 / period)


@kernel
def rma_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`rma_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = rma_step(state, x[t], period)


def _slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return RMA_SLOTS


SPEC = IndicatorSpec(
    name="rma",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("rma",),
    step=rma_step,
    array=rma_array,
    slots=_slots,
    reach=rma_reach,
)


@dataclass(frozen=True)
class RMA(KernelIndicator):
    """Wilder's moving average of ``close``; adds ``rma_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
