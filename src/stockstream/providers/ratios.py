"""Split ratios as companies decide them: so many new shares for so many old ones.

Sources send them as rounded decimals, often the reciprocal of a rounded one: 7:1 arrives as
7.00000700001, 3:2 as 1.49999925, 1:3 as 0.33333333. A holding multiplied by that is no longer a
whole number of shares.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import polars as pl

__all__ = ["whole_ratio", "whole_ratios"]

MOST_OLD_SHARES: Final = 20
ROUNDING: Final = 5e-6
"""Greatest relative error of a number with six significant digits."""


def whole_ratio(value: float) -> float:
    """The ratio of small whole numbers that a rounded decimal stands for.

    A value that is none within the rounding (1.054 of a spin-off) is returned as it is.

    >>> whole_ratio(7.00000700001), whole_ratio(1.49999925), whole_ratio(1.054)
    (7.0, 1.5, 1.054)
    """
    if not 1e-4 < value < 1e4:
        return value
    flipped = value < 1.0  # a consolidation is small in new shares, not in old ones
    nearest = Fraction(1.0 / value if flipped else value).limit_denominator(MOST_OLD_SHARES)
    exact = float(1 / nearest if flipped else nearest)
    return exact if abs(exact / value - 1.0) <= ROUNDING else value


def whole_ratios(column: pl.Series) -> pl.Series:
    """:func:`whole_ratio` of each distinct value; null stays null."""
    distinct = column.unique().drop_nulls()
    exact = [whole_ratio(value) for value in distinct]
    return column.replace_strict(distinct, exact, default=None, return_dtype=pl.Float64)
