"""Runs side by side."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockstream.backtest.config import Costs
from stockstream.errors import ConfigError
from stockstream.report.comparison import (
    compare,
    difference_table,
    metric_table,
    render_comparison,
    write_comparison,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.conftest import Backtest

    from stockstream.backtest.result import BacktestResult
    from stockstream.report.comparison import Comparison

LARGEST = 6_000_000


@pytest.fixture(scope="module")
def runs(backtest: Backtest) -> dict[str, BacktestResult]:
    quick = {"fast_period": 5, "slow_period": 20}
    return {
        "r-quick": backtest(parameters=quick),
        "r-slow": backtest(parameters={"fast_period": 10, "slow_period": 40}),
        "r-dear": backtest(parameters=quick, costs=Costs(commission_bps=60, slippage_bps=5)),
    }


@pytest.fixture(scope="module")
def comparison(runs: dict[str, BacktestResult]) -> Comparison:
    return compare(runs)


def test_only_what_differs_is_listed(comparison: Comparison) -> None:
    assert comparison.differences == {
        "parameters.fast_period": (5, 10, 5),
        "parameters.slow_period": (20, 40, 20),
        "costs.commission_bps": (10.0, 10.0, 60.0),
    }
    rows = {
        row.label: [cell.text for cell in row.cells] for row in difference_table(comparison).rows
    }
    assert rows["parameters.fast_period"] == ["5", "10", "5"]


def test_the_best_of_each_line_is_marked(
    comparison: Comparison, runs: dict[str, BacktestResult]
) -> None:
    lines = {line.name: line for line in comparison.metrics}
    for name, pick in (("sharpe", max), ("max_drawdown", max), ("volatility", min), ("costs", min)):
        values = [getattr(result.metrics, name) for result in runs.values()]
        best = [value == pick(values) for value in values]
        assert list(lines[name].best) == best, name
    for name in ("turnover", "trades", "exposure"):
        assert not any(lines[name].best)
    marked = next(row for row in metric_table(comparison).rows if row.label == "Sharpe").cells
    assert [cell.tone == "best" for cell in marked] == list(lines["sharpe"].best)


def test_returns_are_correlated_over_shared_sessions(
    comparison: Comparison, runs: dict[str, BacktestResult]
) -> None:
    found = comparison.correlation
    assert np.diag(found) == pytest.approx([1.0] * 3)
    quick, slow = (runs[name].returns for name in ("r-quick", "r-slow"))
    assert found[0, 1] == found[1, 0] == pytest.approx(np.corrcoef(quick, slow)[0, 1])
    apart = replace(runs["r-slow"], dates=runs["r-slow"].dates + np.timedelta64(4000, "D"))
    other = compare({"a": runs["r-quick"], "b": apart})
    assert math.isnan(other.correlation[0, 1])
    assert "not the same days" in other.warnings[0]


def test_comparable_runs_raise_no_warning(comparison: Comparison) -> None:
    assert comparison.warnings == ()


def test_runs_that_are_not_comparable_are_named(runs: dict[str, BacktestResult]) -> None:
    one = runs["r-quick"]
    other = replace(
        one,
        identity=replace(
            one.identity, data_version="bars@9", code_version="9.9.9+0", lock_digest="f" * 64
        ),
        config=one.config.changed(periods_per_year=365, risk_free=0.04),
        dates=one.dates[5:],
        equity=one.equity[5:],
    )
    warnings = compare({"old": one, "new": other}).warnings
    for what in ("data", "code", "packages", "days", "sessions in a year", "risk-free rate"):
        assert any(line.startswith(f"not the same {what}") for line in warnings), what
    assert "old: bars@3 actions@1; new: bars@9" in warnings[0]


def test_one_run_is_nothing_to_compare(runs: dict[str, BacktestResult]) -> None:
    with pytest.raises(ConfigError, match="nothing to compare"):
        compare({"only": runs["r-quick"]})


def test_the_document_is_json(comparison: Comparison) -> None:
    document = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
    assert [run["run"] for run in document["runs"]] == list(comparison.runs)
    assert set(document["metrics"]["sharpe"]) == set(comparison.runs)
    assert document["best"]["costs"] == ["r-slow"]
    assert document["differences"]["costs.commission_bps"]["r-dear"] == 60.0
    assert document["correlation"]["r-quick"]["r-quick"] == pytest.approx(1.0)


def test_the_page_is_whole_and_small(comparison: Comparison, tmp_path: Path) -> None:
    page = render_comparison(comparison)
    assert len(page.encode()) < LARGEST
    assert render_comparison(comparison) == page
    assert "<script>alert" not in page
    for name in comparison.runs:
        assert name in page
    assert write_comparison(comparison, tmp_path / "c.html").read_text(encoding="utf-8") == page


def test_curves_begin_together_on_the_first_shared_day(runs: dict[str, BacktestResult]) -> None:
    late = runs["r-slow"]
    late = replace(late, dates=late.dates[100:], equity=late.equity[100:])
    page = render_comparison(compare({"a": runs["r-quick"], "b": late}))
    assert f'"{late.dates[0]}"' in page
    assert f'"{runs["r-quick"].dates[0]}"' not in page


def test_many_runs_stay_small(runs: dict[str, BacktestResult]) -> None:
    many = {f"r-{index:02}": runs["r-quick"] for index in range(30)}
    assert len(render_comparison(compare(many)).encode()) < LARGEST
