"""Simple moving average: the mean of the last ``period`` values."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.four import blank, means, means_of_periods
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SMA", "SPEC", "sma_array", "sma_slots", "sma_step"]

SLOT, FULL, TOTAL, RING = 0, 1, 2, 3


@kernel
def sma_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """The mean of the last ``period`` values, NaN until there are so many.

    One rolling sum in the order of TA-Lib: add the new value, divide, take the oldest off. The
    order is part of the contract: another one differs in the last bit, and exact ties between two
    averages then flip trades. Price of a running sum: after a value *m* times as large as what
    follows, about ``m * 1e-16`` of relative error stays.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    total = state[at + TOTAL] + x
    state[at + RING + slot] = x
    slot += 1
    if slot < period:
        state[at + SLOT] += 1.0
    else:
        slot = 0
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
    if state[at + FULL] == 0.0:
        state[at + TOTAL] = total
        return math.nan
    state[at + TOTAL] = total - state[at + RING + slot]
    return total / period


@kernel
def sma_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`sma_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = sma_step(state, x[t], period)


@kernel
def sma_dense(
    x: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    period: int,
    _scratch: MutableSequence[float],
    _spare: Sequence[int],
    out: MutableSequence[float],
) -> bool:
    """:func:`sma_array` of series without a gap."""
    means(x, begins, out, begins, rows, 0, period)
    blank(out, begins, period - 1)
    return True


def sma_slots(period: int) -> int:
    """Floats of state: three, and the ring of the last ``period`` values."""
    return RING + period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="sma",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("sma",),
    step=sma_step,
    array=sma_array,
    dense=sma_dense,
    beside=means_of_periods,
    slots=sma_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class SMA(KernelIndicator):
    """Simple moving average of ``close``; adds ``sma_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
