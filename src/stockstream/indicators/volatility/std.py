"""Rolling standard deviation."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "StandardDeviation", "std_array", "std_slots", "std_step", "std_sums"]

SLOT, FULL, SHIFT, SUM, SQUARES, PEAK, RING = 0, 1, 2, 3, 4, 5, 6

CANCELLED = 1e-5
"""Share of the peak below which a sum of squares has lost too many digits to go on with."""


@kernel
def std_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """Population standard deviation of the last ``period`` values, NaN until there are so many.

    ``sum(x^2) / n - mean^2`` loses every digit when the mean is large beside the deviation, and
    can fall below zero. So, as TA-Lib does since 0.8.1: deviations are taken from a recent value,
    not from zero, and the two rolling sums (of deviations and of their squares) are made afresh
    each time the ring of values comes round, and at once when the sum of squares has shrunk to
    1e-5 of its peak (an outlier has left, or the price moved away from the shift). What is left of
    rounding is ``period * 1e-11`` of the result at the very worst; a window of equal values gives
    exactly 0.0. Divided by n as Bollinger does, not by n - 1.
    """
    if x - x != 0.0:
        return math.nan
    slot = int(state[at + SLOT])
    entering = x - state[at + SHIFT]
    leaving = state[at + RING + slot] - state[at + SHIFT]
    state[at + RING + slot] = x
    total = state[at + SUM] + (entering - leaving)
    squares = state[at + SQUARES] + (entering * entering - leaving * leaving)
    peak = max(state[at + PEAK], squares)
    state[at + SUM] = total
    state[at + SQUARES] = squares
    state[at + PEAK] = peak
    spread = squares - total * total / period
    stale = spread < CANCELLED * peak
    if slot + 1 < period:
        state[at + SLOT] += 1.0
    else:
        state[at + SLOT] = 0.0
        state[at + FULL] = 1.0
        stale = True
    if state[at + FULL] == 0.0:
        return math.nan
    if stale:
        spread = _afresh(state, x, period, at)
    return math.sqrt(spread / period) if spread > 0.0 else 0.0


@kernel
def _afresh(state: MutableSequence[float], shift: float, period: int, at: int) -> float:
    """Make both sums from the ring, around a new shift; gives the sum of squares about the mean."""
    total = 0.0
    squares = 0.0
    for i in range(period):
        deviation = state[at + RING + i] - shift
        total += deviation
        squares += deviation * deviation
    state[at + SHIFT] = shift
    state[at + SUM] = total
    state[at + SQUARES] = squares
    state[at + PEAK] = squares
    return squares - total * total / period


@kernel
def std_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`std_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = std_step(state, x[t], period)


@kernel
def std_sums(
    x: Sequence[float],
    period: int,
    total: MutableSequence[float],
    squares: MutableSequence[float],
    peak: MutableSequence[float],
) -> None:
    """The sums of :func:`std_step` along a series without a gap, from row ``period - 1`` on.

    Where ``squares - total^2 / period`` is less than ``CANCELLED * peak``, the step makes the sums
    afresh: what follows in a series is then not the step's.
    """
    rows = len(x) - period + 1
    last = x[period - 1 :]
    for begin in range(0, rows, max(period, 1)):
        shift = last[begin]
        deviations, powers = 0.0, 0.0
        window = x[begin : begin + period]
        for t in range(len(window)):
            entering = window[t] - shift
            deviations += entering
            powers += entering * entering
        most = powers
        total[begin], squares[begin], peak[begin] = deviations, powers, 0.0
        end = min(begin + period, rows)
        new, old = last[begin + 1 : end], x[begin : end - 1]
        totals, powers_of, peaks = total[begin + 1 :], squares[begin + 1 :], peak[begin + 1 :]
        for t in range(len(new)):
            entering, leaving = new[t] - shift, old[t] - shift
            deviations += entering - leaving
            powers += entering * entering - leaving * leaving
            most = max(most, powers)
            totals[t], powers_of[t], peaks[t] = deviations, powers, most


def std_slots(period: int) -> int:
    """Floats of state: six, and the ring of the last ``period`` values."""
    return RING + period


def _reach(period: int) -> int:
    return period - 1


SPEC = IndicatorSpec(
    name="std",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(2,),
    outputs=("std",),
    step=std_step,
    array=std_array,
    slots=std_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class StandardDeviation(KernelIndicator):
    """Population standard deviation of ``close`` over a window; adds ``std_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
