"""Normalised average true range (John Forman, 2006)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.volatility.atr import SLOTS as ATR_SLOTS
from stockstream.indicators.volatility.atr import atr_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["NATR", "SPEC", "natr_array", "natr_step"]


@kernel
def natr_step(
    state: MutableSequence[float], high: float, low: float, close: float, period: int, at: int = 0
) -> float:
    """``100 * ATR / close``, in percent; NaN for the first ``period`` bars.

    Comparable between symbols and over decades, which ATR is not. A close of 0 gives 0.0, as in
    TA-Lib. TA-Lib leaves the true range of ``period = 1`` in units of price; here it is in percent
    as well.
    """
    average = atr_step(state, high, low, close, period, at)
    return average / close * 100.0 if close != 0.0 else average * 0.0


@kernel
def natr_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`natr_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = natr_step(state, high[t], low[t], close[t], period)


def _slots(_period: int) -> int:
    return ATR_SLOTS


def _reach(period: int) -> int:
    return period + bars_to_fade(1.0 - 1.0 / period)


SPEC = IndicatorSpec(
    name="natr",
    inputs=("high", "low", "close"),
    parameters=("period",),
    defaults=(14,),
    minimums=(1,),
    outputs=("natr",),
    step=natr_step,
    array=natr_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class NATR(KernelIndicator):
    """Average true range in percent of the close; adds ``natr_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
