"""What is left of a result on data that it was not chosen on."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["Decay", "out_of_sample_decay", "rank_correlation"]


@dataclass(frozen=True, slots=True)
class Decay:
    """The point that was best before, and what it did after. NaN where it cannot be measured.

    Attributes:
        point: that was best before; -1 where there is none.
        before: its number then, such as a Sharpe ratio a year.
        after: its number on the later data.
        median_after: of all points: what one drawn blindly did.
        kept: ``after / before``, where ``before`` is above zero.
        correlation: of the points' ranks before and after (Spearman): 1 if good points stay good,
            0 if the order before says nothing.
        points: that have both numbers.
    """

    point: int
    before: float
    after: float
    median_after: float
    kept: float
    correlation: float
    points: int


def out_of_sample_decay(before: Floats, after: Floats) -> Decay:
    """Choose by the numbers before, look at the numbers after.

    Args:
        before: ``[P]``, more is better; NaN where undefined.
        after: ``[P]``, the same on data that the choice has not seen.
    """
    known = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
    if not len(known):
        nan = math.nan
        return Decay(-1, nan, nan, nan, nan, nan, 0)
    best = int(known[before[known].argmax()])
    chosen, left = float(before[best]), float(after[best])
    return Decay(
        point=best,
        before=chosen,
        after=left,
        median_after=float(np.median(after[known])),
        kept=left / chosen if chosen > 0.0 else math.nan,
        correlation=rank_correlation(before, after),
        points=len(known),
    )


def rank_correlation(x: Floats, y: Floats) -> float:
    """Correlation of the ranks of what is known of both (Spearman 1904); equals share their mean.

    NaN below three pairs, and where one of them never varies.
    """
    known = np.isfinite(x) & np.isfinite(y)
    count = np.count_nonzero(known)
    if count < 3:
        return math.nan
    a, b = (_ranks(values[known]) - (count - 1.0) / 2.0 for values in (x, y))
    size = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / size if size > 0.0 else math.nan


def _ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts + 1.0) / 2.0)[place], np.float64)
