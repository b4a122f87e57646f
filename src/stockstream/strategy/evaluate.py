"""From expressions to values, whole arrays at once; ``stream`` does it session by session.

Both forms take one operation from the same places and give the same bits: ``elementwise`` and
``crosssection_values`` (twins of each operation), ``crossing`` (one kernel), and the step functions
of ``stockstream.indicators``. Values at a bar only ever rest on bars up to it, so a longer series
has the values of a shorter one at its head.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import numpy as np

from stockstream.errors import DataError
from stockstream.indicators import registry
from stockstream.indicators.evaluation import apply_many
from stockstream.strategy.crossing import crossings
from stockstream.strategy.crosssection_values import ACROSS
from stockstream.strategy.elementwise import ELEMENTWISE
from stockstream.strategy.node import Expr, in_order, indicator_call
from stockstream.strategy.operations import CROSS_SECTION

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, MutableMapping, Sequence

    from numpy.typing import NDArray

    from stockstream.strategy.crosssection_order import Sessions

__all__ = ["Column", "Memo", "Spare", "across_in_blocks", "evaluate", "siblings"]

Column: TypeAlias = "NDArray[np.float64] | NDArray[np.bool_]"
Memo: TypeAlias = "MutableMapping[Expr, Column]"


def evaluate(
    expressions: Sequence[Expr],
    columns: Mapping[str, NDArray[np.float64]],
    offsets: NDArray[np.int64],
    memo: Memo | None = None,
    sessions: Sessions | None = None,
    spare: Spare | None = None,
) -> list[Column]:
    """The values of some expressions over the bars of many symbols.

    Args:
        expressions: numbers and conditions; what they share is computed once.
        columns: the fields of the bars, ``[N]`` each: all symbols one after the other, oldest bar
            first.
        offsets: ``[S + 1]``; symbol *s* has the rows ``offsets[s]:offsets[s + 1]``.
        memo: kept from call to call with the same columns and offsets, it saves computing an
            indicator twice. Only indicators and cross-sections stay in it: they are dear and grids
            share them, the rest is cheap and would fill the memory.
        sessions: where the rows stand; needed for what looks across symbols.
        spare: memory to write indicators to; what came out is good until the next call with it.

    Returns:
        One ``[N]`` array for each expression: float64, NaN where not known, for a number; bool for
        a condition. Not to be written to: they may be columns, or parts of the memo.

    Raises:
        DataError: a missing column, one of another length than the offsets say, or a cross-section
            without ``sessions``.
    """
    bounds = np.ascontiguousarray(offsets, np.int64)
    if bounds.ndim != 1 or len(bounds) == 0:
        raise DataError("offsets must be [S + 1]: where each symbol begins, then the row count")
    with np.errstate(all="ignore"):
        known: Memo = {} if memo is None else memo
        if spare is not None:
            spare.start()
        return _Pass(columns, bounds, known, sessions, spare).run(expressions)


def across_in_blocks(
    expressions: Sequence[Expr],
    columns: Mapping[str, NDArray[np.float64]],
    offsets: NDArray[np.int64],
    blocks: Sequence[tuple[int, int]],
    sessions: Sessions,
    due: NDArray[np.bool_],
) -> dict[Expr, Column]:
    """The cross-sections in some expressions, ``[N]`` each, for use as a memo.

    What lies below them is evaluated in blocks of symbols, so that what is between two operations
    stays in the processor's cache. Where nothing looks back at them, they are computed at the
    sessions that are due alone.

    Args:
        expressions: numbers and conditions.
        columns: the fields of the bars, ``[N]`` each.
        offsets: ``[S + 1]``.
        blocks: ranges of symbols ``(first, stop)`` that cover all of them.
        sessions: where the rows stand.
        due: ``[T]``, the sessions at which the expressions are wanted; what the memo gives at the
            others may be anything.

    Raises:
        DataError: as :func:`evaluate`.
    """
    known: dict[Expr, Column] = {}
    rows_due = None
    if not due.all() and not _looked_back_at(expressions):
        rows_due = np.flatnonzero(due[sessions.bar])
        sessions = sessions.only(due, rows_due)
    for wave in _waves(expressions):
        below = list(dict.fromkeys(argument for node in wave for argument in node.arguments))
        pieces = []
        for first, stop in blocks:
            rows = slice(int(offsets[first]), int(offsets[stop]))
            here = {name: column[rows] for name, column in columns.items()}
            bounds = offsets[first : stop + 1] - offsets[first]
            memo = {node: column[rows] for node, column in known.items()}
            pieces.append(evaluate(below, here, bounds, memo))
        whole = [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
        values = dict(zip(below, whole, strict=True))
        with np.errstate(all="ignore"):
            for node in wave:
                given = [values[argument] for argument in node.arguments]
                known[node] = _across_at(node, given, sessions, rows_due)
    return known


def _across_at(
    node: Expr, arguments: list[Any], sessions: Sessions, rows: NDArray[np.int64] | None
) -> Column:
    """A cross-section of whole columns, computed at some rows; zeros at the others."""
    if rows is None:
        return _across(node, arguments, sessions)
    found = _across(node, [column[rows] for column in arguments], sessions)
    whole = cast("Column", np.zeros(len(arguments[0]), found.dtype))
    whole[rows] = found
    return whole


def _looked_back_at(expressions: Sequence[Expr]) -> bool:
    """Whether what reads earlier bars rests on a cross-section."""
    rests: dict[Expr, bool] = {}
    for node in in_order(expressions):
        rests[node] = any(rests[argument] for argument in node.arguments)
        if rests[node] and node.operation not in ELEMENTWISE.keys() | CROSS_SECTION:
            return True
        rests[node] |= node.operation in CROSS_SECTION
    return False


def _waves(expressions: Sequence[Expr]) -> list[list[Expr]]:
    """Cross-sections by how many others lie below them."""
    depth: dict[Expr, int] = {}
    waves: dict[int, list[Expr]] = {}
    for node in in_order(expressions):
        below = max((depth[argument] for argument in node.arguments), default=0)
        is_across = node.operation in CROSS_SECTION
        depth[node] = below + is_across
        if is_across:
            waves.setdefault(below, []).append(node)
    return [waves[level] for level in sorted(waves)]


def _across(node: Expr, arguments: list[Any], sessions: Sessions | None) -> Column:
    if sessions is None:
        raise DataError(
            f"{node!r} looks across the symbols of a session: evaluate needs to know the session "
            "of each row, give sessions="
        )
    value: Column = ACROSS[node.operation].arrays(*arguments, *node.parameters, sessions)
    return value


class Spare:
    """Memory for indicators, used again by one evaluation after the other.

    Fresh memory costs a fault of the page for every 512 numbers, as much time as averaging them.
    """

    def __init__(self) -> None:
        self._kept: list[NDArray[np.float64]] = []
        self._taken = 0

    def start(self) -> None:
        """Give all of it away anew: what was written to it before is lost."""
        self._taken = 0

    def take(self, outputs: int, rows: int) -> NDArray[np.float64]:
        """``[outputs, rows]`` that nobody else has taken since the start."""
        size, place = outputs * rows, self._taken
        self._taken += 1
        if place == len(self._kept):
            self._kept.append(np.empty(size))
        elif len(self._kept[place]) < size:
            self._kept[place] = np.empty(size)
        return self._kept[place][:size].reshape(outputs, rows)


class _Pass:
    """One evaluation: the values in use, dropped after their last use."""

    def __init__(
        self,
        columns: Mapping[str, NDArray[np.float64]],
        offsets: NDArray[np.int64],
        memo: Memo,
        sessions: Sessions | None,
        spare: Spare | None,
    ) -> None:
        self.columns, self.offsets, self.memo, self.sessions = columns, offsets, memo, sessions
        self.spare = spare
        self.rows = int(offsets[-1])
        self.values: dict[Expr, Any] = {}
        self.crossings: dict[tuple[Expr, ...], NDArray[np.int8]] = {}
        self.special: dict[str, Callable[[Expr], Column]] = {
            "field": self._field,
            "constant": self._constant,
            "indicator": self._indicator,
            "lag": self._lag,
            "lag_condition": self._lag,
            "crosses_above": self._crosses,
            "crosses_below": self._crosses,
            **dict.fromkeys(CROSS_SECTION, self._across),
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
        found = self.crossings.get(node.arguments)
        if found is None:
            a, b = (np.ascontiguousarray(values) for values in self._arguments(node))
            found = self.crossings[node.arguments] = crossings(a, b, self.offsets)
        return found > 0 if node.operation == "crosses_above" else found < 0

    def _across(self, node: Expr) -> Column:
        self.memo[node] = _across(node, self._arguments(node), self.sessions)
        return self.memo[node]

    def _indicator(self, node: Expr) -> Column:
        if node in self.memo:  # as another output of one computed before
            return self.memo[node]
        name, _, values = indicator_call(node)
        outputs = siblings(node)
        out = None if self.spare is None else self.spare.take(len(outputs), self.rows)
        wanted = (registry.get_spec(name), self._arguments(node), values)
        [results] = apply_many([wanted], self.offsets, out=out)
        self.memo.update(zip(outputs, results, strict=True))
        return self.memo[node]


def siblings(node: Expr) -> list[Expr]:
    """The nodes of all outputs of the indicator that this node is one output of, in order."""
    name, _, values = indicator_call(node)
    outputs = registry.get_spec(name).outputs
    return [Expr.make("indicator", node.arguments, (name, out, *values)) for out in outputs]
