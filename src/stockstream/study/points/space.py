"""The points of a study: combinations of a grid, without a list of them.

A point is a number in the mixed radix of the grid: its digits are the places of its values on the
axes, the last axis changing fastest. Where constraints take points away, only how many are left in
each block of numbers is kept, so that memory does not grow with the grid.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stockstream.errors import GridError
from stockstream.study.grid import MOST_POINTS, arithmetic, check_values, demand_few_points
from stockstream.study.grid import describe as describe_grid
from stockstream.study.points.constraint import read_constraint
from stockstream.study.points.sampling import LARGEST_GRID, Sample, Shuffle, sobol_points
from stockstream.study.points.sieve import Sieve, places_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from numpy.typing import NDArray

    from stockstream.study.grid import Grid
    from stockstream.study.points.constraint import Constraint

    Ints: TypeAlias = NDArray[np.int64]
    Column: TypeAlias = NDArray[Any]

__all__ = ["Space"]


@dataclass(frozen=True)
class Space:
    """Some or all combinations of a grid, in a fixed order, numbered from 0.

    Attributes:
        axes: the values of each parameter; the last one changes fastest.
        where: constraints that every point keeps, see :mod:`stockstream.study.points.constraint`.
        sample: try only some of them.
        listed: the points themselves, as their numbers on the grid, in place of ``sample``;
            ``where`` then only says what they were chosen under.
        fixed: parameters with one value, which constraints may name.

    Raises:
        GridError: a constraint cannot be read, or the grid has too many points to try them all.
    """

    axes: Grid
    where: tuple[str, ...] = ()
    sample: Sample | None = None
    listed: tuple[int, ...] | None = field(default=None, repr=False)
    fixed: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        chosen = self.sample is not None or self.listed is not None
        demand_few_points(self.axes, LARGEST_GRID if chosen else MOST_POINTS)
        _ = self._constraints
        if self.listed is not None and not all(0 <= point < self.whole for point in self.listed):
            raise GridError(f"a point beyond the {self.whole:,} of the grid", "list others")

    @cached_property
    def sizes(self) -> tuple[int, ...]:
        """How many values each axis has."""
        return tuple(len(values) for values in self.axes.values())

    @cached_property
    def whole(self) -> int:
        """Combinations of the grid before constraints and sampling."""
        return math.prod(self.sizes)

    @property
    def size(self) -> int:
        """Points after constraints and sampling.

        Raises:
            GridError: there are none, or fewer than the sample asks for.
        """
        if self.listed is not None:
            return len(self.listed)
        if self.sample is not None:
            self._demand_enough(self.sample)
            return self.sample.size
        if self.where and not self._sieve.total:
            what = f"the constraints leave none of {arithmetic(self.axes)}"
            raise GridError(what, f"loosen {' or '.join(self.where)}")
        return self._sieve.total if self.where else self.whole

    def numbers(self, first: int, stop: int) -> Ints:
        """The numbers on the grid of the points from ``first`` to before ``stop``.

        Raises:
            GridError: there are no such points.
        """
        if not 0 <= first <= stop <= self.size:
            what = f"points {first:,} to {stop:,} of {self.size:,}"
            raise GridError(what, f"points are numbered from 0 to {self.size - 1:,}")
        if self.listed is not None:
            return np.array(self.listed[first:stop], dtype=np.int64)
        if self.sample is not None and self.sample.method == "sobol":
            return self._sobol[first:stop]
        if self.where:
            return self._sieve.numbers(first, stop)
        numbers = np.arange(first, stop, dtype=np.int64)
        return numbers if self._shuffle is None else self._shuffle.at(numbers)

    def number(self, places: Sequence[int]) -> int:
        """The number on the grid of the point with these places on the axes."""
        number = 0
        for place, size in zip(places, self.sizes, strict=True):
            number = number * size + place
        return number

    def keeps(self, numbers: Ints) -> NDArray[np.bool_]:
        """Which of some points, given as numbers on the grid ``[n]``, the constraints keep."""
        return self._sieve.kept(numbers)

    def places(self, first: int, stop: int) -> dict[str, Ints]:
        """For each parameter the places of its values on its axis, ``[stop - first]``."""
        places = places_of(self.numbers(first, stop), self.sizes)
        return dict(zip(self.axes, places, strict=True))

    def columns(self, first: int, stop: int) -> dict[str, Column]:
        """For each parameter its values, ``[stop - first]``: int64, float64, bool or object."""
        places = self.places(first, stop)
        return {name: self._arrays[name][place] for name, place in places.items()}

    def values(self, point: int) -> dict[str, Any]:
        """The parameters of one point."""
        places = self.places(point, point + 1)
        return {name: self.axes[name][int(place[0])] for name, place in places.items()}

    def describe(self) -> str:
        """What is tried, in lines: the grid and its size, what constraints leave, the sample."""
        lines = [describe_grid(self.axes)]
        if self.listed is not None:
            return "\n".join([*lines, f"{len(self.listed):,} of them listed"])
        lines.extend(f"where {constraint}" for constraint in self.where)
        if self.where and self.sample is None:
            lines.append(f"{self.size:,} of {self.whole:,} combinations are left")
        if self.sample is not None:
            lines.append(f"sample: {self.sample}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The space as JSON values; axes as pairs, because their order counts."""
        return {
            "axes": [[name, _plain(values)] for name, values in self.axes.items()],
            "where": list(self.where),
            "sample": None if self.sample is None else self.sample.as_dict(),
            "listed": None if self.listed is None else list(self.listed),
            "fixed": {name: _plain(value) for name, value in self.fixed.items()},
        }

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> Self:
        """The space that :meth:`as_dict` wrote."""
        sample, listed = kept["sample"], kept["listed"]
        fixed = kept["fixed"].items()
        return cls(
            axes={name: check_values(name, values) for name, values in kept["axes"]},
            where=tuple(kept["where"]),
            sample=None if sample is None else Sample(**sample),
            listed=None if listed is None else tuple(listed),
            fixed={name: tuple(v) if isinstance(v, list) else v for name, v in fixed},
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 of everything in it."""
        text = json.dumps(self.as_dict(), separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @cached_property
    def _arrays(self) -> dict[str, Column]:
        return {name: _array(values) for name, values in self.axes.items()}

    @cached_property
    def _constraints(self) -> tuple[Constraint, ...]:
        known = {**{name: (value,) for name, value in self.fixed.items()}, **self.axes}
        return tuple(read_constraint(text, known) for text in self.where)

    @cached_property
    def _shuffle(self) -> Shuffle | None:
        return None if self.sample is None else Shuffle(self.whole, self.sample.seed)

    @cached_property
    def _sieve(self) -> Sieve:
        enough = None if self.sample is None else self.sample.size
        return Sieve(
            self._arrays, self.fixed, self._constraints, self._shuffle, enough, MOST_POINTS
        )

    @cached_property
    def _sobol(self) -> Ints:
        assert self.sample is not None
        return sobol_points(self.sizes, self.sample, self._sieve.kept)

    def _demand_enough(self, sample: Sample) -> None:
        """Refuse a sample of more points than there are."""
        hint = "ask for fewer, or try all of them without a sample"
        if self.whole < sample.size:
            what = f"a sample of {sample.size:,} points from {arithmetic(self.axes)}"
            raise GridError(what, hint)
        if sample.method == "sobol":
            _ = self._sobol
        elif self.where and self._sieve.total < sample.size:
            raise GridError(
                f"a sample of {sample.size:,} points, and the constraints leave "
                f"{self._sieve.total:,} of {self._sieve.looked_at:,}",
                hint,
            )


def _array(values: tuple[Any, ...]) -> Column:
    """The values of an axis as a column that can be indexed."""
    kinds = set(map(type, values))
    if kinds <= {int, float} or kinds == {bool}:
        return np.array(values)
    return np.fromiter(values, dtype=object, count=len(values))


def _plain(value: Any) -> Any:
    """Tuples as the lists of JSON."""
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
