"""Fisher transform (John Ehlers, 2002)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "FisherTransform", "fisher_array", "fisher_step"]

STARTED, VALUE, LINE, RANGES = 0, 1, 2, 3
LIMIT = 0.999


@kernel
def fisher_step(
    state: MutableSequence[float], high: float, low: float, period: int, at: int = 0
) -> tuple[float, float]:
    """The median price in its range of ``period`` bars, spread to a bell; and the value before.

    ``v = 0.66 * (place - 0.5) + 0.67 * v before``, cut to +-0.999, and
    ``line = 0.5 * ln((1 + v) / (1 - v)) + 0.5 * line before``, where the place is 0 at the lowest
    median and 1 at the highest. "Using the Fisher Transform", Stocks & Commodities, November 2002.
    A range of zero counts as the middle.
    """
    median = (high + low) / 2.0
    top = highest_step(state, median, period, at + RANGES)
    bottom = lowest_step(state, median, period, at + RANGES + EXTREME_HEAD + period)
    width = top - bottom
    if width - width != 0.0:
        return math.nan, math.nan
    place = (median - bottom) / width if width > 0.0 else 0.5
    value = 0.66 * (place - 0.5) + 0.67 * state[at + VALUE]
    value = min(max(value, -LIMIT), LIMIT)
    before = state[at + LINE]
    line = 0.5 * math.log((1.0 + value) / (1.0 - value)) + 0.5 * before
    seen = state[at + STARTED]
    state[at + STARTED] = 1.0
    state[at + VALUE] = value
    state[at + LINE] = line
    return line, (before if seen != 0.0 else math.nan)


@kernel
def fisher_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    signal: MutableSequence[float],
) -> None:
    """:func:`fisher_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], signal[t] = fisher_step(state, high[t], low[t], period)


def _slots(period: int) -> int:
    return RANGES + 2 * extreme_slots(period)


def _reach(period: int) -> int:
    return period - 1 + bars_to_fade(0.67) + bars_to_fade(0.5)


SPEC = IndicatorSpec(
    name="fisher",
    inputs=("high", "low"),
    parameters=("period",),
    defaults=(10,),
    minimums=(2,),
    outputs=("line", "signal"),
    step=fisher_step,
    array=fisher_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class FisherTransform(KernelIndicator):
    """Fisher transform; adds ``fisher_line_<period>`` and ``fisher_signal_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 10
