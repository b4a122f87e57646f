"""Running trials: planned points over one panel, each on the fastest path that can take it.

There are three. ``sparse`` walks the events of a symbol alone, ``broker`` runs the broker's loop
over every bar (the compiled engine), ``event`` steps code that decides bar by bar. All of them
give the same fills.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.event import run_event
from stockstream.backtest.sleeves import Manager
from stockstream.backtest.sparse.runner import SparseRunner, sparse_refusal
from stockstream.backtest.trial_rows import TrialRows, empty_rows, rows_of
from stockstream.study.planning.columns import evaluate_columns
from stockstream.study.planning.planning import explained
from stockstream.study.reuse import runner_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome
    from stockstream.backtest.sparse.programs import Programs
    from stockstream.market.panel import Panel
    from stockstream.study.planning.planning import Planned

    Ints = NDArray[np.int64]

__all__ = ["EVENT", "SPARSE", "RanTrials", "run_planned"]

SPARSE, EVENT = "sparse", "event"
BROKER = "broker: {why}"
NOT_RUN = "none"
RUINED = "the account was ruined, or owed money"


class RanTrials(NamedTuple):
    """Trials that have run.

    Attributes:
        rows: what is kept of them.
        paths: n texts, which engine ran each of them; ``broker: it sells short`` also says
            why it was not ``sparse``.
        bars: ``[B]``, sessions of the panel in each block, the same for all of them.
    """

    rows: TrialRows
    paths: list[str]
    bars: Ints


def run_planned(
    planned: Planned,
    panel: Panel,
    config: BacktestConfig,
    block_dates: Sequence[dt.date],
    curve_dates: Sequence[dt.date],
    rows: TrialRows | None = None,
) -> RanTrials:
    """Run every point of a block over one panel, each with fresh capital.

    Args:
        planned: the points.
        panel: what they trade.
        config: capital, costs and how orders work.
        block_dates: ``[B + 1]``, where the blocks of time begin; the last is the day after the end.
        curve_dates: ``[K]``, days at whose close the equity is kept.
        rows: a row for each point, to be written to; new ones by default.
    """
    if rows is None:
        rows = empty_rows(planned.size, len(block_dates) - 1, len(curve_dates))
    run = _Run(planned, panel, config, block_dates, curve_dates, rows)
    run.fill()
    rows.blank()
    return RanTrials(rows, run.paths, np.diff(run.edges))


class _Run:
    """One block of points over one panel, and the rows that fill up."""

    def __init__(
        self,
        planned: Planned,
        panel: Panel,
        config: BacktestConfig,
        block_dates: Sequence[dt.date],
        curve_dates: Sequence[dt.date],
        rows: TrialRows,
    ) -> None:
        self.planned, self.panel, self.config, self.rows = planned, panel, config, rows
        days = panel.dates[panel.first :]
        self.edges: Ints = np.searchsorted(days, _days(tuple(block_dates)))
        self.at: Ints = np.searchsorted(days, _days(tuple(curve_dates)), "right") - 1
        self.errors = rows.errors
        self.paths = [NOT_RUN] * planned.size

    def fill(self) -> None:
        self.errors.update(self.planned.errors)
        if self.panel.first >= self.panel.sessions:
            why = f"{', '.join(self.panel.symbols)}: no bar in the trading window"
            self.errors.update(
                (i, why) for i in range(self.planned.size) if i not in self.planned.errors
            )
        elif self.planned.is_rules:
            self._run_rules()
        else:
            for i in range(self.planned.size):
                self._run_alone(i, EVENT, self._step)

    def _run_rules(self) -> None:
        refusal = sparse_refusal(self.panel, self.config)
        for group in self.planned.groups:
            why = refusal or group.why
            if group.programs is not None and not why:
                self._run_sparse(group.programs)
                continue
            path = BROKER.format(why=why)
            for i in group.points.tolist():
                self._run_alone(i, path, self._walk)

    def _run_sparse(self, programs: Programs) -> None:
        runner = SparseRunner(self.panel, self.config, edges=self.edges, curve=self.at)
        try:
            for part, numbers, conditions in evaluate_columns(programs, self.panel):
                points = part.points
                first, stop = int(points[0]), int(points[-1]) + 1
                if stop - first == len(points):  # they ascend
                    runner.run(part, numbers, conditions, self.rows.part(first, stop))
                    self.paths[first:stop] = [SPARSE] * len(points)
                else:
                    self._put(points, runner.run(part, numbers, conditions))
                for place in runner.left:
                    self.paths[points[place]] = BROKER.format(why=RUINED)
        except Exception as error:  # noqa: BLE001 - one bad piece never ends a sweep
            why = explained(error)
            self.errors.update((int(i), why) for i in programs.points)

    def _put(self, points: Ints, rows: TrialRows) -> None:
        for name in TrialRows._fields[:-1]:
            getattr(self.rows, name)[points] = getattr(rows, name)
        for point in points.tolist():
            self.paths[point] = SPARSE

    def _run_alone(self, i: int, path: str, run: Callable[[int], Outcome]) -> None:
        if i in self.errors:
            return
        self.paths[i] = path
        try:
            row = rows_of(run(i), self.config, self.edges, self.at)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - one bad trial never ends a sweep
            self.errors[i] = explained(error)
            return
        for name in TrialRows._fields[:-1]:
            values: NDArray[Any] = getattr(self.rows, name)
            values[i] = getattr(row, name)[0]

    def _walk(self, i: int) -> Outcome:
        return runner_of(self.panel, self.config).run(self.planned.rules(i))

    def _step(self, i: int) -> Outcome:
        return run_event([Manager.alone(self.planned.strategy(i))], self.panel, self.config)


@lru_cache(maxsize=8)
def _days(dates: tuple[dt.date, ...]) -> NDArray[np.datetime64]:
    """The same days, as NumPy compares them; pieces of one study ask for the same ones."""
    return np.array(dates, "datetime64[D]")
