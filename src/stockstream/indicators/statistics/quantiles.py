"""Rolling median, quantile and percent rank."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.order import COUNT, HEAD, below, order_slots, order_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "MEDIAN",
    "PERCENT_RANK",
    "QUANTILE",
    "Median",
    "PercentRank",
    "Quantile",
    "median_array",
    "median_step",
    "percent_rank_array",
    "percent_rank_step",
    "quantile_array",
    "quantile_step",
]


@kernel
def quantile_step(
    state: MutableSequence[float], x: float, period: int, q: float, at: int = 0
) -> float:
    """The value below which the share ``q`` (0 to 1) of the last ``period`` values lies.

    Between two values it is interpolated in a straight line, as NumPy and pandas do by default;
    TA-Lib's PERCENTILE takes the nearest rank.
    """
    if x - x != 0.0:
        return math.nan
    if order_step(state, x, period, at) < period:
        return math.nan
    place = q * (period - 1)
    under = min(int(place), period - 1)
    lower = state[at + HEAD + period + under]
    upper = state[at + HEAD + period + min(under + 1, period - 1)]
    return lower + (upper - lower) * (place - under)


@kernel
def quantile_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    q: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`quantile_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = quantile_step(state, x[t], period, q)


@kernel
def median_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The middle one of the last ``period`` values, or the mean of the two in the middle."""
    return quantile_step(state, x, period, 0.5, at)


@kernel
def median_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`median_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = median_step(state, x[t], period)


@kernel
def percent_rank_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """Percent of the ``period`` values before this one that are less than it, 0 to 100.

    TA-Lib's PERCENTRANK, and the third part of Connors' RSI; NaN for the first ``period`` values.
    """
    if x - x != 0.0:
        return math.nan
    count = int(state[at + COUNT])
    lower = below(state, x, count, at + HEAD + period)
    order_step(state, x, period, at)
    return 100.0 * lower / period if count == period else math.nan


@kernel
def percent_rank_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`percent_rank_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = percent_rank_step(state, x[t], period)


def _quantile_slots(period: int, _q: float) -> int:
    return order_slots(period)


def _quantile_reach(period: int, _q: float) -> int:
    return period - 1


def _median_reach(period: int) -> int:
    return period - 1


def _percent_rank_reach(period: int) -> int:
    return period


QUANTILE = IndicatorSpec(
    name="quantile",
    inputs=("close",),
    parameters=("period", "q"),
    defaults=(20, 0.5),
    minimums=(1, 0.0),
    outputs=("quantile",),
    step=quantile_step,
    array=quantile_array,
    slots=_quantile_slots,
    reach=_quantile_reach,
    maximums=(math.inf, 1.0),
)

MEDIAN = IndicatorSpec(
    name="median",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("median",),
    step=median_step,
    array=median_array,
    slots=order_slots,
    reach=_median_reach,
)

PERCENT_RANK = IndicatorSpec(
    name="percent_rank",
    inputs=("close",),
    parameters=("period",),
    defaults=(100,),
    minimums=(1,),
    outputs=("percent_rank",),
    step=percent_rank_step,
    array=percent_rank_array,
    slots=order_slots,
    reach=_percent_rank_reach,
)


@dataclass(frozen=True)
class Quantile(KernelIndicator):
    """Quantile of ``close`` over a window; adds ``quantile``."""

    spec: ClassVar[IndicatorSpec] = QUANTILE

    period: int = 20
    q: float = 0.5


@dataclass(frozen=True)
class Median(KernelIndicator):
    """Median of ``close`` over a window; adds ``median_<period>``."""

    spec: ClassVar[IndicatorSpec] = MEDIAN

    period: int = 20


@dataclass(frozen=True)
class PercentRank(KernelIndicator):
    """Percent of earlier values that are lower; adds ``percent_rank_<period>``."""

    spec: ClassVar[IndicatorSpec] = PERCENT_RANK

    period: int = 100
