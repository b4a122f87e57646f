"""Coppock curve (Edwin Coppock, 1962)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.momentum.roc import roc_step
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.window import LAG_RING, lag_slots
from stockstream.indicators.trend.wma import RING as WMA_HEAD
from stockstream.indicators.trend.wma import wma_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "Coppock", "coppock_array", "coppock_step"]


@kernel
def coppock_step(
    state: MutableSequence[float], x: float, smoothing: int, fast: int, slow: int, at: int = 0
) -> float:
    """``WMA(ROC(fast) + ROC(slow))`` over ``smoothing`` bars; made for months: 10, 11 and 14.

    Barron's, October 1962. From 0 every change counts as 0.
    """
    slow_at = at + LAG_RING + fast
    change = roc_step(state, x, fast, at) + roc_step(state, x, slow, slow_at)
    return wma_step(state, change, smoothing, slow_at + LAG_RING + slow)


@kernel
def coppock_array(
    x: Sequence[float],
    offsets: Sequence[int],
    smoothing: int,
    fast: int,
    slow: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`coppock_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = coppock_step(state, x[t], smoothing, fast, slow)


def _slots(smoothing: int, fast: int, slow: int) -> int:
    return lag_slots(fast) + lag_slots(slow) + WMA_HEAD + smoothing


def _reach(smoothing: int, fast: int, slow: int) -> int:
    return max(fast, slow) + smoothing - 1


SPEC = IndicatorSpec(
    name="coppock",
    inputs=("close",),
    parameters=("smoothing", "fast", "slow"),
    defaults=(10, 11, 14),
    minimums=(1, 1, 1),
    outputs=("coppock",),
    step=coppock_step,
    array=coppock_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Coppock(KernelIndicator):
    """Coppock curve of ``close``; adds ``coppock``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    smoothing: int = 10
    fast: int = 11
    slow: int = 14
