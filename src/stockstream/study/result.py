"""The result of a study: a row for each trial, and what they say of each point."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.backtest.result import json_ready
from stockstream.errors import UnknownNameError
from stockstream.metrics.returns import per_bar
from stockstream.metrics.summary import DEFINITIONS, LESS_IS_BETTER
from stockstream.study.pooling import judged_role, of_role, point_frame, point_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.identity import Identity
    from stockstream.study.belief.belief import Belief
    from stockstream.study.belief.moments import PointMoments
    from stockstream.study.grid import Grid
    from stockstream.study.runs.store import Store
    from stockstream.study.study import Study
    from stockstream.study.surface import Surface

__all__ = ["Failure", "StudyResult"]

SHOWN_FAILURES = 20


class Failure(NamedTuple):
    """Why trials failed, and how many did for this reason."""

    error: str
    trials: int


@dataclass(frozen=True)
class StudyResult:
    """Every trial of a study.

    Attributes:
        study: which trials they are.
        store: where their numbers are.
        seconds: from the call to the result, loading the data included.
        other_trials: trials that other studies ran on the same data; they count for luck too.
    """

    study: Study
    store: Store = field(repr=False)
    seconds: float = 0.0
    other_trials: int = 0

    @property
    def name(self) -> str:
        """Name of the study: equal inputs, equal name."""
        return self.study.name

    @property
    def config(self) -> BacktestConfig:
        """With the symbols, the fixed parameters and the grid written out."""
        return self.study.config

    @property
    def identity(self) -> Identity:
        """What the numbers are made of."""
        return self.study.identity

    @property
    def grid(self) -> Grid:
        """The values of each parameter that changes."""
        return self.study.space.axes

    @property
    def role(self) -> str:
        """The role of the pieces by which points are judged: ``all``, ``train`` or ``test``."""
        return judged_role(self.study)

    def scan(self) -> pl.LazyFrame:
        """The trials as they were kept: see :func:`stockstream.study.chunk.run_chunk`."""
        return self.store.scan()

    @cached_property
    def digest(self) -> str:
        """SHA-256 of every number of every trial: equal wherever and in whatever chunks it ran.

        Raises:
            NoDataError: a chunk has not run.
        """
        columns: dict[str, _Hashed] = {}
        for chunk in self.study.chunks:
            for column in self.store.read(chunk).iter_columns():
                columns.setdefault(column.name, _Hashed()).add(column)
        digest = hashlib.sha256()
        for name, hashed in columns.items():
            digest.update(f"{name} {hashed}\n".encode())
        return digest.hexdigest()

    def frame(self) -> pl.DataFrame:
        """All trials in memory, a row each.

        The pieces in their order and for each of them the points (the grid's last parameter changes
        fastest). Columns: the parameters, those of the grid first; ``symbol``, ``year``, ``fold``
        and ``role`` where the split has them; the metrics, null where undefined; ``error``, null if
        the trial ran; ``path``, which engine ran it. A parameter that is called like another column
        is ``parameter_<name>``.
        """
        return self.described(self.store.collect(["trial", *DEFINITIONS, "error", "path"]))

    def described(self, trials: pl.DataFrame) -> pl.DataFrame:
        """Trials with their parameters and the labels of their pieces in place of their numbers."""
        import polars as pl

        piece, point = np.divmod(trials["trial"].to_numpy(), self.study.points)
        kept = [column for column in trials.iter_columns() if column.name != "trial"]
        columns = [*self._labels(piece)]
        taken = {*trials.columns, *(column.name for column in columns)}
        return pl.DataFrame([*self._parameters(point, taken), *columns, *kept])

    def _parameters(self, point: NDArray[np.int64], taken: set[str]) -> list[pl.Series]:
        """The parameters of some points, under names that are not taken yet."""
        import polars as pl

        if not len(point):
            return []
        first, last = int(point.min()), int(point.max())
        columns = self.study.space.columns(first, last + 1)
        whole = np.array_equal(point, np.arange(first, last + 1))
        made = []
        for name, values in columns.items():
            series = pl.Series(name, values if values.dtype != object else values.tolist())
            made.append(series if whole else series.gather(point - first))
        fixed = self.config.parameters.items()
        made += [_repeated(name, value, len(point)) for name, value in fixed]
        return [one.alias(f"parameter_{one.name}") if one.name in taken else one for one in made]

    def _labels(self, piece: NDArray[np.int64]) -> list[pl.Series]:
        import polars as pl

        made = []
        for name in self.study.split.labels:
            values = [one.role if name == "role" else one.label for one in self.study.pieces]
            made.append(pl.Series(name, values).gather(piece))
        return made

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """The reasons for which trials failed, in their order; empty if all ran."""
        import polars as pl

        why = pl.col("error")
        if not self.failed:
            return ()
        found = (
            self.scan()
            .filter(why.is_not_null())
            .group_by("error")
            .agg(first=pl.col("trial").min(), trials=pl.len())
            .sort("first")
            .collect()
        )
        return tuple(Failure(*row) for row in found.select("error", "trials").iter_rows())

    @cached_property
    def failed(self) -> int:
        """How many trials did."""
        import polars as pl

        return int(self.scan().select(pl.col("error").count()).collect().item())

    @cached_property
    def paths(self) -> dict[str, int]:
        """How many trials each engine ran, and why not the faster one; the most frequent first."""
        import polars as pl

        found = self.scan().group_by("path").agg(trials=pl.len()).sort("trials", "path").collect()
        return dict(reversed(found.rows()))

    @cached_property
    def symbol_bars(self) -> int:
        """The work done: sessions times symbols, over all trials that ran."""
        import polars as pl

        sessions = pl.col("bars").arr.sum().cast(pl.Int64)
        apart = {len(piece.symbols or self.config.universe or ()) for piece in self.study.pieces}
        ran = self.scan().filter(pl.col("error").is_null())
        return int(ran.select(sessions.sum()).collect().item()) * max(apart)

    @cached_property
    def flags(self) -> tuple[str, ...]:
        """What a reader must know."""
        import polars as pl

        idle = int(self.scan().select((pl.col("trades") == 0).sum()).collect().item())
        if not idle:
            return self.study.flags
        why = f"zero trades: the rule never traded in {idle:,} of {self.study.trials:,} trials"
        return (*self.study.flags, why)

    def best(self, metric: str = "sharpe", count: int = 10) -> pl.DataFrame:
        """The best single trials, best first; equals stay in the order of the trials.

        More is better, but for volatility, drawdown length, turnover and costs. Trials for which
        the metric is undefined are left out. The best of many is partly luck:
        :meth:`significance` says how much.

        Args:
            metric: a metric's column.
            count: at most so many.

        Raises:
            UnknownNameError: there is no such metric.
        """
        import polars as pl

        demand_metric(metric)
        best = (
            of_role(self.scan(), self.study, self.role)
            .filter(pl.col(metric).is_not_null())
            .select("trial", *DEFINITIONS, "error", "path")
            .sort([metric, "trial"], descending=[metric not in LESS_IS_BETTER, False])
            .head(count)
            .collect()
        )
        return self.described(best)

    def points(
        self, metrics: Sequence[str] = ("sharpe", "max_drawdown"), role: str | None = None
    ) -> pl.DataFrame:
        """A row for each point, over its pieces.

        Args:
            metrics: to take the median, the lowest and the highest of over the pieces.
            role: of the pieces; by default those that points are judged by.

        Returns:
            The parameters; ``point``; ``pieces`` that ran and ``failed``; ``total_return`` of the
            joined accounts; ``gained``, the share of pieces that did; ``trades``; each metric, its
            median where there are several pieces, with ``_worst`` and ``_best``.
        """
        import polars as pl

        for metric in metrics:
            demand_metric(metric)
        found = point_frame(self.scan(), self.study, metrics, role or self.role)
        point = found["point"].to_numpy()
        parameters = self._parameters(point, set(found.columns))
        return pl.DataFrame([*parameters, *found.iter_columns()])

    def moments(self, role: str | None = None) -> tuple[NDArray[np.int64], PointMoments]:
        """The points and the sums of their joined returns, block by block.

        See :func:`stockstream.study.pooling.point_moments`.
        """
        wanted = role or self.role
        if wanted not in self._moments:
            there = (chunk for chunk in self.study.chunks if self.store.has(chunk))
            frames = map(self.store.read, there)
            self._moments[wanted] = point_moments(frames, self.study, wanted)
        return self._moments[wanted]

    def excess(self, role: str | None = None) -> tuple[NDArray[np.int64], PointMoments]:
        """:meth:`moments` of the returns over cash (``risk_free``): what ratios are made of."""
        points, moments = self.moments(role)
        return points, moments.over(per_bar(self.config.risk_free, moments.periods))

    @cached_property
    def _moments(self) -> dict[str, tuple[NDArray[np.int64], PointMoments]]:
        return {}

    def heatmap(self, x: str, y: str, metric: str = "sharpe") -> Surface:
        """A metric over two parameters; see :func:`stockstream.study.surface.heat_map`."""
        from stockstream.study.surface import heat_map

        return heat_map(self.points((metric,)), self.grid, x, y, metric)

    @cached_property
    def _beliefs(self) -> dict[int | None, Belief]:
        return {}

    def significance(self, point: int | None = None) -> Belief:
        """How far a point can be believed, given all that were tried.

        Args:
            point: that was chosen; None is the one with the best joined Sharpe ratio.
        """
        from stockstream.study.belief.belief import significance

        if point not in self._beliefs:
            self._beliefs[point] = significance(self, point)
        return self._beliefs[point]

    def measured(self, kept: Belief | None = None) -> Belief | None:
        """Any point's judgement so far: it has what is the same for all points, and takes long.

        Args:
            kept: of the very trials that are there now, from another process; without it
                :meth:`significance` measures when it is first asked.
        """
        if kept is not None:
            self._kept.append(kept)
        return next(iter((*self._beliefs.values(), *self._kept)), None)

    @cached_property
    def _kept(self) -> list[Belief]:
        return []

    def write(self, path: Path) -> Path:
        """Write the trials to a ``.parquet`` or ``.csv`` file, whole or not at all.

        No cell of a ``.csv`` file runs as a formula in a spreadsheet.

        Raises:
            ConfigError: another kind of file.
            DataError: it cannot be written; a file that was there is untouched.
        """
        from stockstream.market.table_file import write_table

        return write_table(self.frame(), Path(path), "the trials")

    def to_dict(self) -> dict[str, Any]:
        """A summary as JSON values: fractions, null where undefined."""
        best = [json_ready(row) for row in self.best().drop("error").to_dicts()]
        return {
            "name": self.name,
            "trials": self.study.trials,
            "failed": self.failed,
            "failures": [failure._asdict() for failure in self.failures[:SHOWN_FAILURES]],
            "grid": {name: list(values) for name, values in self.grid.items()},
            "space": self.study.space.as_dict(),
            "ignored": self.study.ignored,
            "split": str(self.study.split),
            "best": {"metric": "sharpe", "trials": best},
            "significance": self.significance().to_dict(),
            "paths": self.paths,
            "identity": self.identity.as_dict(),
            "config": self.config.model_dump(mode="json"),
            "seconds": self.seconds,
            "flags": list(self.flags),
        }

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=False, allow_nan=False)


def demand_metric(name: str) -> None:
    """Refuse what is no metric.

    Raises:
        UnknownNameError: it is none.
    """
    if name not in DEFINITIONS:
        raise UnknownNameError("metric", name, DEFINITIONS)


def _repeated(name: str, value: Any, count: int) -> pl.Series:
    import polars as pl

    shown = list(value) if isinstance(value, tuple) else value
    return pl.Series(name, [shown]).new_from_index(0, count)


class _Hashed:
    """What the values of a column hash to, however they were cut into parts."""

    def __init__(self) -> None:
        self._nulls, self._values = hashlib.sha256(), hashlib.sha256()

    def add(self, part: pl.Series) -> None:
        self._nulls.update(part.is_null().to_numpy().tobytes())
        self._values.update(_bytes_of(part))

    def __str__(self) -> str:
        return f"{self._nulls.hexdigest()} {self._values.hexdigest()}"


def _bytes_of(column: pl.Series) -> bytes:
    """The values one after the other, so that two parts give what the whole gives."""
    import polars as pl

    if column.dtype == pl.String:
        return json.dumps(column.to_list())[1:-1].encode() + b", "
    known = column.fill_null(0) if column.has_nulls() else column
    return known.to_numpy().tobytes()
