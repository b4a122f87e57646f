"""Arithmetic across the symbols of a session, twice over: for whole panels and for one session.

Both forms give the same bits. Sums run in the universe's order: ``bincount`` adds row by row, and
the rows of a panel stand symbol after symbol. Where values are put in order, of equal ones that of
the symbol named earlier in the universe counts as the higher one. Arrays are evaluated inside
``np.errstate(all="ignore")``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.strategy.crosssection_order import in_order
from stockstream.strategy.elementwise import ELEMENTWISE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from stockstream.strategy.crosssection_order import Order, Sessions

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["ACROSS", "Across"]

HAIR = 1e-9
"""Added before a share of a count is rounded down: 0.29 * 100 is 28.999999999999996."""

MOST_CODES = 1024
"""Group numbers that are whole and below this are their own codes."""


class Across(NamedTuple):
    """One operation in both forms.

    Attributes:
        arrays: takes ``[N]`` arrays, the parameters and the :class:`Sessions`; gives ``[N]``.
        session: takes one list for each argument, a value for each symbol with a bar in the
            universe's order, and the parameters; gives such a list.
    """

    arrays: Callable[..., Any]
    session: Callable[..., list[Any]]


def demean_arrays(x: Floats, sessions: Sessions) -> Floats:
    """See :meth:`stockstream.strategy.expression.Number.demean`."""
    known, mean = _means(x, sessions)
    return np.where(known, x - mean[sessions.bar], np.nan)


def demean_session(x: list[float]) -> list[float]:
    """One session of :func:`demean_arrays`."""
    known = [math.isfinite(v) for v in x]
    mean = _mean(x, known)
    return [v - mean if is_known else math.nan for v, is_known in zip(x, known, strict=True)]


def zscore_arrays(x: Floats, sessions: Sessions) -> Floats:
    """See :meth:`stockstream.strategy.expression.Number.zscore`."""
    bar = sessions.bar
    known, mean = _means(x, sessions)
    apart = x - mean[bar]
    squares = np.bincount(bar, np.where(known, apart * apart, 0.0), sessions.length)
    count = np.bincount(bar, known, sessions.length)
    scored = apart / np.sqrt(squares / count)[bar]
    # rounding gives a mean of equal values that is not quite theirs
    doubtful = squares <= count * (count * 1e-15 * mean) ** 2
    if doubtful.any():
        scored[_flat(x, known & doubtful[bar], sessions)[bar]] = 0.0
    return np.where(known, scored, np.nan)


def zscore_session(x: list[float]) -> list[float]:
    """One session of :func:`zscore_arrays`."""
    known = [math.isfinite(v) for v in x]
    values = [v for v, is_known in zip(x, known, strict=True) if is_known]
    mean, squares = _mean(x, known), 0.0
    for v in values:
        squares += (v - mean) * (v - mean)
    if not any(v != values[0] for v in values):
        return [0.0 if is_known else math.nan for is_known in known]
    deviation, divide = math.sqrt(squares / len(values)), ELEMENTWISE["divide"].scalars
    return [
        divide(v - mean, deviation) if is_known else math.nan
        for v, is_known in zip(x, known, strict=True)
    ]


def neutralise_arrays(x: Floats, by: Floats, sessions: Sessions) -> Floats:
    """See :func:`stockstream.strategy.crosssection.neutralise`."""
    known = np.isfinite(x)
    group, groups = _groups(by, sessions)
    total = np.bincount(group, np.where(known, x, 0.0), groups)
    mean = total / np.bincount(group, known, groups)
    return np.where(known, x - mean[group], np.nan)


def neutralise_session(x: list[float], by: list[float]) -> list[float]:
    """One session of :func:`neutralise_arrays`."""
    totals: dict[float, list[float]] = {}
    keys = [key if math.isfinite(key) else math.inf for key in by]
    for v, key in zip(x, keys, strict=True):
        if math.isfinite(v):
            total = totals.setdefault(key, [0.0, 0.0])
            total[0] += v
            total[1] += 1.0
    return [
        v - totals[key][0] / totals[key][1] if math.isfinite(v) else math.nan
        for v, key in zip(x, keys, strict=True)
    ]


def rank_arrays(x: Floats, sessions: Sessions) -> Floats:
    """See :meth:`stockstream.strategy.expression.Number.rank`."""

    def ranks(order: Order) -> Floats:
        low, high = order.runs()
        share = (low + high) * 0.5 / np.maximum(order.known - 1, 1)
        return np.where(order.known == 1, 0.5, share)

    return in_order(x, sessions, ranks, np.nan)


def rank_session(x: list[float]) -> list[float]:
    """One session of :func:`rank_arrays`."""
    order, ranks = _ascending(x), [math.nan] * len(x)
    if len(order) == 1:
        ranks[order[0]] = 0.5
        return ranks
    low = 0
    while low < len(order):
        high = low
        while high + 1 < len(order) and x[order[high + 1]] == x[order[low]]:
            high += 1
        for i in order[low : high + 1]:
            ranks[i] = (low + high) * 0.5 / (len(order) - 1)
        low = high + 1
    return ranks


def quantile_arrays(x: Floats, n: int, sessions: Sessions) -> Floats:
    """See :meth:`stockstream.strategy.expression.Number.quantile`."""

    def buckets(order: Order) -> Ints:
        return np.asarray(order.steps * n // np.maximum(order.known, 1))

    return in_order(x, sessions, buckets, np.nan)


def quantile_session(x: list[float], n: int) -> list[float]:
    """One session of :func:`quantile_arrays`."""
    order, buckets = _ascending(x), [math.nan] * len(x)
    for place, i in enumerate(order):
        buckets[i] = float(place * n // len(order))
    return buckets


def winsorise_arrays(x: Floats, p: float, sessions: Sessions) -> Floats:
    """See :meth:`stockstream.strategy.expression.Number.winsorise`."""

    def bounded(order: Order) -> Floats:
        known, values = np.maximum(order.known, 1), order.values
        cut = np.minimum(np.floor(p * known + HAIR).astype(np.int64), (known - 1) // 2)
        low = np.take_along_axis(values, cut, axis=1)
        high = np.take_along_axis(values, known - 1 - cut, axis=1)
        risen = np.where(values < low, low, values)
        return np.where(risen > high, high, risen)

    return in_order(x, sessions, bounded, np.nan)


def winsorise_session(x: list[float], p: float) -> list[float]:
    """One session of :func:`winsorise_arrays`."""
    order = _ascending(x)
    if not order:
        return [math.nan] * len(x)
    cut = min(math.floor(p * len(order) + HAIR), (len(order) - 1) // 2)
    low, high = x[order[cut]], x[order[-1 - cut]]
    bounded = [low if v < low else min(v, high) for v in x]
    return [b if math.isfinite(v) else math.nan for b, v in zip(bounded, x, strict=True)]


def top_arrays(x: Floats, n: int, sessions: Sessions) -> Bools:
    """See :func:`stockstream.strategy.crosssection.top`."""

    def picks(order: Order) -> Bools:
        return np.asarray(order.steps >= order.known - n)

    return in_order(x, sessions, picks, 0.0) > 0.0


def top_session(x: list[float], n: int) -> list[bool]:
    """One session of :func:`top_arrays`."""
    picked = set(_ascending(x)[-n:])
    return [i in picked for i in range(len(x))]


def long_short_arrays(x: Floats, quantile: float, gross: float, sessions: Sessions) -> Floats:
    """See :func:`stockstream.strategy.crosssection.long_short`."""

    def weights(order: Order) -> Floats:
        side = np.maximum(np.floor(quantile * order.known + HAIR), 1.0)
        side = np.where(order.known < 2, 0.0, side)
        part = gross * 0.5 / side
        short = np.where(order.steps < side, -part, 0.0)
        return np.where(order.steps >= order.known - side, part, short)

    return in_order(x, sessions, weights, 0.0)


def long_short_session(x: list[float], quantile: float, gross: float) -> list[float]:
    """One session of :func:`long_short_arrays`."""
    order, weights = _ascending(x), [0.0] * len(x)
    if len(order) < 2:
        return weights
    side = max(math.floor(quantile * len(order) + HAIR), 1)
    part = gross * 0.5 / side
    for i in order[:side]:
        weights[i] = -part
    for i in order[-side:]:
        weights[i] = part
    return weights


def equal_weight_arrays(holds: Bools, sessions: Sessions) -> Floats:
    """See :func:`stockstream.strategy.crosssection.equal_weight`."""
    part = 1.0 / np.bincount(sessions.bar, holds, sessions.length)
    return np.where(holds, part[sessions.bar], 0.0)


def equal_weight_session(holds: list[bool]) -> list[float]:
    """One session of :func:`equal_weight_arrays`."""
    count = holds.count(True)
    return [1.0 / count if held else 0.0 for held in holds]


def _ascending(x: list[float]) -> list[int]:
    """The places of the finite values by value, the later one first among equal ones."""
    finite = [i for i in range(len(x) - 1, -1, -1) if math.isfinite(x[i])]
    return sorted(finite, key=x.__getitem__)


def _means(x: Floats, sessions: Sessions) -> tuple[Bools, Floats]:
    """Which rows have a value, and the mean of each session."""
    known = np.isfinite(x)
    total = np.bincount(sessions.bar, np.where(known, x, 0.0), sessions.length)
    return known, total / np.bincount(sessions.bar, known, sessions.length)


def _mean(x: list[float], known: list[bool]) -> float:
    total, count = 0.0, 0
    for v, is_known in zip(x, known, strict=True):
        if is_known:
            total, count = total + v, count + 1
    return total / count if count else math.nan


def _flat(x: Floats, rows: Bools, sessions: Sessions) -> Bools:
    """``[T]``: the sessions in which all of the marked rows, at least one, have one value."""
    bar, values = sessions.bar[rows], x[rows]
    first = np.zeros(sessions.length)
    first[bar[::-1]] = values[::-1]  # the first row of a session is written last
    differs = np.bincount(bar, values != first[bar], sessions.length) > 0.0
    marked = np.bincount(bar, minlength=sessions.length) > 0
    return np.asarray(marked & ~differs)


def _groups(by: Floats, sessions: Sessions) -> tuple[Ints, int]:
    """A number for the session and group of each row, and how many numbers there are."""
    known = np.isfinite(by)
    keys = np.where(known, by, -1.0)
    if ((keys == np.floor(keys)) & (keys < MOST_CODES) & (~known | (keys >= 0.0))).all():
        codes = keys.astype(np.int64) + 1
        width = int(codes.max(initial=0)) + 1
    else:
        codes, width = _numbered(np.where(known, by, np.inf))
    group = sessions.bar * width + codes
    if width <= sessions.symbols:
        return group, sessions.length * width
    return _numbered(group)


def _numbered(keys: NDArray[Any]) -> tuple[Ints, int]:
    found, codes = np.unique(keys, return_inverse=True)
    return codes, len(found)


ACROSS: dict[str, Across] = {
    "rank": Across(rank_arrays, rank_session),
    "zscore": Across(zscore_arrays, zscore_session),
    "quantile": Across(quantile_arrays, quantile_session),
    "demean": Across(demean_arrays, demean_session),
    "winsorise": Across(winsorise_arrays, winsorise_session),
    "neutralise": Across(neutralise_arrays, neutralise_session),
    "top": Across(top_arrays, top_session),
    "long_short": Across(long_short_arrays, long_short_session),
    "equal_weight": Across(equal_weight_arrays, equal_weight_session),
}
