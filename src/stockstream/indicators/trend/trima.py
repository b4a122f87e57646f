"""Triangular moving average: the simple average of a simple average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.sma import RING as SMA_HEAD
from stockstream.indicators.trend.sma import sma_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "TRIMA", "trima_array", "trima_step"]


@kernel
def trima_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The mean of ``period`` values with weights that rise to the middle and fall again.

    Made of two simple averages over half the window each, as in TA-Lib.
    """
    half = period // 2 + 1
    first = sma_step(state, x, half, at)
    return sma_step(state, first, period + 1 - half, at + SMA_HEAD + half)


@kernel
def trima_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`trima_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = trima_step(state, x[t], period)


def _slots(period: int) -> int:
    return 2 * SMA_HEAD + period + 1


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="trima",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("trima",),
    step=trima_step,
    array=trima_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class TRIMA(KernelIndicator):
    """Triangular moving average of ``close``; adds ``trima_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
