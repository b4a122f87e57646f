"""Commodity channel index (Donald Lambert, 1980)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["CCI", "SPEC", "cci_array", "cci_step"]

SLOT, FULL, RING = 0, 1, 2


@kernel
def cci_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """``(typical - mean) / (0.015 * mean deviation)`` over ``period`` bars.

    The typical price is (high + low + close) / 3, the deviation that of absolute values from
    today's mean. It has no rolling form: each bar costs ``period`` differences. A window of equal
    prices gives 0.0, as in TA-Lib. Commodities, October 1980.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan
    typical = bar / 3.0
    slot = int(state[at + SLOT])
    state[at + RING + slot] = typical
    if slot + 1 == period:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
    else:
        state[at + SLOT] += 1.0
    if state[at + FULL] == 0.0:
        return math.nan
    total = 0.0
    moved = 0
    for i in range(at + RING, at + RING + period):
        total += state[i]
        moved += state[i] != typical
    if moved == 0:
        return 0.0
    mean = total / period
    spread = 0.0
    for i in range(at + RING, at + RING + period):
        spread += abs(state[i] - mean)
    return (typical - mean) / (0.015 * (spread / period)) if spread > 0.0 else 0.0


@kernel
def cci_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`cci_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = cci_step(state, high[t], low[t], close[t], period)


def _slots(period: int) -> int:
    return RING + period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="cci",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(20,),
    minimums=(2,),
    outputs=("cci",),
    step=cci_step,
    array=cci_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class CCI(KernelIndicator):
    """Commodity channel index; adds ``cci_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
