"""From rules written once for many points to those of each point."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from stockstream.strategy.checks import indicator_spec
from stockstream.strategy.many import Many, each, join, many_in
from stockstream.strategy.node import Expr, in_order, interned, own_lookback
from stockstream.strategy.orders import Bracket

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from stockstream.strategy.many import Together
    from stockstream.strategy.signals import Rules

    Ints = NDArray[np.int64]

__all__ = ["longest_lookback", "rules_at", "unfold"]


class _Plain:
    """The nodes that are the same for all points: a container of them."""

    def __contains__(self, node: object) -> bool:
        return isinstance(node, Expr) and not node.is_many


PLAIN = _Plain()


def unfold(root: Expr, together: Together) -> tuple[list[Expr], Ints]:
    """The different nodes that a node stands for, and ``[n]`` which of them each point has."""
    import numpy as np

    if not root.is_many:
        return [root], np.zeros(together.count, np.int64)
    made: dict[Expr, Many] = {}
    for node in in_order((root,), PLAIN):
        if node.is_many:
            made[node] = _unfolded(node, made, together)
    return list(made[root].values), made[root].codes


def _unfolded(node: Expr, made: dict[Expr, Many], together: Together) -> Many:
    """The nodes that one stands for, as values, given those of its arguments."""
    parts: list[Any] = [made.get(argument, argument) for argument in node.arguments]
    parts += node.parameters
    codes, places = join(many_in(parts))
    count, left = len(places[0]), iter(places)
    columns = [
        [part.values[place] for place in next(left)] if type(part) is Many else [part] * count
        for part in parts
    ]
    first = len(node.arguments)
    made_of = zip(*columns, strict=True)
    nodes = [interned(node.operation, each[:first], each[first:]) for each in made_of]
    return Many(tuple(nodes), codes, together)


def longest_lookback(roots: Iterable[Expr]) -> int:
    """The longest lookback of a point's expressions."""
    import numpy as np

    roots = list(roots)
    needed: dict[Expr, Any] = {}
    for node in in_order(roots, PLAIN):
        if not node.is_many:
            needed[node] = node.lookback()
            continue
        below: Any = 0
        for argument in node.arguments:
            below = np.maximum(below, needed[argument])
        needed[node] = below + _own_lookbacks(node)
    return int(max(np.max(needed[root]) for root in roots))


def _own_lookbacks(node: Expr) -> int | Ints:
    """``[n]``: bars that the node of each point looks back; a number where it is the same."""
    import numpy as np

    if node.operation == "indicator":
        reach, given = indicator_spec(str(node.parameters[0])).lookback, node.parameters[2:]
        own: Any = each(lambda values: (reach(values),), given)[0]
    else:
        own = each(lambda values: (own_lookback(node.operation, values),), node.parameters)[0]
    found: int | Ints = np.array(own.values)[own.codes] if type(own) is Many else own
    return found


def rules_at(rules: Rules, place: int) -> Rules:
    """The rules of one point: interned expressions and plain values.

    Args:
        rules: written for many points.
        place: of the point among them.
    """
    return type(rules)(**_fields_at(rules, place))


def _fields_at(made: Rules | Bracket, place: int) -> dict[str, Any]:
    return {item.name: _value_at(getattr(made, item.name), place) for item in fields(made)}


def _value_at(value: Any, place: int) -> Any:
    if type(value) is Many:
        return value.at(place)
    if isinstance(value, Bracket):
        return Bracket(**_fields_at(value, place))
    return _node_at(value, place) if isinstance(value, Expr) and value.is_many else value


def _node_at(root: Expr, place: int) -> Expr:
    made: dict[Expr, Expr] = {}
    for node in in_order((root,), PLAIN):
        if not node.is_many:
            made[node] = node
            continue
        arguments = tuple(made[argument] for argument in node.arguments)
        parameters = tuple(_value_at(value, place) for value in node.parameters)
        made[node] = interned(node.operation, arguments, parameters)
    return made[root]
