"""Rolling autocorrelation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.comoments import comoments_slots
from stockstream.indicators.statistics.pairs import correlation_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "Autocorrelation", "autocorrelation_array", "autocorrelation_step"]

SLOT, FULL, LAGGED = 0, 1, 2


@kernel
def autocorrelation_step(
    state: MutableSequence[float], x: float, period: int, shift: int, at: int = 0
) -> float:
    """Correlation of the last ``period`` values with those ``shift`` values before them, -1 to 1.

    Pearson's correlation of the pairs, as pandas' ``Series.autocorr``; NaN for the first
    ``period + shift - 1`` values, 0.0 where nothing moved. That of prices is near 1 and says
    little: give it returns.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    earlier = state[at + LAGGED + slot]
    state[at + LAGGED + slot] = x
    ready = state[at + FULL]
    if slot + 1 == shift:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
    else:
        state[at + SLOT] += 1.0
    if ready == 0.0:
        return math.nan
    return correlation_step(state, x, earlier, period, at + LAGGED + shift)


@kernel
def autocorrelation_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    shift: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`autocorrelation_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = autocorrelation_step(state, x[t], period, shift)


def _slots(period: int, shift: int) -> int:
    return LAGGED + shift + comoments_slots(period)


def _reach(period: int, shift: int) -> int:
    return period + shift - 1


SPEC = IndicatorSpec(
    name="autocorrelation",
    inputs=("close",),
    parameters=("period", "shift"),
    defaults=(20, 1),
    minimums=(2, 1),
    outputs=("autocorrelation",),
    step=autocorrelation_step,
    array=autocorrelation_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Autocorrelation(KernelIndicator):
    """Correlation of ``close`` with itself, earlier; adds ``autocorrelation``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
    shift: int = 1
