"""Zero-lag exponential moving average (John Ehlers and Ric Way, 2010)."""

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

__all__ = ["SPEC", "ZLEMA", "zlema_array", "zlema_step"]


@kernel
def zlema_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The EMA of ``x + (x - x[lag])``, lag ``(period - 1) // 2``: what price did since is added.

    As in TA-Lib. Over one or two bars there is no lag, and it is the EMA.
    """
    lag = (period - 1) // 2
    moved = x
    if lag > 0:
        moved = x + (x - lag_step(state, x, lag, at + EMA_SLOTS))
    return ema_step(state, moved, period, at)


@kernel
def zlema_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`zlema_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = zlema_step(state, x[t], period)


def _slots(period: int) -> int:
    return EMA_SLOTS + lag_slots((period - 1) // 2)


def _reach(period: int) -> int:
    return (period - 1) // 2 + ema_reach(period)


SPEC = IndicatorSpec(
    name="zlema",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("zlema",),
    step=zlema_step,
    array=zlema_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ZLEMA(KernelIndicator):
    """Zero-lag exponential moving average of ``close``; adds ``zlema_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
