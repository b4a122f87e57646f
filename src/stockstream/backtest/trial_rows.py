"""What a sweep keeps of a trial: numbers in rows, and never an array of trials by bars.

Beside the metrics these are sums of the per-bar returns over a few blocks of time. They are enough
to measure the trial again over any choice of blocks: cross-validation, joined pieces, deflation.
"""

from __future__ import annotations

from dataclasses import fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.result import measure
from stockstream.metrics.returns import per_bar, simple_returns
from stockstream.metrics.summary import Metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.outcome import Outcome

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["METRICS", "TrialRows", "empty_rows", "rows_of"]

METRICS = tuple(field.name for field in fields(Metrics))
"""The columns of :attr:`TrialRows.metrics`."""


class TrialRows(NamedTuple):
    """Some trials, a row each.

    Attributes:
        metrics: ``[n, 17]``, as ``METRICS`` names them; NaN where undefined or the trial failed.
        sums, squares: ``[n, B]``, sum of the simple returns per bar, and of their squares, over the
            bars of each block.
        cubes, fourths: ``[n]``, sums of the third and fourth powers over all bars.
        downside: ``[n]``, sum of the squares of what the returns lack to the risk-free rate.
        curve: ``[n, K]``, equity over the initial capital at some bars.
        errors: place of a failed trial -> why.
    """

    metrics: Floats
    sums: Floats
    squares: Floats
    cubes: Floats
    fourths: Floats
    downside: Floats
    curve: NDArray[np.float32]
    errors: dict[int, str]

    def part(self, first: int, stop: int) -> TrialRows:
        """The rows ``first:stop``, to be written to, with errors of their own."""
        arrays: list[Any] = [array[first:stop] for array in self[:-1]]
        return TrialRows._make([*arrays, {}])

    def blank(self) -> None:
        """NaN in the rows of the trials that failed."""
        failed = list(self.errors)
        for array in self[:-1] if failed else ():
            array[failed] = np.nan


def empty_rows(trials: int, blocks: int, curve: int) -> TrialRows:
    """Rows that somebody is going to write, each of them: they hold anything."""
    return TrialRows(
        np.empty((trials, len(METRICS))),
        np.empty((trials, blocks)),
        np.empty((trials, blocks)),
        np.empty(trials),
        np.empty(trials),
        np.empty(trials),
        np.empty((trials, curve), np.float32),
        {},
    )


def rows_of(outcome: Outcome, config: BacktestConfig, edges: Ints, at: Ints) -> TrialRows:
    """The row of one run.

    Args:
        outcome: of the run.
        config: of the run.
        edges: ``[B + 1]``, ascending: block *b* has the bars ``edges[b]:edges[b + 1]`` of the
            trading window; a block may be empty.
        at: ``[K]``, bars of the trading window at which the equity is kept; before the first bar
            (-1) it is the capital.
    """
    measured = measure(outcome, config)
    equity = np.ascontiguousarray(outcome.days["equity"])
    returns = simple_returns(equity)
    square = returns * returns
    short = np.minimum(returns - per_bar(config.risk_free, config.periods_per_year), 0.0)
    grown = np.concatenate(([1.0], equity / config.initial_capital))
    return TrialRows(
        np.array([[getattr(measured, name) for name in METRICS]], np.float64),
        _by_block(returns, edges),
        _by_block(square, edges),
        np.array([float((square * returns).sum())]),
        np.array([float((square * square).sum())]),
        np.array([float((short * short).sum())]),
        grown[at + 1].astype(np.float32)[None, :],
        {},
    )


def _by_block(values: Floats, edges: Ints) -> Floats:
    """``[1, B]``: the sum of each block, 0.0 for one without bars."""
    total = np.array([values[a:b].sum() for a, b in pairwise(edges.tolist())])
    return total[None, :]
