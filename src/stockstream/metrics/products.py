"""Matrix products on one core.

NumPy's BLAS puts a larger product on all cores and lets them spin for the next one. Where other
work runs beside it, that takes six times the processor time that one core needs.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["inner_products"]

SMALL = 1 << 18
"""Multiplications of one product up to which OpenBLAS stays on one core."""


def inner_products(left: Floats, right: Floats) -> Floats:
    """``left @ right.T``, tile by tile.

    Args:
        left: ``[n, k]``.
        right: ``[m, k]``.

    Returns:
        ``[n, m]``.
    """
    rows, columns, terms = len(left), len(right), max(left.shape[1], 1)
    found = np.empty((rows, columns))
    tall = max(min(rows, math.isqrt(SMALL // terms)), 1)
    wide = max(SMALL // (terms * tall), 1)
    other = right.T
    for row in range(0, rows, tall):
        for column in range(0, columns, wide):
            part = slice(row, row + tall), slice(column, column + wide)
            np.matmul(left[part[0]], other[:, part[1]], out=found[part])
    return found
