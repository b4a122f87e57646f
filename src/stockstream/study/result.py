"""The result of a sweep: a row for each trial, and what they are made of."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.backtest.result import json_ready
from stockstream.errors import UnknownNameError
from stockstream.metrics.summary import DEFINITIONS

if TYPE_CHECKING:
    import polars as pl

    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.identity import Identity
    from stockstream.study.grid import Grid
    from stockstream.study.splits import Split

__all__ = ["Failure", "SweepResult"]

LESS_IS_BETTER = frozenset({"volatility", "max_drawdown_length", "turnover", "costs"})
SHOWN_FAILURES = 20


class Failure(NamedTuple):
    """Why trials failed, and how many did for this reason."""

    error: str
    trials: int


@dataclass(frozen=True)
class SweepResult:
    """Every trial of a sweep.

    Attributes:
        config: with the symbols, the fixed parameters and the grid written out.
        identity: what the numbers are made of.
        split: ``ticker``, ``year`` or None.
        engine: ``compiled`` or ``event``.
        trials: a row for each, the grid's combinations in their order (the last parameter changes
            fastest) and for each of them the symbols or years. Columns: the parameters, those of
            the grid first; ``symbol`` or ``year``; the metrics, null where undefined; ``error``,
            null if the trial ran.
        ignored: values given directly for parameters of the grid, which wins.
        flags: what a reader must know.
        symbol_bars: the work done: sessions times symbols, over all trials.
        seconds: from the call to the result, loading the data included.
    """

    config: BacktestConfig
    identity: Identity
    split: Split | None
    engine: str
    trials: pl.DataFrame = field(repr=False)
    ignored: dict[str, Any]
    flags: tuple[str, ...]
    symbol_bars: int
    seconds: float

    @property
    def grid(self) -> Grid:
        """The values of each parameter that changes."""
        return self.config.param_grid

    @property
    def name(self) -> str:
        """What the sweep is called: equal inputs, equal name."""
        made_of = f"{self.identity.config_digest} {self.split}"
        digest = hashlib.sha256(made_of.encode()).hexdigest()
        return f"s-{digest[:8]}{self.identity.data_digest[:4]}"

    @cached_property
    def failures(self) -> tuple[Failure, ...]:
        """The reasons for which trials failed, in their order; empty if all ran."""
        errors = self.trials["error"].drop_nulls()
        counts = errors.value_counts(sort=False)
        found = dict(counts.iter_rows())
        return tuple(Failure(error, found[error]) for error in errors.unique(maintain_order=True))

    def best(self, metric: str = "sharpe", count: int = 10) -> pl.DataFrame:
        """The best trials, best first; equals stay in the order of the trials.

        More is better, but for volatility, drawdown length, turnover and costs. Trials for which
        the metric is undefined are left out. The best of many is partly luck.

        Args:
            metric: a metric's column.
            count: at most so many.

        Raises:
            UnknownNameError: there is no such metric.
        """
        import polars as pl

        if metric not in DEFINITIONS:
            raise UnknownNameError("metric", metric, DEFINITIONS)
        return (
            self.trials.filter(pl.col(metric).is_not_null())
            .sort(metric, descending=metric not in LESS_IS_BETTER, maintain_order=True)
            .head(count)
        )

    def write(self, path: Path) -> Path:
        """Write the trials to a ``.parquet`` or ``.csv`` file, whole or not at all.

        No cell of a ``.csv`` file runs as a formula in a spreadsheet.

        Raises:
            ConfigError: another kind of file.
            DataError: it cannot be written; a file that was there is untouched.
        """
        from stockstream.market.table_file import write_table

        return write_table(self.trials, Path(path), "the trials")

    def to_dict(self) -> dict[str, Any]:
        """A summary as JSON values: fractions, null where undefined."""
        return {
            "name": self.name,
            "trials": len(self.trials),
            "failed": sum(failure.trials for failure in self.failures),
            "failures": [failure._asdict() for failure in self.failures[:SHOWN_FAILURES]],
            "grid": {name: list(values) for name, values in self.grid.items()},
            "ignored": self.ignored,
            "split": self.split,
            "best": {"metric": "sharpe", "trials": self._best_rows()},
            "identity": self.identity.as_dict(),
            "config": self.config.model_dump(mode="json"),
            "engine": self.engine,
            "symbol_bars": self.symbol_bars,
            "seconds": self.seconds,
            "flags": list(self.flags),
        }

    def _best_rows(self) -> list[dict[str, Any]]:
        return [json_ready(row) for row in self.best().drop("error").to_dicts()]

    def to_json(self) -> str:
        """:meth:`to_dict` as text."""
        return json.dumps(self.to_dict(), indent=2, sort_keys=False, allow_nan=False)
