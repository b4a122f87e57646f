"""The nodes of an expression graph: interned, frozen, nothing but data.

A node is an operation from ``operations.OPERATIONS``, the nodes it works on, and plain parameters.
Equal nodes are the same object, so a grid of 20 fast by 20 slow averages holds 40 averages and not
800, and ``==`` is identity. No operation reads a later bar, so no graph can look ahead.

Where a parameter is a :class:`stockstream.strategy.many.Many`, the node stands for a node of each
point: ``strategy.unfold`` gives those.
"""

from __future__ import annotations

import json
import math
from operator import index
from threading import RLock
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeAlias
from weakref import WeakValueDictionary

from stockstream.errors import StrategyError, UnknownNameError
from stockstream.market.columns import FACTOR
from stockstream.strategy.checks import checked, indicator_spec, numbers
from stockstream.strategy.many import PerBar, many_in
from stockstream.strategy.operations import OPERATIONS

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from stockstream.strategy.checks import Scalar
    from stockstream.strategy.operations import Kind

__all__ = [
    "Expr",
    "IndicatorCall",
    "from_document",
    "in_order",
    "indicator_call",
    "interned",
    "own_lookback",
    "to_document",
]

LONGEST_SHOWN = 200
"""Characters of an expression that ``repr`` shows."""

_Key: TypeAlias = "tuple[str, tuple[Expr, ...], str]"
_classes: dict[Kind, type[Expr]] = {}
_interned: WeakValueDictionary[_Key, Expr] = WeakValueDictionary()
_interning = RLock()


class Expr(PerBar):
    """A value at each bar, made from that bar and the ones before it.

    Not made directly: begin with ``bars.close`` and use operators, methods and functions such as
    ``sma``. Copies and pickles are the same object again.

    Attributes:
        operation: a name of ``operations.OPERATIONS``.
        arguments: the nodes it works on.
        parameters: what else it needs, such as the length of a lag.
        is_many: whether it stands for a node of each point.
    """

    __slots__ = ("__weakref__", "arguments", "is_many", "operation", "parameters")
    __array_ufunc__ = None  # so that numpy scalars leave `np.float64(2) * expr` to us

    operation: str
    arguments: tuple[Expr, ...]
    parameters: tuple[Scalar, ...]

    is_many: bool

    def __init_subclass__(cls, kind: Kind) -> None:
        super().__init_subclass__()
        _classes[kind] = cls

    @staticmethod
    def make(
        operation: str, arguments: tuple[Expr, ...] = (), parameters: tuple[Scalar, ...] = ()
    ) -> Any:
        """The one node with these parts: a ``Number`` or a ``Condition``.

        Raises:
            LookAheadError: a lag below zero.
            UnknownNameError: an unknown operation, field or indicator.
            StrategyError: arguments or parameters that do not fit the operation.
            ConfigError: parameters that do not fit the indicator.
        """
        given = tuple(OPERATIONS[argument.operation].gives for argument in arguments)
        parameters = checked(operation, given, parameters)
        if many_in(parameters) or any(argument.is_many for argument in arguments):
            return _new(operation, arguments, parameters, is_many=True)
        return interned(operation, arguments, parameters)

    def lookback(self) -> int:
        """Bars before a bar that its value rests on (recursive indicators: to 1e-9)."""
        needed: dict[Expr, int] = {}
        for node in in_order((self,)):
            below = max((needed[argument] for argument in node.arguments), default=0)
            needed[node] = below + own_lookback(node.operation, node.parameters)
        return needed[self]

    def to_json(self) -> str:
        """The graph as JSON text; :meth:`from_json` gives the same object back."""
        return json.dumps(to_document({"root": self}), allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Expr:
        """The expression that :meth:`to_json` wrote.

        Raises:
            StrategyError: the text is no expression.
            ConfigError: it uses what does not exist here, such as an indicator of one's own.
        """
        try:
            document = json.loads(text)
        except ValueError as error:
            raise StrategyError(f"not an expression: {error}") from None
        roots = from_document(document)
        if "root" not in roots:
            raise StrategyError(
                f"not an expression but {', '.join(roots) or 'nothing'}: "
                "whole rules are read by rules_from_json"
            )
        return roots["root"]

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Expr):
            return self is other
        if self.is_many or other.is_many:  # the answer is another one for each point
            graph = in_order((self, other))
            next(
                many[0] for node in graph if (many := many_in(node.parameters))
            ).together.part_all()
        return False

    __hash__ = object.__hash__

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"expressions are frozen: cannot set {name!r}")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"expressions are frozen: cannot delete {name!r}")

    def __bool__(self) -> NoReturn:
        raise StrategyError(
            f"{self!r} has a value at each bar, so it is neither true nor false: join conditions "
            "with & | ~ instead of and, or, not; write (a < x) & (x < b) instead of a < x < b; "
            "choose with where(condition, a, b) instead of if"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Expr.from_json, (self.to_json(),)

    def __repr__(self) -> str:
        shown: dict[Expr, str] = {}
        for node in in_order((self,)):
            text = _written(node, [shown[argument] for argument in node.arguments])
            shown[node] = text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
        return shown[self]


def interned(operation: str, arguments: tuple[Expr, ...], parameters: tuple[Scalar, ...]) -> Expr:
    """The one node with these parts, which have been checked."""
    key = (operation, arguments, repr(parameters))  # repr: 1, 1.0, 0.0 and -0.0 differ in it
    with _interning:
        node = _interned.get(key)
        if node is None:
            node = _interned[key] = _new(operation, arguments, parameters, is_many=False)
    return node


def _new(
    operation: str, arguments: tuple[Expr, ...], parameters: tuple[Scalar, ...], *, is_many: bool
) -> Expr:
    node = object.__new__(_classes[OPERATIONS[operation].gives])
    object.__setattr__(node, "is_many", is_many)
    object.__setattr__(node, "operation", operation)
    object.__setattr__(node, "arguments", arguments)
    object.__setattr__(node, "parameters", parameters)
    return node


class IndicatorCall(NamedTuple):
    """What an indicator node asks for."""

    name: str
    output: str
    values: tuple[int | float, ...]


def indicator_call(node: Expr) -> IndicatorCall:
    """The parameters of an indicator node, named."""
    name, output, *values = node.parameters
    return IndicatorCall(str(name), str(output), numbers(tuple(values)))


def in_order(roots: Iterable[Expr], known: Container[Expr] = ()) -> list[Expr]:
    """Every node under the roots once, arguments first; what lies under a known node is left out.

    Without recursion: a sum of ten thousand terms is a graph ten thousand deep.
    """
    done: dict[Expr, None] = {}
    waiting = list(roots)[::-1]
    while waiting:
        node = waiting[-1]
        missing = [
            argument
            for argument in (() if node in known else node.arguments)
            if argument not in done
        ]
        if missing:
            waiting.extend(reversed(missing))
        else:
            done[node] = None
            waiting.pop()
    return list(done)


def to_document(roots: Mapping[str, Expr]) -> dict[str, Any]:
    """Named expressions as plain JSON values; shared nodes are written once.

    Shape: ``{"nodes": [{"op", "args", "params"}, ...], "roots": {name: index}}``, each node after
    those in its ``args``.
    """
    nodes = in_order(roots.values())
    place = {node: i for i, node in enumerate(nodes)}
    written = [
        {
            "op": node.operation,
            "args": [place[argument] for argument in node.arguments],
            "params": [_plain(value) for value in node.parameters],
        }
        for node in nodes
    ]
    return {"nodes": written, "roots": {name: place[root] for name, root in roots.items()}}


def from_document(document: Any) -> dict[str, Expr]:
    """The expressions that :func:`to_document` wrote.

    Raises:
        StrategyError: the document is not one of ours.
    """
    nodes: list[Expr] = []
    try:
        for entry in document["nodes"]:
            arguments = tuple(nodes[_position(i)] for i in entry["args"])
            nodes.append(Expr.make(entry["op"], arguments, tuple(entry["params"])))
        return {name: nodes[_position(i)] for name, i in document["roots"].items()}
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, UnknownNameError):
            raise
        raise StrategyError(
            f"not an expression: {type(error).__name__}: {error}; read what to_json() wrote"
        ) from error


def _position(value: Any) -> int:
    place = index(value)
    if place < 0:
        raise IndexError(f"node {place}")
    return place


def _plain(value: Scalar) -> Scalar:
    """A scalar as JSON has it: it knows no nan and no inf, so they are written as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _written(node: Expr, arguments: list[str]) -> str:
    if node.operation == "constant":
        return str(node.parameters[0])
    if node.operation == "field":
        column = str(node.parameters[0])
        known = column.removeprefix(FACTOR)
        return column if known == column else f"factor({known!r})"
    if node.operation == "indicator":
        name, output, *values = node.parameters
        call = f"{name}({', '.join([*arguments, *map(str, values)])})"
        return call if output == name else f"{call}.{output}"
    return OPERATIONS[node.operation].shown.format(*arguments, *node.parameters)


def own_lookback(operation: str, parameters: tuple[Scalar, ...]) -> int:
    """Bars that a node looks back beyond its arguments."""
    if operation in {"lag", "lag_condition"}:
        return int(parameters[0])
    if operation in {"crosses_above", "crosses_below"}:
        return 1
    if operation == "indicator":
        return indicator_spec(str(parameters[0])).lookback(numbers(parameters[2:]))
    return 0
