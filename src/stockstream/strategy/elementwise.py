"""Elementwise arithmetic, twice over: on whole arrays and on one bar, with the same bits.

NumPy and Python both use IEEE 754 doubles, so most twins are the same operation. Where they part
(Python refuses to divide by zero; NumPy's minimum of 0.0 and -0.0 depends on the machine) the
twins below are written out. Arrays are evaluated inside ``np.errstate(all="ignore")``.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ELEMENTWISE", "Twin"]


class Twin(NamedTuple):
    """One operation in both forms."""

    arrays: Callable[..., Any]
    scalars: Callable[..., Any]


def _divide(a: float, b: float) -> float:
    if b != 0.0:
        return a / b
    if a == 0.0 or a != a:  # noqa: PLR0124 -- NaN is what differs from itself
        return math.nan
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def _minimum(a: float, b: float) -> float:
    return a if a < b or a != a else b  # noqa: PLR0124


def _maximum(a: float, b: float) -> float:
    return a if a > b or a != a else b  # noqa: PLR0124


def _minimum_arrays(a: Floats, b: Floats) -> Floats:
    return np.where((a < b) | np.isnan(a), a, b)


def _maximum_arrays(a: Floats, b: Floats) -> Floats:
    return np.where((a > b) | np.isnan(a), a, b)


def _where(holds: bool, then: float, otherwise: float) -> float:
    return then if holds else otherwise


ELEMENTWISE: dict[str, Twin] = {
    "negative": Twin(np.negative, operator.neg),
    "absolute": Twin(np.absolute, math.fabs),
    "add": Twin(np.add, operator.add),
    "subtract": Twin(np.subtract, operator.sub),
    "multiply": Twin(np.multiply, operator.mul),
    "divide": Twin(np.divide, _divide),
    "minimum": Twin(_minimum_arrays, _minimum),
    "maximum": Twin(_maximum_arrays, _maximum),
    "where": Twin(np.where, _where),
    "less": Twin(np.less, operator.lt),
    "less_equal": Twin(np.less_equal, operator.le),
    "greater": Twin(np.greater, operator.gt),
    "greater_equal": Twin(np.greater_equal, operator.ge),
    "equals": Twin(np.equal, operator.eq),
    "is_finite": Twin(np.isfinite, math.isfinite),
    "and": Twin(np.logical_and, operator.and_),
    "or": Twin(np.logical_or, operator.or_),
    "not": Twin(np.logical_not, operator.not_),
}
