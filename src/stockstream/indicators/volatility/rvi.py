"""Relative volatility index (Donald Dorsey, 1993)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.volatility.std import std_slots, std_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "RelativeVolatilityIndex", "rvi_array", "rvi_step"]

SEEN, UP, DOWN, CLOSE, STD_AT = 0, 1, 2, 3, 4


@kernel
def rvi_step(
    state: MutableSequence[float], x: float, period: int, deviation: int, at: int = 0
) -> float:
    """RSI made of standard deviations: those of ``deviation`` bars, in place of the changes.

    ``100 * up / (up + down)``, Wilder's averages over ``period`` bars of the standard deviation on
    bars that rose and on bars that fell, as in TA-Lib's RVI. 50.0 where both are nothing.
    """
    if x - x != 0.0:
        return math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = x
    swing = std_step(state, x, deviation, at + STD_AT)
    if swing - swing != 0.0:
        return math.nan
    rise = swing if x > before else 0.0
    fall = swing if x < before else 0.0
    seen = state[at + SEEN]
    up = state[at + UP]
    down = state[at + DOWN]
    if seen < period:
        seen += 1.0
        state[at + SEEN] = seen
        share = 1.0 / seen  # of the seed: a mean so far
    else:
        share = 1.0 / period
    up += (rise - up) * share
    down += (fall - down) * share
    state[at + UP] = up
    state[at + DOWN] = down
    if seen < period:
        return math.nan
    moved = up + down
    return 100.0 * (up / moved) if moved > 0.0 else 50.0


@kernel
def rvi_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    deviation: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`rvi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = rvi_step(state, x[t], period, deviation)


def _slots(_period: int, deviation: int) -> int:
    return STD_AT + std_slots(deviation)


def _reach(period: int, deviation: int) -> int:
    return deviation + period - 2 + bars_to_fade(1.0 - 1.0 / period)


SPEC = IndicatorSpec(
    name="rvi",
    inputs=("close",),
    parameters=("period", "deviation"),
    defaults=(14, 10),
    minimums=(2, 2),
    outputs=("rvi",),
    step=rvi_step,
    array=rvi_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class RelativeVolatilityIndex(KernelIndicator):
    """Share of volatility that fell on rising bars; adds ``rvi``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
    deviation: int = 10
