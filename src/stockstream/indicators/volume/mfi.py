"""Money flow index (Gene Quong, Avrum Soudack, 1989)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import RING as SUM_HEAD
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "MoneyFlowIndex", "mfi_array", "mfi_step"]

SEEN, TYPICAL, SUMS_AT = 0, 1, 2

FLAT = 1e-14
"""Share of two typical prices below which their difference is rounding."""


@kernel
def mfi_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    volume: float,
    period: int,
    at: int = 0,
) -> float:
    """RSI with volume: ``100 * up / (up + down)`` over ``period`` changes of the typical price.

    ``up`` is the sum of typical price times volume on bars whose typical price, (high + low +
    close) / 3, rose; ``down`` on bars where it fell. Prices that agree to 1e-14 did not move. NaN
    for the first ``period`` bars, 0.0 where no money moved, as in TA-Lib's MFI.
    """
    bar = high + low + close + volume
    if bar - bar != 0.0:
        return math.nan

    typical = (high + low + close) / 3.0
    before = state[at + TYPICAL]
    state[at + TYPICAL] = typical
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    change = typical - before
    money = typical * volume
    if abs(change) <= FLAT * (abs(typical) + abs(before)):
        money = 0.0
    up = sum_step(state, money if change > 0.0 else 0.0, period, at + SUMS_AT)
    down_at = at + SUMS_AT + SUM_HEAD + period
    down = sum_step(state, money if change < 0.0 else 0.0, period, down_at)
    moved = up + down
    return up / moved * 100.0 if moved != 0.0 else 0.0


@kernel
def mfi_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`mfi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = mfi_step(state, high[t], low[t], close[t], volume[t], period)


def _slots(period: int) -> int:
    return SUMS_AT + 2 * sum_slots(period)


def _reach(period: int) -> int:
    return period


SPEC = IndicatorSpec(
    name="mfi",
    inputs=("high", "low", "close", "volume"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("mfi",),
    step=mfi_step,
    array=mfi_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class MoneyFlowIndex(KernelIndicator):
    """Strength of money that flows in, 0 to 100; adds ``mfi_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
