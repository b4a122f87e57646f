"""Measures of the last bars, at each bar. NaN until there are as many as the window needs.

Every window is summed on its own: sums that are carried along would hold on to their rounding.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.returns import FLAT
from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.series import Floats, SeriesLike

__all__ = ["rolling_beta", "rolling_sharpe", "rolling_volatility"]


def rolling_sharpe(
    returns: SeriesLike, window: int = 126, risk_free: float = 0.0, periods: float = 252
) -> Floats:
    """Sharpe ratio of the last ``window`` returns at each bar, ``[T]``; NaN where they are flat.

    Args:
        returns: ``[T]``, simple, per bar.
        window: bars, at least 2.
        risk_free: return of cash per bar.
        periods: bars in a year.
    """
    windows = _windows(floats(returns), window)
    deviation = windows.std(axis=1, ddof=1)
    ratio = _over(windows.mean(axis=1) - risk_free, deviation, deviation > FLAT)
    return _aligned(ratio * math.sqrt(periods), len(floats(returns)))


def rolling_volatility(returns: SeriesLike, window: int = 126, periods: float = 252) -> Floats:
    """Volatility per year of the last ``window`` returns at each bar, ``[T]``."""
    windows = _windows(floats(returns), window)
    return _aligned(windows.std(axis=1, ddof=1) * math.sqrt(periods), len(floats(returns)))


def rolling_beta(returns: SeriesLike, benchmark: SeriesLike, window: int = 126) -> Floats:
    """Beta of the last ``window`` returns at each bar, ``[T]``; NaN where the benchmark is flat.

    Args:
        returns: ``[T]``, of the run.
        benchmark: ``[T]``, of the same bars.
        window: bars, at least 2.
    """
    own, other = _windows(floats(returns), window), _windows(floats(benchmark), window)
    away = other - other.mean(axis=1, keepdims=True)
    variance = (away * away).sum(axis=1)
    together = (away * own).sum(axis=1)
    slope = _over(together, variance, variance > FLAT * FLAT * window)
    return _aligned(slope, len(floats(returns)))


def _windows(series: Floats, window: int) -> Floats:
    """``[max(T - window + 1, 0), window]``, without a copy."""
    if window < 2:
        raise ValueError(f"a window of {window} bars measures nothing; take 2 or more")
    if len(series) < window:
        return np.empty((0, window))
    return np.lib.stride_tricks.sliding_window_view(series, window)


def _over(above: Floats, below: Floats, where: NDArray[np.bool_]) -> Floats:
    quotient = np.full(len(below), np.nan)
    np.divide(above, below, out=quotient, where=where)
    return quotient


def _aligned(values: Floats, bars: int) -> Floats:
    found = np.full(bars, np.nan)
    if len(values):
        found[bars - len(values) :] = values
    return found
