"""The shape of a series of returns: gains against losses, tails, steadiness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stockstream.metrics.returns import FLAT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["omega", "skew_and_kurtosis", "stability", "tail_ratio"]


def omega(returns: Floats, threshold: float = 0.0) -> float:
    """Gains above a threshold over losses below it (Keating and Shadwick 2002).

    ``sum(max(r - threshold, 0)) / sum(max(threshold - r, 0))``. NaN without losses.

    Args:
        returns: ``[T]``.
        threshold: return per bar.
    """
    excess = returns - threshold
    gained = float(np.add.reduce(np.maximum(excess, 0.0)))
    lost = -float(np.add.reduce(np.minimum(excess, 0.0)))
    return gained / lost if lost > 0.0 else math.nan


def tail_ratio(returns: Floats) -> float:
    """Size of the 95th percentile over that of the 5th; percentiles interpolate linearly.

    NaN without returns, and where the 5th percentile is zero.
    """
    if not len(returns):
        return math.nan
    low, high = np.abs(np.percentile(returns, (5, 95)))
    return float(high / low) if low > 0.0 else math.nan


def stability(returns: Floats) -> float:
    """R squared of a straight line through the cumulated log returns: 1.0 is steady growth.

    NaN below two returns, where the log return never varies, and after a loss of everything.
    """
    if len(returns) < 2 or float(returns.min()) <= -1.0:
        return math.nan
    height = np.log1p(returns).cumsum()
    height -= height.mean()
    time = np.arange(len(returns)) - (len(returns) - 1) / 2.0
    rise = float(np.add.reduce(height * height))
    if not rise > FLAT * FLAT:
        return math.nan
    return float(np.add.reduce(time * height)) ** 2 / (float(np.add.reduce(time * time)) * rise)


def skew_and_kurtosis(returns: Floats) -> tuple[float, float]:
    """Third and fourth standardised moment: 0 and 3 for a normal distribution.

    Population moments, without correction for bias. NaN below two returns, and where they are
    flat.
    """
    if len(returns) < 2:
        return math.nan, math.nan
    spread = returns - np.add.reduce(returns) / len(returns)
    square = spread * spread
    variance = float(np.add.reduce(square)) / len(returns)
    if not variance > FLAT * FLAT:
        return math.nan, math.nan
    third = float(np.add.reduce(square * spread)) / len(returns)
    fourth = float(np.add.reduce(square * square)) / len(returns)
    return third / variance**1.5, fourth / variance**2
