"""Measures of closed trades."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.returns import FLAT, mean_and_deviation
from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.series import Floats, SeriesLike

__all__ = [
    "HOLDING_EDGES",
    "average_loss",
    "average_win",
    "expectancy",
    "holding_counts",
    "kelly",
    "payoff_ratio",
    "profit_factor",
    "system_quality",
    "win_rate",
    "win_rate_interval",
]

HOLDING_EDGES = (0, 1, 2, 6, 11, 21, 64, 127, 253)
"""First number of sessions held of each class: none, 1, a week, two, a month, a quarter, half a
year, a year, more."""


def win_rate(pnl: SeriesLike) -> float:
    """Share of trades that made money; one that broke even did not. NaN without trades.

    Args:
        pnl: ``[n]``, profit of each closed trade after fees, in money.
    """
    gains = floats(pnl)
    return int(np.count_nonzero(gains > 0.0)) / len(gains) if len(gains) else math.nan


def win_rate_interval(wins: int, trades: int, reach: float = 1.959964) -> tuple[float, float]:
    """Wilson's score interval (1927) for a share of trades; NaN without trades.

    Args:
        wins: trades that made money.
        trades: all of them.
        reach: standard deviations; 1.959964 gives 95 %.
    """
    if not trades:
        return math.nan, math.nan
    share, square = wins / trades, reach * reach
    middle = (share + square / (2 * trades)) / (1.0 + square / trades)
    spread = math.sqrt(share * (1.0 - share) / trades + square / (4 * trades * trades))
    half = reach * spread / (1.0 + square / trades)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def profit_factor(pnl: SeriesLike) -> float:
    """Gross profit over gross loss. NaN without a losing trade, never infinite."""
    gains = floats(pnl)
    lost = -float(np.add.reduce(np.minimum(gains, 0.0)))
    return float(np.add.reduce(np.maximum(gains, 0.0))) / lost if lost > 0.0 else math.nan


def average_win(pnl: SeriesLike, returns: SeriesLike) -> float:
    """Mean return of the trades that made money. NaN without one.

    Args:
        pnl: ``[n]``, which says who won.
        returns: ``[n]``, profit of each trade as a fraction of its cost at entry.
    """
    return _mean(floats(returns)[floats(pnl) > 0.0])


def average_loss(pnl: SeriesLike, returns: SeriesLike) -> float:
    """Mean return of the trades that lost money, below zero. NaN without one."""
    return _mean(floats(returns)[floats(pnl) < 0.0])


def expectancy(values: SeriesLike) -> float:
    """Mean of a trade, losers included: of its profit in money, or of its return. NaN without."""
    return _mean(floats(values))


def payoff_ratio(pnl: SeriesLike, returns: SeriesLike) -> float:
    """Average win over the size of the average loss. NaN without either."""
    loss = average_loss(pnl, returns)
    return average_win(pnl, returns) / -loss if loss < 0.0 else math.nan


def system_quality(pnl: SeriesLike) -> float:
    """System quality number: ``sqrt(n) * mean(pnl) / std(pnl, ddof=1)`` (Tharp 2008).

    Tharp takes multiples of the risk of each trade; without one, profits stand for it, as in
    backtesting.py. NaN below two trades, and where all made the same.
    """
    gains = floats(pnl)
    mean, deviation = mean_and_deviation(gains)
    return mean / deviation * math.sqrt(len(gains)) if deviation > FLAT else math.nan


def kelly(pnl: SeriesLike, returns: SeriesLike) -> float:
    """Kelly fraction of such trades: ``win_rate - (1 - win_rate) / payoff_ratio`` (Kelly 1956).

    Of a bet that wins or loses the average; estimated from the past, so an upper limit at best.
    NaN without wins or losses.
    """
    ratio, share = payoff_ratio(pnl, returns), win_rate(pnl)
    return share - (1.0 - share) / ratio if ratio > 0.0 else math.nan


def holding_counts(bars: SeriesLike) -> NDArray[np.int64]:
    """How many trades were held for how long, ``[len(HOLDING_EDGES)]``.

    Args:
        bars: ``[n]``, sessions from entry to exit.
    """
    places = np.searchsorted(HOLDING_EDGES, floats(bars), side="right") - 1
    return np.bincount(places, minlength=len(HOLDING_EDGES))


def _mean(values: Floats) -> float:
    return float(np.add.reduce(values)) / len(values) if len(values) else math.nan
