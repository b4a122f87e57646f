"""Stochastic oscillator (George Lane)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.four import blank, means
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.extremes import RING as EXTREME_HEAD
from stockstream.indicators.trend.extremes import extreme_slots, highest_step, lowest_step
from stockstream.indicators.trend.sma import RING as SMA_HEAD
from stockstream.indicators.trend.sma import sma_slots, sma_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "Stochastic", "stochastic_array", "stochastic_step"]


@kernel
def stochastic_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    period: int,
    smoothing: int,
    signal: int,
    at: int = 0,
) -> tuple[float, float]:
    """%K, where the close stands in the range of ``period`` bars (0 to 100), and its mean %D.

    ``raw = 100 * (close - lowest low) / (highest high - lowest low)``; %K is the simple mean of
    ``smoothing`` raw values, %D that of ``signal`` values of %K: the slow stochastic. A range of
    zero gives a raw value of 0.0. TA-Lib's STOCH, followed here, shows %K only once %D exists;
    StockCharts and Skender show it ``signal - 1`` bars earlier, with the same values.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan, math.nan
    bottom_at = at + EXTREME_HEAD + period
    k_at = bottom_at + EXTREME_HEAD + period
    d_at = k_at + SMA_HEAD + smoothing
    top = highest_step(state, high, period, at)
    bottom = lowest_step(state, low, period, bottom_at)
    if top - top != 0.0:
        return math.nan, math.nan
    width = top - bottom
    raw = (close - bottom) / width * 100.0 if width != 0.0 else 0.0
    k = sma_step(state, raw, smoothing, k_at)
    d = sma_step(state, k, signal, d_at)
    if d - d != 0.0:
        return math.nan, math.nan
    return k, d


@kernel
def stochastic_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    smoothing: int,
    signal: int,
    state: MutableSequence[float],
    k: MutableSequence[float],
    d: MutableSequence[float],
) -> None:
    """:func:`stochastic_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            k[t], d[t] = stochastic_step(
                state, high[t], low[t], close[t], period, smoothing, signal
            )


@kernel
def stochastic_dense(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    period: int,
    smoothing: int,
    signal: int,
    scratch: MutableSequence[float],
    spare: Sequence[int],
    k: MutableSequence[float],
    d: MutableSequence[float],
) -> bool:
    """:func:`stochastic_array` of series without a gap."""
    for s in range(len(rows)):
        begin, end = begins[s], begins[s] + rows[s]
        _raw(
            high[begin:end],
            low[begin:end],
            close[begin:end],
            period,
            scratch[spare[s] : spare[s] + rows[s]],
            scratch[spare[len(rows)] :],
        )
    first = period - 1
    means(scratch, spare, k, begins, rows, first, smoothing)
    first += smoothing - 1
    means(k, begins, d, begins, rows, first, signal)
    first += signal - 1
    blank(k, begins, first)
    blank(d, begins, first)
    return True


@kernel
def _raw(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    period: int,
    top: MutableSequence[float],
    spare: MutableSequence[float],
) -> None:
    """Raw %K of one series, into ``top``.

    The extremes of 2, 4, 8 ... bars are each the extreme of two shorter ones: passes without a
    branch, where a search would guess wrongly which value is the largest.
    """
    n, by = len(high), min(1, period - 1)
    raw, wider_top = top[period - 1 :], spare[0:n]
    bottom, wider_bottom = spare[n : 2 * n], spare[2 * n : 3 * n]
    a, b, to = high[by:], high, top[by:]
    for t in range(len(a)):
        to[t] = max(a[t], b[t])
    a, b, to = low[by:], low, bottom[by:]
    for t in range(len(a)):
        to[t] = min(a[t], b[t])
    width = 1 + by
    while width < period:
        by = min(width, period - width)
        a, b, to = top[by:], top, wider_top[by:]
        for t in range(len(a)):
            to[t] = max(a[t], b[t])
        a, b, to = bottom[by:], bottom, wider_bottom[by:]
        for t in range(len(a)):
            to[t] = min(a[t], b[t])
        top, wider_top = wider_top, top
        bottom, wider_bottom = wider_bottom, bottom
        width += by
    known = close[period - 1 :]
    top, bottom = top[period - 1 :], bottom[period - 1 :]
    for t in range(len(known)):
        range_ = top[t] - bottom[t]
        share = (known[t] - bottom[t]) / range_ * 100.0
        raw[t] = share if range_ != 0.0 else 0.0


def _slots(period: int, smoothing: int, signal: int) -> int:
    return 2 * extreme_slots(period) + sma_slots(smoothing) + sma_slots(signal)


def _reach(period: int, smoothing: int, signal: int) -> int:
    return period + smoothing + signal - 3


SPEC = IndicatorSpec(
    name="stochastic",
    inputs=("high", "low", "close"),
    parameters=("period", "smoothing", "signal"),
    defaults=(14, 3, 3),
    minimums=(1, 1, 1),
    outputs=("k", "d"),
    step=stochastic_step,
    array=stochastic_array,
    dense=stochastic_dense,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Stochastic(KernelIndicator):
    """Slow stochastic oscillator; adds ``stochastic_k`` and ``stochastic_d``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 14
    smoothing: int = 3
    signal: int = 3
