"""The shape of a series of returns: gains against losses, tails, steadiness."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.returns import FLAT
from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.series import SeriesLike

__all__ = [
    "common_sense_ratio",
    "gain_to_pain",
    "longest_run",
    "omega",
    "skew_and_kurtosis",
    "stability",
    "tail_ratio",
]


def omega(returns: SeriesLike, threshold: float = 0.0) -> float:
    """Gains above a threshold over losses below it (Keating and Shadwick 2002).

    ``sum(max(r - threshold, 0)) / sum(max(threshold - r, 0))``. NaN without losses.

    Args:
        returns: ``[T]``.
        threshold: return per bar.
    """
    excess = floats(returns) - threshold
    gained = float(np.add.reduce(np.maximum(excess, 0.0)))
    lost = -float(np.add.reduce(np.minimum(excess, 0.0)))
    return gained / lost if lost > 0.0 else math.nan


def tail_ratio(returns: SeriesLike) -> float:
    """Size of the 95th percentile over that of the 5th; percentiles interpolate linearly.

    NaN without returns, and where the 5th percentile is zero.
    """
    series = floats(returns)
    if not len(series):
        return math.nan
    low, high = np.abs(np.percentile(series, (5, 95)))
    return float(high / low) if low > 0.0 else math.nan


def gain_to_pain(returns: SeriesLike) -> float:
    """Sum of the returns over the sum of the losses (Schwager 2012). NaN without a loss.

    Schwager takes monthly returns; daily ones give a smaller number. It is omega at zero, less 1.
    """
    return omega(returns) - 1.0


def common_sense_ratio(returns: SeriesLike) -> float:
    """:func:`omega` at zero (profit factor of the bars) times :func:`tail_ratio`.

    As in quantstats. Above 1: it earns in the bulk of the bars and in the tails. NaN where one of
    the two is.
    """
    return omega(returns) * tail_ratio(returns)


def longest_run(happened: NDArray[np.bool_]) -> int:
    """Length of the longest unbroken run of True, 0 where there is none."""
    edges = np.flatnonzero(np.diff(happened, prepend=False, append=False))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0


def stability(returns: SeriesLike) -> float:
    """R squared of a straight line through the cumulated log returns: 1.0 is steady growth.

    NaN below two returns, where the log return never varies, and after a loss of everything.
    """
    series = floats(returns)
    if len(series) < 2 or float(series.min()) <= -1.0:
        return math.nan
    height = np.log1p(series).cumsum()
    height -= height.mean()
    time = np.arange(len(series)) - (len(series) - 1) / 2.0
    rise = float(np.add.reduce(height * height))
    if not rise > FLAT * FLAT:
        return math.nan
    return float(np.add.reduce(time * height)) ** 2 / (float(np.add.reduce(time * time)) * rise)


def skew_and_kurtosis(returns: SeriesLike) -> tuple[float, float]:
    """Third and fourth standardised moment: 0 and 3 for a normal distribution.

    Population moments, without correction for bias. NaN below two returns, and where they are
    flat.
    """
    series = floats(returns)
    if len(series) < 2:
        return math.nan, math.nan
    spread = series - np.add.reduce(series) / len(series)
    square = spread * spread
    variance = float(np.add.reduce(square)) / len(series)
    if not variance > FLAT * FLAT:
        return math.nan, math.nan
    third = float(np.add.reduce(square * spread)) / len(series)
    fourth = float(np.add.reduce(square * square)) / len(series)
    return third / variance**1.5, fourth / variance**2
