"""Two series beside each other: covariance, correlation, beta.

In expressions they take two numbers, ``correlation(a, b, 20)``. On a frame they read the columns
``x`` and ``y`` unless told otherwise: ``Correlation(20, x="close", y="index").calculate(df)``. A
bar where either is missing counts as absent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.comoments import comoments_slots, comoments_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "BETA",
    "CORRELATION",
    "COVARIANCE",
    "Beta",
    "Correlation",
    "Covariance",
    "beta_array",
    "beta_step",
    "correlation_array",
    "correlation_step",
    "covariance_array",
    "covariance_step",
]

SEEN, BEFORE_X, BEFORE_Y, RETURNS_AT = 0, 1, 2, 3


@kernel
def covariance_step(
    state: MutableSequence[float], x: float, y: float, period: int, at: int = 0
) -> float:
    """Population covariance of the last ``period`` pairs, in units of x times units of y.

    Divided by n, as ``variance`` here; pandas divides by n - 1.
    """
    _, _, product = comoments_step(state, x, y, period, at)
    return product / period


@kernel
def covariance_array(
    x: Sequence[float],
    y: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`covariance_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = covariance_step(state, x[t], y[t], period)


@kernel
def correlation_step(
    state: MutableSequence[float], x: float, y: float, period: int, at: int = 0
) -> float:
    """Pearson's correlation of the last ``period`` pairs, -1 to 1.

    Where either did not move there is none: 0.0, as TA-Lib's CORREL (pandas: NaN). Prices that
    share a trend correlate whatever they do from day to day: give it returns.
    """
    xx, yy, product = comoments_step(state, x, y, period, at)
    if xx - xx != 0.0:
        return math.nan
    unit = math.sqrt(xx) * math.sqrt(yy)
    return max(-1.0, min(1.0, product / unit)) if unit > 0.0 else 0.0


@kernel
def correlation_array(
    x: Sequence[float],
    y: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`correlation_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = correlation_step(state, x[t], y[t], period)


@kernel
def beta_step(state: MutableSequence[float], x: float, y: float, period: int, at: int = 0) -> float:
    """Slope of the returns of price ``x`` on those of price ``y``: covariance over variance of y.

    Over ``period`` returns from bar to bar, so NaN for the first ``period`` bars. TA-Lib's BETA
    takes the market first, ``BETA(y, x)``. 0.0 where the market did not move; a return from a
    price of 0 counts as 0.0.
    """
    pair = x + y
    if pair - pair != 0.0:
        return math.nan
    before_x = state[at + BEFORE_X]
    before_y = state[at + BEFORE_Y]
    state[at + BEFORE_X] = x
    state[at + BEFORE_Y] = y
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    gain_x = (x - before_x) / before_x if before_x != 0.0 else 0.0
    gain_y = (y - before_y) / before_y if before_y != 0.0 else 0.0
    _, yy, product = comoments_step(state, gain_x, gain_y, period, at + RETURNS_AT)
    if yy - yy != 0.0:
        return math.nan
    return product / yy if yy > 0.0 else 0.0


@kernel
def beta_array(
    x: Sequence[float],
    y: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`beta_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = beta_step(state, x[t], y[t], period)


def _beta_slots(period: int) -> int:
    return RETURNS_AT + comoments_slots(period)


def _beta_reach(period: int) -> int:
    return period


def _reach(period: int) -> int:
    return period - 1


COVARIANCE = IndicatorSpec(
    name="covariance",
    inputs=("x", "y"),
    parameters=("period",),
    defaults=(20,),
    minimums=(2,),
    outputs=("covariance",),
    step=covariance_step,
    array=covariance_array,
    slots=comoments_slots,
    reach=_reach,
)

CORRELATION = IndicatorSpec(
    name="correlation",
    inputs=("x", "y"),
    parameters=("period",),
    defaults=(20,),
    minimums=(2,),
    outputs=("correlation",),
    step=correlation_step,
    array=correlation_array,
    slots=comoments_slots,
    reach=_reach,
)

BETA = IndicatorSpec(
    name="beta",
    inputs=("x", "y"),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("beta",),
    step=beta_step,
    array=beta_array,
    slots=_beta_slots,
    reach=_beta_reach,
)


@dataclass(frozen=True)
class Covariance(KernelIndicator):
    """Population covariance of the columns ``x`` and ``y``; adds ``covariance_<period>``."""

    spec: ClassVar[IndicatorSpec] = COVARIANCE

    period: int = 20
    x: str = "x"
    y: str = "y"

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.x, self.y


@dataclass(frozen=True)
class Correlation(KernelIndicator):
    """Correlation of the columns ``x`` and ``y``; adds ``correlation_<period>``."""

    spec: ClassVar[IndicatorSpec] = CORRELATION

    period: int = 20
    x: str = "x"
    y: str = "y"

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.x, self.y


@dataclass(frozen=True)
class Beta(KernelIndicator):
    """Beta of the prices in column ``x`` on those in ``y``; adds ``beta_<period>``."""

    spec: ClassVar[IndicatorSpec] = BETA

    period: int = 20
    x: str = "x"
    y: str = "y"

    @property
    def inputs(self) -> tuple[str, ...]:
        return self.x, self.y
