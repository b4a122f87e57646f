"""Recurrences of four series side by side: what makes dense forms fast (``docs/kernels.md``).

Each value of a recurrence waits for the one before, four nanoseconds for an exponential average,
while the processor could do ten other things. Four series do not wait for each other, so one loop
over all four takes as long as a loop over one. Everything else in a dense form is a plain pass over
one series, which the compiler turns into vector instructions by itself.

``x`` and ``out`` hold many series, of which a dense form gets four, or eight, and so on: series
*s* begins at ``at_x[s]`` and ``at_out[s]`` and has ``rows[s]`` values, more than ``first +
period``. ``x`` and ``out`` may be one array. Compiled only: a slice of an array is a view of it,
one of a list would be a copy.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["FOUR", "averages", "blank", "means", "means_of_periods"]

FOUR = 4


@kernel
def means(
    x: Sequence[float],
    at_x: Sequence[int],
    out: MutableSequence[float],
    at_out: Sequence[int],
    rows: Sequence[int],
    first: int,
    period: int,
) -> None:
    """Rolling means of ``period`` values from row ``first`` on, in the order of ``sma_step``."""
    for s in range(0, len(rows), FOUR):
        _mean_four(
            x[at_x[s] : at_x[s] + rows[s]],
            x[at_x[s + 1] : at_x[s + 1] + rows[s + 1]],
            x[at_x[s + 2] : at_x[s + 2] + rows[s + 2]],
            x[at_x[s + 3] : at_x[s + 3] + rows[s + 3]],
            out[at_out[s] : at_out[s] + rows[s]],
            out[at_out[s + 1] : at_out[s + 1] + rows[s + 1]],
            out[at_out[s + 2] : at_out[s + 2] + rows[s + 2]],
            out[at_out[s + 3] : at_out[s + 3] + rows[s + 3]],
            first,
            period,
        )


@kernel
def averages(
    x: Sequence[float],
    at_x: Sequence[int],
    out: MutableSequence[float],
    at_out: Sequence[int],
    rows: Sequence[int],
    first: int,
    period: int,
    weight: float,
) -> None:
    """Exponential averages, seeded with the mean of ``period`` values from row ``first`` on."""
    for s in range(0, len(rows), FOUR):
        _average_four(
            x[at_x[s] : at_x[s] + rows[s]],
            x[at_x[s + 1] : at_x[s + 1] + rows[s + 1]],
            x[at_x[s + 2] : at_x[s + 2] + rows[s + 2]],
            x[at_x[s + 3] : at_x[s + 3] + rows[s + 3]],
            out[at_out[s] : at_out[s] + rows[s]],
            out[at_out[s + 1] : at_out[s + 1] + rows[s + 1]],
            out[at_out[s + 2] : at_out[s + 2] + rows[s + 2]],
            out[at_out[s + 3] : at_out[s + 3] + rows[s + 3]],
            first,
            period,
            weight,
        )


@kernel
def blank(out: MutableSequence[float], at: Sequence[int], rows: int) -> None:
    """NaN in the first so many rows."""
    for s in range(len(at)):
        for i in range(at[s], at[s] + rows):
            out[i] = math.nan


@kernel
def _mean_four(
    x0: Sequence[float],
    x1: Sequence[float],
    x2: Sequence[float],
    x3: Sequence[float],
    out0: MutableSequence[float],
    out1: MutableSequence[float],
    out2: MutableSequence[float],
    out3: MutableSequence[float],
    first: int,
    period: int,
) -> None:
    begin = first + period
    if first < 0 or period < 1:  # never; it tells the compiler that no index is negative
        return
    a, b = _total(x0, first, begin), _total(x1, first, begin)
    c, d = _total(x2, first, begin), _total(x3, first, begin)
    t = begin - 1
    out0[t], out1[t], out2[t], out3[t] = a / period, b / period, c / period, d / period
    shortest = min(len(x0), len(x1), len(x2), len(x3))
    for t in range(begin, shortest):
        a = a - x0[t - period] + x0[t]
        b = b - x1[t - period] + x1[t]
        c = c - x2[t - period] + x2[t]
        d = d - x3[t - period] + x3[t]
        out0[t], out1[t], out2[t], out3[t] = a / period, b / period, c / period, d / period
    _mean_rest(x0, out0, a, shortest, period)
    _mean_rest(x1, out1, b, shortest, period)
    _mean_rest(x2, out2, c, shortest, period)
    _mean_rest(x3, out3, d, shortest, period)


@kernel
def _mean_rest(
    x: Sequence[float], out: MutableSequence[float], total: float, begin: int, period: int
) -> None:
    for t in range(begin, len(x)):
        total = total - x[t - period] + x[t]
        out[t] = total / period


@kernel
def means_of_periods(
    x: Sequence[float],
    period0: int,
    period1: int,
    period2: int,
    period3: int,
    out0: MutableSequence[float],
    out1: MutableSequence[float],
    out2: MutableSequence[float],
    out3: MutableSequence[float],
) -> bool:
    """Rolling means of one series over four periods, or False: it has a gap, or is too short."""
    longest = max(period0, period1, period2, period3)
    if min(period0, period1, period2, period3) < 1 or longest > len(x) or not _finite(x):
        return False
    a, b = _mean_until(x, out0, longest, period0), _mean_until(x, out1, longest, period1)
    c, d = _mean_until(x, out2, longest, period2), _mean_until(x, out3, longest, period3)
    for t in range(longest, len(x)):
        now = x[t]
        a = a - x[t - period0] + now
        b = b - x[t - period1] + now
        c = c - x[t - period2] + now
        d = d - x[t - period3] + now
        out0[t], out1[t], out2[t], out3[t] = a / period0, b / period1, c / period2, d / period3
    return True


@kernel
def _finite(x: Sequence[float]) -> bool:
    gaps = 0  # whole numbers can be counted four at a time
    for t in range(len(x)):
        gaps += x[t] - x[t] != 0.0
    return gaps == 0


@kernel
def _mean_until(x: Sequence[float], out: MutableSequence[float], stop: int, period: int) -> float:
    """Rolling means up to before row ``stop``; returns the sum that the last one was made of."""
    for t in range(period - 1):
        out[t] = math.nan
    total = _total(x, 0, period)
    out[period - 1] = total / period
    for t in range(period, stop):
        total = total - x[t - period] + x[t]
        out[t] = total / period
    return total


@kernel
def _average_four(
    x0: Sequence[float],
    x1: Sequence[float],
    x2: Sequence[float],
    x3: Sequence[float],
    out0: MutableSequence[float],
    out1: MutableSequence[float],
    out2: MutableSequence[float],
    out3: MutableSequence[float],
    first: int,
    period: int,
    weight: float,
) -> None:
    begin = first + period
    if first < 0 or period < 1:  # never; it tells the compiler that no index is negative
        return
    a, b = _total(x0, first, begin) / period, _total(x1, first, begin) / period
    c, d = _total(x2, first, begin) / period, _total(x3, first, begin) / period
    t = begin - 1
    out0[t], out1[t], out2[t], out3[t] = a, b, c, d
    shortest = min(len(x0), len(x1), len(x2), len(x3))
    for t in range(begin, shortest):
        a += (x0[t] - a) * weight
        b += (x1[t] - b) * weight
        c += (x2[t] - c) * weight
        d += (x3[t] - d) * weight
        out0[t], out1[t], out2[t], out3[t] = a, b, c, d
    _average_rest(x0, out0, a, shortest, weight)
    _average_rest(x1, out1, b, shortest, weight)
    _average_rest(x2, out2, c, shortest, weight)
    _average_rest(x3, out3, d, shortest, weight)


@kernel
def _average_rest(
    x: Sequence[float], out: MutableSequence[float], average: float, begin: int, weight: float
) -> None:
    for t in range(begin, len(x)):
        average += (x[t] - average) * weight
        out[t] = average


@kernel
def _total(x: Sequence[float], begin: int, end: int) -> float:
    total = 0.0
    for t in range(begin, end):
        total += x[t]
    return total
