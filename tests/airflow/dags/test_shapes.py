"""What DAGs look like, with every version of Airflow that the bundle must run on."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.stage import SOURCE

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.slow

SHAPES = Path(__file__).with_name("shapes.py")

HEAVY = {"polars", "numba", "deltalake", "obstore", "plotly", "typer"}
OWN = ("airflow", "backtest", "errors", "runners", "study")

_seen: dict[Path, dict[str, Any]] = {}


@pytest.fixture
def shapes(every_airflow_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What ``shapes.py`` printed; once for each version."""
    if every_airflow_python not in _seen:
        home = tmp_path_factory.mktemp("shapes")
        _seen[every_airflow_python] = _printed(every_airflow_python, home)
    return _seen[every_airflow_python]


def _printed(python: Path, home: Path) -> dict[str, Any]:
    done = subprocess.run(
        [python, SHAPES],
        env={"AIRFLOW_HOME": str(home), "PYTHONPATH": str(SOURCE), "PATH": "/usr/bin:/bin"},
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("SHAPES")]
    assert lines, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(lines[0].removeprefix("SHAPES"))
    return {**found, "home": home}


def _ups(shape: Mapping[str, Any]) -> dict[str, list[str]]:
    return {name: task["up"] for name, task in shape["tasks"].items()}


@pytest.mark.parametrize("mode", ["batch_array", "local"])
def test_tasks_follow_each_other_as_documented(shapes: dict[str, Any], mode: str) -> None:
    dag = shapes["dags"][mode]
    assert _ups(dag) == {
        "before_callback": [],
        "plan": ["before_callback"],
        "backtest": ["plan"],
        "collect": ["backtest", "plan"],
        "after_callback": ["collect"],
        "watcher": ["after_callback", "collect"],
    }
    rules = {name: task["rule"] for name, task in dag["tasks"].items()}
    late = {"collect", "after_callback", "watcher"}
    assert {name for name, rule in rules.items() if rule == "all_done"} == late
    assert {rule for name, rule in rules.items() if name not in late} == {"all_success"}
    single = {"before_callback", "after_callback", "watcher"}
    assert {name for name, task in dag["tasks"].items() if task["retries"] == 0} == single
    assert dag["catchup"] is False


def test_without_callbacks_and_with_a_database(shapes: dict[str, Any]) -> None:
    assert _ups(shapes["dags"]["batch_expand"]) == {
        "plan": [],
        "backtest": ["plan"],
        "collect": ["backtest", "plan"],
        "watcher": ["collect"],
    }
    assert _ups(shapes["dags"]["database"])["plan"] == ["load_factors"]
    assert shapes["dags"]["batch_expand"]["tasks"]["backtest"]["retries"] == 5
    assert (
        shapes["dags"]["batch_array"]["tags"],
        shapes["dags"]["batch_array"]["description"],
    ) == (
        ["t"],
        "d",
    )


def test_each_mode_has_its_operators(shapes: dict[str, Any]) -> None:
    kinds = {
        mode: (task["kind"], task["mapped"])
        for mode in ("batch_array", "batch_expand", "local")
        for task in [shapes["dags"][mode]["tasks"]["backtest"]]
    }
    assert kinds == {
        "batch_array": ("BacktestBatchOperator", False),
        "batch_expand": ("BacktestBatchOperator", True),
        "local": ("LocalBacktestOperator", True),
    }
    labels = {
        shapes["dags"][mode]["tasks"]["backtest"]["label"] for mode in ("batch_expand", "local")
    }
    assert labels == {"{{ task.item['label'] }}"}


def test_strategies_are_groups_and_only_backtests_are_called_so(shapes: dict[str, Any]) -> None:
    ups = _ups(shapes["dags"]["several"])
    assert ups["x.plan"] == ups["y.plan"] == ["before_callback"]
    assert ups["collect"] == ["x.collect", "y.collect"]
    assert ups["watcher"] == ["after_callback", "collect"]
    assert {name for name in ups if "backtest" in name} == {"x.backtest", "y.backtest"}
    assert "LongShortEquityStrategy.backtest" in _ups(shapes["dags"]["row"])


def test_nothing_that_a_configuration_says_is_a_template(shapes: dict[str, Any]) -> None:
    for dag in shapes["dags"].values():
        assert not any(task["templates"] for task in dag["tasks"].values())
    assert "db_password" not in shapes["serialized"]["hostile"]


def test_the_same_file_gives_the_same_dag(
    shapes: dict[str, Any], every_airflow_python: Path
) -> None:
    again = _printed(every_airflow_python, shapes["home"])
    assert again["serialized"] == shapes["serialized"]


def test_what_cannot_run_is_refused_when_the_dag_is_made(shapes: dict[str, Any]) -> None:
    refused = {name: (kind, text) for name, (kind, text) in shapes["refused"].items()}
    assert {name: kind for name, (kind, _) in refused.items()} == {
        "mode": "UnknownNameError",
        "tolerated": "ConfigError",
        "id": "ConfigError",
        "twice": "ConfigError",
        "name": "ConfigError",
        "most": "ConfigError",
        "long": "ConfigError",
        "connection": "ConfigError",
    }
    assert "1,056 combinations are more than the 1,024" in refused["most"][1]
    assert "8,192" in refused["long"][1]
    assert "Secrets Manager" in refused["connection"][1]


def test_the_engine_is_not_imported(shapes: dict[str, Any]) -> None:
    assert not HEAVY.intersection(shapes["modules"])
    parts = {name.split(".")[1] for name in shapes["own"] if "." in name}
    assert parts <= set(OWN)
    assert not [name for name in shapes["own"] if name.startswith("stockstream.runners.jobs.")][1:]
