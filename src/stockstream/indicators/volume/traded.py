"""How much is traded: average dollar volume, and volume beside its average."""

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

__all__ = [
    "DOLLAR_VOLUME",
    "RELATIVE_VOLUME",
    "DollarVolume",
    "RelativeVolume",
    "dollar_volume_array",
    "dollar_volume_step",
    "relative_volume_array",
    "relative_volume_step",
]

SUM, SEEN, SUM_AT = 0, 1, 2


@kernel
def dollar_volume_step(
    state: MutableSequence[float], close: float, volume: float, period: int, at: int = 0
) -> float:
    """The mean of close * volume over ``period`` bars, in money."""
    return sum_step(state, close * volume, period, at) / period


@kernel
def dollar_volume_array(
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`dollar_volume_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = dollar_volume_step(state, close[t], volume[t], period)


@kernel
def relative_volume_step(
    state: MutableSequence[float], x: float, period: int, at: int = 0
) -> float:
    """``x / mean of the period values before it``: today is not in its own average.

    TA-Lib's RVOL. NaN for the first ``period`` values; 0.0 where the average is 0.
    """
    if x - x != 0.0:
        return math.nan
    before = state[at + SUM] if state[at + SEEN] == period else math.nan
    state[at + SUM] = sum_step(state, x, period, at + SUM_AT)
    if before - before != 0.0:
        state[at + SEEN] += 1.0
        return math.nan
    return x / (before / period) if before != 0.0 else 0.0


@kernel
def relative_volume_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`relative_volume_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = relative_volume_step(state, x[t], period)


def _dollar_volume_slots(period: int) -> int:
    return sum_slots(period)


def _dollar_volume_reach(period: int) -> int:
    return period - 1


def _relative_volume_slots(period: int) -> int:
    return SUM_AT + sum_slots(period)


def _relative_volume_reach(period: int) -> int:
    return period


DOLLAR_VOLUME = IndicatorSpec(
    name="dollar_volume",
    inputs=("close", "volume"),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("dollar_volume",),
    step=dollar_volume_step,
    array=dollar_volume_array,
    slots=_dollar_volume_slots,
    reach=_dollar_volume_reach,
)

RELATIVE_VOLUME = IndicatorSpec(
    name="relative_volume",
    inputs=("volume",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("relative_volume",),
    step=relative_volume_step,
    array=relative_volume_array,
    slots=_relative_volume_slots,
    reach=_relative_volume_reach,
)


@dataclass(frozen=True)
class DollarVolume(KernelIndicator):
    """Average value traded, the usual measure of liquidity; adds ``dollar_volume_<period>``."""

    spec: ClassVar[IndicatorSpec] = DOLLAR_VOLUME

    period: int = 20


@dataclass(frozen=True)
class RelativeVolume(KernelIndicator):
    """Volume beside the average of the bars before; adds ``relative_volume_<period>``."""

    spec: ClassVar[IndicatorSpec] = RELATIVE_VOLUME

    period: int = 20
