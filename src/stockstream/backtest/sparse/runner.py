"""Many programs over one symbol: the driver of the trial kernel."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.broker.layout import rows_of as records_of
from stockstream.backtest.broker.layout import table
from stockstream.backtest.broker.records import FillRow
from stockstream.backtest.broker.terms import Terms
from stockstream.backtest.codes import ENTER_LONG, EXIT_LONG
from stockstream.backtest.compiled import run_decisions
from stockstream.backtest.decisions import Decisions
from stockstream.backtest.sparse.programs import GIVEN
from stockstream.backtest.sparse.records import Desk, Given, Kept, Measures, Trial
from stockstream.backtest.sparse.series import series_in_hand, series_of
from stockstream.backtest.sparse.signals import PADDING, Marks, Rows, next_event, watch
from stockstream.backtest.sparse.trial import run_trials
from stockstream.backtest.trial_rows import TrialRows, empty_rows, rows_of
from stockstream.jit import compiled, part_of, pays_to_compile
from stockstream.market.panel import DIVIDEND
from stockstream.strategy.orders import Bracket, Ticket

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.sparse.programs import Programs, Test
    from stockstream.backtest.sparse.series import Series
    from stockstream.market.panel import Panel

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["SparseRunner", "sparse_refusal"]

EXITS = ("stop_loss", "take_profit", "trailing_stop", "max_bars", "cooldown")
NO_BARS = np.empty(0, np.int64)


def sparse_refusal(panel: Panel, config: BacktestConfig) -> str:
    """Why trials of this panel and configuration need the broker; empty if they do not."""
    prices = (panel.open, panel.high, panel.low, panel.close)
    dividends = panel.actions.value[panel.actions.kind == DIVIDEND]
    reasons = {
        f"{len(panel.symbols)} symbols share the cash": len(panel.symbols) != 1,
        "bars are missing on its axis": len(panel.bar) != panel.sessions,
        "it has no bar to trade in": panel.first >= panel.sessions,
        "a price is zero or less": not all(price.min(initial=1.0) > 0.0 for price in prices),
        "a dividend is negative": bool((dividends < 0.0).any()),
        f"orders fill at {config.fill}": config.fill != "next_open",
        f"leverage is {config.margin.leverage:g}": config.margin.leverage != 1.0,
        "max_volume_share needs the volume of every bar": config.market_rules.max_volume_share > 0,
        "impact needs the volume of every bar": config.costs.impact > 0.0,
        "several strategies share the book": bool(config.sleeves),
    }
    return next((why for why, applies in reasons.items() if applies), "")


class SparseRunner:
    """Runs programs over one symbol, each with fresh capital; what they share is made once.

    What the kernel cannot tell, such as an account that is ruined, the broker runs. One runner
    belongs to one thread.

    Args:
        panel: of one symbol; :func:`sparse_refusal` has no objection.
        config: capital, costs and how orders work.
        edges: ``[B + 1]``, ascending: block *b* has the bars ``edges[b]:edges[b + 1]`` of the
            trading window.
        curve: ``[K]``, bars of the trading window at which the equity is kept; -1: the capital.
        compile_kernels: compiled code or the interpreter, with the same numbers; None lets the
            size of the work decide.

    Attributes:
        left: places of the programs of the last :meth:`run` that the broker ran.
    """

    def __init__(
        self,
        panel: Panel,
        config: BacktestConfig,
        *,
        edges: Ints,
        curve: Ints = NO_BARS,
        compile_kernels: bool | None = None,
    ) -> None:
        self._panel, self._config, self._compiles = panel, config, compile_kernels
        self._bars = panel.sessions - panel.first
        self._edges, self._curve = edges, curve
        self._terms = Terms.of(config)
        self.left: tuple[int, ...] = ()

    def run(
        self,
        programs: Programs,
        numbers: Floats,
        conditions: NDArray[np.uint8],
        rows: TrialRows | None = None,
    ) -> TrialRows:
        """Run programs, all of them.

        Args:
            programs: their tests and exits.
            numbers: ``[C, T]``, what the tests compare, for every bar of the panel.
            conditions: ``[D, T]``, 1 where a given condition holds.
            rows: a row for each program, to be written to; new ones by default.

        Returns:
            A row for each program, in their order.
        """
        if rows is None:
            rows = empty_rows(len(programs.points), len(self._edges) - 1, len(self._curve))
        kept = self._run(programs, numbers, conditions, rows, fills=0)[1]
        self.left = tuple(np.flatnonzero(kept.given_up).tolist())
        with part_of(len(self.left) * self._bars):
            for place in self.left:
                self._run_by_broker(place, programs, numbers, conditions, rows)
        return rows

    def fills(
        self, programs: Programs, numbers: Floats, conditions: NDArray[np.uint8], place: int
    ) -> NDArray[Any]:
        """The fills of one program, as the broker writes them down."""
        one, rows = _only(programs, place), empty_rows(1, len(self._edges) - 1, len(self._curve))
        desk, _ = self._run(one, numbers, conditions, rows, fills=2 * self._panel.sessions)
        trial = records_of(Trial, desk.trial, 1)
        return records_of(FillRow, desk.fills, int(trial["fills"][0]))

    def _run(
        self,
        programs: Programs,
        numbers: Floats,
        conditions: NDArray[np.uint8],
        rows: TrialRows,
        *,
        fills: int,
    ) -> tuple[Desk, Kept]:
        count = len(programs.points)
        lists = not self._to_compile(count)
        desk, kept = self._desk(count, fills, lists=lists), _kept(rows, lists=lists)
        given = self._given(programs, numbers, conditions, lists=lists)
        if lists:
            run_trials(0, count, given, self._listed, self._terms, desk, kept)
            _copy_rows(kept, rows)
        else:
            terms = self._terms.as_arrays()
            series = series_in_hand(self._panel, self._config)
            compiled(run_trials)(0, count, given, series, terms, desk, kept)
        if len(self._curve):
            rows.curve[:] = self._curve_of(desk)
        return desk, kept

    def _to_compile(self, count: int) -> bool:
        if self._compiles is None:
            return pays_to_compile(count * self._panel.sessions)
        return self._compiles

    @cached_property
    def _listed(self) -> Series:
        return series_of(self._panel, self._config)

    def _desk(self, count: int, fills: int, *, lists: bool) -> Desk:
        inside = np.sort(self._curve[self._curve >= 0])
        # a block before and one after the others: together they have every bar
        edges = np.concatenate(([0], self._edges, [self._bars])) + self._panel.first
        ready: Any = (lambda column: column.tolist()) if lists else (lambda column: column)
        bars, blocks = self._panel.sessions, len(edges) - 1
        memory = _Marked(bars, lists=True) if lists else _memory.of(bars)
        return Desk(
            memory.enter,
            memory.exit,
            memory.scratch,
            ready(edges),
            ready(np.empty(blocks)),
            ready(np.empty(blocks)),
            ready(inside + self._panel.first),
            memory.trial,
            table(FillRow, fills, lists=lists) if fills else memory.no_fills,
            ready(np.empty((count, len(inside)))),
        )

    def _given(
        self, programs: Programs, numbers: Floats, conditions: NDArray[np.uint8], *, lists: bool
    ) -> Given:
        columns: list[Any] = []
        for test in (programs.enter, programs.exit):
            columns += [test.op, _column(test.a), _column(test.b), _column(test.constant)]
        columns += [_column(getattr(programs, name)) for name in ("weight", *EXITS)]
        rows = Rows(_column(numbers), _column(conditions))
        if lists:
            columns = [part if isinstance(part, int) else part.tolist() for part in columns]
            rows = Rows(numbers.tolist(), conditions.tolist())
        columns += [self._config.initial_capital, self._config.periods_per_year, rows]
        return Given._make(columns)

    def _curve_of(self, desk: Desk) -> NDArray[np.float32]:
        """``[n, K]``, in the order in which it was asked for; 1 before the first bar."""
        kept = np.asarray(desk.curve)
        grown = np.ones((len(kept), len(self._curve)))
        inside = np.argsort(self._curve, kind="stable")[len(self._curve) - kept.shape[1] :]
        grown[:, inside] = kept / self._config.initial_capital
        return grown.astype(np.float32)

    def _run_by_broker(
        self,
        place: int,
        programs: Programs,
        numbers: Floats,
        conditions: NDArray[np.uint8],
        rows: TrialRows,
    ) -> None:
        """Run one program the long way, and put its row in place."""
        code = np.zeros(self._panel.sessions, np.int64)
        for test, bit in ((programs.enter, ENTER_LONG), (programs.exit, EXIT_LONG)):
            found = self._bars_of(test, place, numbers, conditions)
            code[np.array(found, np.int64)] |= bit
        at = np.flatnonzero(code)
        at = at[at >= self._panel.first]
        bracket = Bracket(**{name: getattr(programs, name)[place].item() for name in EXITS})
        size = np.full(len(at), programs.weight[place])
        made = Decisions.at_rows(self._panel, at, code[at], size, Ticket(bracket=bracket))
        outcome = run_decisions(made, self._panel, self._config)
        one = rows_of(outcome, self._config, self._edges, self._curve)
        for name in TrialRows._fields[:-1]:
            getattr(rows, name)[place] = getattr(one, name)[0]

    def _bars_of(
        self, test: Test, place: int, numbers: Floats, conditions: NDArray[np.uint8]
    ) -> list[int]:
        """The bars at which a test of one program says yes."""
        op, a, b = test.op, int(test.a[place]), int(test.b[place])
        stop = self._panel.sessions
        read: Any = conditions if op == GIVEN else numbers
        rows = {row: read[row].tolist() for row in (a, b) if 0 <= row < len(read)}
        marks, constant = _marks(stop, lists=True), float(test.constant[place])
        made = watch(op, a, b, constant, False, Rows(rows, rows), marks)
        found: list[int] = []
        t = next_event(made, 0, stop)
        while t < stop:
            found.append(t)
            t = next_event(made, t + 1, stop)
        return found


class _Marked:
    """What trials write to and the next one writes over."""

    def __init__(self, bars: int, *, lists: bool) -> None:
        scratch: Any = np.zeros(bars)
        self.bars = bars
        self.enter, self.exit = _marks(bars, lists=lists), _marks(bars, lists=lists)
        self.scratch = scratch.tolist() if lists else scratch
        self.trial = table(Trial, 1, lists=lists)
        self.no_fills = table(FillRow, 0, lists=lists)


class _Memory(threading.local):
    """The same, of each thread: what one symbol needed serves the next one."""

    def __init__(self) -> None:
        self.held: _Marked | None = None

    def of(self, bars: int) -> _Marked:
        """For so many bars."""
        if self.held is None or self.held.bars != bars:
            self.held = _Marked(bars, lists=False)
        return self.held


_memory = _Memory()


def _kept(rows: TrialRows, *, lists: bool) -> Kept:
    """Where a kernel writes rows: into them, or into lists that :func:`_copy_rows` reads."""
    count = len(rows.cubes)
    parts: list[Any] = [rows.sums, rows.squares, rows.cubes, rows.fourths, rows.downside]
    parts.append(np.zeros(count, np.int64))
    if lists:
        return Kept(table(Measures, count, lists=True), *(part.tolist() for part in parts))
    measures: Any = rows.metrics.view(Measures.dtype())[:, 0]
    return Kept(measures, *parts)


def _copy_rows(kept: Kept, rows: TrialRows) -> None:
    measures = records_of(Measures, kept.measures, len(rows.cubes))
    rows.metrics[:] = measures.view(np.float64).reshape(rows.metrics.shape)
    for name in ("sums", "squares", "cubes", "fourths", "downside"):
        getattr(rows, name)[:] = getattr(kept, name)


def _column(values: NDArray[Any]) -> NDArray[Any]:
    """The same numbers as kernels were compiled for: contiguous, and not read-only."""
    return np.require(values, requirements=["C", "W"])


def _marks(bars: int, *, lists: bool) -> Marks:
    room = bars // 8 * 8 + 8
    level: Any = np.full(bars, np.nan)
    if lists:
        memory: Any = memoryview(bytearray([PADDING] * room))
        return Marks(memory, memory.cast("q"), level.tolist())
    memory = np.full(room, PADDING, np.uint8)
    return Marks(memory, memory.view(np.int64), level)


def _only(programs: Programs, place: int) -> Programs:
    """One of some programs."""
    rows = slice(place, place + 1)
    cut: dict[str, Any] = {
        name: getattr(programs, name)[rows] for name in ("points", "weight", *EXITS)
    }
    for name in ("enter", "exit"):
        test: Test = getattr(programs, name)
        cut[name] = test._replace(a=test.a[rows], b=test.b[rows], constant=test.constant[rows])
    return programs._replace(**cut)
