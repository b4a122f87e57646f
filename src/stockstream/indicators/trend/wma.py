"""Linearly weighted moving average."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "WMA", "wma_array", "wma_step"]

SLOT, FULL, PLAIN, WEIGHTED, RING = 0, 1, 2, 3, 4


@kernel
def wma_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``sum(weight * value) / sum(weight)``, weights 1 (oldest) to ``period`` (newest).

    Two rolling sums, of the values and of the weighted values. Each time the ring of values comes
    round (every ``period`` bars) both are made afresh: the error of the first would otherwise add
    up in the second with every bar.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    oldest = state[at + RING + slot]
    state[at + RING + slot] = x
    if slot + 1 == period:  # the ring now stands in the order of age
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
        plain = 0.0
        weighted = 0.0
        for i in range(period):
            value = state[at + RING + i]
            plain += value
            weighted += value * (i + 1)
    else:
        state[at + SLOT] += 1.0
        weighted = state[at + WEIGHTED] - state[at + PLAIN] + x * period
        plain = state[at + PLAIN] - oldest + x
    state[at + PLAIN] = plain
    state[at + WEIGHTED] = weighted
    if state[at + FULL] == 0.0:
        return math.nan
    return weighted / (0.5 * period * (period + 1))


@kernel
def wma_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`wma_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = wma_step(state, x[t], period)


def _slots(period: int) -> int:
    return RING + period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="wma",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("wma",),
    step=wma_step,
    array=wma_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class WMA(KernelIndicator):
    """Linearly weighted moving average of ``close``; adds ``wma_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
