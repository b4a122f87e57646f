"""Linear regression over a window, and the forecast made of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.wma import PLAIN, wma_step
from stockstream.indicators.trend.wma import RING as WMA_HEAD
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "LINREG_SPEC",
    "TSF_SPEC",
    "LinearRegression",
    "TimeSeriesForecast",
    "linreg_array",
    "linreg_step",
    "tsf_array",
    "tsf_step",
]


@kernel
def linreg_step(
    state: MutableSequence[float], x: float, period: int, at: int = 0
) -> tuple[float, float, float, float]:
    """The least-squares line through the last ``period`` values.

    Returns its value today, its slope (a bar), its value at the oldest bar of the window
    (TA-Lib's intercept), and the angle of the slope in degrees. The line follows from two means:
    ``slope = 6 * (WMA - SMA) / (period - 1)``, and it goes through SMA in the middle of the window.
    """
    weighted = wma_step(state, x, period, at)
    if weighted - weighted != 0.0:
        return math.nan, math.nan, math.nan, math.nan
    mean = state[at + PLAIN] / period
    rise = 3.0 * (weighted - mean)
    slope = 2.0 * rise / (period - 1)
    return mean + rise, slope, mean - rise, math.atan(slope) * (180.0 / math.pi)


@kernel
def tsf_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The regression line of :func:`linreg_step` one bar on: ``value + slope``."""
    value, slope, _, _ = linreg_step(state, x, period, at)
    return value + slope


def _slots(period: int) -> int:
    return WMA_HEAD + period


def _reach(period: int) -> int:
    return period - 1


@kernel
def linreg_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    value: MutableSequence[float],
    slope: MutableSequence[float],
    intercept: MutableSequence[float],
    angle: MutableSequence[float],
) -> None:
    """:func:`linreg_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            value[t], slope[t], intercept[t], angle[t] = linreg_step(state, x[t], period)


LINREG_SPEC = IndicatorSpec(
    name="linreg",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("value", "slope", "intercept", "angle"),
    step=linreg_step,
    array=linreg_array,
    slots=_slots,
    reach=_reach,
)


@kernel
def tsf_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`tsf_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = tsf_step(state, x[t], period)


TSF_SPEC = IndicatorSpec(
    name="tsf",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("tsf",),
    step=tsf_step,
    array=tsf_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class LinearRegression(KernelIndicator):
    """Regression line through ``close``; adds ``linreg_value_<period>``, ``linreg_slope_...``.

    The others are ``linreg_intercept_...`` and ``linreg_angle_...``.
    """

    spec: ClassVar[IndicatorSpec] = LINREG_SPEC

    period: int = 14


@dataclass(frozen=True)
class TimeSeriesForecast(KernelIndicator):
    """Regression line through ``close``, one bar on; adds ``tsf_<period>``."""

    spec: ClassVar[IndicatorSpec] = TSF_SPEC

    period: int = 14
