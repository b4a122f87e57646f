"""Rolling skewness and kurtosis, from central moments that do not drift.

No value is ever taken off a sum. The series is cut into blocks of ``period`` values. While a block
fills up, its moments grow point by point. When it is complete, the ring gets the moments of every
rest of it, from each value to the end, made backwards. A window is then the rest of the last block
and the beginning of this one, and its moments are those of the two together. All deviations are
from a recent value, the last of the block before, so a large level costs no digits. What has left
the window leaves no rounding behind.

Formulas for adding a point and for merging two sets: Philippe Pebay, "Formulas for robust, one-pass
parallel computation of covariances and arbitrary-order statistical moments", Sandia report
SAND2008-6212, 2008.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "KURTOSIS",
    "SKEW",
    "Kurtosis",
    "Skew",
    "kurtosis_array",
    "kurtosis_step",
    "moments_slots",
    "moments_step",
    "skew_array",
    "skew_step",
]

SLOT, FULL, SHIFT, BLOCK, RINGS = 0, 1, 2, 3, 7
MEAN, SECOND, THIRD, FOURTH, ROW = 0, 1, 2, 3, 4
"""A row of moments: the mean, and sums of the powers 2, 3 and 4 of the deviations from it."""


@kernel
def moments_step(
    state: MutableSequence[float], x: float, period: int, at: int = 0
) -> tuple[float, float, float]:
    """Sums of the powers 2, 3 and 4 of the deviations from the mean; NaN until warmed up."""
    if x - x != 0.0:
        return math.nan, math.nan, math.nan
    slot = int(state[at + SLOT])
    row = at + RINGS + ROW * slot
    if slot == 0:
        for i in range(ROW):
            state[at + BLOCK + i] = 0.0
    _add(state, at + BLOCK, slot + 1.0, x - state[at + SHIFT])
    state[row] = x  # as it is, until the block is complete
    if slot + 1 == period:
        _moments_from_here(state, x, period, at)
        first = at + RINGS
        return state[first + SECOND], state[first + THIRD], state[first + FOURTH]
    state[at + SLOT] += 1.0
    if state[at + FULL] == 0.0:
        return math.nan, math.nan, math.nan
    return _together(state, at + BLOCK, slot + 1.0, row + ROW, period - slot - 1.0)


@kernel
def _add(state: MutableSequence[float], row: int, count: float, x: float) -> None:
    """Take one more value into a row, which then stands for ``count`` of them."""
    delta = x - state[row]
    share = delta / count
    term = delta * share * (count - 1.0)
    second = state[row + SECOND]
    third = state[row + THIRD]
    state[row + FOURTH] += (
        term * (share * share) * (count * count - 3.0 * count + 3.0)
        + 6.0 * (share * share) * second
        - 4.0 * share * third
    )
    state[row + THIRD] = third + (term * share * (count - 2.0) - 3.0 * share * second)
    state[row + SECOND] = second + term
    state[row] += share


@kernel
def _together(
    state: MutableSequence[float], one: int, n: float, two: int, m: float
) -> tuple[float, float, float]:
    """The moments of two rows, of ``n`` and of ``m`` values, as one."""
    count = n + m
    delta = state[two] - state[one]
    square = delta * delta
    a2 = state[one + SECOND]
    b2 = state[two + SECOND]
    a3 = state[one + THIRD]
    b3 = state[two + THIRD]
    both = n * m / count
    second = a2 + b2 + square * both
    third = a3 + b3 + delta * (square * both * (n - m) / count + 3.0 * (n * b2 - m * a2) / count)
    fourth = state[one + FOURTH] + state[two + FOURTH]
    fourth += square * square * both * (n * n - n * m + m * m) / (count * count)
    fourth += 6.0 * square * (n * n * b2 + m * m * a2) / (count * count)
    fourth += 4.0 * delta * (n * b3 - m * a3) / count
    return second, third, fourth


@kernel
def _moments_from_here(state: MutableSequence[float], shift: float, period: int, at: int) -> None:
    """End a block: each value in the ring becomes the moments from there to the end."""
    state[at + SLOT] = 0.0
    state[at + FULL] = 1.0
    state[at + SHIFT] = shift
    for slot in range(period - 1, -1, -1):
        row = at + RINGS + ROW * slot
        deviation = state[row] - shift
        for i in range(ROW):
            state[row + i] = state[row + ROW + i] if slot + 1 < period else 0.0
        _add(state, row, float(period - slot), deviation)


def moments_slots(period: int) -> int:
    """Floats of state: a head of seven, and ``period`` rows of moments."""
    return RINGS + ROW * period


@kernel
def skew_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """Adjusted Fisher-Pearson skewness of the last ``period`` values; NaN where all are equal.

    ``sqrt(n (n - 1)) / (n - 2) * m3 / m2^1.5`` with population moments: the SKEW of spreadsheets,
    and of pandas.
    """
    second, third, _ = moments_step(state, x, period, at)
    spread = second / period
    if not spread * spread > 0.0:
        return math.nan
    n = float(period)
    return math.sqrt(n * (n - 1.0)) / (n - 2.0) * (third / n / (spread * math.sqrt(spread)))


@kernel
def skew_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`skew_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = skew_step(state, x[t], period)


@kernel
def kurtosis_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """Adjusted excess kurtosis of the last ``period`` values; NaN where all are equal.

    ``(n - 1) / ((n - 2) (n - 3)) * ((n + 1) (m4 / m2^2 - 3) + 6)`` with population moments, 0 for
    normal values: the KURT of spreadsheets, and of pandas.
    """
    second, _, fourth = moments_step(state, x, period, at)
    spread = second / period
    if not spread * spread > 0.0:
        return math.nan
    n = float(period)
    excess = fourth / n / (spread * spread) - 3.0
    return (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * excess + 6.0)


@kernel
def kurtosis_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`kurtosis_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = kurtosis_step(state, x[t], period)


def _reach(period: int) -> int:
    return period - 1


SKEW = IndicatorSpec(
    name="skew",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(3,),
    outputs=("skew",),
    step=skew_step,
    array=skew_array,
    slots=moments_slots,
    reach=_reach,
)

KURTOSIS = IndicatorSpec(
    name="kurtosis",
    inputs=("close",),
    parameters=("period",),
    defaults=(20,),
    minimums=(4,),
    outputs=("kurtosis",),
    step=kurtosis_step,
    array=kurtosis_array,
    slots=moments_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Skew(KernelIndicator):
    """Skewness of ``close`` over a window; adds ``skew_<period>``."""

    spec: ClassVar[IndicatorSpec] = SKEW

    period: int = 20


@dataclass(frozen=True)
class Kurtosis(KernelIndicator):
    """Excess kurtosis of ``close`` over a window; adds ``kurtosis_<period>``."""

    spec: ClassVar[IndicatorSpec] = KURTOSIS

    period: int = 20
