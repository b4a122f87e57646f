"""The 40 gold cases of empyrical: equal, or different in a way that is stated here, each one."""

from __future__ import annotations

import importlib
import json
import math
import warnings
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from stockstream.metrics import drawdown, returns, shape

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

PERIODS = {"daily": 252, "weekly": 52, "monthly": 12}

FIRST_BAR = "the first bar is a return of 0.0 here, no observation there"
FLAT = "flat returns have no Sharpe ratio here, an infinite one there"
NO_LOSS = "without a loss there is no Sortino ratio here, an infinite one there"

STATED: dict[tuple[str, str, float], tuple[float, str]] = {
    # (measure, returns, required return): our value, and why it differs
    ("annual_volatility", "mixed", 0.0): (0.855277732669336, FIRST_BAR),
    ("sharpe_ratio", "mixed", 0.0): (1.6368951821422701, FIRST_BAR),
    ("sharpe_ratio", "flat1", 0.0): (math.nan, FLAT),
    ("downside_risk", "mixed", 0.0): (0.5699122739510003, FIRST_BAR),
    ("downside_risk", "mixed", 0.1): (1.7023513150933332, FIRST_BAR),
    ("sortino_ratio", "mixed", 0.0): (2.4565184222025884, FIRST_BAR),
    ("sortino_ratio", "positive", 0.0): (math.nan, NO_LOSS),
    ("stability_of_timeseries", "mixed", 0.0): (0.3307211309213486, FIRST_BAR),
}


def _max_drawdown(series: Floats) -> float:
    return drawdown.max_drawdown(drawdown.wealth(series) if len(series) else series)


def _ours(measure: str, series: Floats, options: dict[str, Any]) -> float:
    periods = PERIODS[options.get("period", "daily")]
    required = options.get("required_return", 0.0)
    if measure == "calmar_ratio":
        return drawdown.calmar(returns.annualised_return(series, periods), _max_drawdown(series))
    if measure in {"annual_return", "cagr"}:
        return returns.annualised_return(series, periods)
    return {
        "cum_returns_final": lambda: returns.total_return(series),
        "max_drawdown": lambda: _max_drawdown(series),
        "annual_volatility": lambda: returns.volatility(series, periods),
        "sharpe_ratio": lambda: returns.sharpe(series, 0.0, periods),
        "downside_risk": lambda: returns.downside_deviation(series, required, periods),
        "sortino_ratio": lambda: returns.sortino(series, required, periods),
        "omega_ratio": lambda: shape.omega(series, options.get("risk_free", 0.0)),
        "stability_of_timeseries": lambda: shape.stability(series),
        "tail_ratio": lambda: shape.tail_ratio(series),
    }[measure]()


@pytest.mark.shared
def test_every_gold_case_is_equal_or_a_stated_difference(shared_data: Path) -> None:
    gold = json.loads((shared_data / "gold" / "empyrical_metric_cases.json").read_text())
    differing = []
    for measure, name, options, printed, digits in gold["cases"]:
        series = np.nan_to_num(np.array(gold["returns"][name], np.float64), nan=0.0)
        found = _ours(measure, series, options)
        case = (measure, name, options.get("required_return", 0.0))
        expected = math.nan if printed is None else float(printed)
        if case in STATED:
            differing.append(case)
            assert found != pytest.approx(expected, abs=1e-3), case
            expected = STATED[case][0]
        assert found == pytest.approx(expected, abs=10.0**-digits, nan_ok=True), case
    assert len(gold["cases"]) == 40
    assert sorted(differing) == sorted(STATED)


@pytest.fixture(scope="module")
def empyrical() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        return importlib.import_module("empyrical")


@pytest.mark.parametrize("bars", [2, 3, 250, 2520])
@pytest.mark.parametrize("seed", [1, 2])
def test_equals_empyrical_on_random_returns(empyrical: Any, bars: int, seed: int) -> None:
    series = np.random.default_rng(seed).normal(0.0003, 0.012, bars)
    series[0] = 0.0
    expected = {
        "cum_returns_final": empyrical.cum_returns_final(series),
        "annual_return": empyrical.annual_return(series),
        "annual_volatility": empyrical.annual_volatility(series),
        "sharpe_ratio": empyrical.sharpe_ratio(series),
        "sortino_ratio": empyrical.sortino_ratio(series),
        "downside_risk": empyrical.downside_risk(series),
        "max_drawdown": empyrical.max_drawdown(series),
        "calmar_ratio": empyrical.calmar_ratio(series),
        "omega_ratio": empyrical.omega_ratio(series),
        "stability_of_timeseries": empyrical.stability_of_timeseries(series),
        "tail_ratio": empyrical.tail_ratio(series),
    }
    for measure, value in expected.items():
        finite = value if math.isfinite(value) else math.nan
        assert _ours(measure, series, {}) == pytest.approx(finite, rel=1e-10, nan_ok=True), measure
