"""Several studies side by side: what differs in what went in, and their best trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from stockstream.backtest.result import json_ready
from stockstream.errors import ConfigError
from stockstream.report.comparison import (
    NOT_THE_SAME_CODE,
    NOT_THE_SAME_DATA,
    NOT_THE_SAME_PACKAGES,
    differences,
    disagreements,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from stockstream.study.result import StudyResult

__all__ = ["BestTrial", "StudiesCompared", "compare_studies"]

_CHECKS: tuple[tuple[str, Callable[[StudyResult], object]], ...] = (
    (NOT_THE_SAME_DATA, lambda result: result.identity.data_version),
    (NOT_THE_SAME_CODE, lambda result: result.identity.code_version),
    (NOT_THE_SAME_PACKAGES, lambda result: result.identity.lock_digest[:10]),
    (
        "not the same days: each metric is of the sweep's own days",
        lambda result: f"{result.config.start_date} to {result.config.end_date}",
    ),
    (
        "not as many trials: the best of more is luckier",
        lambda result: f"{result.study.trials:,} trials",
    ),
)


@dataclass(frozen=True, slots=True)
class BestTrial:
    """One of the best trials of a study.

    Attributes:
        setting: the parameters of the grid and the labels of its piece.
        metrics: by name; None where undefined.
    """

    setting: dict[str, Any]
    metrics: dict[str, Any]


@dataclass(frozen=True)
class StudiesCompared:
    """Studies side by side, in the order in which they were given.

    Attributes:
        names: of their runs.
        metric: by which the best were chosen.
        best: of each, the best first.
        differences: settings that are not the same in all, with the value in each.
        warnings: why they may not be comparable.
    """

    names: tuple[str, ...]
    metric: str
    best: tuple[tuple[BestTrial, ...], ...]
    differences: dict[str, tuple[Any, ...]]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values: fractions, null where undefined."""
        return {
            "runs": list(self.names),
            "metric": self.metric,
            "best": {
                name: [{**trial.setting, **trial.metrics} for trial in trials]
                for name, trials in zip(self.names, self.best, strict=True)
            },
            "differences": {
                field: dict(zip(self.names, values, strict=True))
                for field, values in self.differences.items()
            },
            "warnings": list(self.warnings),
        }


def compare_studies(
    results: Sequence[StudyResult], metric: str = "sharpe", count: int = 5
) -> StudiesCompared:
    """Hold studies beside each other.

    Args:
        results: two or more, none twice.
        metric: by which the best trials are chosen.
        count: how many of them.

    Raises:
        ConfigError: there are fewer than two, or one is given twice.
        UnknownNameError: there is no such metric.
        NoDataError: one has no result yet.
    """
    runs = {result.name: result for result in results}
    if len(runs) < max(len(results), 2):
        raise ConfigError("name two runs or more, each once")
    return StudiesCompared(
        names=tuple(runs),
        metric=metric,
        best=tuple(_best(result, metric, count) for result in results),
        differences=differences([_settings(result) for result in results]),
        warnings=tuple(disagreements(runs, _CHECKS)),
    )


def _best(result: StudyResult, metric: str, count: int) -> tuple[BestTrial, ...]:
    from stockstream.metrics.summary import DEFINITIONS

    shown = [*result.grid, *result.study.split.labels]
    return tuple(
        BestTrial(
            {name: row[name] for name in shown if name in row},
            json_ready({name: row[name] for name in DEFINITIONS}),
        )
        for row in result.best(metric, count).to_dicts()
    )


def _settings(result: StudyResult) -> Mapping[str, Any]:
    """What decides which trials there are."""
    study = result.study
    return {
        **study.config.model_dump(mode="json"),
        "split": str(study.split),
        "where": list(study.space.where),
        "blocks": len(study.block_dates) - 1,
    }
