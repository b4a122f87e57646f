"""TRIX: the rate of change of a triple exponential average (Jack Hutson, 1983)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.indicators.trend.window import lag_slots, lag_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "TRIX", "trix_array", "trix_step"]


@kernel
def trix_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``100 * (E / E[one bar ago] - 1)``, E the EMA of the EMA of the EMA; in percent.

    Seeds as in TA-Lib: the first value is on bar ``3 * (period - 1) + 1``. From 0 every change is
    without measure: 0.0.
    """
    first = ema_step(state, x, period, at)
    second = ema_step(state, first, period, at + EMA_SLOTS)
    third = ema_step(state, second, period, at + 2 * EMA_SLOTS)
    before = lag_step(state, third, 1, at + 3 * EMA_SLOTS)
    return (third / before - 1.0) * 100.0 if before != 0.0 else 0.0


@kernel
def trix_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`trix_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = trix_step(state, x[t], period)


def _slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return 3 * EMA_SLOTS + lag_slots(1)


def _reach(period: int) -> int:
    return 3 * ema_reach(period) + 1


SPEC = IndicatorSpec(
    name="trix",
    inputs=("close",),
    parameters=("period",),
    defaults=(15,),
    minimums=(1,),
    outputs=("trix",),
    step=trix_step,
    array=trix_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class TRIX(KernelIndicator):
    """Rate of change of a triple average of ``close``, in percent; adds ``trix_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 15
