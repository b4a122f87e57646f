"""Triple exponential moving average (Patrick Mulloy, 1994)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "TEMA", "tema_array", "tema_step"]


@kernel
def tema_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``3 * EMA - 3 * EMA(EMA) + EMA(EMA(EMA))``, the next term after :mod:`.dema`.

    Stocks & Commodities, February 1994. Seeds as in TA-Lib: the first value is on bar
    ``3 * (period - 1)``.
    """
    first = ema_step(state, x, period, at)
    second = ema_step(state, first, period, at + EMA_SLOTS)
    third = ema_step(state, second, period, at + 2 * EMA_SLOTS)
    return 3.0 * first - 3.0 * second + third


@kernel
def tema_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`tema_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = tema_step(state, x[t], period)


def _slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return 3 * EMA_SLOTS


def _reach(period: int) -> int:
    return 3 * ema_reach(period)


SPEC = IndicatorSpec(
    name="tema",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("tema",),
    step=tema_step,
    array=tema_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class TEMA(KernelIndicator):
    """Triple exponential moving average of ``close``; adds ``tema_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
