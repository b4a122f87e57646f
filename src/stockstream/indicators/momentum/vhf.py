"""Vertical horizontal filter (Adam White, 1991)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.indicators.trend.window import sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "VHF", "vhf_array", "vhf_step"]

STARTED, PREVIOUS, PARTS = 0, 1, 2


@kernel
def vhf_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``(highest - lowest) / sum(|change|)``: is price trending (high) or going nowhere (low)?

    The range of ``period`` values over the sum of ``period`` changes. Futures, August 1991. A
    window without movement gives 0.0, as in TA-Lib.
    """
    if x - x != 0.0:
        return math.nan
    top = highest_step(state, x, period, at + PARTS)
    bottom = lowest_step(state, x, period, at + PARTS + EXTREME_HEAD + period)
    change = abs(x - state[at + PREVIOUS])
    state[at + PREVIOUS] = x
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        return math.nan
    moved = sum_step(state, change, period, at + PARTS + 2 * (EXTREME_HEAD + period))
    return (top - bottom) / moved if moved != 0.0 else 0.0


@kernel
def vhf_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`vhf_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = vhf_step(state, x[t], period)


def _slots(period: int) -> int:
    return PARTS + 2 * extreme_slots(period) + sum_slots(period)


def _reach(period: int) -> int:
    return period


SPEC = IndicatorSpec(
    name="vhf",
    inputs=("close",),
    parameters=("period",),
    defaults=(28,),
    minimums=(2,),
    outputs=("vhf",),
    step=vhf_step,
    array=vhf_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class VHF(KernelIndicator):
    """Vertical horizontal filter of ``close``; adds ``vhf_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 28
