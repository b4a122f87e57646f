"""A number with many values, one for each point of a grid, so that rules are written once.

A :class:`Many` stands in place of a parameter that is a number while a strategy is made and its
rules are written. Arithmetic and comparisons with it work value by value and give a ``Many`` again,
with Python's own operators on Python's own values. What needs one answer (``if``, ``range``,
``math.sqrt``, text, the key of a dictionary) has it where all points agree; where they do not,
:class:`Split` is raised: the points are parted by their answers, and the code is run again for each
part. So what comes out is
what the points would have said one by one. (A class that asks ``type(self.period)`` can tell;
``study.planning`` compares a sample.)

Values are kept once each, ``codes`` says which one a point has: 40 values of a parameter are 40
operations, however many points there are.
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["Many", "PerBar", "Split", "Together", "each", "join", "many_in", "mapped", "numbered"]

EXACT = 2**53
"""Whole numbers below are floats too, so that NumPy compares them with floats as Python does."""


class PerBar:
    """What has a value at each bar: expressions. It decides itself what arithmetic with it is."""

    __slots__ = ()


class Split(BaseException):
    """The points do not agree on what the code should do next.

    Not an ``Exception``, so that the code of a strategy does not catch it by accident.

    Attributes:
        parts: ``[n]``, a label for each point: those with the same one agree.
    """

    def __init__(self, parts: Ints) -> None:
        super().__init__("the points do not agree")
        self.parts = parts


class Together:
    """The points for which code is run at once.

    Attributes:
        count: how many.
        parted: whether a :class:`Split` was raised, which the code may have caught all the same.
    """

    __slots__ = ("count", "parted")

    def __init__(self, count: int) -> None:
        self.count, self.parted = count, False

    def spread(self, values: Sequence[Any], codes: Ints) -> Any:
        """A ``Many`` of some values, each kept once; the value itself where there is only one.

        What is no number is not spread: it parts the points.

        Args:
            values: each of them belongs to a point.
            codes: ``[n]``, which of them each point has.
        """
        if not all(isinstance(value, int | float) for value in values):
            if all(value is values[0] for value in values):
                return values[0]
            self.part(codes)
        rank: dict[Any, int] = {}
        places = [rank.setdefault(_key(value), len(rank)) for value in values]
        if len(rank) == 1:
            return values[0]
        if len(rank) < len(values):
            import numpy as np

            first = dict(zip(places[::-1], values[::-1], strict=True))
            values = [first[place] for place in range(len(rank))]
            codes = np.array(places)[codes]
        return Many(tuple(values), codes, self)

    def part(self, codes: Ints) -> NoReturn:
        """Have the points parted by their codes."""
        self.parted = True
        raise Split(codes)

    def part_all(self) -> NoReturn:
        """Have each point go by itself."""
        import numpy as np

        self.part(np.arange(self.count))


class Many:
    """A value for each point; never the same one for all.

    Attributes:
        values: two or more, no two of them the same.
        codes: ``[n]``, which of them each point has; no value is left over.
        together: the points.
    """

    __slots__ = ("codes", "together", "values")

    values: tuple[Any, ...]
    codes: Ints
    together: Together

    def __init__(self, values: tuple[Any, ...], codes: Ints, together: Together) -> None:
        self.values, self.codes, self.together = values, codes, together

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        """The type of the values, so that ``isinstance(self.period, int)`` holds."""
        types = [type(value) for value in self.values]
        if len(set(types)) > 1:
            self._part_by(types)
        return types[0]

    def map(self, function: Callable[[Any], Any]) -> Any:
        """The results of a function of one value; the points are parted where it raises."""
        return _results(self.together, self.codes, [(value,) for value in self.values], function)

    def at(self, place: int) -> Any:
        """The value of one point."""
        return self.values[self.codes[place]]

    def __bool__(self) -> bool:
        truths = [bool(value) for value in self.values]
        if any(truths) != all(truths):
            self._part_by(truths)
        return truths[0]

    def _part_by(self, labels: Sequence[Any]) -> NoReturn:
        import numpy as np

        rank: dict[Any, int] = {}
        places = [rank.setdefault(label, len(rank)) for label in labels]
        self.together.part(np.array(places)[self.codes])

    def _parted(self, *_: Any) -> Any:
        """What only one value can answer."""
        self.together.part(self.codes)

    __int__ = __float__ = __complex__ = __index__ = __str__ = __repr__ = __format__ = _parted
    __hash__ = __getattr__ = __reduce_ex__ = __array__ = _parted

    def __round__(self, digits: Any = None) -> Any:
        return self.map(lambda value: round(value, digits))

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __copy__(self) -> Any:
        return self

    def __deepcopy__(self, memo: Any) -> Any:
        return self

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options or any(isinstance(one, PerBar) for one in inputs):
            return NotImplemented
        return each(lambda given: (ufunc(*given),), inputs)[0]


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """The function of a value, or of each one of a :class:`Many`."""
    return value.map(function) if type(value) is Many else function(value)


def each(function: Callable[[tuple[Any, ...]], tuple[Any, ...]], given: tuple[Any, ...]) -> Any:
    """A function from some values to some, for each combination that a point has.

    Args:
        function: takes a tuple, returns a tuple of always the same length.
        given: values, some of them perhaps :class:`Many`.

    Returns:
        A tuple of values or ``Many``.
    """
    many = many_in(given)
    if not many:
        return function(given)
    together = many[0].together
    codes, places = join(many)
    columns = []
    remaining = iter(places)
    for value in given:
        if type(value) is Many:
            columns.append([value.values[place] for place in next(remaining)])
        else:
            columns.append([value] * len(places[0]))
    rows = [(row,) for row in zip(*columns, strict=True)]
    results = _called(together, codes, rows, function)
    return tuple(together.spread(column, codes) for column in zip(*results, strict=True))


def many_in(values: Iterable[Any]) -> list[Many]:
    """Those of some values that are a :class:`Many`."""
    return [value for value in values if type(value) is Many]


def join(many: Sequence[Many]) -> tuple[Ints, list[list[int]]]:
    """The combinations of some values that a point has.

    Returns:
        ``[n]``, the combination of each point; and for each ``Many`` the place of its value in
        each combination.
    """
    import numpy as np

    if any(one.together is not many[0].together for one in many):
        raise TypeError("values of points that are not planned together")
    sizes = {id(one.codes): len(one.values) for one in many}
    if len(sizes) == 1:
        places = list(range(len(many[0].values)))
        return many[0].codes, [places] * len(many)
    key: Any = 0
    for one in {id(one.codes): one for one in many}.values():
        key = key * len(one.values) + one.codes
    found, codes = numbered(key, math.prod(sizes.values()))
    unravelled = dict(zip(sizes, np.unravel_index(found, tuple(sizes.values())), strict=True))
    return codes, [unravelled[id(one.codes)].tolist() for one in many]


def numbered(key: Ints, most: int) -> tuple[Ints, Ints]:
    """The different keys, ascending, and for each point the place of its own among them."""
    import numpy as np

    if most > 8 * len(key) + 1024:
        return np.unique(key, return_inverse=True)
    there = np.zeros(most, np.bool_)
    there[key] = True
    return np.flatnonzero(there), (np.cumsum(there) - 1)[key]


def _called(
    together: Together, codes: Ints, rows: Sequence[tuple[Any, ...]], function: Callable[..., Any]
) -> list[Any]:
    """The results of a function of some arguments; where it raises, the points are parted.

    Those for which it raises come together, apart from the others; where all do, each by itself.
    """
    try:
        return [function(*row) for row in rows]
    except Exception:  # noqa: BLE001 - raised again for the points that it concerns
        failed = [_fails(function, row) for row in rows]
    import numpy as np

    return together.part(codes if all(failed) else np.array(failed)[codes].astype(np.int64))


def _fails(function: Callable[..., Any], row: tuple[Any, ...]) -> bool:
    try:
        function(*row)
    except Exception:  # noqa: BLE001
        return True
    return False


def _results(
    together: Together, codes: Ints, rows: Sequence[tuple[Any, ...]], function: Callable[..., Any]
) -> Any:
    return together.spread(_called(together, codes, rows, function), codes)


def _key(value: Any) -> tuple[type, Any]:
    """Equal for what is the same value: 1, 1.0 and True differ, and so do 0.0 and -0.0."""
    kind = type(value)
    plain = kind is int or kind is bool or kind is str or (kind is float and value)
    return kind, value if plain else repr(value)


def _unary(function: Callable[[Any], Any]) -> Callable[[Many], Any]:
    def method(self: Many) -> Any:
        return self.map(function)

    return method


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Many, Any], Any]:
    def method(self: Many, other: Any) -> Any:
        if type(other) is not Many:
            if isinstance(other, PerBar):
                return NotImplemented
            return self.map(lambda value: function(value, other))
        codes, (mine, others) = join((self, other))
        rows = [(self.values[a], other.values[b]) for a, b in zip(mine, others, strict=True)]
        return _results(self.together, codes, rows, function)

    return method


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Many, Any], Any]:
    """Only ever called with something else than a :class:`Many` on the left."""

    def method(self: Many, other: Any) -> Any:
        if isinstance(other, PerBar):
            return NotImplemented
        return self.map(lambda value: function(other, value))

    return method


def _comparison(function: Callable[[Any, Any], Any]) -> Callable[[Many, Any], Any]:
    one_by_one = _binary(function)

    def method(self: Many, other: Any) -> Any:
        if type(other) is Many and other.together is self.together:
            a, b = _as_numbers(self), _as_numbers(other)
            if a is not None and b is not None:
                found = function(a[self.codes], b[other.codes])
                truths = [False, True] if not found.all() else [True]
                if not found.any():
                    truths = [False]
                return self.together.spread(truths, found.astype(int))
        return one_by_one(self, other)

    return method


def _as_numbers(many: Many) -> NDArray[Any] | None:
    """The values as an array that compares as they do; None where it would not."""
    import numpy as np

    kinds = set(map(type, many.values))
    whole = kinds == {int} and min(many.values) > -EXACT and max(many.values) < EXACT
    return np.array(many.values) if whole or kinds == {float} else None


_UNARY: dict[str, Callable[[Any], Any]] = {
    **{name: getattr(operator, name) for name in ("neg", "pos", "abs", "invert")},
    **{name: getattr(math, name) for name in ("floor", "ceil", "trunc")},
}
_BINARY = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow")
_BITS = ("and_", "or_", "xor", "lshift", "rshift")
_COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")

for _name, _function in _UNARY.items():
    setattr(Many, f"__{_name}__", _unary(_function))
for _name in (*_BINARY, *_BITS):
    _dunder = _name.rstrip("_")
    setattr(Many, f"__{_dunder}__", _binary(getattr(operator, _name)))
    setattr(Many, f"__r{_dunder}__", _reflected(getattr(operator, _name)))
for _name in _COMPARISONS:
    setattr(Many, f"__{_name}__", _comparison(getattr(operator, _name)))
