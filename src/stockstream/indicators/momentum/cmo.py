"""Chande momentum oscillator (Tushar Chande, 1994)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.momentum.rsi import GAIN, LOSS, rsi_step
from stockstream.indicators.momentum.rsi import SLOTS as RSI_SLOTS
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.trend.window import SUM_RING, sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "CMO",
    "CMOU",
    "CMOU_SPEC",
    "CMO_SPEC",
    "cmo_array",
    "cmo_step",
    "cmou_array",
    "cmou_step",
]

STARTED, PREVIOUS, SUMS = 0, 1, 2


@kernel
def cmo_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``100 * (gain - loss) / (gain + loss)`` of Wilder's averages, -100 to 100.

    TA-Lib's CMO: RSI on another scale. Chande's own has plain sums (:func:`cmou_step`). A series
    that never moved gives 0.0.
    """
    strength = rsi_step(state, x, period, at)
    if strength - strength != 0.0:
        return math.nan
    moved = state[at + GAIN] + state[at + LOSS]
    return 100.0 * ((state[at + GAIN] - state[at + LOSS]) / moved) if moved > 0.0 else 0.0


@kernel
def cmou_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``100 * (rises - falls) / (rises + falls)``, sums over ``period`` changes, -100 to 100.

    As Chande published it (*The New Technical Trader*, 1994) and TradingView has it: TA-Lib's
    CMOU. A window without movement gives 0.0.
    """
    if x - x != 0.0:
        return math.nan
    change = x - state[at + PREVIOUS]
    state[at + PREVIOUS] = x
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        return math.nan
    net = sum_step(state, change, period, at + SUMS)
    moved = sum_step(state, abs(change), period, at + SUMS + SUM_RING + period)
    return 100.0 * (net / moved) if moved != 0.0 else 0.0


@kernel
def cmo_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`cmo_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = cmo_step(state, x[t], period)


def _cmo_slots(period: int) -> int:  # noqa: ARG001 - the same for all
    return RSI_SLOTS


def _cmo_reach(period: int) -> int:
    return period + bars_to_fade(1.0 - 1.0 / period)


CMO_SPEC = IndicatorSpec(
    name="cmo",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("cmo",),
    step=cmo_step,
    array=cmo_array,
    slots=_cmo_slots,
    reach=_cmo_reach,
)


@kernel
def cmou_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`cmou_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = cmou_step(state, x[t], period)


def _cmou_slots(period: int) -> int:
    return SUMS + 2 * sum_slots(period)


def _cmou_reach(period: int) -> int:
    return period


CMOU_SPEC = IndicatorSpec(
    name="cmou",
    inputs=("close",),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("cmou",),
    step=cmou_step,
    array=cmou_array,
    slots=_cmou_slots,
    reach=_cmou_reach,
)


@dataclass(frozen=True)
class CMO(KernelIndicator):
    """Chande momentum oscillator of ``close``, smoothed; adds ``cmo_<period>``."""

    spec: ClassVar[IndicatorSpec] = CMO_SPEC

    period: int = 14


@dataclass(frozen=True)
class CMOU(KernelIndicator):
    """Chande momentum oscillator of ``close``, of sums; adds ``cmou_<period>``."""

    spec: ClassVar[IndicatorSpec] = CMOU_SPEC

    period: int = 14
