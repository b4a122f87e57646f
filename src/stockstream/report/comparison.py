"""Several runs side by side: what differs in what went in, and what came out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from stockstream.backtest.result import json_ready
from stockstream.errors import ConfigError
from stockstream.metrics.relative import correlation
from stockstream.metrics.summary import LESS_IS_BETTER
from stockstream.report import charts
from stockstream.report.formats import day
from stockstream.report.metric_rows import labelled, shown
from stockstream.report.page import render_page, write_page
from stockstream.report.trust import strategy_title
from stockstream.report.view import Cell, Fact, Row, Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    import plotly.graph_objects as go
    from numpy.typing import NDArray

    from stockstream.backtest.result import BacktestResult

__all__ = [
    "Comparison",
    "MetricLine",
    "compare",
    "difference_table",
    "differences",
    "disagreements",
    "figures",
    "metric_table",
    "render_comparison",
    "write_comparison",
    "written",
]

T = TypeVar("T")

MORE_IS_BETTER = frozenset(
    {
        *("total_return", "annualised_return", "sharpe", "sortino", "calmar", "max_drawdown"),
        *("win_rate", "profit_factor", "average_win", "average_loss"),
    }
)
UNMARKED = frozenset({"turnover"})
"""What it costs is a metric of its own; alone it is neither good nor bad."""

FEWEST_SHARED = 20
"""Sessions that two runs must share for a correlation to say anything."""

NOT_THE_SAME_DATA = "not the same data: a difference may come from the snapshot"
NOT_THE_SAME_CODE = (
    "not the same code: a difference may come from the engine or the strategy's file"
)
NOT_THE_SAME_PACKAGES = "not the same packages: a difference may come from a dependency"

LONGEST = 60
"""Characters of a setting that are shown."""


@dataclass(frozen=True, slots=True)
class MetricLine:
    """One metric of every run.

    Attributes:
        name: of the metric.
        values: one for each run.
        best: whether each is the best; none is where all are equal or nothing is better.
    """

    name: str
    values: tuple[float, ...]
    best: tuple[bool, ...]


@dataclass(frozen=True)
class Comparison:
    """Runs side by side, in the order in which they were given.

    Attributes:
        runs: the results by name.
        metrics: every metric.
        differences: settings that are not the same in all runs, such as ``costs.slippage_bps``,
            with the value in each; None where a run has no such setting.
        correlation: ``[n, n]`` of the returns in sessions that two runs share; NaN where those are
            too few.
        warnings: why the runs may not be comparable.
    """

    runs: Mapping[str, BacktestResult]
    metrics: tuple[MetricLine, ...]
    differences: dict[str, tuple[Any, ...]]
    correlation: NDArray[np.float64]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """As JSON values: fractions, null where undefined."""
        names = list(self.runs)
        return {
            "runs": [
                {
                    "run": name,
                    "strategy": strategy_title(result.config),
                    "first_session": str(result.dates[0]),
                    "last_session": str(result.dates[-1]),
                    "identity": result.identity.as_dict(),
                }
                for name, result in self.runs.items()
            ],
            "metrics": {
                line.name: json_ready(dict(zip(names, line.values, strict=True)))
                for line in self.metrics
            },
            "best": {
                line.name: [name for name, best in zip(names, line.best, strict=True) if best]
                for line in self.metrics
            },
            "differences": {
                field: dict(zip(names, values, strict=True))
                for field, values in self.differences.items()
            },
            "correlation": {
                name: json_ready(dict(zip(names, row, strict=True)))
                for name, row in zip(names, self.correlation.tolist(), strict=True)
            },
            "warnings": list(self.warnings),
        }


def compare(runs: Mapping[str, BacktestResult]) -> Comparison:
    """Hold runs beside each other.

    Args:
        runs: results by the name to show, two or more.

    Raises:
        ConfigError: there are fewer than two.
    """
    if len(runs) < 2:
        raise ConfigError(f"{len(runs)} run is nothing to compare; name two or more")
    results = list(runs.values())
    measured = [result.metrics.as_dict() for result in results]
    return Comparison(
        runs=dict(runs),
        metrics=tuple(_line(name, [values[name] for values in measured]) for name in measured[0]),
        differences=differences([result.config.model_dump(mode="json") for result in results]),
        correlation=np.array([[_together(one, other) for other in results] for one in results]),
        warnings=tuple(_warnings(runs)),
    )


def write_comparison(comparison: Comparison, path: Path) -> Path:
    """Write the comparison as one self-contained HTML page; returns ``path``.

    Raises:
        DataError: it cannot be written there.
    """
    return write_page(render_comparison(comparison), path, "the comparison")


def render_comparison(comparison: Comparison) -> str:
    """The page as text."""
    names = list(comparison.runs)
    return render_page(
        "comparison",
        title=f"{len(names)} runs compared",
        figures=figures(comparison),
        names=names,
        runs=[_facts(result) for result in comparison.runs.values()],
        warnings=comparison.warnings,
        metrics=metric_table(comparison),
        differences=difference_table(comparison),
    )


def metric_table(comparison: Comparison) -> Table:
    """Every metric of every run; the best ones have the tone of a gain."""
    rows = tuple(
        Row(
            tuple(
                Cell(shown(line.name, value), "best" if best else "")
                for value, best in zip(line.values, line.best, strict=True)
            ),
            labelled(line.name),
        )
        for line in comparison.metrics
    )
    return Table(("", *comparison.runs), rows)


def difference_table(comparison: Comparison) -> Table:
    """Every setting that is not the same in all runs."""
    rows = tuple(
        Row(tuple(Cell(written(value)) for value in values), field)
        for field, values in comparison.differences.items()
    )
    return Table(("Setting", *comparison.runs), rows)


def _line(name: str, values: list[float]) -> MetricLine:
    known = [value for value in values if not math.isnan(value)]
    pick: Callable[[list[float]], float] | None = (
        max if name in MORE_IS_BETTER else min if name in LESS_IS_BETTER - UNMARKED else None
    )
    if pick is None or len(set(known)) < 2:
        return MetricLine(name, tuple(values), (False,) * len(values))
    top = pick(known)
    return MetricLine(name, tuple(values), tuple(value == top for value in values))


def differences(settings: Sequence[Mapping[str, Any]]) -> dict[str, tuple[Any, ...]]:
    """Settings that are not the same everywhere, such as ``costs.slippage_bps``, with each value.

    Args:
        settings: JSON values by name, those of a section below its name; None where there is none.
    """
    flat = [dict(_flattened("", one)) for one in settings]
    fields = dict.fromkeys(field for one in flat for field in one)
    found = {field: tuple(one.get(field) for one in flat) for field in fields}
    return {
        field: values
        for field, values in found.items()
        if any(value != values[0] for value in values)
    }


def _flattened(above: str, settings: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """``{"costs": {"slippage_bps": 5}}`` as ``[("costs.slippage_bps", 5)]``."""
    pairs: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, dict):
            pairs += _flattened(f"{above}{name}.", value)
        else:
            pairs.append((above + name, value))
    return pairs


def _together(one: BacktestResult, other: BacktestResult) -> float:
    """Correlation of the returns in the sessions that two runs share."""
    _, mine, theirs = np.intersect1d(one.dates, other.dates, return_indices=True)
    if len(mine) < FEWEST_SHARED:
        return math.nan
    return correlation(one.returns[mine], other.returns[theirs])


def _warnings(runs: Mapping[str, BacktestResult]) -> list[str]:
    checks: tuple[tuple[str, Callable[[BacktestResult], object]], ...] = (
        (NOT_THE_SAME_DATA, lambda result: result.identity.data_version),
        (NOT_THE_SAME_CODE, lambda result: result.identity.code_version),
        (NOT_THE_SAME_PACKAGES, lambda result: result.identity.lock_digest[:10]),
        (
            "not the same days: each metric is of the run's own days",
            lambda result: f"{result.dates[0]} to {result.dates[-1]}",
        ),
        (
            "not the same sessions in a year: yearly figures cannot be compared",
            lambda result: result.config.periods_per_year,
        ),
        (
            "not the same risk-free rate: Sharpe and Sortino cannot be compared",
            lambda result: result.config.risk_free,
        ),
    )
    return disagreements(runs, checks)


def disagreements(
    runs: Mapping[str, T], checks: Iterable[tuple[str, Callable[[T], object]]]
) -> list[str]:
    """What is not the same in all runs and must be, in words.

    Args:
        runs: by name.
        checks: what to say, and what to look at.
    """
    found = []
    for text, look in checks:
        seen: dict[object, list[str]] = {}
        for name, run in runs.items():
            seen.setdefault(look(run), []).append(name)
        if len(seen) > 1:
            groups = "; ".join(f"{', '.join(names)}: {value}" for value, names in seen.items())
            found.append(f"{text} ({groups})")
    return found


def figures(comparison: Comparison) -> dict[str, go.Figure]:
    """The charts by name: ``growth`` and ``correlation``."""
    return {
        "growth": charts.growth_chart(_curves(comparison.runs)),
        "correlation": charts.correlation_heat_map(list(comparison.runs), comparison.correlation),
    }


def _curves(runs: Mapping[str, BacktestResult]) -> list[tuple[str, Any, Any]]:
    """Growth of 100 of each run, all from the first day on which all had begun."""
    start = max(result.dates[0] for result in runs.values())
    if start > min(result.dates[-1] for result in runs.values()):
        start = min(result.dates[0] for result in runs.values())
    curves = []
    for name, result in runs.items():
        first = int(np.searchsorted(result.dates, start))
        equity = result.equity[first:]
        title = f"{name} {strategy_title(result.config)}"
        curves.append((title, result.dates[first:], 100.0 * equity / equity[0]))
    return curves


def _facts(result: BacktestResult) -> tuple[Fact, ...]:
    known = result.identity
    return (
        Fact("Strategy", strategy_title(result.config)),
        Fact("Days", f"{day(result.dates[0])} \u2013 {day(result.dates[-1])}"),
        Fact("Data", known.data_version, known.data_digest),
        Fact("Code", known.code_version),
        Fact("Lock", known.lock_digest[:10], known.lock_digest),
    )


def written(value: object) -> str:
    """A setting in a table: lists by their size where they are long."""
    if value is None:
        return "\u2013"
    if isinstance(value, list):
        text = ", ".join(map(str, value))
        return text if len(text) <= LONGEST else f"{len(value)} values"
    text = str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}\u2026"
