"""Distribution and relation of values in a window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.strategy.technical.registered import indicator

if TYPE_CHECKING:
    from stockstream.strategy.expression import Number

__all__ = [
    "autocorrelation",
    "average_deviation",
    "beta",
    "correlation",
    "covariance",
    "hurst",
    "kurtosis",
    "median",
    "percent_rank",
    "quantile",
    "rolling_sum",
    "skew",
]


def rolling_sum(x: Number, period: int) -> Number:
    """Sum of the last values."""
    return indicator("rolling_sum", x, parameters=(period,))[0]


def average_deviation(x: Number, period: int) -> Number:
    """Mean absolute deviation of the last values."""
    return indicator("average_deviation", x, parameters=(period,))[0]


def skew(x: Number, period: int) -> Number:
    """Skewness of the last values."""
    return indicator("skew", x, parameters=(period,))[0]


def kurtosis(x: Number, period: int) -> Number:
    """Excess kurtosis of the last values."""
    return indicator("kurtosis", x, parameters=(period,))[0]


def median(x: Number, period: int) -> Number:
    """Median of the last values."""
    return indicator("median", x, parameters=(period,))[0]


def quantile(x: Number, period: int, q: float) -> Number:
    """The value below which the share ``q`` of the last values lies."""
    return indicator("quantile", x, parameters=(period, q))[0]


def percent_rank(x: Number, period: int = 100) -> Number:
    """Percent of the values before that are lower."""
    return indicator("percent_rank", x, parameters=(period,))[0]


def covariance(x: Number, y: Number, period: int) -> Number:
    """Population covariance of the last pairs."""
    return indicator("covariance", x, y, parameters=(period,))[0]


def correlation(x: Number, y: Number, period: int) -> Number:
    """Correlation of the last pairs, from -1 to 1."""
    return indicator("correlation", x, y, parameters=(period,))[0]


def beta(x: Number, y: Number, period: int = 20) -> Number:
    """Slope of the returns of price ``x`` on those of price ``y``, such as an index."""
    return indicator("beta", x, y, parameters=(period,))[0]


def autocorrelation(x: Number, period: int = 20, shift: int = 1) -> Number:
    """Correlation of the last values with earlier ones."""
    return indicator("autocorrelation", x, parameters=(period, shift))[0]


def hurst(x: Number, period: int = 100) -> Number:
    """Hurst exponent: above 0.5 it trends, below it reverts."""
    return indicator("hurst", x, parameters=(period,))[0]
