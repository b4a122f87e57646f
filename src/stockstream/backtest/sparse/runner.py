"""Many programs over one symbol: the driver of the trial kernel."""

from __future__ import annotations

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
from stockstream.backtest.sparse.measures import metrics_of, shortfalls_of
from stockstream.backtest.sparse.programs import GIVEN
from stockstream.backtest.sparse.records import Desk, Given, Trial
from stockstream.backtest.sparse.series import series_of
from stockstream.backtest.sparse.signals import PADDING, Marks, Rows, next_event, watch
from stockstream.backtest.sparse.trial import run_trials
from stockstream.backtest.trial_rows import TrialRows, rows_of
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

    def run(self, programs: Programs, numbers: Floats, conditions: NDArray[np.uint8]) -> TrialRows:
        """Run programs, all of them.

        Args:
            programs: their tests and exits.
            numbers: ``[C, T]``, what the tests compare, for every bar of the panel.
            conditions: ``[D, T]``, 1 where a given condition holds.

        Returns:
            A row for each program, in their order.
        """
        rows, trials = self._run(programs, numbers, conditions, fills=0)[:2]
        self.left = tuple(np.flatnonzero(trials["given_up"]).tolist())
        with part_of(len(self.left) * self._bars):
            for place in self.left:
                self._run_by_broker(place, programs, numbers, conditions, rows)
        return self._without_margins(rows)

    def fills(
        self, programs: Programs, numbers: Floats, conditions: NDArray[np.uint8], place: int
    ) -> NDArray[Any]:
        """The fills of one program, as the broker writes them down."""
        one = _only(programs, place)
        _, trials, fills = self._run(one, numbers, conditions, fills=2 * self._panel.sessions)
        return records_of(FillRow, fills, int(trials["fills"][0]))

    def _run(
        self, programs: Programs, numbers: Floats, conditions: NDArray[np.uint8], *, fills: int
    ) -> tuple[TrialRows, NDArray[Any], Any]:
        count = len(programs.points)
        lists = not self._to_compile(count)
        desk = self._desk(count, fills, lists=lists)
        given = self._given(programs, numbers, conditions, lists=lists)
        if lists:
            run_trials(0, count, given, self._listed, self._terms, desk)
        else:
            terms = self._terms.as_arrays()
            compiled(run_trials)(0, count, given, self._series, terms, desk)
        trials = records_of(Trial, desk.trials, count)
        kept: tuple[Any, ...] = (desk.sums, desk.squares)
        sums, squares = (np.asarray(rows).reshape(count, -1) for rows in kept)
        downside = shortfalls_of(trials, self._config)
        rows = TrialRows(
            metrics_of(
                trials, sums, squares, downside, self._panel.first, self._bars, self._config
            ),
            sums,
            squares,
            trials["cubes"].copy(),
            trials["fourths"].copy(),
            downside,
            self._curve_of(desk),
            {},
        )
        return rows, trials, desk.fills

    def _to_compile(self, count: int) -> bool:
        if self._compiles is None:
            return pays_to_compile(count * self._panel.sessions)
        return self._compiles

    @cached_property
    def _series(self) -> Series:
        return series_of(self._panel, self._config, lists=False)

    @cached_property
    def _listed(self) -> Series:
        return series_of(self._panel, self._config, lists=True)

    @cached_property
    def _all_edges(self) -> Ints:
        """The edges, with a block before and one after them: together they have every bar."""
        return np.concatenate(([0], self._edges, [self._bars]))

    def _without_margins(self, rows: TrialRows) -> TrialRows:
        return rows._replace(sums=rows.sums[:, 1:-1], squares=rows.squares[:, 1:-1])

    def _desk(self, count: int, fills: int, *, lists: bool) -> Desk:
        bars, blocks = self._panel.sessions, len(self._all_edges) - 1
        edges, curve_at = self._all_edges + self._panel.first, np.sort(self._curve)
        curve_at = curve_at[curve_at >= 0] + self._panel.first
        shapes = ((count, blocks), (count, blocks), (count, len(curve_at)))
        kept: list[Any] = [np.zeros(shape) for shape in shapes]
        ready: Any = (lambda column: column.tolist()) if lists else (lambda column: column)
        sums, squares, curve = map(ready, kept)
        return Desk(
            _marks(bars, lists=lists),
            _marks(bars, lists=lists),
            ready(np.zeros(bars)),
            ready(edges),
            ready(curve_at),
            table(Trial, count, lists=lists),
            sums,
            squares,
            curve,
            table(FillRow, fills, lists=lists),
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
        columns += [self._config.initial_capital, rows]
        return Given._make(columns)

    def _curve_of(self, desk: Desk) -> NDArray[np.float32]:
        """``[n, K]``, in the order in which it was asked for; 1 before the first bar."""
        kept = np.asarray(desk.curve).reshape(len(desk.trials), -1)
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
        one = rows_of(outcome, self._config, self._all_edges, self._curve)
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
