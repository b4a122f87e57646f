"""Drawdown from the rolling high."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.extremes import extreme_slots, highest_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "RollingDrawdown", "drawdown_array", "drawdown_step"]


@kernel
def drawdown_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``x / highest - 1`` over the last ``period`` values: a fraction, 0.0 at a new high.

    A highest value of 0 or below gives NaN.
    """
    top = highest_step(state, x, period, at)
    return x / top - 1.0 if top > 0.0 else math.nan


@kernel
def drawdown_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`drawdown_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = drawdown_step(state, x[t], period)


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="drawdown",
    inputs=("close",),
    parameters=("period",),
    defaults=(252,),
    minimums=(1,),
    outputs=("drawdown",),
    step=drawdown_step,
    array=drawdown_array,
    slots=extreme_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class RollingDrawdown(KernelIndicator):
    """How far ``close`` is below its highest; adds ``drawdown_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 252
