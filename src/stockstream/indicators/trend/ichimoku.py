"""Ichimoku kinko hyo (Goichi Hosoda, 1969), as far as it is known on the day."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots
from stockstream.indicators.trend.midpoint import midprice_step
from stockstream.indicators.trend.window import LAG_RING, lag_slots, lag_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "Ichimoku", "ichimoku_array", "ichimoku_step"]


@kernel
def ichimoku_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    conversion: int,
    base: int,
    span: int,
    displacement: int,
    at: int = 0,
) -> tuple[float, float, float, float]:
    """Conversion line, base line, and the two leading spans *as they stand at this bar*.

    Lines are the middle of the range (:func:`.midprice_step`) of ``conversion`` and ``base`` bars.
    Span A is the mean of both lines, span B the middle of ``span`` bars; charts draw them
    ``displacement`` bars ahead. So the cloud at a bar was made of bars up to ``displacement`` ago,
    and that is what stands here: no look-ahead. (Some charts shift by one bar less.) The lagging
    span is today's close drawn back in time, which no bar of the past could know; compare ``close``
    with ``close.lag(displacement)`` instead. An output is NaN until its own window is full.
    """
    bar = high + low
    if bar - bar != 0.0:
        return math.nan, math.nan, math.nan, math.nan
    base_at = at + 2 * (EXTREME_HEAD + conversion)
    span_at = base_at + 2 * (EXTREME_HEAD + base)
    a_at = span_at + 2 * (EXTREME_HEAD + span)
    b_at = a_at + LAG_RING + displacement
    quick = midprice_step(state, high, low, conversion, at)
    slow = midprice_step(state, high, low, base, base_at)
    wide = midprice_step(state, high, low, span, span_at)
    span_a = lag_step(state, (quick + slow) / 2.0, displacement, a_at)
    span_b = lag_step(state, wide, displacement, b_at)
    return quick, slow, span_a, span_b


def _slots(conversion: int, base: int, span: int, displacement: int) -> int:
    ranges = extreme_slots(conversion) + extreme_slots(base) + extreme_slots(span)
    return 2 * ranges + 2 * lag_slots(displacement)


@kernel
def ichimoku_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    conversion: int,
    base: int,
    span: int,
    displacement: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    base_line: MutableSequence[float],
    span_a: MutableSequence[float],
    span_b: MutableSequence[float],
) -> None:
    """:func:`ichimoku_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], base_line[t], span_a[t], span_b[t] = ichimoku_step(
                state, high[t], low[t], conversion, base, span, displacement
            )


def _reach(conversion: int, base: int, span: int, displacement: int) -> int:
    return max(conversion, base, span) - 1 + displacement


SPEC = IndicatorSpec(
    name="ichimoku",
    inputs=("high", "low"),
    parameters=("conversion", "base", "span", "displacement"),
    defaults=(9, 26, 52, 26),
    minimums=(1, 1, 1, 1),
    outputs=("conversion", "base", "span_a", "span_b"),
    step=ichimoku_step,
    array=ichimoku_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Ichimoku(KernelIndicator):
    """Ichimoku; adds ``ichimoku_conversion``, ``_base``, ``_span_a`` and ``_span_b``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    conversion: int = 9
    base: int = 26
    span: int = 52
    displacement: int = 26
