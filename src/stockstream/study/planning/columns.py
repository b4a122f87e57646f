"""The columns that programs read, over the bars of one symbol.

What does not depend on the symbol is prepared once for all symbols: which nodes there are, in which
order they are computed, when each one is used last. After that an indicator costs half a
microsecond beside its own arithmetic. The values are those of ``strategy.evaluate``, bit for bit:
both take their operations from the same places.
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.sparse.programs import GIVEN, NEVER
from stockstream.indicators.evaluation import apply
from stockstream.indicators.four import FOUR, means_of_periods
from stockstream.indicators.registry import get_spec
from stockstream.jit import compiled, part_of, pays_to_compile
from stockstream.strategy.crossing import crossings
from stockstream.strategy.elementwise import ELEMENTWISE
from stockstream.strategy.evaluate import siblings
from stockstream.strategy.node import in_order, indicator_call
from stockstream.study.planning.means import means_in_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.sparse.programs import Programs, Test
    from stockstream.indicators.spec import IndicatorSpec, Params
    from stockstream.market.panel import Panel
    from stockstream.strategy.node import Expr

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Flags = NDArray[np.uint8]

__all__ = ["Columns", "evaluate_columns"]

MOST_BYTES = 1 << 25
"""Memory of the columns that are made at once: more are made for some of the points at a time."""

MOST_PREPARED = 32
"""Programs for which the preparation is kept."""


class Columns(NamedTuple):
    """What some programs read.

    Attributes:
        programs: these, or some of their points with the columns that those read.
        numbers: ``[C, T]``, a row for each of ``programs.numbers``; NaN where it is not known.
        conditions: ``[D, T]``, 0 or 1, a row for each of ``programs.conditions``.
    """

    programs: Programs
    numbers: Floats
    conditions: Flags


def evaluate_columns(programs: Programs, panel: Panel) -> Iterator[Columns]:
    """The columns of some programs, all at once or for some of their points at a time.

    Args:
        programs: kept, so that the next symbol need not be prepared for.
        panel: the bars of one symbol, T of them.

    Yields:
        Programs with their columns. The memory is used again: they are good until the next ones
        are asked for in the same thread, for this or another symbol.

    Raises:
        DataError: the panel lacks a column that they read.
    """
    rows = len(panel.bar)
    most = MOST_BYTES // (8 * max(rows, 1))
    for tape in _prepared(programs).tapes(most):
        with part_of(rows * len(programs.points)), np.errstate(all="ignore"):
            made = _Run(tape, panel).columns()
        yield made


class _Prepared:
    """Programs, as tapes."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self._tapes: dict[int, tuple[_Tape, ...]] = {}

    def tapes(self, most: int) -> tuple[_Tape, ...]:
        """Tapes of at most so many columns each; points that alone have more get their own."""
        columns = len(self.programs.numbers) + len(self.programs.conditions)
        room = 0 if columns <= most else 1 << max(most.bit_length() - 1, 3)
        if room not in self._tapes:
            parts = _cut(self.programs, room) if room else [self.programs]
            self._tapes[room] = tuple(map(_Tape, parts))
        return self._tapes[room]


_kept: dict[int, _Prepared] = {}
_keeping = threading.Lock()


def _prepared(programs: Programs) -> _Prepared:
    with _keeping:
        found = _kept.get(id(programs))
        if found is None or found.programs is not programs:
            while len(_kept) >= MOST_PREPARED:
                del _kept[next(iter(_kept))]
            found = _kept[id(programs)] = _Prepared(programs)
        return found


def _cut(programs: Programs, most: int) -> list[Programs]:
    """Points in their order, as many at a time as have at most so many columns together."""
    parts, used, first = [], set[tuple[str, int]](), 0
    for i, reads in enumerate(zip(*_reads(programs), strict=True)):
        own = {(kind, row) for kind, row in reads if row >= 0}
        if len(used | own) > most and i > first:
            parts.append(_taken(programs, slice(first, i)))
            used, first = set(), i
        used |= own
    return [*parts, _taken(programs, slice(first, None))]


def _reads(programs: Programs) -> Iterator[list[tuple[str, int]]]:
    """For each place of a test, what column each point reads there: kind and row."""
    for test in (programs.enter, programs.exit):
        if test.op == GIVEN:
            yield [("condition", row) for row in test.a.tolist()]
        elif test.op != NEVER:
            yield [("number", row) for row in test.a.tolist()]
            yield [("number", row) for row in test.b.tolist()]


def _taken(programs: Programs, some: slice) -> Programs:
    """Some of the points, with the columns that they read."""
    numbers, conditions = dict[int, int](), dict[int, int]()

    def renumbered(rows: Ints, known: dict[int, int]) -> Ints:
        places = [known.setdefault(row, len(known)) if row >= 0 else -1 for row in rows.tolist()]
        return np.array(places, np.int64)

    def test(of: Test) -> Test:
        known = conditions if of.op == GIVEN else numbers
        a, b = renumbered(of.a[some], known), renumbered(of.b[some], numbers)
        return of._replace(a=a, b=b, constant=of.constant[some])

    enter, exit_ = test(programs.enter), test(programs.exit)
    plain = programs._fields[3:-2]
    return programs._replace(
        points=programs.points[some],
        enter=enter,
        exit=exit_,
        numbers=tuple(programs.numbers[row] for row in numbers),
        conditions=tuple(programs.conditions[row] for row in conditions),
        **{name: getattr(programs, name)[some] for name in plain},
    )


class _Call(NamedTuple):
    """An indicator with its parameters.

    Attributes:
        spec: of the indicator.
        params: their values.
        state: floats that the kernel needs.
        outputs: the slot of each output; -1 where nothing reads it.
    """

    spec: IndicatorSpec
    params: Params
    state: int
    outputs: tuple[int, ...]


class _Together(NamedTuple):
    """Rolling means of one column, so many at once that they come in fours.

    Attributes:
        calls: of the slots ``slots``.
        slots: where they are wanted.
        periods: of each of them.
        rows: of the numbers, where each of them is written.
    """

    calls: tuple[_Call, ...]
    slots: tuple[int, ...]
    periods: Ints
    rows: Ints


class _Crossing(NamedTuple):
    """Which slots cross, and whether it is asked when the first one comes to be above."""

    of: tuple[int, ...]
    above: bool


class _Step(NamedTuple):
    """A node of the tape: what computes it, and which slots are not read after it."""

    compute: Callable[[_Run, int, list[Any], Any], NDArray[Any]]
    slot: int
    arguments: tuple[int, ...]
    settings: Any
    done: tuple[int, ...]


class _Tape:
    """The nodes of some programs in the order in which they are computed, each with a slot."""

    def __init__(self, programs: Programs) -> None:
        self.programs = programs
        self.nodes = in_order((*programs.numbers, *programs.conditions))
        self.slot = {node: slot for slot, node in enumerate(self.nodes)}
        self.numbers = [self.slot[node] for node in programs.numbers]
        self.conditions = [self.slot[node] for node in programs.conditions]
        self.steps = self._steps()
        calls = (step.settings for step in self.steps if isinstance(step.settings, _Call))
        self.longest_state = max((call.state for call in calls), default=0)
        self._join_means()

    def _steps(self) -> list[_Step]:
        uses = Counter(argument for node in self.nodes for argument in node.arguments)
        steps = []
        for node in self.nodes:
            done = []
            for argument in node.arguments:
                uses[argument] -= 1
                if not uses[argument]:
                    done.append(self.slot[argument])
            compute = _COMPUTE.get(node.operation, _elementwise)
            arguments = tuple(self.slot[argument] for argument in node.arguments)
            steps.append(
                _Step(compute, self.slot[node], arguments, self._settings(node), tuple(done))
            )
        return steps

    def _join_means(self) -> None:
        """Make one step of the rolling means of one column that are wanted as numbers."""
        row = {slot: row for row, slot in enumerate(self.numbers)}
        alike: dict[tuple[int, ...], list[_Step]] = {}
        for step in self.steps:
            call = step.settings
            means = isinstance(call, _Call) and call.spec.beside is means_of_periods
            if means and step.slot in row:
                alike.setdefault(step.arguments, []).append(step)
        for found in alike.values():
            if fours := found[: len(found) // FOUR * FOUR]:
                self._join(fours, np.array([row[step.slot] for step in fours]))

    def _join(self, steps: Sequence[_Step], rows: Ints) -> None:
        slots = tuple(step.slot for step in steps)
        calls = tuple(step.settings for step in steps)
        asked = _Together(calls, slots, np.array([call.params[0] for call in calls]), rows)
        # what they read is kept to the end: others may read it after the first of them
        joined = steps[0]._replace(compute=_together, settings=asked, done=())
        others = [step for step in self.steps if step.slot not in slots[1:]]
        self.steps = [joined if step is steps[0] else step for step in others]

    def _settings(self, node: Expr) -> Any:
        if node.operation in ELEMENTWISE:
            return ELEMENTWISE[node.operation].arrays
        if node.operation == "indicator":
            name, _, params = indicator_call(node)
            spec = get_spec(name)
            outputs = tuple(self.slot.get(output, -1) for output in siblings(node))
            return _Call(spec, params, spec.state_size(params), outputs)
        if node.operation in {"crosses_above", "crosses_below"}:
            of = tuple(self.slot[argument] for argument in node.arguments)
            return _Crossing(of, above=node.operation == "crosses_above")
        return node.parameters[0]


class _Memory(threading.local):
    """Where the columns of each thread are written: fresh memory costs as much as they do."""

    def __init__(self) -> None:
        self.numbers, self.conditions = np.empty(0), np.empty(0, np.uint8)

    def take(self, numbers: int, conditions: int, rows: int) -> tuple[Floats, Flags]:
        """``[numbers, rows]`` and ``[conditions, rows]``; what was taken before is lost."""
        if self.numbers.size < numbers * rows:
            self.numbers = np.empty(numbers * rows)
        if self.conditions.size < conditions * rows:
            self.conditions = np.empty(conditions * rows, np.uint8)
        return (
            self.numbers[: numbers * rows].reshape(numbers, rows),
            self.conditions[: conditions * rows].reshape(conditions, rows),
        )


_memory = _Memory()


class _Run:
    """A tape over the bars of a symbol.

    Attributes:
        values: what each slot holds, as long as it is still read.
        crossings: of two slots each, 1 upwards and -1 downwards.
        places: for each slot the row that it is wanted in; None for what is only in between.
    """

    def __init__(self, tape: _Tape, panel: Panel) -> None:
        programs = tape.programs
        self.tape, self.panel, self.rows = tape, panel, len(panel.bar)
        self.numbers, self.conditions = _memory.take(
            len(programs.numbers), len(programs.conditions), self.rows
        )
        self.offsets = np.array([0, self.rows])
        self.state = np.empty(tape.longest_state)
        self.compiles = pays_to_compile(self.rows)
        self.values: list[Any] = [None] * len(tape.nodes)
        self.crossings: dict[tuple[int, ...], NDArray[np.int8]] = {}
        self.places: list[Any] = [None] * len(tape.nodes)
        for rows, slots in ((self.numbers, tape.numbers), (self.conditions, tape.conditions)):
            for row, slot in zip(rows, slots, strict=True):
                self.places[slot] = row if row.dtype == np.float64 else row.view(np.bool_)

    def columns(self) -> Columns:
        values, places = self.values, self.places
        for compute, slot, arguments, settings, done in self.tape.steps:
            if values[slot] is None:
                given = [values[argument] for argument in arguments]
                values[slot] = compute(self, slot, given, settings)
            if places[slot] is not None and places[slot] is not values[slot]:
                places[slot][:] = values[slot]
            for other in done:
                values[other] = None
        return Columns(self.tape.programs, self.numbers, self.conditions)


def _field(run: _Run, _slot: int, _given: list[Any], name: str) -> NDArray[Any]:
    return np.ascontiguousarray(run.panel.column(name), np.float64)


def _constant(run: _Run, _slot: int, _given: list[Any], value: float) -> NDArray[Any]:
    return np.full(run.rows, value)


def _elementwise(
    run: _Run, slot: int, given: list[Any], operation: Callable[..., NDArray[Any]]
) -> NDArray[Any]:
    place = run.places[slot]
    if place is None or not isinstance(operation, np.ufunc):
        return operation(*given)
    operation(*given, out=place)
    written: NDArray[Any] = place
    return written


def _lag(run: _Run, slot: int, given: list[Any], bars: int) -> NDArray[Any]:
    [values], place = given, run.places[slot]
    lagged: NDArray[Any] = np.empty_like(values) if place is None else place
    lagged[bars:] = values[: max(run.rows - bars, 0)]
    lagged[:bars] = False if values.dtype == np.bool_ else np.nan
    return lagged


def _crosses(run: _Run, _slot: int, given: list[Any], asked: _Crossing) -> NDArray[Any]:
    found = run.crossings.get(asked.of)
    if found is None:
        a, b = given
        found = run.crossings[asked.of] = crossings(a, b, run.offsets)
    crossed: NDArray[np.bool_] = found > 0 if asked.above else found < 0
    return crossed


def _indicator(run: _Run, slot: int, given: list[Any], call: _Call) -> NDArray[Any]:
    places = [run.places[output] if output >= 0 else None for output in call.outputs]
    results = [np.empty(run.rows) if place is None else place for place in places]
    if run.compiles and call.spec.compiles:
        state = run.state[: call.state]
        compiled(call.spec.array)(*given, run.offsets, *call.params, state, *results)
    else:
        found = apply(call.spec, given, run.offsets, call.params)
        for result, values in zip(results, found, strict=True):
            result[:] = values
    for output, result in zip(call.outputs, results, strict=True):
        if output >= 0:
            run.values[output] = result
    made: NDArray[Any] = run.values[slot]
    return made


def _together(run: _Run, slot: int, given: list[Any], asked: _Together) -> NDArray[Any]:
    if run.compiles and compiled(means_in_rows)(*given, asked.periods, asked.rows, run.numbers):
        for other in asked.slots:
            run.values[other] = run.places[other]
    else:
        for other, call in zip(asked.slots, asked.calls, strict=True):
            run.values[other] = _indicator(run, other, given, call)
    made: NDArray[Any] = run.values[slot]
    return made


_COMPUTE: dict[str, Callable[[_Run, int, list[Any], Any], NDArray[Any]]] = {
    "field": _field,
    "constant": _constant,
    "indicator": _indicator,
    "lag": _lag,
    "lag_condition": _lag,
    "crosses_above": _crosses,
    "crosses_below": _crosses,
}
