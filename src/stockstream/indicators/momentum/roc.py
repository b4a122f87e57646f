"""Rate of change."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "RateOfChange", "roc_array", "roc_step"]

SLOT, FULL, RING = 0, 1, 2


@kernel
def roc_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``100 * (x / x[period bars ago] - 1)``, in percent; NaN for the first ``period`` values.

    TA-Lib's ROC, which is in percent (its ROCP is the fraction). From 0 every change is without
    measure: 0.0, as in TA-Lib.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    before = state[at + RING + slot]
    state[at + RING + slot] = x
    full = state[at + FULL]
    if slot + 1 == period:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
    else:
        state[at + SLOT] += 1.0
    if full == 0.0:
        return math.nan
    return (x / before - 1.0) * 100.0 if before != 0.0 else 0.0


@kernel
def roc_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`roc_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = roc_step(state, x[t], period)


def _slots(period: int) -> int:
    return RING + period


def _reach(period: int) -> int:
    return period


SPEC = IndicatorSpec(
    name="roc",
    inputs=("close",),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("roc",),
    step=roc_step,
    array=roc_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class RateOfChange(KernelIndicator):
    """Change of ``close`` over a number of bars, in percent; adds ``roc_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 10
