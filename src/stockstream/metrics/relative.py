"""A series of returns held against that of a benchmark, bar by bar.

Both series are simple returns of the same bars, so they are of equal length. Regressions are
ordinary least squares. Where not said otherwise, formulas are those of empyrical-reloaded.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.returns import FLAT, annualised_return, mean_and_deviation
from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from stockstream.metrics.series import Floats, SeriesLike

__all__ = [
    "alpha",
    "beta",
    "capture",
    "correlation",
    "information_ratio",
    "tracking_error",
    "treynor",
]


def beta(returns: SeriesLike, benchmark: SeriesLike) -> float:
    """``cov(r, b) / var(b)``: percent it moves for one percent of the benchmark.

    NaN below two returns, and where the benchmark never varies.
    """
    own, other = _pair(returns, benchmark)
    return _slope(own, other)


def alpha(
    returns: SeriesLike, benchmark: SeriesLike, risk_free: float = 0.0, periods: float = 252
) -> float:
    """Jensen's alpha per year: ``(1 + mean(r - rf - beta * (b - rf))) ** periods - 1``.

    Compounds as empyrical's does; quantstats multiplies by ``periods`` instead. NaN where beta is.

    Args:
        returns: ``[T]``, of the run.
        benchmark: ``[T]``, of the same bars.
        risk_free: return of cash per bar.
        periods: bars in a year.
    """
    own, other = _pair(returns, benchmark)
    slope = _slope(own, other)
    if math.isnan(slope):
        return math.nan
    mean = float(own.mean()) - risk_free - slope * (float(other.mean()) - risk_free)
    return float((1.0 + mean) ** periods) - 1.0 if mean > -1.0 else -1.0


def correlation(returns: SeriesLike, benchmark: SeriesLike) -> float:
    """Pearson's; its square is R squared. NaN below two returns, and where one never varies."""
    own, other = _pair(returns, benchmark)
    if len(own) < 2:
        return math.nan
    own, other = own - own.mean(), other - other.mean()
    spread = math.sqrt(_sum(own * own) * _sum(other * other))
    if not spread > FLAT * FLAT * len(own):
        return math.nan
    return min(max(_sum(own * other) / spread, -1.0), 1.0)


def tracking_error(returns: SeriesLike, benchmark: SeriesLike, periods: float = 252) -> float:
    """Volatility per year of the difference of the returns. NaN below two of them."""
    own, other = _pair(returns, benchmark)
    return mean_and_deviation(own - other)[1] * math.sqrt(periods)


def information_ratio(returns: SeriesLike, benchmark: SeriesLike, periods: float = 252) -> float:
    """Mean difference of the returns per year over the :func:`tracking_error`.

    Per year as in Grinold and Kahn (1999); empyrical and quantstats leave it per bar. NaN below
    two returns, and where the difference never varies.
    """
    own, other = _pair(returns, benchmark)
    mean, deviation = mean_and_deviation(own - other)
    return mean / deviation * math.sqrt(periods) if deviation > FLAT else math.nan


def capture(returns: SeriesLike, benchmark: SeriesLike, *, up: bool, periods: float = 252) -> float:
    """Up or down capture: growth over the benchmark's, in the bars in which that rose or fell.

    Both per year. 1.2 up is a fifth more than the benchmark gained; 0.8 down is a fifth less than
    it lost. NaN where the benchmark never rose (or fell).
    """
    own, other = _pair(returns, benchmark)
    picked = other > 0.0 if up else other < 0.0
    if not picked.any():
        return math.nan
    base = annualised_return(other[picked], periods)
    gained = annualised_return(own[picked], periods)
    return gained / base if math.isfinite(base) and abs(base) > FLAT else math.nan


def treynor(annual_excess: float, slope: float) -> float:
    """Treynor ratio: excess return per year over beta. NaN where beta is zero or NaN."""
    return annual_excess / slope if abs(slope) > FLAT else math.nan


def _pair(returns: SeriesLike, benchmark: SeriesLike) -> tuple[Floats, Floats]:
    own, other = floats(returns), floats(benchmark)
    if len(own) != len(other):
        raise ValueError(
            f"there are {len(own)} returns and {len(other)} of the benchmark; give both over the "
            "same bars"
        )
    return own, other


def _slope(own: Floats, other: Floats) -> float:
    if len(own) < 2:
        return math.nan
    away = other - other.mean()
    variance = _sum(away * away)
    if not variance > FLAT * FLAT * len(own):
        return math.nan
    return _sum(away * (own - own.mean())) / variance


def _sum(products: Floats) -> float:
    """Without BLAS, whose sum depends, in its last bit, on the process and the CPU."""
    return float(np.sum(products))
