"""Keltner channels (Chester Keltner, 1960; Linda Raschke's form with the ATR)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_step
from stockstream.indicators.volatility.atr import SLOTS as ATR_SLOTS
from stockstream.indicators.volatility.atr import atr_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "KeltnerChannels", "keltner_array", "keltner_step"]

SKIPPED, EMA_AT, ATR_AT = 0, 1, 1 + EMA_SLOTS


@kernel
def keltner_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    period: int,
    atr_period: int,
    width: float,
    at: int = 0,
) -> tuple[float, float, float]:
    """The EMA of the typical price, and ``width`` average true ranges above and below it.

    The typical price is (high + low + close) / 3 (TA-Lib's KC, followed here); StockCharts takes
    the close. Both averages are seeded so that their seeds end on one bar, the first that has
    values: bar ``max(period - 1, atr_period)``, counted from 0.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan, math.nan
    skipped = state[at + SKIPPED]
    state[at + SKIPPED] += 1.0
    middle = math.nan
    average = math.nan
    if skipped >= atr_period + 1 - period:
        middle = ema_step(state, bar / 3.0, period, at + EMA_AT)
    if skipped >= period - 1 - atr_period:
        average = atr_step(state, high, low, close, atr_period, at + ATR_AT)
    reach = width * average
    return middle + reach, middle, middle - reach


@kernel
def keltner_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    atr_period: int,
    width: float,
    state: MutableSequence[float],
    upper: MutableSequence[float],
    middle: MutableSequence[float],
    lower: MutableSequence[float],
) -> None:
    """:func:`keltner_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            upper[t], middle[t], lower[t] = keltner_step(
                state, high[t], low[t], close[t], period, atr_period, width
            )


def _slots(_period: int, _atr_period: int, _width: float) -> int:
    return ATR_AT + ATR_SLOTS


def _reach(period: int, atr_period: int, _width: float) -> int:
    return max(period - 1, atr_period) + max(
        bars_to_fade(1.0 - 2.0 / (period + 1.0)), bars_to_fade(1.0 - 1.0 / atr_period)
    )


SPEC = IndicatorSpec(
    name="keltner",
    inputs=("high", "low", "close"),
    parameters=("period", "atr_period", "width"),
    defaults=(20, 10, 2.0),
    minimums=(2, 1, 0.0),
    outputs=("upper", "middle", "lower"),
    step=keltner_step,
    array=keltner_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class KeltnerChannels(KernelIndicator):
    """Channel around the typical price; adds ``keltner_upper``, ``_middle`` and ``_lower``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
    atr_period: int = 10
    width: float = 2.0
