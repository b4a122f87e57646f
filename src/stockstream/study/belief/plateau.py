"""Does a good point have good neighbours? A peak that stands alone is more likely luck."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

__all__ = ["Plateau", "plateau"]

MOST_DIAGONAL = 4
"""With more ordered axes than these, a neighbour is one step away along a single one of them."""

SPARSE = 0.1
"""Share of a grid's places below which its points count as scattered (random or Sobol)."""

NEEDED = 0.25
"""Share of the neighbours of an inner point without which there is no score."""


@dataclass(frozen=True, eq=False)
class Plateau:
    """Each point beside its neighbours. NaN where too few of them have a number.

    Attributes:
        score: ``[P]``, the smaller one of the point's own number and the median of its
            neighbours': what is left if the parameters are off by a step.
        median: ``[P]``, of the neighbours.
        neighbours: ``[P]``, how many have a number. Points at an edge have fewer, and so have
            those whose neighbours were refused, failed or never traded.
        most: neighbours of a point inside the grid.
        ordered: the axes along which there are neighbours.
        categories: axes without an order: only points with the same value there are compared.
        scattered: whether the points fill no grid; neighbours are then those in the same and in
            the adjacent cells, each axis being cut into parts that hold as many points.
    """

    score: Floats = field(repr=False)
    median: Floats = field(repr=False)
    neighbours: Ints = field(repr=False)
    most: int
    ordered: tuple[str, ...]
    categories: tuple[str, ...]
    scattered: bool


class _Axes(NamedTuple):
    """Places of the points on the axes that have more than one value, and how many they have."""

    places: Ints
    sizes: tuple[int, ...]
    ordered: tuple[bool, ...]


def plateau(columns: Mapping[str, NDArray[Any]], numbers: Floats) -> Plateau:
    """Compare every point with those one step away on the ordered axes.

    A neighbour is the next higher or next lower value that was tried, on one or several axes at
    once (up to 8 neighbours on two axes, 26 on three); with more than four ordered axes, on one
    axis at a time. Numbers are ordered; words, truth values and lists are not.

    Args:
        columns: for each parameter its value at every point, ``[P]`` each.
        numbers: ``[P]``, more is better; NaN for a point that failed or has none.
    """
    axes, names = _axes(columns)
    scattered = _is_scattered(axes, len(numbers))
    if scattered:
        axes = _coarse(axes, len(numbers))
    ordered = tuple(name for name, is_one in zip(names, axes.ordered, strict=True) if is_one)
    steps = list(_steps(axes.ordered))
    median, counts = _neighbour_medians(axes, numbers, steps)
    most = len(steps)
    median[counts < max(1, math.ceil(NEEDED * most))] = np.nan
    return Plateau(
        score=np.minimum(numbers, median),
        median=median,
        neighbours=counts,
        most=most,
        ordered=ordered,
        categories=tuple(name for name in names if name not in ordered),
        scattered=scattered,
    )


def _axes(columns: Mapping[str, NDArray[Any]]) -> tuple[_Axes, tuple[str, ...]]:
    found: list[tuple[str, NDArray[Any], int, bool]] = []
    for name, values in columns.items():
        ordered = values.dtype.kind in "iuf"
        if ordered:
            distinct, places = np.unique(values, return_inverse=True)
            size = len(distinct)
        else:
            codes: dict[str, int] = {}
            places = np.array([codes.setdefault(repr(value), len(codes)) for value in values])
            size = len(codes)
        if size > 1:
            found.append((name, places.astype(np.int64), size, ordered))
    rows = len(next(iter(columns.values()))) if columns else 0
    places = np.column_stack([axis[1] for axis in found]) if found else np.empty((rows, 0), int)
    axes = _Axes(places, tuple(axis[2] for axis in found), tuple(axis[3] for axis in found))
    return axes, tuple(axis[0] for axis in found)


def _is_scattered(axes: _Axes, points: int) -> bool:
    places = math.prod(axes.sizes)
    crowded = math.prod(s for s, o in zip(axes.sizes, axes.ordered, strict=True) if not o)
    return sum(axes.ordered) > 1 and points < SPARSE * places and points > crowded


def _coarse(axes: _Axes, points: int) -> _Axes:
    """Cut the ordered axes into as many parts as give each cell about one point."""
    count = sum(axes.ordered)
    classes = math.prod(s for s, o in zip(axes.sizes, axes.ordered, strict=True) if not o)
    parts = max(3, int((points / classes) ** (1.0 / count)))
    places = axes.places.copy()
    sizes = list(axes.sizes)
    for i, ordered in enumerate(axes.ordered):
        if ordered and sizes[i] > parts:
            # equal values stay together: the part is that of the first of them
            first = np.searchsorted(np.sort(places[:, i]), places[:, i])
            places[:, i] = first * parts // points
            sizes[i] = parts
    return _Axes(places, tuple(sizes), axes.ordered)


def _steps(ordered: tuple[bool, ...]) -> Iterator[tuple[int, ...]]:
    moving = [i for i, is_one in enumerate(ordered) if is_one]
    if len(moving) <= MOST_DIAGONAL:
        ways = itertools.product(*((-1, 0, 1) if is_one else (0,) for is_one in ordered))
        yield from (way for way in ways if any(way))
        return
    for i in moving:
        for step in (-1, 1):
            yield tuple(step if place == i else 0 for place in range(len(ordered)))


def _neighbour_medians(
    axes: _Axes, numbers: Floats, steps: list[tuple[int, ...]]
) -> tuple[Floats, Ints]:
    """Median over the neighbours' numbers and how many there are, ``[P]`` each.

    Points in one cell (of scattered points, or with equal values) stand for it by their median.
    """
    sizes = np.array([size + 2 for size in axes.sizes], np.int64)
    weights = np.array([math.prod(sizes[i + 1 :].tolist()) for i in range(len(sizes))], np.int64)
    codes = (axes.places + 1) @ weights if len(sizes) else np.zeros(len(numbers), np.int64)
    cells, of_point = np.unique(codes, return_inverse=True)
    values = _cell_medians(of_point, numbers, len(cells))
    around = np.full((len(steps), len(cells)), np.nan)
    for row, step in zip(around, steps, strict=True):
        wanted = cells + int(np.asarray(step, np.int64) @ weights)
        place = np.minimum(np.searchsorted(cells, wanted), len(cells) - 1)
        there = cells[place] == wanted
        row[there] = values[place[there]]
    known = np.isfinite(around)
    counts = known.sum(axis=0)
    median = np.full(len(cells), np.nan)
    some = counts > 0
    if some.any():
        median[some] = np.nanmedian(around[:, some], axis=0)
    return median[of_point], counts[of_point].astype(np.int64)


def _cell_medians(of_point: NDArray[np.intp], numbers: Floats, cells: int) -> Floats:
    known = np.flatnonzero(np.isfinite(numbers))
    order = known[np.lexsort((numbers[known], of_point[known]))]
    counts = np.bincount(of_point[order], minlength=cells)
    stop = np.cumsum(counts)
    start = stop - counts
    values = np.full(cells, np.nan)
    some = counts > 0
    low = order[(start + (counts - 1) // 2)[some]]
    high = order[(start + counts // 2)[some]]
    values[some] = (numbers[low] + numbers[high]) / 2.0
    return values
