"""Points whose rules have the same shape, as programs that one kernel runs side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.backtest.sparse.programs import (
    ABOVE,
    AT_LEAST,
    AT_MOST,
    BELOW,
    CROSSES_ABOVE,
    CROSSES_BELOW,
    GIVEN,
    NEVER,
    Programs,
    Test,
)
from stockstream.strategy.many import Many
from stockstream.strategy.node import Expr, in_order
from stockstream.strategy.operations import CROSS_SECTION
from stockstream.strategy.orders import SizeIn
from stockstream.strategy.signals import Signals
from stockstream.strategy.unfold import unfold

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from stockstream.strategy.many import Together
    from stockstream.strategy.signals import Rules

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["Group", "Part", "Shape", "group_parts", "looks_across", "shape_of"]

_OPS = {
    "greater": ABOVE,
    "less": BELOW,
    "greater_equal": AT_LEAST,
    "less_equal": AT_MOST,
    "crosses_above": CROSSES_ABOVE,
    "crosses_below": CROSSES_BELOW,
}
_TURNED = {
    ABOVE: BELOW,
    BELOW: ABOVE,
    AT_LEAST: AT_MOST,
    AT_MOST: AT_LEAST,
    CROSSES_ABOVE: CROSSES_BELOW,
    CROSSES_BELOW: CROSSES_ABOVE,
}
"""The same question with its two sides exchanged."""

_NEITHER = {
    "enter_short": "it sells short",
    "exit_short": "it sells short",
    "limit": "it has limit prices",
    "stop": "it has stop prices",
}
_TEST = ("a", "b", "constant")
_FRACTIONS = ("stop_loss", "take_profit", "trailing_stop")
_BARS = ("max_bars", "cooldown")


class Shape(NamedTuple):
    """What points must have in common to be run side by side.

    Attributes:
        enter, exit: operation of the test, and whether it compares with a constant.
        why: why they cannot be programs; empty if they can.
    """

    enter: tuple[int, bool]
    exit: tuple[int, bool]
    why: str


class Part(NamedTuple):
    """Points whose rules were written at once.

    Attributes:
        points: ``[n]``, their places in the block.
        rules: of all of them.
        together: the points.
        shape: of the rules.
    """

    points: Ints
    rules: Rules
    together: Together
    shape: Shape


@dataclass(frozen=True)
class Group:
    """Points that are run in the same way.

    Attributes:
        points: ``[n]``, their places in the block, ascending.
        programs: of them; None if they need the broker's own loop.
        why: why they do.
    """

    points: Ints
    programs: Programs | None
    why: str


class _Asked(NamedTuple):
    """A condition as a test."""

    op: int
    a: Expr | None = None
    b: Expr | None = None
    constant: Any = None

    @property
    def kind(self) -> tuple[int, bool]:
        return self.op, self.constant is not None


def looks_across(rules: Rules) -> bool:
    """Whether rules hold the symbols of a session against each other."""
    nodes = in_order(rules.expressions().values())
    return any(node.operation in CROSS_SECTION for node in nodes)


def shape_of(rules: Rules) -> Shape:
    """The shape of some rules."""
    why = _refusal(rules)
    if why or not isinstance(rules, Signals):
        return Shape((NEVER, False), (NEVER, False), why)
    return Shape(_asked(rules.enter_long).kind, _asked(rules.exit_long).kind, why)


def group_parts(parts: Iterable[Part]) -> tuple[Group, ...]:
    """The points of some parts by the shape of their rules."""
    alike: dict[Shape, list[Part]] = {}
    for part in parts:
        alike.setdefault(part.shape, []).append(part)
    groups = [_group(shape, members) for shape, members in alike.items()]
    return tuple(sorted(groups, key=lambda group: int(group.points[0])))


def _refusal(rules: Rules) -> str:
    """Why rules are no program; empty if they are one."""
    if not isinstance(rules, Signals):
        return "it sets the weights of a portfolio"
    for name, why in _NEITHER.items():
        if getattr(rules, name) is not None:
            return why
    if rules.size_in is not SizeIn.WEIGHT:
        return "its positions are counted in money or shares"
    if isinstance(rules.weight, Expr):
        return "the weight of its positions changes from bar to bar"
    if rules.day:
        return "its orders lapse after a day"
    return "it holds symbols against each other" if looks_across(rules) else ""


def _asked(condition: Expr | None) -> _Asked:
    if condition is None:
        return _Asked(NEVER)
    if condition.operation not in _OPS:
        return _Asked(GIVEN, condition)
    op, (a, b) = _OPS[condition.operation], condition.arguments
    if a.operation == b.operation == "constant":
        return _Asked(GIVEN, condition)
    if a.operation == "constant":
        op, a, b = _TURNED[op], b, a
    return (
        _Asked(op, a, constant=b.parameters[0]) if b.operation == "constant" else _Asked(op, a, b)
    )


def _group(shape: Shape, parts: Sequence[Part]) -> Group:
    points = np.concatenate([part.points for part in parts])
    order = np.argsort(points)
    if shape.why:
        return Group(points[order], None, shape.why)
    numbers: dict[Expr, int] = {}
    conditions: dict[Expr, int] = {}
    columns = [_columns_of(part, numbers, conditions) for part in parts]
    whole = {name: np.concatenate([each[name] for each in columns])[order] for name in columns[0]}
    programs = Programs(
        points=points[order],
        enter=Test(shape.enter[0], *(whole.pop(f"enter_{name}") for name in _TEST)),
        exit=Test(shape.exit[0], *(whole.pop(f"exit_{name}") for name in _TEST)),
        numbers=tuple(numbers),
        conditions=tuple(conditions),
        **whole,
    )
    return Group(programs.points, programs, "")


def _columns_of(
    part: Part, numbers: dict[Expr, int], conditions: dict[Expr, int]
) -> dict[str, NDArray[Any]]:
    """The rules of a part as columns of programs, each ``[n]``.

    Args:
        part: whose rules are signals.
        numbers: the number expressions of all parts so far with their rows; new ones are added.
        conditions: the same for conditions.
    """
    rules, count = part.rules, part.together.count
    assert isinstance(rules, Signals)
    known: dict[Expr, Ints] = {}

    def row(root: Expr | None, rows: dict[Expr, int]) -> Ints:
        if root is None:
            return np.full(count, -1)
        if root not in known:
            nodes, codes = unfold(root, part.together)
            known[root] = np.array([rows.setdefault(node, len(rows)) for node in nodes])[codes]
        return known[root]

    columns: dict[str, NDArray[Any]] = {}
    for name, condition in (("enter", rules.enter_long), ("exit", rules.exit_long)):
        asked = _asked(condition)
        columns[f"{name}_a"] = row(asked.a, conditions if asked.op == GIVEN else numbers)
        columns[f"{name}_b"] = row(asked.b, numbers)
        columns[f"{name}_constant"] = _values(asked.constant, count, missing=np.nan)
    columns["weight"] = _values(rules.weight, count, missing=1.0)
    for name in _FRACTIONS:
        columns[name] = _values(getattr(rules.bracket, name), count)
    for name in _BARS:
        columns[name] = _values(getattr(rules.bracket, name), count).astype(np.int64)
    return columns


def _values(value: Any, count: int, missing: float = 0.0) -> Floats:
    """``[n]``: a plain value of each point."""
    if type(value) is Many:
        return np.array(value.values, np.float64)[value.codes]
    return np.full(count, missing if value is None else value, np.float64)
