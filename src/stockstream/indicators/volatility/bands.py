"""Where the price stands in Bollinger's bands, and how wide they are (John Bollinger, 2001)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.sma import sma_slots
from stockstream.indicators.volatility.bollinger import bollinger_step
from stockstream.indicators.volatility.std import std_slots
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "BANDWIDTH",
    "PERCENT_B",
    "Bandwidth",
    "PercentB",
    "bandwidth_array",
    "bandwidth_step",
    "percent_b_array",
    "percent_b_step",
]


@kernel
def percent_b_step(
    state: MutableSequence[float], x: float, period: int, deviations: float, at: int = 0
) -> float:
    """``(x - lower) / (upper - lower)``: 0.0 on the lower band, 1.0 on the upper one.

    NaN where the bands have no width.
    """
    upper, _, lower = bollinger_step(state, x, period, deviations, at)
    width = upper - lower
    return (x - lower) / width if width > 0.0 else math.nan


@kernel
def percent_b_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    deviations: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`percent_b_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = percent_b_step(state, x[t], period, deviations)


@kernel
def bandwidth_step(
    state: MutableSequence[float], x: float, period: int, deviations: float, at: int = 0
) -> float:
    """``100 * (upper - lower) / middle``, in percent; Bollinger's squeeze is a low of it.

    A middle of 0 gives NaN.
    """
    upper, middle, lower = bollinger_step(state, x, period, deviations, at)
    return (upper - lower) / middle * 100.0 if middle != 0.0 else math.nan


@kernel
def bandwidth_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    deviations: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`bandwidth_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = bandwidth_step(state, x[t], period, deviations)


def _slots(period: int, _deviations: float) -> int:
    return sma_slots(period) + std_slots(period)


def _reach(period: int, _deviations: float) -> int:
    return period - 1


PERCENT_B = IndicatorSpec(
    name="percent_b",
    inputs=("close",),
    parameters=("period", "deviations"),
    defaults=(20, 2.0),
    minimums=(2, 0.0),
    outputs=("percent_b",),
    step=percent_b_step,
    array=percent_b_array,
    slots=_slots,
    reach=_reach,
)

BANDWIDTH = IndicatorSpec(
    name="bandwidth",
    inputs=("close",),
    parameters=("period", "deviations"),
    defaults=(20, 2.0),
    minimums=(2, 0.0),
    outputs=("bandwidth",),
    step=bandwidth_step,
    array=bandwidth_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class PercentB(KernelIndicator):
    """Place of ``close`` in its Bollinger bands; adds ``percent_b``."""

    spec: ClassVar[IndicatorSpec] = PERCENT_B

    period: int = 20
    deviations: float = 2.0


@dataclass(frozen=True)
class Bandwidth(KernelIndicator):
    """Width of the Bollinger bands in percent of the middle; adds ``bandwidth``."""

    spec: ClassVar[IndicatorSpec] = BANDWIDTH

    period: int = 20
    deviations: float = 2.0
