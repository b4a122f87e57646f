"""What happened between open and close: balance of power, Qstick, intraday momentum."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.sma import sma_slots, sma_step
from stockstream.indicators.trend.window import SUM_RING, sum_slots, sum_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "BOP_SPEC",
    "IMI_SPEC",
    "QSTICK_SPEC",
    "BalanceOfPower",
    "IntradayMomentum",
    "Qstick",
    "bop_array",
    "bop_step",
    "imi_array",
    "imi_step",
    "qstick_array",
    "qstick_step",
]


@kernel
def bop_step(
    state: MutableSequence[float],  # noqa: ARG001 - each bar stands for itself
    opened: float,
    high: float,
    low: float,
    close: float,
) -> float:
    """``(close - open) / (high - low)``, -1 to 1; 0.0 for a bar without range.

    Igor Livshin, Stocks & Commodities, August 2001. Often smoothed: ``sma(bop(bars), 14)``.
    """
    bar = opened + high + low + close
    if bar - bar != 0.0:
        return math.nan
    width = high - low
    return (close - opened) / width if width > 0.0 else 0.0


@kernel
def qstick_step(
    state: MutableSequence[float],
    opened: float,
    close: float,
    period: int,
    at: int = 0,
) -> float:
    """The simple mean of ``close - open`` over ``period`` bars (Tushar Chande, 1994)."""
    return sma_step(state, close - opened, period, at)


@kernel
def imi_step(
    state: MutableSequence[float],
    opened: float,
    close: float,
    period: int,
    at: int = 0,
) -> float:
    """``100 * gains / (gains + losses)`` of the bars themselves, open to close, 0 to 100.

    Chande and Kroll, *The New Technical Trader*, 1994: an RSI of what happens within the day, with
    plain sums. A window without movement gives 50.0, as in TA-Lib.
    """
    gained = close - opened
    if gained - gained != 0.0:
        return math.nan
    net = sum_step(state, max(0.0, gained), period, at)
    moved = sum_step(state, abs(gained), period, at + SUM_RING + period)
    return 100.0 * (net / moved) if moved != 0.0 else 50.0


@kernel
def bop_array(
    opened: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`bop_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = bop_step(state, opened[t], high[t], low[t], close[t])


def _bop_slots() -> int:
    """None is needed; a state is never empty."""
    return 1


def _bop_reach() -> int:
    return 0


BOP_SPEC = IndicatorSpec(
    name="bop",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("bop",),
    step=bop_step,
    array=bop_array,
    slots=_bop_slots,
    reach=_bop_reach,
)


@kernel
def qstick_array(
    opened: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`qstick_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = qstick_step(state, opened[t], close[t], period)


def _qstick_reach(period: int) -> int:
    return period - 1


QSTICK_SPEC = IndicatorSpec(
    name="qstick",
    inputs=("open", "close"),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("qstick",),
    step=qstick_step,
    array=qstick_array,
    slots=sma_slots,
    reach=_qstick_reach,
)


@kernel
def imi_array(
    opened: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`imi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = imi_step(state, opened[t], close[t], period)


def _imi_slots(period: int) -> int:
    return 2 * sum_slots(period)


def _imi_reach(period: int) -> int:
    return period - 1


IMI_SPEC = IndicatorSpec(
    name="imi",
    inputs=("open", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("imi",),
    step=imi_step,
    array=imi_array,
    slots=_imi_slots,
    reach=_imi_reach,
)


@dataclass(frozen=True)
class BalanceOfPower(KernelIndicator):
    """Balance of power, -1 to 1; adds ``bop``."""

    spec: ClassVar[IndicatorSpec] = BOP_SPEC


@dataclass(frozen=True)
class Qstick(KernelIndicator):
    """Mean of close less open; adds ``qstick_<period>``."""

    spec: ClassVar[IndicatorSpec] = QSTICK_SPEC

    period: int = 10


@dataclass(frozen=True)
class IntradayMomentum(KernelIndicator):
    """Intraday momentum index, 0 to 100; adds ``imi_<period>``."""

    spec: ClassVar[IndicatorSpec] = IMI_SPEC

    period: int = 14
