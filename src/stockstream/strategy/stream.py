"""From expressions to values session by session: the bits of ``evaluate``, one bar at a time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.errors import DataError
from stockstream.indicators import registry
from stockstream.strategy.crossing import side
from stockstream.strategy.crosssection_values import ACROSS
from stockstream.strategy.elementwise import ELEMENTWISE
from stockstream.strategy.evaluate import siblings
from stockstream.strategy.node import in_order, indicator_call
from stockstream.strategy.operations import CROSS_SECTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from stockstream.strategy.node import Expr

__all__ = ["Stream"]

_LAGS = frozenset({"lag", "lag_condition"})
_CROSSES = frozenset({"crosses_above", "crosses_below"})
_STATEFUL = _LAGS | _CROSSES | {"indicator"}


class Stream:
    """Some expressions over some symbols, fed session by session.

    Gives the values of :func:`stockstream.strategy.evaluate.evaluate`, bit for bit, as floats and
    bools.

    Args:
        expressions: numbers and conditions; what they share is computed once.
        symbols: how many symbols there are.
    """

    def __init__(self, expressions: Iterable[Expr], symbols: int = 1) -> None:
        roots = list(expressions)
        nodes = in_order(roots)
        place = {node: i for i, node in enumerate(nodes)}
        steps = [_Steps() for _ in range(symbols)]
        self._nodes = [
            (
                node,
                [place[argument] for argument in node.arguments],
                [made.of(node) for made in steps] if node.operation in _STATEFUL else [],
            )
            for node in nodes
        ]
        self._roots = [place[root] for root in roots]

    def update(
        self, symbols: Sequence[int], bars: Sequence[Mapping[str, float]]
    ) -> list[list[Any]]:
        """Take one session and give the values of each expression at it.

        Args:
            symbols: those with a bar, ascending.
            bars: the fields of the bar of each.

        Returns:
            For each expression a float or bool for each of the symbols.

        Raises:
            DataError: a field is missing.
        """
        values: list[list[Any]] = []
        for node, places, steps in self._nodes:
            arguments = [values[place] for place in places]
            if steps:
                rows = zip(*arguments, strict=True)
                found = [steps[s](*row) for s, row in zip(symbols, rows, strict=True)]
            else:
                found = _stateless(node, arguments, bars)
            values.append(found)
        return [values[place] for place in self._roots]


def _stateless(
    node: Expr, arguments: list[list[Any]], bars: Sequence[Mapping[str, float]]
) -> list[Any]:
    if node.operation == "field":
        return _field(str(node.parameters[0]), bars)
    if node.operation == "constant":
        return [node.parameters[0]] * len(bars)
    if node.operation in CROSS_SECTION:
        return ACROSS[node.operation].session(*arguments, *node.parameters)
    return list(map(ELEMENTWISE[node.operation].scalars, *arguments))


def _field(name: str, bars: Sequence[Mapping[str, float]]) -> list[float]:
    try:
        return [float(bar[name]) for bar in bars]
    except KeyError:
        raise DataError(f"no field {name!r} in this bar; there are {list(bars[0])}") from None


class _Steps:
    """Makes the steps of one symbol; outputs of one indicator share its state."""

    def __init__(self) -> None:
        self._indicators: dict[Expr, _Indicator] = {}

    def of(self, node: Expr) -> Callable[..., Any]:
        if node.operation in _LAGS:
            nothing = False if node.operation == "lag_condition" else np.nan
            return _Lag(int(node.parameters[0]), nothing)
        if node.operation in _CROSSES:
            return _Cross(below=node.operation == "crosses_below")
        return self._output(node)

    def _output(self, node: Expr) -> Callable[..., float]:
        outputs = siblings(node)
        shared = self._indicators.get(outputs[0])
        if shared is None:
            shared = self._indicators[outputs[0]] = _Indicator(node)
            return shared.step(outputs.index(node))
        return shared.look(outputs.index(node))


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
