"""Ease of movement (Richard Arms)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "EaseOfMovement", "ease_of_movement_array", "ease_of_movement_step"]

SEEN, MIDDLE, SUM_AT = 0, 1, 2


@kernel
def ease_of_movement_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    volume: float,
    period: int,
    scale: float,
    at: int = 0,
) -> float:
    """The mean over ``period`` bars of ``(middle - before) * (high - low) / volume * scale``.

    ``middle`` is (high + low) / 2, ``before`` that of the bar before. Volume is counted in units of
    ``scale`` shares, 100 million as on StockCharts. A bar without volume moved with no ease or
    effort: 0.0. NaN for the first ``period`` bars, the first of which has no move.
    """
    bar = high + low + volume
    if bar - bar != 0.0:
        return math.nan
    middle = (high + low) / 2.0
    before = state[at + MIDDLE]
    state[at + MIDDLE] = middle
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    ease = (middle - before) * (high - low) / volume * scale if volume > 0.0 else 0.0
    return sum_step(state, ease, period, at + SUM_AT) / period


@kernel
def ease_of_movement_array(
    high: Sequence[float],
    low: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    period: int,
    scale: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`ease_of_movement_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = ease_of_movement_step(state, high[t], low[t], volume[t], period, scale)


def _slots(period: int, _scale: float) -> int:
    return SUM_AT + sum_slots(period)


def _reach(period: int, _scale: float) -> int:
    return period


SPEC = IndicatorSpec(
    name="ease_of_movement",
    inputs=("high", "low", "volume"),
    parameters=("period", "scale"),
    defaults=(14, 100000000.0),
    minimums=(1, 0.0),
    outputs=("ease_of_movement",),
    step=ease_of_movement_step,
    array=ease_of_movement_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class EaseOfMovement(KernelIndicator):
    """How far price moves on how little volume; adds ``ease_of_movement``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
    scale: float = 100000000.0
