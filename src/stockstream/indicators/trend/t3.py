"""T3, a smooth average with little lag (Tim Tillson, 1998)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "T3", "t3_array", "t3_step"]


@kernel
def t3_step(
    state: MutableSequence[float], x: float, period: int, volume_factor: float, at: int = 0
) -> float:
    """Three generalised DEMAs in a row: ``GD(x) = EMA * (1 + v) - EMA(EMA) * v``.

    Multiplied out it is a sum of the third to sixth EMA of an EMA. ``volume_factor`` *v* is 0 for
    three plain EMAs and 1 for three DEMAs; Tillson takes 0.7 (Stocks & Commodities, January
    1998). Seeds as in TA-Lib: the first value is on bar ``6 * (period - 1)``.
    """
    first = ema_step(state, x, period, at)
    second = ema_step(state, first, period, at + EMA_SLOTS)
    third = ema_step(state, second, period, at + 2 * EMA_SLOTS)
    fourth = ema_step(state, third, period, at + 3 * EMA_SLOTS)
    fifth = ema_step(state, fourth, period, at + 4 * EMA_SLOTS)
    sixth = ema_step(state, fifth, period, at + 5 * EMA_SLOTS)
    v = volume_factor
    square = v * v
    cube = square * v
    later = 3.0 * (square + cube) * fifth - cube * sixth
    middle = -(6.0 * square + 3.0 * (v + cube)) * fourth
    return (1.0 + 3.0 * v + cube + 3.0 * square) * third + middle + later


@kernel
def t3_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    volume_factor: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`t3_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = t3_step(state, x[t], period, volume_factor)


def _slots(period: int, volume_factor: float) -> int:  # noqa: ARG001 - the same for all
    return 6 * EMA_SLOTS


def _reach(period: int, volume_factor: float) -> int:  # noqa: ARG001 - whatever the factor
    return 6 * ema_reach(period)


SPEC = IndicatorSpec(
    name="t3",
    inputs=("close",),
    parameters=("period", "volume_factor"),
    defaults=(5, 0.7),
    minimums=(1, 0.0),
    outputs=("t3",),
    step=t3_step,
    array=t3_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class T3(KernelIndicator):
    """Tillson's T3 of ``close``; adds ``t3``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 5
    volume_factor: float = 0.7
