"""From expressions to values: whole arrays at once, or one bar at a time, with the same bits.

Both forms take one operation from the same places: ``elementwise`` (twins of each operation),
``crossing`` (one kernel), and the step functions of ``stockstream.indicators``. Values at a bar
only ever rest on bars up to it, so a longer series has the values of a shorter one at its head.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stockstream.errors import DataError
from stockstream.indicators import registry
from stockstream.strategy.crossing import crossings, side
from stockstream.strategy.elementwise import ELEMENTWISE
from stockstream.strategy.node import Expr, in_order, indicator_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence

    from numpy.typing import NDArray

__all__ = ["Column", "Memo", "Stream", "evaluate"]

Column: TypeAlias = "NDArray[np.float64] | NDArray[np.bool_]"
Memo: TypeAlias = "MutableMapping[Expr, Column]"

_CROSSES = frozenset({"crosses_above", "crosses_below"})


def evaluate(
    expressions: Sequence[Expr],
    columns: Mapping[str, NDArray[np.float64]],
    offsets: NDArray[np.int64],
    memo: Memo | None = None,
) -> list[Column]:
    """The values of some expressions over the bars of many symbols.

    Args:
        expressions: numbers and conditions; what they share is computed once.
        columns: the fields of the bars, ``[N]`` each: all symbols one after the other, oldest bar
            first.
        offsets: ``[S + 1]``; symbol *s* has the rows ``offsets[s]:offsets[s + 1]``.
        memo: kept from call to call with the same columns and offsets, it saves computing an
            indicator twice. Only indicators stay in it: they are dear and grids share them, the
            rest is cheap and would fill the memory.

    Returns:
        One ``[N]`` array for each expression: float64, NaN where not known, for a number; bool for
        a condition. Not to be written to: they may be columns, or parts of the memo.

    Raises:
        DataError: a missing column, or one of another length than the offsets say.
    """
    bounds = np.ascontiguousarray(offsets, np.int64)
    if bounds.ndim != 1 or len(bounds) == 0:
        raise DataError("offsets must be [S + 1]: where each symbol begins, then the row count")
    with np.errstate(all="ignore"):
        return _Pass(columns, bounds, {} if memo is None else memo).run(expressions)


class _Pass:
    """One evaluation: the values in use, dropped after their last use."""

    def __init__(
        self, columns: Mapping[str, NDArray[np.float64]], offsets: NDArray[np.int64], memo: Memo
    ) -> None:
        self.columns, self.offsets, self.memo = columns, offsets, memo
        self.rows = int(offsets[-1])
        self.values: dict[Expr, Any] = {}
        self.special: dict[str, Callable[[Expr], Column]] = {
            "field": self._field,
            "constant": self._constant,
            "indicator": self._indicator,
            "lag": self._lag,
            "lag_condition": self._lag,
            "crosses_above": self._crosses,
            "crosses_below": self._crosses,
        }

    def run(self, expressions: Sequence[Expr]) -> list[Column]:
        nodes = in_order(expressions, known=self.memo)
        self.values.update((node, self.memo[node]) for node in nodes if node in self.memo)
        waiting = [node for node in nodes if node not in self.values]
        uses = Counter(argument for node in waiting for argument in node.arguments)
        uses.update(expressions)
        for node in waiting:
            compute = self.special.get(node.operation, self._elementwise)
            self.values[node] = compute(node)
            for argument in node.arguments:
                uses[argument] -= 1
                if not uses[argument]:
                    del self.values[argument]
        return [np.ascontiguousarray(self.values[root]) for root in expressions]

    def _arguments(self, node: Expr) -> list[Any]:
        return [self.values[argument] for argument in node.arguments]

    def _field(self, node: Expr) -> Column:
        name = str(node.parameters[0])
        if name not in self.columns:
            raise DataError(f"no column {name!r} to evaluate on; there are {list(self.columns)}")
        column = np.ascontiguousarray(self.columns[name], np.float64)
        if column.shape != (self.rows,):
            raise DataError(
                f"column {name!r} has shape {column.shape}; the offsets say {self.rows} rows"
            )
        return column

    def _constant(self, node: Expr) -> Column:
        return np.broadcast_to(np.array(node.parameters[0], np.float64), self.rows)

    def _elementwise(self, node: Expr) -> Column:
        value: Column = ELEMENTWISE[node.operation].arrays(*self._arguments(node))
        return value

    def _lag(self, node: Expr) -> Column:
        [values], bars = self._arguments(node), int(node.parameters[0])
        lagged: Column = np.empty(self.rows, values.dtype)
        lagged[bars:] = values[: max(self.rows - bars, 0)]
        nothing = False if node.operation == "lag_condition" else np.nan
        for start in self.offsets[:-1].tolist():
            lagged[start : start + bars] = nothing  # reaches into the next head at most
        return lagged

    def _crosses(self, node: Expr) -> Column:
        a, b = (np.ascontiguousarray(values) for values in self._arguments(node))
        if node.operation == "crosses_below":
            a, b = b, a
        return crossings(a, b, self.offsets)

    def _indicator(self, node: Expr) -> Column:
        if node in self.memo:  # as another output of one computed before
            return self.memo[node]
        name, _, values = indicator_call(node)
        results = registry.compute(name, self._arguments(node), self.offsets, values)
        self.memo.update(zip(_siblings(node), results, strict=True))
        return self.memo[node]


class Stream:
    """Some expressions of one symbol, fed bar by bar.

    Gives the values of :func:`evaluate`, bit for bit, as floats and bools.

    Args:
        expressions: numbers and conditions; what they share is computed once.
    """

    def __init__(self, expressions: Iterable[Expr]) -> None:
        roots = list(expressions)
        nodes = in_order(roots)
        place = {node: i for i, node in enumerate(nodes)}
        self._fields = [
            (i, str(node.parameters[0]))
            for i, node in enumerate(nodes)
            if node.operation == "field"
        ]
        self._values: list[Any] = [
            node.parameters[0] if node.operation == "constant" else None for node in nodes
        ]
        steps = _Steps()
        self._steps = [
            (i, steps.of(node), [place[argument] for argument in node.arguments])
            for i, node in enumerate(nodes)
            if node.operation not in {"field", "constant"}
        ]
        self._roots = [place[root] for root in roots]

    def update(self, values: Mapping[str, float]) -> list[float | bool]:
        """Take one bar and give the value of each expression at it.

        Args:
            values: the fields of the bar.

        Raises:
            DataError: a field is missing.
        """
        current = self._values
        for i, name in self._fields:
            if name not in values:
                raise DataError(f"no field {name!r} in this bar; there are {list(values)}")
            current[i] = float(values[name])
        for i, step, arguments in self._steps:
            current[i] = step(*[current[j] for j in arguments])
        return [current[i] for i in self._roots]


class _Steps:
    """Makes the step of each node; outputs of one indicator share its state."""

    def __init__(self) -> None:
        self._indicators: dict[Expr, _Indicator] = {}

    def of(self, node: Expr) -> Callable[..., Any]:
        if node.operation in {"lag", "lag_condition"}:
            nothing = False if node.operation == "lag_condition" else np.nan
            return _Lag(int(node.parameters[0]), nothing)
        if node.operation in _CROSSES:
            return _Cross(below=node.operation == "crosses_below")
        if node.operation == "indicator":
            return self._output(node)
        return ELEMENTWISE[node.operation].scalars

    def _output(self, node: Expr) -> Callable[..., float]:
        siblings = _siblings(node)
        shared = self._indicators.get(siblings[0])
        if shared is None:
            shared = self._indicators[siblings[0]] = _Indicator(node)
            return shared.step(siblings.index(node))
        return shared.look(siblings.index(node))


class _Indicator:
    """The streaming form of an indicator: its first output steps it, the others look."""

    def __init__(self, node: Expr) -> None:
        name, _, values = indicator_call(node)
        self._update = registry.stream(name, values).update
        self._latest: tuple[float, ...] = ()

    def step(self, output: int) -> Callable[..., float]:
        def step(*inputs: float) -> float:
            self._latest = self._update(*inputs)
            return self._latest[output]

        return step

    def look(self, output: int) -> Callable[..., float]:
        def look(*_: float) -> float:
            return self._latest[output]

        return look


class _Lag:
    """Gives back what came in so many bars ago."""

    def __init__(self, bars: int, nothing: float) -> None:
        self._waiting = deque([nothing] * bars)

    def __call__(self, value: float) -> float:
        self._waiting.append(value)
        return self._waiting.popleft()


class _Cross:
    """The streaming form of ``crossing.crossings``."""

    def __init__(self, *, below: bool) -> None:
        self._below = below
        self._side = 0

    def __call__(self, a: float, b: float) -> bool:
        before = self._side
        self._side = side(before, b, a) if self._below else side(before, a, b)
        return before < 0 < self._side


def _siblings(node: Expr) -> list[Expr]:
    """The nodes of all outputs of the indicator that this node is one output of, in order."""
    name, _, values = indicator_call(node)
    outputs = registry.get_spec(name).outputs
    return [Expr.make("indicator", node.arguments, (name, out, *values)) for out in outputs]
