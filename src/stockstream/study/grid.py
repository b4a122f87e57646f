"""The grid: several values for some parameters, and the one grammar in which people write them.

::

    grids  = grid (";" grid)*
    grid   = name "=" values              fast_period=5:44:40
    values = value ("," value)*           may stand in [ ]
    value  = number | number "%" | range | "log" range | "true" | "false" | word | quoted | list
    range  = number ":" number ":" points
    list   = "[" (value ("," value)*)? "]"

The third number of a range is the NUMBER OF POINTS: ``7:91:5`` is 7, 28, 49, 70, 91, and
``log 1:1000:4`` is 1, 10, 100, 1000. Numbers are taken as they are written: ``0.1:0.3:3`` is
exactly what ``0.1,0.2,0.3`` is. One pair of brackets around all values is only decoration, as in a
JSON list; any other is a list that is one value: ``[[A,B],[C]]`` are two.

Only the standard library is imported here, so that a scheduler can read a grid without the engine
(an import contract).
"""

from __future__ import annotations

import math
from itertools import pairwise, product
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeAlias

from stockstream.errors import GridError
from stockstream.study.notation import (
    LARGEST_WHOLE,
    MOST_VALUES,
    Scanner,
    second_of,
    short,
    shown,
    too_many,
    written,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from stockstream.study.notation import Item

__all__ = [
    "MOST_POINTS",
    "MOST_VALUES",
    "Grid",
    "arithmetic",
    "check_values",
    "combinations",
    "demand_few_points",
    "demand_whole",
    "describe",
    "expand",
    "parse_grid_text",
    "parse_grids",
    "parse_values",
    "read_values",
    "show_values",
    "write_grid",
    "write_values",
]

Grid: TypeAlias = "dict[str, tuple[Any, ...]]"

MOST_POINTS = 100_000_000
"""Combinations of one grid."""

MOST_EXPANDED = 1_000_000
MOST_PROPOSED = 50

WHOLE, NUMBER = (int, Integral), (float, Real)
"""Kinds of numbers: those of Python first, which are found at once."""


def parse_grid_text(text: str) -> Grid:
    """A whole grid in one text: ``"fast_period=5:44:40; slow_period=50,100"``.

    Raises:
        GridError: the text is no grid; says where, and what would do.
    """
    scanner = Scanner(text)
    read: dict[str, list[Item]] = {}
    while True:
        name, began = scanner.name()
        if name in read:
            raise scanner.error(f"{name} is given twice", "join its values with commas", began)
        read[name] = scanner.items()
        if not scanner.take(";") or not scanner.skip_blanks():
            return {name: scanner.values(name, items) for name, items in read.items()}


def parse_grids(texts: Iterable[str]) -> Grid:
    """Several texts, each with one parameter or more; the first one changes slowest in the sweep.

    Raises:
        GridError: a text is no grid, or a parameter is given twice.
    """
    grid: Grid = {}
    for text in texts:
        for name, values in parse_grid_text(text).items():
            if name in grid:
                raise GridError(f"{name} is given twice", "join its values with commas in one grid")
            grid[name] = values
    return grid


def parse_values(text: str, name: str = "values") -> tuple[Any, ...]:
    """The values alone: ``"7"``, ``"7,14,21"``, ``"7:91:5"``, ``"true,false"``, ``"[fast, slow]"``.

    Args:
        text: in the grammar of this module.
        name: of the parameter, for the message.

    Raises:
        GridError: as for :func:`parse_grid_text`.
    """
    scanner = Scanner(text)
    items = scanner.items()
    if scanner.skip_blanks():
        raise scanner.error("a ; parts parameters, not values", "put a comma between two values")
    return scanner.values(name, items)


def read_values(name: str, value: Any) -> tuple[Any, ...]:
    """The values of a parameter as a file, the environment or Python gives them.

    Args:
        name: of the parameter, for the message.
        value: text in the grammar of this module, one value, or several.

    Raises:
        GridError: they cannot be tried.
    """
    if isinstance(value, str):
        return parse_values(value, name)
    if isinstance(value, bool | Real):
        return check_values(name, (value,))
    return check_values(name, value)


def check_values(name: str, values: Iterable[Any]) -> tuple[Any, ...]:
    """Values that Python or a file gave, as plain ones that a sweep can try.

    Args:
        name: of the parameter, for the message.
        values: booleans, finite numbers, texts, or lists of these.

    Raises:
        GridError: there are none, too many, one twice, or one that cannot be tried.
    """
    try:
        checked = tuple(_plain(value) for value in values)
    except ValueError as error:
        raise GridError(f"{name}: {error}", "give numbers, texts, true or false") from None
    if len(checked) > MOST_VALUES:
        what, hint = too_many(len(checked))
        raise GridError(f"{name}: {what}", hint)
    if not checked:
        raise GridError(f"{name} has no values", f"give at least one, such as {name}=10")
    second = second_of(checked)
    if second is not None:
        raise GridError(f"{name} has the value {short(checked[second])} twice", "give it once")
    return checked


def demand_whole(name: str, values: Sequence[Any]) -> None:
    """Refuse fractions among the values of a parameter that takes whole numbers.

    Raises:
        GridError: there is one; proposes the nearest grids whose points are whole.
    """
    broken = [value for value in values if isinstance(value, float) and value != int(value)]
    if broken:
        raise GridError(
            f"{name} takes whole numbers, and its grid {show_values(values)} has "
            f"{short(broken[0])}",
            _proposal(values),
        )


def demand_few_points(grid: Mapping[str, Sequence[Any]], most: int = MOST_POINTS) -> None:
    """Refuse a grid that is too large to try.

    Raises:
        GridError: it is; shows the arithmetic and proposes a sample.
    """
    if combinations(grid) > most:
        raise GridError(
            f"{arithmetic(grid)}, more than {most:,}",
            "give fewer points to a parameter, or try a sample of it (--sample 10000)",
        )


def combinations(grid: Mapping[str, Sequence[Any]]) -> int:
    """How many combinations the grid has; 1 for an empty one."""
    return math.prod(len(values) for values in grid.values())


def expand(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination of a small grid, the last parameter changing fastest.

    Raises:
        GridError: there are too many for a list; shows the arithmetic.
    """
    demand_few_points(grid, MOST_EXPANDED)
    return [dict(zip(grid, point, strict=True)) for point in product(*grid.values())]


def describe(grid: Mapping[str, Sequence[Any]]) -> str:
    """The grid as people check it before it runs: a line for each parameter, then the size."""
    lines = [f"{name}: {show_values(values)}" for name, values in grid.items()]
    return "\n".join([*lines, arithmetic(grid)])


def arithmetic(grid: Mapping[str, Sequence[Any]]) -> str:
    """``40 x 25 = 1,000 combinations``."""
    total = combinations(grid)
    counted = f"{total:,} combination{'' if total == 1 else 's'}"
    if len(grid) < 2:
        return counted
    return f"{' x '.join(f'{len(values):,}' for values in grid.values())} = {counted}"


def show_values(values: Sequence[Any]) -> str:
    """Values and their number: ``5, 6, ... 44 (40)``."""
    few = values if len(values) <= 6 else values[:2]
    shown_ = [short(value) for value in few]
    if few is not values:
        shown_.append(f"... {short(values[-1])}")
    return f"{', '.join(shown_)} ({len(values):,})"


def write_values(values: Sequence[Any]) -> str:
    """The text that :func:`parse_values` reads as these values."""
    text = ",".join(map(written, values))
    return f"[{text}]" if len(values) == 1 and isinstance(values[0], tuple) else text


def write_grid(grid: Mapping[str, Sequence[Any]]) -> str:
    """The text that :func:`parse_grid_text` reads as this grid."""
    return "; ".join(f"{name}={write_values(values)}" for name, values in grid.items())


def _plain(value: Any, *, inner: bool = False) -> Any:
    """A value without the wrappers of NumPy; a ``ValueError`` says why it cannot be tried."""
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, WHOLE):
        if abs(int(value)) > LARGEST_WHOLE:
            raise ValueError(f"{shown(str(value))} is too large for a whole number")
        return int(value)
    if isinstance(value, NUMBER):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
        return float(value)
    if isinstance(value, list | tuple) and not inner:
        return tuple(_plain(item, inner=True) for item in value)
    if inner and isinstance(value, list | tuple):
        raise ValueError(f"{shown(repr(value))} is a list in a list")
    raise ValueError(f"{shown(repr(value))} is no number, text, true or false")


def _proposal(values: Sequence[Any]) -> str:
    """The grids of whole numbers that are nearest to some values, in words."""
    if not all(isinstance(value, int | float) for value in values):
        return "give whole numbers"
    low, high, gaps = round(values[0]), round(values[-1]), len(values) - 1
    steps = [after - before for before, after in pairwise(values)]
    even = bool(steps) and max(steps) - min(steps) <= 1e-9 * max(abs(low), abs(high), 1.0)
    span = high - low
    if not even or span < 1:
        rounded = list(dict.fromkeys(round(value) for value in values))
        few = f", such as {write_values(rounded)}" if len(rounded) <= MOST_PROPOSED else ""
        return f"give whole numbers{few}"
    same_number = low + max(1, round(span / gaps)) * gaps
    near = min((n for n in range(1, 2 * gaps + 1) if span % n == 0), key=lambda n: abs(n - gaps))
    proposed = f"the nearest exact ranges are {low}:{same_number}:{gaps + 1} and "
    proposed += f"{low}:{high}:{near + 1}"
    if span % (gaps + 1) == 0 and span // (gaps + 1) != near:
        proposed += f"; if {gaps + 1} was meant as the step: {low}:{high}:{span // (gaps + 1) + 1}"
    return proposed
