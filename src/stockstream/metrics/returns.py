"""Measures of a series of returns. All are pure functions of one series (see ``series``).

Returns are simple (``equity[t] / equity[t - 1] - 1``), one for each bar, and the first is 0.0:
nothing was held before the first bar. Ratios are per year, with ``periods`` bars in a year. What
cannot be measured is NaN, never infinite: no returns, one return where two are needed, returns
that never vary. Where not said otherwise, formulas are those of empyrical-reloaded 0.5-0.7; it
counts a first NaN as no observation (Sharpe 5 % higher on nine bars) and gives ratios of flat
returns as inf or as rounding noise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from stockstream.metrics.series import Floats, SeriesLike

__all__ = [
    "FLAT",
    "annualised",
    "annualised_return",
    "downside_deviation",
    "mean_and_deviation",
    "per_bar",
    "sharpe",
    "sharpe_of",
    "simple_returns",
    "sortino",
    "total_return",
    "volatility",
]

FLAT = 1e-12
"""Standard deviation of returns below which they count as flat: that is rounding, not risk.

A return is a quotient near 1, known to about 2e-16; one dollar on a million is 1e-6.
"""


def simple_returns(equity: SeriesLike) -> Floats:
    """Return of each bar, ``[T]``; the first is 0.0. NaN after a bar with no equity left.

    Args:
        equity: ``[T]``, value of the account at each close.
    """
    curve = floats(equity)
    returns = np.zeros(len(curve))
    if len(curve) > 1:
        before = curve[:-1]
        if before.min() > 0.0:
            np.divide(curve[1:], before, out=returns[1:])
            returns[1:] -= 1.0
        else:
            returns[1:] = np.nan
            np.divide(curve[1:], before, out=returns[1:], where=before > 0.0)
            returns[1:] -= 1.0
    return returns


def total_return(returns: SeriesLike) -> float:
    """``product(1 + r) - 1``. NaN without returns."""
    return _growth(floats(returns)) - 1.0


def annualised(growth: float, bars: int, periods: float = 252) -> float:
    """Compound growth per year: ``growth ** (periods / bars) - 1``.

    Args:
        growth: final value of 1 unit of money; zero or less is a loss of everything, -1.0.
        bars: in which it grew.
        periods: bars in a year.
    """
    if not bars or math.isnan(growth):
        return math.nan
    if growth <= 0.0:
        return -1.0
    try:
        return float(growth ** (periods / bars)) - 1.0
    except OverflowError:
        return math.nan


def annualised_return(returns: SeriesLike, periods: float = 252) -> float:
    """Compound growth per year (CAGR) over all bars, the first included. NaN without returns."""
    series = floats(returns)
    return annualised(_growth(series), len(series), periods)


def per_bar(annual: float, periods: float = 252) -> float:
    """The rate per bar that compounds to a rate per year: ``(1 + annual) ** (1 / periods) - 1``."""
    return float((1.0 + annual) ** (1.0 / periods)) - 1.0


def mean_and_deviation(returns: SeriesLike) -> tuple[float, float]:
    """Mean, and sample standard deviation (divided by n - 1); NaN where there is too little."""
    series = floats(returns)
    count = len(series)
    if count == 0:
        return math.nan, math.nan
    mean = float(np.add.reduce(series)) / count
    if count == 1:
        return mean, math.nan
    spread = series - mean
    spread *= spread
    return mean, math.sqrt(float(np.add.reduce(spread)) / (count - 1))


def volatility(returns: SeriesLike, periods: float = 252) -> float:
    """Standard deviation per year: ``std(r, ddof=1) * sqrt(periods)``. NaN below two returns."""
    return mean_and_deviation(returns)[1] * math.sqrt(periods)


def sharpe(returns: SeriesLike, risk_free: float = 0.0, periods: float = 252) -> float:
    """Sharpe ratio: ``mean(r - rf) / std(r, ddof=1) * sqrt(periods)`` (Sharpe 1994).

    Args:
        returns: ``[T]``.
        risk_free: return of cash per bar (:func:`per_bar` makes it from a rate per year).
        periods: bars in a year.

    Returns:
        NaN below two returns, and where they are flat (empyrical: inf or noise).
    """
    mean, deviation = mean_and_deviation(returns)
    return sharpe_of(mean - risk_free, deviation, periods)


def sharpe_of(excess: float, deviation: float, periods: float = 252) -> float:
    """Sharpe ratio from a mean excess return and a standard deviation, both per bar."""
    return _ratio(excess, deviation) * math.sqrt(periods)


def downside_deviation(returns: SeriesLike, required: float = 0.0, periods: float = 252) -> float:
    """Root mean square of the shortfalls, per year (Sortino and Price 1994).

    ``sqrt(mean(min(r - required, 0) ** 2)) * sqrt(periods)``: the mean is over all bars, not only
    over the losing ones. NaN without returns.

    Args:
        returns: ``[T]``.
        required: return per bar below which a bar falls short.
        periods: bars in a year.
    """
    return _shortfall(floats(returns), required) * math.sqrt(periods)


def sortino(returns: SeriesLike, required: float = 0.0, periods: float = 252) -> float:
    """Sortino ratio: mean excess return per year over :func:`downside_deviation`.

    NaN below two returns, and where no bar fell short (empyrical: inf).
    """
    series = floats(returns)
    if len(series) < 2:
        return math.nan
    mean = float(np.add.reduce(series)) / len(series)
    return _ratio(mean - required, _shortfall(series, required)) * math.sqrt(periods)


def _growth(returns: Floats) -> float:
    return float(np.multiply.reduce(returns + 1.0)) if len(returns) else math.nan


def _shortfall(returns: Floats, required: float) -> float:
    if not len(returns):
        return math.nan
    short = np.minimum(returns - required, 0.0)
    short *= short
    return math.sqrt(float(np.add.reduce(short)) / len(returns))


def _ratio(gain: float, risk: float) -> float:
    return gain / risk if risk > FLAT else math.nan
