"""How far to trust a Sharpe ratio: its error, and the probability that the true one is higher.

The error is Mertens' (2002), the extension to skewed and fat-tailed returns of Lo's (2002) for
normal ones, in the form of Bailey and Lopez de Prado, "The Sharpe ratio efficient frontier"
(Journal of Risk 15(2), 2012)::

    error(SR) = sqrt((1 - skew * SR + (kurtosis - 1) / 4 * SR ** 2) / (bars - 1))

with the Sharpe ratio per bar and kurtosis 3 for a normal distribution, where it becomes Lo's
``sqrt((1 + SR ** 2 / 2) / (bars - 1))``. All of it assumes that returns are independent of each
other: positive autocorrelation makes the true error larger.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from stockstream.metrics.returns import sharpe
from stockstream.metrics.series import floats
from stockstream.metrics.shape import skew_and_kurtosis

if TYPE_CHECKING:
    from stockstream.metrics.series import SeriesLike

__all__ = ["SharpeEstimate", "estimate_sharpe", "probability_above", "sharpe_error"]

NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class SharpeEstimate:
    """A Sharpe ratio per year and how well it is known. NaN where it cannot be measured.

    Attributes:
        sharpe: the ratio.
        error: its standard error.
        low, high: confidence interval.
        confidence: probability with which the interval holds the true ratio, such as 0.95.
        probability: of a true ratio above the benchmark (probabilistic Sharpe ratio).
        benchmark: ratio per year that ``probability`` refers to.
    """

    sharpe: float
    error: float
    low: float
    high: float
    confidence: float
    probability: float
    benchmark: float


def estimate_sharpe(
    returns: SeriesLike,
    *,
    benchmark: float = 0.0,
    confidence: float = 0.95,
    risk_free: float = 0.0,
    periods: float = 252,
) -> SharpeEstimate:
    """The Sharpe ratio of returns with its error, interval and probability.

    Args:
        returns: ``[T]``, simple, per bar.
        benchmark: ratio per year to beat.
        confidence: of the interval, between 0 and 1.
        risk_free: return of cash per bar.
        periods: bars in a year.
    """
    series = floats(returns)
    ratio = sharpe(series, risk_free, 1.0)
    skew, kurtosis = skew_and_kurtosis(series)
    error = sharpe_error(ratio, len(series), skew, kurtosis)
    year = math.sqrt(periods)
    reach = NORMAL.inv_cdf(0.5 + confidence / 2.0) * error
    return SharpeEstimate(
        sharpe=ratio * year,
        error=error * year,
        low=(ratio - reach) * year,
        high=(ratio + reach) * year,
        confidence=confidence,
        probability=probability_above(ratio, benchmark / year, error),
        benchmark=benchmark,
    )


def sharpe_error(ratio: float, bars: int, skew: float = 0.0, kurtosis: float = 3.0) -> float:
    """Standard error of a Sharpe ratio per bar; the formula stands at the top of this module.

    Args:
        ratio: Sharpe ratio per bar, not per year.
        bars: number of returns it was measured on.
        skew: of the returns.
        kurtosis: of the returns, 3 for a normal distribution.

    Returns:
        NaN below two bars, and where any of it is NaN.
    """
    if bars < 2:
        return math.nan
    variance = (1.0 - skew * ratio + (kurtosis - 1.0) / 4.0 * ratio * ratio) / (bars - 1)
    return math.sqrt(variance) if variance > 0.0 else math.nan


def probability_above(ratio: float, benchmark: float, error: float) -> float:
    """Probabilistic Sharpe ratio: ``Phi((ratio - benchmark) / error)`` (Bailey, Lopez de Prado).

    All three on the same scale, per bar or per year. NaN where the error is.
    """
    if math.isnan(ratio) or not error > 0.0:
        return math.nan
    return NORMAL.cdf((ratio - benchmark) / error)
