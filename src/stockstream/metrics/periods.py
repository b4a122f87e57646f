"""Returns by calendar month and year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.series import Floats, SeriesLike

    Dates: TypeAlias = NDArray[np.datetime64]

__all__ = ["MonthlyReturns", "monthly_returns", "yearly_returns"]


@dataclass(frozen=True, eq=False)
class MonthlyReturns:
    """A table of returns, one row for each calendar year.

    Attributes:
        years: ``[Y]``, ascending, without gaps.
        months: ``[Y, 12]``, return of each month; NaN where there are no bars.
        total: ``[Y]``, return of each year; NaN where there are no bars.
    """

    years: NDArray[np.int64]
    months: Floats
    total: Floats


def monthly_returns(dates: Dates, equity: SeriesLike) -> MonthlyReturns:
    """Return of each month and year: last equity in it over the last equity before it.

    The first month is measured from the first bar. Months compound to years, and years to the
    total return. Months without bars are NaN and change nothing.

    Args:
        dates: ``datetime64 [T]``, ascending.
        equity: ``[T]``.
    """
    curve = floats(equity)
    if not len(curve):
        return MonthlyReturns(np.empty(0, np.int64), np.empty((0, 12)), np.empty(0))
    month = dates.astype("datetime64[M]").astype(np.int64)
    present, change = _changes(month, curve)
    first = int(present[0]) // 12
    table = np.full((int(present[-1]) // 12 - first + 1, 12), np.nan)
    table.ravel()[present - 12 * first] = change
    totals = np.full(len(table), np.nan)
    year, change = _changes(month // 12, curve)
    totals[year - first] = change
    return MonthlyReturns(1970 + first + np.arange(len(table)), table, totals)


def yearly_returns(dates: Dates, equity: SeriesLike) -> tuple[NDArray[np.int64], Floats]:
    """The calendar years with bars, and the return of each.

    Args:
        dates: ``datetime64 [T]``, ascending.
        equity: ``[T]``.
    """
    curve = floats(equity)
    if not len(curve):
        return np.empty(0, np.int64), np.empty(0)
    year, change = _changes(dates.astype("datetime64[Y]").astype(np.int64), curve)
    return year + 1970, change


def _changes(period: NDArray[np.int64], equity: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Each period that occurs, and the growth of equity from the end of the one before."""
    last = np.append(np.flatnonzero(period[1:] != period[:-1]), len(period) - 1)
    ends = equity[last]
    before = np.concatenate((equity[:1], ends[:-1]))
    change = np.full(len(ends), np.nan)
    np.divide(ends, before, out=change, where=before > 0.0)
    return period[last], change - 1.0
