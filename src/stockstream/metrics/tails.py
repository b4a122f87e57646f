"""The bad end of the returns: how much a bad bar costs, and how bad such bars are on average.

Historical simulation: the returns themselves, no normal distribution assumed (quantstats' default
is the normal one). Both are returns, so a loss is below zero, and both hold for one bar.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from stockstream.metrics.series import SeriesLike

__all__ = ["conditional_value_at_risk", "value_at_risk"]


def value_at_risk(returns: SeriesLike, level: float = 0.95) -> float:
    """Return that one bar undercuts with probability ``1 - level`` (historical VaR).

    The percentile interpolates linearly, as empyrical's. NaN without returns.

    Args:
        returns: ``[T]``, simple, per bar.
        level: between 0 and 1, such as 0.95.
    """
    series = floats(returns)
    return float(np.quantile(series, 1.0 - level)) if len(series) else math.nan


def conditional_value_at_risk(returns: SeriesLike, level: float = 0.95) -> float:
    """Mean of the worst ``1 - level`` of the returns (CVaR, expected shortfall).

    The worst ``floor((T - 1) * (1 - level)) + 1`` returns, as empyrical's: at least one of them.
    NaN without returns.
    """
    series = floats(returns)
    if not len(series):
        return math.nan
    # the small push undoes that 1 - 0.95 is a little more than a twentieth, or a little less
    last = math.floor((len(series) - 1) * (1.0 - level) + 1e-9)
    return float(np.partition(series, last)[: last + 1].mean())
