"""Wilder's directional movement: +DI, -DI, DX, ADX and ADXR (J. Welles Wilder, 1978)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.trend.rma import rma_reach
from stockstream.indicators.trend.true_range import true_range
from stockstream.indicators.trend.window import lag_slots, lag_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "ADX",
    "ADXR",
    "ADXR_SPEC",
    "ADX_SPEC",
    "DI_SPEC",
    "DX",
    "DX_SPEC",
    "DirectionalIndicators",
    "adx_array",
    "adx_step",
    "adxr_array",
    "adxr_step",
    "di_array",
    "di_step",
    "dx_array",
    "dx_step",
]

SEEN, HIGH, LOW, CLOSE, RISE, FALL, RANGE, DI_SLOTS, ADX_SLOTS = 0, 1, 2, 3, 4, 5, 6, 7, 9
UNDEFINED = -1.0


@kernel
def di_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> tuple[float, float]:
    """+DI and -DI: upward and downward movement as a share of the true range, in percent.

    A bar moves up by what its high adds to the high before, down by what its low takes off the low
    before; only the larger of the two counts. Wilder's sums ``sum += x - sum / period`` start from
    the plain sum of the first ``period - 1`` movements, as in TA-Lib; StockCharts takes ``period``
    of them. The difference fades. The first value is on bar ``period``. Without any range both are
    0.0.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    up = high - state[at + HIGH]
    down = state[at + LOW] - low
    moved = true_range(high, low, state[at + CLOSE])
    state[at + HIGH] = high
    state[at + LOW] = low
    state[at + CLOSE] = close
    seen = state[at + SEEN]
    if seen <= period:
        state[at + SEEN] = seen + 1.0
    if seen == 0.0:
        return math.nan, math.nan
    if seen >= period:
        state[at + RISE] -= state[at + RISE] / period
        state[at + FALL] -= state[at + FALL] / period
        state[at + RANGE] -= state[at + RANGE] / period
    state[at + RANGE] += moved
    if down > 0.0 and up < down:
        state[at + FALL] += down
    elif up > 0.0 and up > down:
        state[at + RISE] += up
    if seen < period:
        return math.nan, math.nan
    total = state[at + RANGE]
    if total == 0.0:
        return 0.0, 0.0
    return 100.0 * (state[at + RISE] / total), 100.0 * (state[at + FALL] / total)


@kernel
def _spread(plus: float, minus: float) -> float:
    """DX of one bar, -1.0 where nothing moved."""
    both = plus + minus
    if both == 0.0:
        return UNDEFINED
    return 100.0 * (abs(plus - minus) / both)


@kernel
def dx_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """``100 * |+DI - -DI| / (+DI + -DI)``: how one-sided the movement is, 0 to 100.

    A bar for which both are 0 keeps the value before (0.0 at the start), as in TA-Lib.
    """
    plus, minus = di_step(state, high, low, close, period, at)
    found = _spread(plus, minus)
    if found == UNDEFINED:
        return state[at + DI_SLOTS]
    if found - found == 0.0:
        state[at + DI_SLOTS] = found
    return found


@kernel
def adx_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """Wilder's average of DX: the strength of a trend, whichever way it goes.

    The seed is the mean of the first ``period`` values of DX, on bar ``2 * period - 1``. A bar
    without movement in its window leaves the average as it is (and counts as 0 in the seed), as in
    TA-Lib.
    """
    plus, minus = di_step(state, high, low, close, period, at)
    found = _spread(plus, minus)
    if found - found != 0.0:
        return math.nan
    seen = state[at + DI_SLOTS]
    average = state[at + DI_SLOTS + 1]
    if seen < period:
        seen += 1.0
        state[at + DI_SLOTS] = seen
        average += max(found, 0.0)  # of the seed: still a sum
        if seen < period:
            state[at + DI_SLOTS + 1] = average
            return math.nan
        average /= period
    elif found != UNDEFINED:
        average += (found - average) * (1.0 / period)
    state[at + DI_SLOTS + 1] = average
    return average


@kernel
def adxr_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """The mean of ADX today and ``period - 1`` bars ago, as in TA-Lib."""
    today = adx_step(state, high, low, close, period, at)
    return (today + lag_step(state, today, period - 1, at + ADX_SLOTS)) / 2.0


def _di_reach(period: int) -> int:
    return period + bars_to_fade(1.0 - 1.0 / period)


def _adx_reach(period: int) -> int:
    return _di_reach(period) + rma_reach(period)


@kernel
def di_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    plus: MutableSequence[float],
    minus: MutableSequence[float],
) -> None:
    """:func:`di_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            plus[t], minus[t] = di_step(state, high[t], low[t], close[t], period)


def _di_slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return DI_SLOTS


DI_SPEC = IndicatorSpec(
    name="di",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("plus", "minus"),
    step=di_step,
    array=di_array,
    slots=_di_slots,
    reach=_di_reach,
)


@kernel
def dx_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`dx_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = dx_step(state, high[t], low[t], close[t], period)


def _dx_slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return DI_SLOTS + 1


DX_SPEC = IndicatorSpec(
    name="dx",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("dx",),
    step=dx_step,
    array=dx_array,
    slots=_dx_slots,
    reach=_di_reach,
)


@kernel
def adx_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`adx_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = adx_step(state, high[t], low[t], close[t], period)


def _adx_slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return ADX_SLOTS


ADX_SPEC = IndicatorSpec(
    name="adx",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("adx",),
    step=adx_step,
    array=adx_array,
    slots=_adx_slots,
    reach=_adx_reach,
)


@kernel
def adxr_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`adxr_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = adxr_step(state, high[t], low[t], close[t], period)


def _adxr_slots(period: int) -> int:
    return ADX_SLOTS + lag_slots(period - 1)


def _adxr_reach(period: int) -> int:
    return _adx_reach(period) + period - 1


ADXR_SPEC = IndicatorSpec(
    name="adxr",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("adxr",),
    step=adxr_step,
    array=adxr_array,
    slots=_adxr_slots,
    reach=_adxr_reach,
)


@dataclass(frozen=True)
class DirectionalIndicators(KernelIndicator):
    """+DI and -DI; adds ``di_plus_<period>`` and ``di_minus_<period>``."""

    spec: ClassVar[IndicatorSpec] = DI_SPEC

    period: int = 14


@dataclass(frozen=True)
class DX(KernelIndicator):
    """Directional movement index; adds ``dx_<period>``."""

    spec: ClassVar[IndicatorSpec] = DX_SPEC

    period: int = 14


@dataclass(frozen=True)
class ADX(KernelIndicator):
    """Average directional movement index, 0 to 100; adds ``adx_<period>``."""

    spec: ClassVar[IndicatorSpec] = ADX_SPEC

    period: int = 14


@dataclass(frozen=True)
class ADXR(KernelIndicator):
    """Average directional movement rating; adds ``adxr_<period>``."""

    spec: ClassVar[IndicatorSpec] = ADXR_SPEC

    period: int = 14
