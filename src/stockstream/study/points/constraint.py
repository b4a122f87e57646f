"""Constraints between parameters: ``fast_period < slow_period and stop_loss < take_profit``.

A constraint is an expression of its own small language, which looks like Python: names of
parameters, numbers, quoted words, ``true`` and ``false``; ``+ - * / // %``, ``min``, ``max`` and
``abs``; ``< <= == != >= >``, which may be chained; ``in (...)`` and ``not in (...)``; ``not``,
``and``, ``or``. It is parsed into a tree and only what is on that list is taken: nothing is ever
run as Python. Kinds are checked once, before anything is computed.

Numbers are computed as floats, so that single values and whole columns give the same answer. A
division by zero gives no number, and no comparison with it holds but ``!=``.

Only the standard library is imported here. Columns are arrays of any library that follows the array
API standard, such as NumPy.
"""

from __future__ import annotations

import ast
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from stockstream.study.points.constraint_text import TRUTH, read_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Constraint", "read_constraint"]

_COMPARED: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
}
_COMPUTED: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / _divisor(b),
    ast.FloorDiv: lambda a, b: a // _divisor(b),
    ast.Mod: lambda a, b: a % _divisor(b),
}
_CALLED: dict[str, Callable[..., Any]] = {
    "min": lambda *a: _extreme(a, "minimum"),
    "max": lambda *a: _extreme(a, "maximum"),
    "abs": abs,
}


@dataclass(frozen=True)
class Constraint:
    """What must hold between parameters; made by :func:`read_constraint`.

    Attributes:
        text: as it was written.
        names: the parameters in it, in the order of the text.
    """

    text: str
    names: tuple[str, ...]
    _tree: ast.expr = field(repr=False, compare=False)

    def holds(self, values: Mapping[str, Any]) -> Any:
        """Whether it holds.

        Args:
            values: of each parameter in it: one, or a column of many. Columns may have any shapes
                that broadcast.

        Returns:
            A truth value for single values, an array of them for columns. Arithmetic of NumPy may
            warn of overflow and of what is no number; the caller silences it.
        """
        return _value(self._tree, values)


def read_constraint(text: str, known: Mapping[str, Sequence[Any]]) -> Constraint:
    """Read a constraint and check that every point can be held against it.

    Args:
        text: in the language of this module.
        known: the values of each parameter that it may name.

    Raises:
        GridError: it cannot be read, names what does not exist, or compares what cannot be
            compared; says where, and what would do.
    """
    tree, names = read_tree(text, known)
    return Constraint(text, names, tree)


def _value(node: ast.expr, values: Mapping[str, Any]) -> Any:
    """The value of a checked tree."""
    if isinstance(node, ast.Name):
        return _plain(values[node.id] if node.id in values else TRUTH[node.id])
    if isinstance(node, ast.Constant):
        return _plain(node.value)
    if isinstance(node, ast.BoolOp):
        return _joined(node, values)
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, values)
        if isinstance(node.op, ast.Not):
            return operand ^ True
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.BinOp):
        left, right = _value(node.left, values), _value(node.right, values)
        return _COMPUTED[type(node.op)](left, right)
    if isinstance(node, ast.Compare):
        return _chain(node, values)
    assert isinstance(node, ast.Call)
    assert isinstance(node.func, ast.Name)
    return _CALLED[node.func.id](*(_value(argument, values) for argument in node.args))


def _plain(value: Any) -> Any:
    """Numbers as floats; truth values and texts as they are."""
    if isinstance(value, bool | str | float):
        return value
    if isinstance(value, int):
        return float(value)
    return value * 1.0 if value.dtype.kind in "iuf" else value


def _joined(node: ast.BoolOp, values: Mapping[str, Any]) -> Any:
    held = [_value(part, values) for part in node.values]
    result = held[0]
    for other in held[1:]:
        result = result & other if isinstance(node.op, ast.And) else result | other
    return result


def _chain(node: ast.Compare, values: Mapping[str, Any]) -> Any:
    result: Any = True
    left = _value(node.left, values)
    for sign, part in zip(node.ops, node.comparators, strict=True):
        if isinstance(part, ast.Tuple | ast.List):
            held: Any = False
            for choice in part.elts:
                held = held | (left == _value(choice, values))
            result = result & (held ^ isinstance(sign, ast.NotIn))
            continue
        right = _value(part, values)
        result = result & _COMPARED[type(sign)](left, right)
        left = right
    return result


def _divisor(number: Any) -> Any:
    """The number; where it is zero, no number."""
    if isinstance(number, float):
        return number or math.nan
    return number / (number != 0.0)


def _extreme(numbers: Sequence[Any], name: Literal["minimum", "maximum"]) -> Any:
    """The least or greatest, place by place; no number where one of them is none."""
    columns = [number for number in numbers if not isinstance(number, float)]
    if columns:
        pairwise = getattr(columns[0].__array_namespace__(), name)
        result = numbers[0]
        for number in numbers[1:]:
            result = pairwise(result, number)
        return result
    if any(math.isnan(number) for number in numbers):
        return math.nan
    return min(numbers) if name == "minimum" else max(numbers)
