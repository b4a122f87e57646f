"""What the page of a study is made from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stockstream.metrics.summary import LESS_IS_BETTER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.identity import Identity
    from stockstream.study.belief.belief import Belief
    from stockstream.study.points.space import Space

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["Findings", "Outside"]


@dataclass(frozen=True)
class Outside:
    """Sharpe ratios in and out of sample.

    Attributes:
        inside, outside: ``[n]``.
        labels: one for each.
        chosen: the pair of the chosen point, if there is one.
        what: what a dot is, in words.
    """

    inside: Floats
    outside: Floats
    labels: Sequence[str]
    chosen: tuple[float, float] | None
    what: str


@dataclass(frozen=True)
class Findings:
    """Everything the page of a study shows, before it is laid out.

    Attributes:
        name: of the study.
        config: with the symbols, fixed parameters and the grid.
        identity: what the numbers are made of.
        flags: what a reader must know.
        split: how the data was cut, as text; ``none`` if it was not.
        pieces_named: what a piece is called, such as ``symbol``; empty without pieces.
        piece_labels: columns of ``pieces`` that name one.
        space: the points: parameters with their values, constraints, sampling.
        blocks: parts of time for which each trial keeps sums; None where the split cuts them.
        keep_equity: days at which each trial's equity is kept.
        points: a row for each point: a column for each parameter and for its numbers.
        neighbours: ``[P]``, median of the drawn metric over the points one step away.
        sharpes: ``[P]``, Sharpe ratio a year of the joined returns of each point.
        metric: the column of ``points`` that is drawn.
        select: what the best points are chosen by.
        best: the best points, best first, with their number in the column ``point``, by which
            ``points`` are sorted.
        pieces: the trials of the chosen point, a row for each piece.
        belief: how far the chosen point can be believed; None if no point ran.
        outside: None where nothing was left out of any sample.
        failures: reasons with the number of their trials.
        paths: engines, and why not a faster one, with the number of their trials.
        trials, done, failed: how many there are, ran so far, and failed.
        seconds: that the study took; NaN where it is not known.
    """

    name: str
    config: BacktestConfig
    identity: Identity
    flags: Sequence[str]
    split: str
    pieces_named: str
    piece_labels: Sequence[str]
    space: Space
    blocks: int | None
    keep_equity: int
    points: pl.DataFrame
    neighbours: Floats
    sharpes: Floats
    metric: str
    select: str
    best: pl.DataFrame
    pieces: pl.DataFrame
    belief: Belief | None
    outside: Outside | None
    failures: Sequence[tuple[str, int]]
    paths: Mapping[str, int]
    trials: int
    done: int
    failed: int
    seconds: float

    @property
    def axes(self) -> Mapping[str, Sequence[Any]]:
        """The parameters with their values, in the order of the grid."""
        return self.space.axes

    @property
    def engine(self) -> str:
        """The engine that decided: rules all run compiled."""
        return "event" if any(path.startswith("event") for path in self.paths) else "compiled"

    @cached_property
    def chosen(self) -> int:
        """Row of the best point in ``points``; -1 if none has a value."""
        if not len(self.best):
            return -1
        return int(np.searchsorted(self.points["point"].to_numpy(), self.best["point"][0]))

    @property
    def less(self) -> bool:
        """Whether less of the drawn metric is better."""
        return self.metric in LESS_IS_BETTER

    def numbers(self, column: str) -> Floats:
        """A column of the points ``[P]``, NaN where undefined; all NaN if there is no such one."""
        if column not in self.points.columns:
            return np.full(len(self.points), np.nan)
        found: Floats = self.points[column].cast(float).fill_null(float("nan")).to_numpy()
        return found

    def of_chosen(self, column: str) -> float:
        """A number of the chosen point."""
        return float(self.numbers(column)[self.chosen]) if self.chosen >= 0 else float("nan")
