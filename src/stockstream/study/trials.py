"""Running trials: points over one panel, and the table that their numbers go into."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.compiled import CompiledRunner
from stockstream.backtest.event import run_event
from stockstream.backtest.result import measure
from stockstream.metrics.summary import Metrics
from stockstream.study.points import explained

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from stockstream.backtest.config import BacktestConfig
    from stockstream.market.panel import Panel
    from stockstream.strategy.parameters import Parameter
    from stockstream.study.points import Point

__all__ = ["METRICS", "TrialTable", "run_trials"]

METRICS = tuple(field.name for field in fields(Metrics))
_COUNTS = frozenset(field.name for field in fields(Metrics) if field.type == "int")


def run_trials(
    points: Sequence[Point], panel: Panel, config: BacktestConfig
) -> Iterator[Metrics | str]:
    """Run every point over one panel, each with fresh capital.

    Args:
        points: with their strategies.
        panel: what they trade.
        config: capital, costs and how orders work.

    Yields:
        For each point its metrics, those of ``run_on_panel`` bit for bit, or why there are none.
    """
    if panel.first >= panel.sessions:
        why = f"{', '.join(panel.symbols)}: no bar in the trading window"
        yield from (point.error or why for point in points)
        return
    runner = CompiledRunner(panel, config)
    for point in points:
        yield _trial(point, runner, panel, config)


def _trial(
    point: Point, runner: CompiledRunner, panel: Panel, config: BacktestConfig
) -> Metrics | str:
    if point.strategy is None:
        return point.error
    try:
        if point.rules is None:
            outcome = run_event(point.strategy, panel, config)
        else:
            outcome = runner.run(point.rules)
        return measure(outcome, config)
    except Exception as error:  # noqa: BLE001 - one bad trial never ends a sweep
        return explained(error)


class TrialTable:
    """The trials of a sweep, a row each: the points in their order, and for each the pieces.

    Args:
        points: of the sweep.
        labels: of the pieces.
    """

    def __init__(self, points: Sequence[Point], labels: Sequence[str | int | None]) -> None:
        self._points, self._labels = points, labels
        self._numbers = np.full((len(points) * len(labels), len(METRICS)), np.nan)
        self._errors: dict[int, str] = {}

    def put(self, point: int, piece: int, outcome: Metrics | str) -> None:
        """Write a trial down."""
        row = point * len(self._labels) + piece
        if isinstance(outcome, str):
            self._errors[row] = outcome
        else:
            self._numbers[row] = [getattr(outcome, name) for name in METRICS]

    @property
    def first_error(self) -> str | None:
        """Why nothing came out, where every trial failed; else None."""
        if len(self._errors) < len(self._numbers):
            return None
        return self._errors[0]

    def frame(self, parameters: Sequence[Parameter], label: str | None) -> pl.DataFrame:
        """The rows: parameters, the label of the piece, metrics, ``error``.

        Metrics are null where they are undefined, and where the trial failed; ``error`` is null
        where it did not. A parameter that is called like another column is ``parameter_<name>``.

        Args:
            parameters: of the strategy.
            label: what the pieces are called; None if there is only the whole.
        """
        import polars as pl

        rows, pieces = len(self._numbers), len(self._labels)
        of_point, of_piece = np.divmod(np.arange(rows), pieces)
        types = {parameter.name: _column_type(parameter) for parameter in parameters}
        taken = {*METRICS, "error", label}
        columns: list[pl.Series] = []
        for name in self._points[0].values:
            values = [point.values[name] for point in self._points]
            shown = f"parameter_{name}" if name in taken else name
            columns.append(pl.Series(shown, values, types[name]).gather(of_point))
        if label is not None:
            columns.append(pl.Series(label, self._labels).gather(of_piece))
        for name, numbers in zip(METRICS, self._numbers.T, strict=True):
            series = pl.Series(name, numbers, nan_to_null=True)
            columns.append(series.cast(pl.Int64) if name in _COUNTS else series)
        errors = [self._errors.get(row) for row in range(rows)]
        return pl.DataFrame([*columns, pl.Series("error", errors, pl.String)])


def _column_type(parameter: Parameter) -> Any:
    import polars as pl

    kinds = {int: pl.Int64, float: pl.Float64, bool: pl.Boolean, str: pl.String}
    kind = kinds[parameter.type]
    return pl.List(kind) if parameter.many else kind
