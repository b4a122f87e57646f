"""Double exponential moving average (Patrick Mulloy, 1994)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["DEMA", "SPEC", "dema_array", "dema_step"]


@kernel
def dema_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``2 * EMA - EMA(EMA)``: the lag of an average is taken off by that of its own average.

    Stocks & Commodities, January 1994. Each average is seeded with the mean of the first
    ``period`` values that it meets, as in TA-Lib, so the first value is on bar
    ``2 * (period - 1)``.
    """
    first = ema_step(state, x, period, at)
    second = ema_step(state, first, period, at + EMA_SLOTS)
    return 2.0 * first - second


@kernel
def dema_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`dema_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = dema_step(state, x[t], period)


def _slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return 2 * EMA_SLOTS


def _reach(period: int) -> int:
    return 2 * ema_reach(period)


SPEC = IndicatorSpec(
    name="dema",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("dema",),
    step=dema_step,
    array=dema_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class DEMA(KernelIndicator):
    """Double exponential moving average of ``close``; adds ``dema_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
