"""Detrended price oscillator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.sma import RING as SMA_HEAD
from stockstream.indicators.trend.sma import sma_slots, sma_step
from stockstream.indicators.trend.window import lag_slots, lag_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["DPO", "SPEC", "dpo_array", "dpo_step"]


@kernel
def dpo_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``x[period / 2 + 1 bars ago] - SMA(period)``: an earlier price against today's average.

    The causal form. Charts draw the same number ``period / 2 + 1`` bars back, in the middle of its
    window, where it could not yet be known: never read a chart's DPO as a signal.
    """
    back = period // 2 + 1
    before = lag_step(state, x, back, at + SMA_HEAD + period)
    return before - sma_step(state, x, period, at)


@kernel
def dpo_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`dpo_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = dpo_step(state, x[t], period)


def _slots(period: int) -> int:
    return sma_slots(period) + lag_slots(period // 2 + 1)


def _reach(period: int) -> int:
    return max(period - 1, period // 2 + 1)


SPEC = IndicatorSpec(
    name="dpo",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("dpo",),
    step=dpo_step,
    array=dpo_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class DPO(KernelIndicator):
    """Detrended price oscillator of ``close``, causal; adds ``dpo_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
