"""The configuration of backtests as a DAG file gives it; no Airflow is needed for it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from stockstream import BacktestConfig as EngineConfig
from stockstream.airflow import BacktestConfig
from stockstream.airflow.config import variable_of
from stockstream.errors import ConfigError

CONTRACT: dict[str, Any] = {
    "strategy_class": "LongShortEquityStrategy",
    "start_date": "2022-01-01",
    "end_date": "2022-12-31",
    "initial_capital": 1_000_000.0,
    "factors": ["DebtToEquity"],
    "universe": None,
    "rebalance_period": 1,
    "take_profit_pct": 10.0,
    "stop_loss_pct": 5.0,
    "cooldown_period": 5,
    "batch_job_queue": None,
    "batch_job_definition": None,
    "s3_bucket": None,
    "db_config": None,
}
GRID = {"take_profit_pct": [5.0, 10.0, 15.0], "rebalance_period": [1, 7, 30]}


def test_a_grid_wins_over_direct_values_and_the_others_hold_for_all() -> None:
    config = BacktestConfig(**CONTRACT, param_grid=GRID)
    combinations = config.combinations()
    assert len(combinations) == config.trials == 9
    points = [(one["take_profit_pct"], one["rebalance_period"]) for one in combinations]
    assert points == [(profit, days) for profit in (5.0, 10.0, 15.0) for days in (1, 7, 30)]
    assert {one["stop_loss_pct"] for one in combinations} == {5.0}
    assert all(one["factors"] == ["DebtToEquity"] for one in combinations)


def test_without_a_grid_it_is_exactly_one() -> None:
    [only] = BacktestConfig(**CONTRACT).combinations()
    assert only["rebalance_period"] == 1


def test_grids_may_be_ranges() -> None:
    config = BacktestConfig(**CONTRACT, param_grid={"rebalance_period": "7:91:5"})
    assert [one["rebalance_period"] for one in config.combinations()] == [7, 28, 49, 70, 91]


def test_a_combination_becomes_environment_variables() -> None:
    config = BacktestConfig(**CONTRACT, param_grid=GRID)
    assert config.environment(config.combinations()[0]) == {
        "STRATEGY_CLASS": "LongShortEquityStrategy",
        "START_DATE": "2022-01-01",
        "END_DATE": "2022-12-31",
        "INITIAL_CAPITAL": "1000000.0",
        "FACTORS": '["DebtToEquity"]',
        "REBALANCE_PERIOD": "1",
        "TAKE_PROFIT_PCT": "5.0",
        "STOP_LOSS_PCT": "5.0",
        "COOLDOWN_PERIOD": "5",
    }


@pytest.mark.parametrize(
    "name",
    [
        *("run", "attempt", "request", "path", "ld_preload", "pythonstartup", "aws_profile"),
        *("stockstream__lake", "db_password", "s3_bucket_name", "airflow__x", "a-b", "ünder", "1a"),
    ],
)
def test_no_parameter_takes_the_place_of_a_variable_that_means_something(name: str) -> None:
    assert variable_of(name) is None
    told = BacktestConfig(**CONTRACT).environment({name: "evil"})
    assert "evil" not in told.values()


def test_the_engine_gets_the_same_backtests() -> None:
    config = BacktestConfig(
        **CONTRACT, param_grid=GRID, split="year", where=["rebalance_period > 1"]
    )
    fields = json.loads(json.dumps(config.engine_config()))
    own = {name: CONTRACT[name] for name in CONTRACT if name not in BacktestConfig.model_fields}
    direct = EngineConfig(
        strategy_class="LongShortEquityStrategy",
        start_date="2022-01-01",
        end_date="2022-12-31",
        initial_capital=1_000_000.0,
        param_grid=GRID,
        **own,
    )
    assert EngineConfig(**fields).digest == direct.digest
    request = config.request(at_once=4, each=None)
    assert (request["split"], request["where"]) == ("year", ["rebalance_period > 1"])
    assert request["at_once"] == 4
    assert "each" not in request
    assert config.trials is None, "how many years there are the lake knows"


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"host": "db", "password": "hunter2", "table": "f"}, "Airflow connection"),
        ({"table": "f"}, "exactly one of"),
        ({"connection": "a", "secret": "b", "table": "f"}, "exactly one of"),
        ({"connection": "a"}, "table or a query"),
        ({"connection": "a", "table": "f", "query": "select 1"}, "table or a query"),
        ({"connection": "postgresql://u:p@h/d", "table": "f"}, "password"),
        ({"secret": "a", "table": "f", "known_at": "x", "known_lag": "1d"}, "known_at"),
        ("postgresql://u:p@h/d", "connection"),
    ],
)
def test_a_database_is_named_and_never_described(given: Any, word: str) -> None:
    with pytest.raises(ConfigError, match=word) as error:
        BacktestConfig(**CONTRACT | {"db_config": given})
    assert "hunter2" not in str(error.value)
    assert "u:p@h" not in str(error.value)


def test_a_request_that_aws_would_refuse_is_refused_here() -> None:
    config = BacktestConfig(**CONTRACT | {"universe": [f"COMPANY{i}" for i in range(700)]})
    with pytest.raises(ConfigError, match="8,192"):
        config.request()
    assert config.request(most_bytes=None)["config"]["universe"][0] == "COMPANY0"


def test_a_grid_without_end_is_refused() -> None:
    many = {f"p{i}": "1:500:500" for i in range(4)}
    with pytest.raises(ConfigError, match="combinations"):
        BacktestConfig(**CONTRACT, param_grid=many)


def test_reading_a_configuration_imports_neither_airflow_nor_the_engine() -> None:
    code = (
        "import sys\nfrom stockstream.airflow import BacktestConfig\n"
        "print([name for name in ('airflow', 'polars', 'numpy', 'boto3') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
