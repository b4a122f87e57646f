"""Configurations: complete, checked, and the same text for the same settings."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from stockstream.backtest.config import BacktestConfig, Costs
from stockstream.errors import ConfigError


def make(**values: Any) -> BacktestConfig:
    given = {"strategy_class": "S", "start_date": "2022-01-01", "end_date": "2022-12-31"}
    return BacktestConfig(**{**given, **values})


def test_keywords_that_are_no_field_are_parameters() -> None:
    config = make(rebalance_period=5, parameters={"quantile": 0.2})
    assert config.parameters == {"quantile": 0.2, "rebalance_period": 5}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"initial_capital": -5.0}, r"initial_capital: .*greater than 0 \(got -5.0\)"),
        ({"initial_capital": float("nan")}, "initial_capital"),
        ({"initial_capital": float("inf")}, "initial_capital"),
        ({"end_date": "2021-12-31"}, "end date 2021-12-31 lies before start date 2022-01-01"),
        ({"start_date": "01/02/2022"}, r"start_date: .*got '01/02/2022'"),
        ({"universe": ("A", "B", "A")}, "symbols given twice: A"),
        ({"universe": ()}, "universe is empty"),
        ({"fill": "yesterday"}, "fill: .*'next_open'"),
        ({"costs": {"commission_bps": -1}}, "costs.commission_bps"),
        ({"costs": {"commision_bps": 1}}, "costs.commision_bps"),
    ],
)
def test_what_cannot_be_used_is_said_in_words(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make(**values)


def test_missing_fields_are_named() -> None:
    with pytest.raises(ConfigError, match="start_date: Field required; end_date: Field required"):
        BacktestConfig(strategy_class="S")


def test_equal_settings_have_equal_digests() -> None:
    config = make(costs=Costs(commission_bps=10), fast_period=3)
    same = make(fast_period=3, costs={"commission_bps": 10.0})
    assert config.digest == same.digest
    assert config.digest != config.changed(fractional=True).digest


def test_it_comes_back_from_json() -> None:
    config = make(universe=("A", "B"), param_grid={"fast_period": (1, 2)})
    assert BacktestConfig(**config.model_dump(mode="json")) == config


def test_it_can_be_read_without_the_engine() -> None:
    code = (
        "import sys, stockstream.backtest.config as c\n"
        "print([m for m in ('numpy', 'polars', 'numba', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
