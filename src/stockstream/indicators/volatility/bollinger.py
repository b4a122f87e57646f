"""Bollinger bands (John Bollinger)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.four import blank, means
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.sma import RING as SMA_HEAD
from stockstream.indicators.trend.sma import sma_slots, sma_step
from stockstream.indicators.volatility.std import CANCELLED, std_slots, std_step, std_sums
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "BollingerBands", "bollinger_array", "bollinger_step"]


@kernel
def bollinger_step(
    state: MutableSequence[float], x: float, period: int, deviations: float, at: int = 0
) -> tuple[float, float, float]:
    """The simple mean, and so many population standard deviations above and below it.

    The deviation divides by n, as Bollinger, TA-Lib and StockCharts do; pandas and some charting
    programs divide by n - 1, which makes bands of 20 bars 2.6 % wider. The middle band is the SMA,
    bit for bit.
    """
    if x - x != 0.0:
        return math.nan, math.nan, math.nan
    middle = sma_step(state, x, period, at)
    width = deviations * std_step(state, x, period, at + SMA_HEAD + period)
    return middle + width, middle, middle - width


@kernel
def bollinger_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    deviations: float,
    state: MutableSequence[float],
    upper: MutableSequence[float],
    middle: MutableSequence[float],
    lower: MutableSequence[float],
) -> None:
    """:func:`bollinger_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            upper[t], middle[t], lower[t] = bollinger_step(state, x[t], period, deviations)


@kernel
def bollinger_dense(
    x: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    period: int,
    deviations: float,
    scratch: MutableSequence[float],
    spare: Sequence[int],
    upper: MutableSequence[float],
    middle: MutableSequence[float],
    lower: MutableSequence[float],
) -> bool:
    """:func:`bollinger_array` of series without a gap; False where a sum has gone stale."""
    means(x, begins, middle, begins, rows, 0, period)
    stale = 0
    for s in range(len(rows)):
        begin, end = begins[s] + period - 1, begins[s] + rows[s]
        total, squares, peak = scratch[spare[0] :], scratch[spare[1] :], scratch[spare[2] :]
        std_sums(x[begins[s] : end], period, total, squares, peak)
        up, mid, low = upper[begin:end], middle[begin:end], lower[begin:end]
        for t in range(len(up)):
            spread = squares[t] - total[t] * total[t] / period
            stale += spread < CANCELLED * peak[t]
            width = deviations * math.sqrt(spread / period)
            width = width if spread > 0.0 else 0.0
            up[t] = mid[t] + width
            low[t] = mid[t] - width
    blank(upper, begins, period - 1)
    blank(middle, begins, period - 1)
    blank(lower, begins, period - 1)
    return stale == 0


def _slots(period: int, deviations: float) -> int:  # noqa: ARG001 - whatever the width
    return sma_slots(period) + std_slots(period)


def _reach(period: int, deviations: float) -> int:  # noqa: ARG001 - whatever the width
    return period - 1


SPEC = IndicatorSpec(
    name="bollinger",
    inputs=("close",),
    parameters=("period", "deviations"),
    defaults=(20, 2.0),
    minimums=(2, 0.0),
    outputs=("upper", "middle", "lower"),
    step=bollinger_step,
    array=bollinger_array,
    dense=bollinger_dense,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class BollingerBands(KernelIndicator):
    """Bands around ``close``; adds ``bollinger_upper``, ``_middle`` and ``_lower``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
    deviations: float = 2.0
