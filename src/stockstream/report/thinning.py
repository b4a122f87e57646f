"""Fewer points for long lines, without losing a peak or a trough."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["MAX_POINTS", "thinned"]

MAX_POINTS = 5_000


def thinned(
    lines: Sequence[NDArray[np.float64]], max_points: int = MAX_POINTS
) -> NDArray[np.int64]:
    """Which points to draw, the same for every line so that they share their x values.

    Splits the points into even buckets and keeps the lowest and the highest of each line in each
    bucket, and both ends. NaN is never an extreme.

    Args:
        lines: one or more arrays ``[T]`` drawn over the same x values.
        max_points: most points to keep; at least ``2 + 2 * len(lines)``.

    Returns:
        Increasing indices, ``<= max_points`` of them; all ``T`` where that is few enough.
    """
    total = len(lines[0])
    if total <= max_points:
        return np.arange(total, dtype=np.int64)
    buckets = (max_points - 2) // (2 * len(lines))
    edges = np.linspace(0, total, buckets + 1, dtype=np.int64)
    kept = [np.array([0, total - 1], dtype=np.int64)]
    for line in lines:
        low = np.where(np.isnan(line), np.inf, line)
        high = np.where(np.isnan(line), -np.inf, line)
        for start, stop in pairwise(edges):
            kept.append(start + np.array([low[start:stop].argmin(), high[start:stop].argmax()]))
    return np.unique(np.concatenate(kept))
