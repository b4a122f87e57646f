"""Falls from the highest equity so far: how deep, and how long."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.series import Floats, SeriesLike

__all__ = [
    "Drawdown",
    "calmar",
    "deepest_drawdowns",
    "depth_and_length",
    "drawdowns",
    "max_drawdown",
    "max_drawdown_length",
    "recovery_factor",
    "ulcer_index",
    "ulcer_performance_index",
    "wealth",
]


@dataclass(frozen=True, slots=True)
class Drawdown:
    """One fall from a peak to its recovery. Bars are indexes into the equity (and its dates).

    Attributes:
        peak: the last bar at the high before the fall.
        trough: the bar of the lowest equity.
        recovery: the first bar at the high again; None while under water at the end.
        depth: fraction lost from peak to trough, below zero.
        length: bars from the peak to the recovery, or to the end.
    """

    peak: int
    trough: int
    recovery: int | None
    depth: float
    length: int


def wealth(returns: SeriesLike) -> Floats:
    """What 1 unit of money becomes, ``[T + 1]``: it begins at 1.0, before the first return."""
    series = floats(returns)
    grown = np.ones(len(series) + 1)
    np.cumprod(series + 1.0, out=grown[1:])
    return grown


def drawdowns(equity: SeriesLike) -> Floats:
    """Fraction below the highest equity so far at each bar, ``[T]``, zero or less.

    Args:
        equity: ``[T]``; the first value above zero.
    """
    curve = floats(equity)
    return curve / np.maximum.accumulate(curve) - 1.0


def max_drawdown(equity: SeriesLike) -> float:
    """The deepest drawdown, a fraction of zero or less; -1.0 or less when all was lost.

    On returns, ``max_drawdown(wealth(returns))`` is empyrical's. NaN without equity.
    """
    curve = floats(equity)
    return float(drawdowns(curve).min()) if len(curve) else math.nan


def max_drawdown_length(equity: SeriesLike) -> int:
    """Bars of the longest drawdown: from a peak to the first bar at that height again, or the end.

    0 if equity never fell. The longest one need not be the deepest.
    """
    curve = floats(equity)
    return _longest(curve >= np.maximum.accumulate(curve)) if len(curve) else 0


def depth_and_length(equity: SeriesLike) -> tuple[float, int]:
    """:func:`max_drawdown` and :func:`max_drawdown_length` in one pass."""
    curve = floats(equity)
    if not len(curve):
        return math.nan, 0
    high = np.maximum.accumulate(curve)
    return float((curve / high).min()) - 1.0, _longest(curve >= high)


def calmar(annual_return: float, deepest: float) -> float:
    """Calmar ratio: return per year over the size of the deepest drawdown (Young 1991).

    NaN where equity never fell. Young looks at 36 months; here it is the whole run, as in
    empyrical.

    Args:
        annual_return: compound, a fraction.
        deepest: from :func:`max_drawdown`.
    """
    return annual_return / -deepest if deepest < 0.0 else math.nan


def ulcer_index(equity: SeriesLike) -> float:
    """Root mean square of the drawdowns, a fraction (Martin 1987). NaN without equity.

    Over all bars, as Martin has it; quantstats divides by one bar less.
    """
    depth = drawdowns(equity)
    # no product of BLAS: which sum it takes, to the last bit, depends on the process and the CPU
    return math.sqrt(float(np.sum(depth * depth)) / len(depth)) if len(depth) else math.nan


def ulcer_performance_index(annual_excess: float, ulcer: float) -> float:
    """Martin ratio: excess return per year over the :func:`ulcer_index`.

    Martin's own form; quantstats divides the whole return by it. NaN where equity never fell.
    """
    return annual_excess / ulcer if ulcer > 0.0 else math.nan


def recovery_factor(gained: float, deepest: float) -> float:
    """Total return over the size of the deepest drawdown. NaN where equity never fell.

    quantstats takes the sum of the returns instead of the total return, and drops its sign.

    Args:
        gained: total return, a fraction.
        deepest: from :func:`max_drawdown`.
    """
    return gained / -deepest if deepest < 0.0 else math.nan


def _longest(at_high: NDArray[np.bool_]) -> int:
    highs = at_high.nonzero()[0]
    longest = len(at_high) - 1 - int(highs[-1])
    if len(highs) > 1:
        gap = int((highs[1:] - highs[:-1]).max())
        if gap > 1:
            longest = max(longest, gap)
    return longest


def deepest_drawdowns(equity: SeriesLike, count: int | None = 5) -> tuple[Drawdown, ...]:
    """The deepest drawdowns, deepest first; they do not overlap.

    Args:
        equity: ``[T]``.
        count: how many at most; None for every one.
    """
    depth = drawdowns(equity)
    if not len(depth):
        return ()
    highs = np.append(np.flatnonzero(depth >= 0.0), len(depth))
    found = [
        _drawdown(depth, int(peak), int(following))
        for peak, following in pairwise(highs)
        if following - peak > 1
    ]
    return tuple(sorted(found, key=lambda fall: fall.depth)[:count])


def _drawdown(depth: Floats, peak: int, following: int) -> Drawdown:
    trough = peak + 1 + int(np.argmin(depth[peak + 1 : following]))
    last = len(depth) - 1
    recovery = following if following <= last else None
    return Drawdown(
        peak=peak,
        trough=trough,
        recovery=recovery,
        depth=float(depth[trough]),
        length=min(following, last) - peak,
    )
