"""Stochastics without the first smoothing: of price, and of RSI."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.momentum.rsi import SLOTS as RSI_SLOTS
from stockstream.indicators.momentum.rsi import rsi_step
from stockstream.indicators.momentum.stochastic import stochastic_step
from stockstream.indicators.spec import IndicatorSpec, bars_to_fade
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.indicators.trend.sma import RING as SMA_HEAD
from stockstream.indicators.trend.sma import sma_slots, sma_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "STOCHASTIC_FAST_SPEC",
    "STOCHRSI_SPEC",
    "StochRSI",
    "StochasticFast",
    "stochastic_fast_array",
    "stochastic_fast_step",
    "stochrsi_array",
    "stochrsi_step",
]

STILL = 1e-9
"""Range of RSI, on its scale of 100, below which there is nothing but rounding."""


@kernel
def stochastic_fast_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    period: int,
    signal: int,
    at: int = 0,
) -> tuple[float, float]:
    """%K, where the close stands in the range of ``period`` bars (0 to 100), and its mean %D.

    :func:`.stochastic_step` with no smoothing of %K: TA-Lib's STOCHF, which shows %K only once %D
    exists.
    """
    return stochastic_step(state, high, low, close, period, 1, signal, at)


@kernel
def stochrsi_step(
    state: MutableSequence[float],
    x: float,
    period: int,
    window: int,
    smoothing: int,
    signal: int,
    at: int = 0,
) -> tuple[float, float]:
    """The slow stochastic of RSI: where it stands in its own range of ``window`` bars, 0 to 100.

    Tushar Chande and Stanley Kroll, *The New Technical Trader*, 1994. %K is the mean of
    ``smoothing`` raw values, %D of ``signal`` values of %K. TA-Lib's STOCHRSI does not smooth %K
    (``smoothing=1``); TradingView takes 3. Both are shown once %D exists. Where price stands still
    RSI moves by rounding alone, which TA-Lib spreads over 0 to 100: here it is 0.0.
    """
    strength = rsi_step(state, x, period, at)
    bottom_at = at + RSI_SLOTS + EXTREME_HEAD + window
    k_at = bottom_at + EXTREME_HEAD + window
    top = highest_step(state, strength, window, at + RSI_SLOTS)
    bottom = lowest_step(state, strength, window, bottom_at)
    width = top - bottom
    if width - width != 0.0:
        return math.nan, math.nan
    raw = (strength - bottom) / width * 100.0 if width > STILL else 0.0
    k = sma_step(state, raw, smoothing, k_at)
    d = sma_step(state, k, signal, k_at + SMA_HEAD + smoothing)
    if d - d != 0.0:
        return math.nan, math.nan
    return k, d


@kernel
def stochastic_fast_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    signal: int,
    state: MutableSequence[float],
    k: MutableSequence[float],
    d: MutableSequence[float],
) -> None:
    """:func:`stochastic_fast_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            k[t], d[t] = stochastic_fast_step(state, high[t], low[t], close[t], period, signal)


def _stochastic_fast_slots(period: int, signal: int) -> int:
    return 2 * extreme_slots(period) + sma_slots(1) + sma_slots(signal)


def _stochastic_fast_reach(period: int, signal: int) -> int:
    return period + signal - 2


STOCHASTIC_FAST_SPEC = IndicatorSpec(
    name="stochastic_fast",
    inputs=("high", "low", "close"),
    parameters=("period", "signal"),
    defaults=(14, 3),
    minimums=(1, 1),
    outputs=("k", "d"),
    step=stochastic_fast_step,
    array=stochastic_fast_array,
    slots=_stochastic_fast_slots,
    reach=_stochastic_fast_reach,
)


@kernel
def stochrsi_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    window: int,
    smoothing: int,
    signal: int,
    state: MutableSequence[float],
    k: MutableSequence[float],
    d: MutableSequence[float],
) -> None:
    """:func:`stochrsi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            k[t], d[t] = stochrsi_step(state, x[t], period, window, smoothing, signal)


def _stochrsi_slots(period: int, window: int, smoothing: int, signal: int) -> int:  # noqa: ARG001 - RSI's state has one size
    return RSI_SLOTS + 2 * extreme_slots(window) + sma_slots(smoothing) + sma_slots(signal)


def _stochrsi_reach(period: int, window: int, smoothing: int, signal: int) -> int:
    return period + bars_to_fade(1.0 - 1.0 / period) + window + smoothing + signal - 3


STOCHRSI_SPEC = IndicatorSpec(
    name="stochrsi",
    inputs=("close",),
    parameters=("period", "window", "smoothing", "signal"),
    defaults=(14, 14, 3, 3),
    minimums=(2, 1, 1, 1),
    outputs=("k", "d"),
    step=stochrsi_step,
    array=stochrsi_array,
    slots=_stochrsi_slots,
    reach=_stochrsi_reach,
)


@dataclass(frozen=True)
class StochasticFast(KernelIndicator):
    """Fast stochastic oscillator; adds ``stochastic_fast_k`` and ``stochastic_fast_d``."""

    spec: ClassVar[IndicatorSpec] = STOCHASTIC_FAST_SPEC

    period: int = 14
    signal: int = 3


@dataclass(frozen=True)
class StochRSI(KernelIndicator):
    """Stochastic oscillator of RSI; adds ``stochrsi_k`` and ``stochrsi_d``."""

    spec: ClassVar[IndicatorSpec] = STOCHRSI_SPEC

    period: int = 14
    window: int = 14
    smoothing: int = 3
    signal: int = 3
