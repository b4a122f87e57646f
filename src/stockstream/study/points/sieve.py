"""The points of a grid that constraints keep, without a list of them.

Points are looked at in blocks of a quarter of a million. Only how many each block keeps is
remembered; which ones they are is found again when they are asked for.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from stockstream.study.points.constraint import Constraint
    from stockstream.study.points.sampling import Shuffle

    Ints: TypeAlias = NDArray[np.int64]
    Column: TypeAlias = NDArray[Any]

__all__ = ["BLOCK", "Sieve", "places_of"]

BLOCK = 1 << 18
"""Points that are held against the constraints at a time."""


class Sieve:
    """What constraints keep of a grid, in its own order or a shuffled one.

    Args:
        axes: the values of each parameter, the last one changing fastest.
        fixed: other parameters that constraints name.
        constraints: which all must hold.
        shuffle: of the numbers of points; None leaves them in order.
        enough: stop counting when so many are kept.
        most: look at so many points at most.
    """

    def __init__(
        self,
        axes: Mapping[str, Column],
        fixed: Mapping[str, Any],
        constraints: Sequence[Constraint],
        shuffle: Shuffle | None = None,
        enough: int | None = None,
        most: int | None = None,
    ) -> None:
        self.axes = axes or {"": np.zeros(1)}  # without parameters there is one point
        self.fixed, self.constraints, self.shuffle = fixed, constraints, shuffle
        self.sizes = tuple(len(values) for values in self.axes.values())
        self.whole = math.prod(self.sizes)
        self.looked_at = self.whole if most is None else min(most, self.whole)
        self.enough = self.whole if enough is None else enough
        self.named = {name for constraint in constraints for name in constraint.names}
        self._last: tuple[int, Ints] | None = None

    @property
    def total(self) -> int:
        """How many are kept of those that were looked at."""
        return int(self._before[-1])

    def kept(self, numbers: Ints) -> NDArray[np.bool_]:
        """Which of some points, given as numbers on the grid ``[n]``, all constraints keep."""
        places = places_of(numbers, self.sizes)
        columns = {
            name: values[place]
            for (name, values), place in zip(self.axes.items(), places, strict=True)
            if name in self.named
        }
        return np.broadcast_to(self._hold(columns), numbers.shape)

    def numbers(self, first: int, stop: int) -> Ints:
        """The numbers on the grid of the kept points from ``first`` to before ``stop``."""
        block = int(np.searchsorted(self._before, first, side="right")) - 1
        parts = [np.empty(0, np.int64)]
        while first < stop:
            inside, skipped = self._inside(block), first - int(self._before[block])
            parts.append(inside[skipped : skipped + stop - first])
            first += len(parts[-1])
            block += 1
        return np.concatenate(parts)

    @cached_property
    def _before(self) -> Ints:
        """``[blocks + 1]``: how many points are kept before each block, and in all."""
        before = [0]
        for count in self._counts():
            before.append(before[-1] + count)
            if before[-1] >= self.enough:
                break
        return np.array(before, dtype=np.int64)

    def _counts(self) -> Iterator[int]:
        if self.shuffle is not None:
            for first in range(0, self.looked_at, BLOCK):
                yield len(self._shuffled(first))
            return
        for block in range(self._outer * self._runs):
            columns, shape = self._mesh(block)
            held = self._hold(columns)
            yield int(np.count_nonzero(held)) * (math.prod(shape) // held.size)

    def _inside(self, block: int) -> Ints:
        """The numbers of the points that a block keeps; those of the last block are at hand."""
        last = self._last
        if last is None or last[0] != block:
            numbers = (
                self._in_order(block) if self.shuffle is None else self._shuffled(block * BLOCK)
            )
            last = self._last = (block, numbers)
        return last[1]

    def _shuffled(self, first: int) -> Ints:
        assert self.shuffle is not None
        stop = min(first + BLOCK, self.looked_at)
        numbers = self.shuffle.at(np.arange(first, stop, dtype=np.int64))
        return numbers[self.kept(numbers)]

    def _in_order(self, block: int) -> Ints:
        columns, shape = self._mesh(block)
        prefix, run = divmod(block, self._runs)
        first = (prefix * self.sizes[self._cut] + run * self._run) * self._inner
        return first + np.flatnonzero(np.broadcast_to(self._hold(columns), shape))

    @cached_property
    def _cut(self) -> int:
        """The axis along which blocks are cut: all axes after it fit into one."""
        cut = len(self.sizes) - 1
        while cut > 0 and math.prod(self.sizes[cut:]) <= BLOCK:
            cut -= 1
        return cut

    @cached_property
    def _inner(self) -> int:
        """Points for each value of the axis that is cut."""
        return math.prod(self.sizes[self._cut + 1 :])

    @cached_property
    def _run(self) -> int:
        """Values of the axis that is cut which a block takes."""
        return max(1, min(BLOCK // self._inner, self.sizes[self._cut]))

    @cached_property
    def _runs(self) -> int:
        return -(-self.sizes[self._cut] // self._run)

    @cached_property
    def _outer(self) -> int:
        """Combinations of the axes before the one that is cut."""
        return math.prod(self.sizes[: self._cut])

    def _mesh(self, block: int) -> tuple[dict[str, Column], tuple[int, ...]]:
        """The axes of a block, each along a dimension of its own, and the block's shape."""
        prefix, run = divmod(block, self._runs)
        outer = places_of(np.array([prefix]), self.sizes[: self._cut])
        taken = slice(run * self._run, (run + 1) * self._run)
        ranges = [slice(int(place[0]), int(place[0]) + 1) for place in outer]
        ranges += [taken, *(slice(None) for _ in self.sizes[self._cut + 1 :])]
        parts = [values[part] for values, part in zip(self.axes.values(), ranges, strict=True)]
        shape = tuple(map(len, parts))
        mesh = {
            name: part.reshape([-1 if axis == own else 1 for axis in range(len(shape))])
            for own, (name, part) in enumerate(zip(self.axes, parts, strict=True))
            if name in self.named
        }
        return mesh, shape

    def _hold(self, columns: Mapping[str, Column]) -> NDArray[np.bool_]:
        """Whether all constraints hold: an array that broadcasts to the columns' common shape."""
        held = np.ones((), dtype=np.bool_)
        values = {**self.fixed, **columns}
        with np.errstate(all="ignore"):
            for constraint in self.constraints:
                held = held & constraint.holds(values)
        return np.asarray(held)


def places_of(numbers: Ints, sizes: Sequence[int]) -> list[Ints]:
    """The digits of numbers in the mixed radix of some axes, the first axis first."""
    places: list[Ints] = []
    for size in reversed(sizes):
        higher = numbers // size
        places.append(numbers - higher * size)
        numbers = higher
    return places[::-1]
