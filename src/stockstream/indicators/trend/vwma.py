"""Volume-weighted moving average."""

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

__all__ = ["SPEC", "VWMA", "vwma_array", "vwma_step"]


@kernel
def vwma_step(
    state: MutableSequence[float], close: float, volume: float, period: int, at: int = 0
) -> float:
    """``sum(close * volume) / sum(volume)`` over the last ``period`` bars.

    NaN until there are so many, and where none of them traded. :mod:`..volume.vwap` weighs the
    typical price instead.
    """
    bar = close + volume
    if bar - bar != 0.0:
        return math.nan
    money = sum_step(state, close * volume, period, at)
    shares = sum_step(state, volume, period, at + SUM_RING + period)
    return money / shares if shares != 0.0 else math.nan


@kernel
def vwma_array(
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`vwma_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = vwma_step(state, close[t], volume[t], period)


def _slots(period: int) -> int:
    return 2 * sum_slots(period)


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="vwma",
    inputs=("close", "volume"),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("vwma",),
    step=vwma_step,
    array=vwma_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class VWMA(KernelIndicator):
    """Average of ``close`` weighted by volume; adds ``vwma_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
