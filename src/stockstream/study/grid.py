"""The grid: several values for some parameters, and the one grammar in which people write them.

::

    grid   = name "=" values              fast_period=5:44:40
    values = value ("," value)*           may stand in [ ]
    value  = range | number | number "%" | "true" | "false" | word
    range  = number ":" number ":" points

The third number of a range is the NUMBER OF POINTS: ``7:91:5`` is 7, 28, 49, 70, 91. Numbers are
taken as they are written: ``0.1:0.3:3`` is exactly what ``0.1,0.2,0.3`` is.

Only the standard library is imported here, so that a scheduler can read a grid without the engine
(an import contract).
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from itertools import pairwise, product
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

__all__ = [
    "MOST_COMBINATIONS",
    "MOST_VALUES",
    "Grid",
    "Value",
    "check_values",
    "combinations",
    "demand_whole",
    "describe",
    "expand",
    "parse_grid",
    "parse_grids",
    "parse_values",
    "show_values",
    "write_grid",
]

Value: TypeAlias = int | float | bool | str
Grid: TypeAlias = "dict[str, tuple[Any, ...]]"

MOST_VALUES = 10_000
"""Values of one parameter."""

MOST_COMBINATIONS = 1_000_000
"""Combinations of one grid."""

LARGEST_WHOLE = 2**63 - 1
SHOWN = 60

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.+/-]*")
_NUMBER = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?)[ ]*(%?)")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_NOT_FINITE = frozenset({"nan", "inf", "infinity"})


def parse_grid(text: str) -> tuple[str, tuple[Value, ...]]:
    """One parameter with its values: ``"fast_period=5:44:40"``.

    Raises:
        ConfigError: the text is no grid; says where and what would do.
    """
    name, equals, values = text.partition("=")
    name = name.strip()
    if not equals or not _NAME.fullmatch(name):
        raise ConfigError(
            f"{_shown(text)} is no grid: write the name of a parameter, = and its values, such as "
            "fast_period=5:44:40 (min:max:number of points) or slow_period=50,100"
        )
    return name, parse_values(values, name)


def parse_grids(texts: Iterable[str]) -> Grid:
    """Several parameters, the first one changing slowest in the sweep.

    Raises:
        ConfigError: a text is no grid, or a parameter is given twice.
    """
    grid: Grid = {}
    for text in texts:
        name, values = parse_grid(text)
        if name in grid:
            raise ConfigError(f"{name} is given twice: join its values with commas in one grid")
        grid[name] = values
    return grid


def parse_values(text: str, name: str = "values") -> tuple[Value, ...]:
    """The values alone: ``"7"``, ``"7,14,21"``, ``"7:91:5"``, ``"true,false"``, ``"[fast, slow]"``.

    Args:
        text: in the grammar of this module.
        name: of the parameter, for the message.

    Raises:
        ConfigError: as for :func:`parse_grid`.
    """
    inner = text.strip()
    if inner.startswith("[") and inner.endswith("]"):
        inner = inner[1:-1]
    values: list[Value] = []
    for place, part in enumerate(inner.split(","), start=1):
        try:
            values.extend(_read_part(part.strip()))
            _demand_few(len(values))
        except ValueError as error:
            raise ConfigError(f"{name}={_shown(text)}: value {place}, {error}") from None
    return check_values(name, values)


def check_values(name: str, values: Iterable[Any]) -> tuple[Any, ...]:
    """Values that Python or a file gave, as plain ones that a sweep can try.

    Args:
        name: of the parameter, for the message.
        values: booleans, finite numbers, texts, or lists of these.

    Raises:
        ConfigError: there are none, too many, one twice, or one that cannot be tried.
    """
    try:
        checked = tuple(_plain(value) for value in values)
        _demand_few(len(checked))
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None
    if not checked:
        raise ConfigError(f"{name} has no values: give at least one, such as {name}=10")
    seen = set()
    for value in checked:
        key = (isinstance(value, bool), value)
        if key in seen:
            raise ConfigError(f"{name} has the value {_short(value)} twice: give it once")
        seen.add(key)
    return checked


def demand_whole(name: str, values: Sequence[Any]) -> None:
    """Refuse fractions among the values of a parameter that takes whole numbers.

    Raises:
        ConfigError: there is one; proposes the nearest ranges whose points are whole.
    """
    broken = [value for value in values if isinstance(value, float) and value != int(value)]
    if broken:
        raise ConfigError(
            f"{name} takes whole numbers, and its grid {show_values(values)} has "
            f"{_short(broken[0])}{_proposal(values)}"
        )


def combinations(grid: Mapping[str, Sequence[Any]]) -> int:
    """How many combinations the grid has; 1 for an empty one."""
    return math.prod(len(values) for values in grid.values())


def expand(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination, the last parameter changing fastest.

    Raises:
        ConfigError: there are too many to try; shows the arithmetic.
    """
    if combinations(grid) > MOST_COMBINATIONS:
        raise ConfigError(
            f"{_arithmetic(grid)}, more than {MOST_COMBINATIONS:,}: give fewer points to a "
            "parameter, or sweep part of the grid first"
        )
    return [dict(zip(grid, point, strict=True)) for point in product(*grid.values())]


def describe(grid: Mapping[str, Sequence[Any]]) -> str:
    """The grid as people check it before it runs: a line for each parameter, then the size."""
    lines = [f"{name}: {show_values(values)}" for name, values in grid.items()]
    return "\n".join([*lines, _arithmetic(grid)])


def show_values(values: Sequence[Any]) -> str:
    """Values and their number: ``5, 6, ... 44 (40)``."""
    few = values if len(values) <= 6 else values[:2]
    shown = [_short(value) for value in few]
    if few is not values:
        shown.append(f"... {_short(values[-1])}")
    return f"{', '.join(shown)} ({len(values)})"


def write_grid(name: str, values: Sequence[Value]) -> str:
    """The text that :func:`parse_grid` reads as this name and these values."""
    return f"{name}={','.join(_written(value) for value in values)}"


class _Number(NamedTuple):
    """A number as it was written."""

    exact: Fraction
    whole: bool

    @property
    def value(self) -> int | float:
        return int(self.exact) if self.whole else float(self.exact)


def _read_part(part: str) -> list[Value]:
    """The values of what stands between two commas; a ``ValueError`` says what is wrong with it."""
    if ":" in part:
        return list(_range(part))
    if _NUMBER.fullmatch(part):
        return [_number(part).value]
    if part.casefold() in {"true", "false"}:
        return [part.casefold() == "true"]
    if part.casefold().lstrip("+-") in _NOT_FINITE:
        raise ValueError(f"{part!r}, is not a finite number")
    if _WORD.fullmatch(part):
        return [part]
    if not part:
        raise ValueError("is empty: give at least one value, and one comma between two")
    raise ValueError(
        f"{_shown(part)}, is no number, range, true, false or word (digits are 0 to 9)"
    )


def _number(text: str) -> _Number:
    found = _NUMBER.fullmatch(text.strip())
    if not found or len(text) > SHOWN:
        raise ValueError(f"{_shown(text)}, is not a number such as 20, 0.05, 1e-3 or 5%")
    digits, percent = found.groups()
    near = float(digits)
    if math.isinf(near) or (near == 0.0 and re.search("[1-9]", re.split("[eE]", digits)[0])):
        raise ValueError(f"{text!r}, is too {'large' if near else 'small'} for a number")
    exact = Fraction(digits)
    if percent:
        if abs(exact) >= 100:
            raise ValueError(f"{text!r}, is not below 100 %: write it as a fraction")
        return _Number(exact / 100, whole=False)
    whole = _WHOLE.fullmatch(digits) is not None
    if whole and abs(exact) > LARGEST_WHOLE:
        raise ValueError(f"{text!r}, is too large for a whole number")
    return _Number(exact, whole)


def _range(text: str) -> Iterable[int | float]:
    """The points of ``low:high:points``; whole numbers where all of them are."""
    parts = [part.strip() for part in text.split(":")]
    if len(parts) != 3:
        raise ValueError(
            f"{_shown(text)}, is no range: write min:max:number of points, "
            "such as 7:91:5 for 7, 28, 49, 70, 91"
        )
    low, high = _number(parts[0]), _number(parts[1])
    gaps = _points(text, parts[2]) - 1
    if low.exact >= high.exact:
        raise ValueError(f"{_shown(text)}, does not rise: write the smaller number first")
    step = (high.exact - low.exact) / gaps
    whole = low.whole and high.whole and step.denominator == 1
    return (_Number(low.exact + step * i, whole).value for i in range(gaps + 1))


def _points(text: str, count: str) -> int:
    if not re.fullmatch("[0-9]{1,18}", count):
        raise ValueError(
            f"{_shown(text)}, ends with {_shown(count)} where the number of points belongs"
        )
    points = int(count)
    if points < 2:
        raise ValueError(f"{_shown(text)}, has {points} points: a range has at least 2")
    _demand_few(points)
    return points


def _demand_few(count: int) -> None:
    if count > MOST_VALUES:
        raise ValueError(f"makes {count:,} values, more than {MOST_VALUES:,}: give fewer points")


def _plain(value: Any) -> Any:
    """A value without the wrappers of NumPy; a ``ValueError`` says why it cannot be tried."""
    if isinstance(value, bool | str):
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a finite number")
        return float(value)
    if isinstance(value, list | tuple):
        return tuple(_plain(item) for item in value)
    raise ValueError(f"{_shown(repr(value))} is no number, text, true or false")


def _proposal(values: Sequence[Any]) -> str:
    """The ranges with whole points that are nearest to evenly spaced values, in words."""
    if not all(isinstance(value, int | float) for value in values):
        return ""
    low, high, gaps = round(values[0]), round(values[-1]), len(values) - 1
    steps = [after - before for before, after in pairwise(values)]
    even = bool(steps) and max(steps) - min(steps) <= 1e-9 * max(abs(low), abs(high), 1.0)
    span = high - low
    if not even or span < 1:
        return ""
    same_number = low + max(1, round(span / gaps)) * gaps
    near = min((n for n in range(1, 2 * gaps + 1) if span % n == 0), key=lambda n: abs(n - gaps))
    proposed = f"; the nearest exact ranges are {low}:{same_number}:{gaps + 1} and "
    proposed += f"{low}:{high}:{near + 1}"
    if span % (gaps + 1) == 0 and span // (gaps + 1) != near:
        proposed += f"; if {gaps + 1} was meant as the step: {low}:{high}:{span // (gaps + 1) + 1}"
    return proposed


def _arithmetic(grid: Mapping[str, Sequence[Any]]) -> str:
    """``40 x 25 = 1,000 combinations``."""
    total = combinations(grid)
    counted = f"{total:,} combination{'' if total == 1 else 's'}"
    if len(grid) < 2:
        return counted
    return f"{' x '.join(f'{len(values):,}' for values in grid.values())} = {counted}"


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _short(value: Any) -> str:
    """A value as people read it: ten digits are enough."""
    if isinstance(value, tuple):
        return "/".join(map(_short, value))
    return f"{value:.10g}" if isinstance(value, float) else _written(value)


def _shown(text: str) -> str:
    return repr(text if len(text) <= SHOWN else text[: SHOWN - 3] + "...")
