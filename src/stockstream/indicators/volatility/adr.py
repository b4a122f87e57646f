"""Average day range."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "AverageDayRange", "adr_array", "adr_step"]


@kernel
def adr_step(
    state: MutableSequence[float], high: float, low: float, period: int, at: int = 0
) -> float:
    """The mean of high - low over ``period`` bars: the true range less the gaps (TA-Lib's ADR)."""
    return sum_step(state, high - low, period, at) / period


@kernel
def adr_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`adr_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = adr_step(state, high[t], low[t], period)


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="adr",
    inputs=("high", "low"),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("adr",),
    step=adr_step,
    array=adr_array,
    slots=sum_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class AverageDayRange(KernelIndicator):
    """Average of high - low, in units of price; adds ``adr_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
