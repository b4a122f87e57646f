"""The example DAGs, as they are copied beside the bundle: parsed by each Airflow, and run."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.airflow.environment import ROOT

from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.dags.conftest import Stage

pytestmark = pytest.mark.slow

EXAMPLES = ROOT / "examples" / "airflow"
LIST = """
import json
from pathlib import Path
try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:
    from airflow.models.dagbag import DagBag
bag = DagBag()
found = {name: sorted(dag.task_ids) for name, dag in bag.dags.items()}
Path("found.json").write_text(json.dumps({"errors": list(bag.import_errors), "dags": found}))
"""
SINGLE = ["after_callback", "backtest", "before_callback", "collect", "plan", "watcher"]


@pytest.fixture
def years(tmp_path: Path) -> Path:
    """A simulated lake over the year of the examples and the one before."""
    lake = simulated_lake(6, dt.date(2021, 1, 1), dt.date(2022, 12, 31))
    place = tmp_path / "lake"
    shutil.copytree(lake.location.address, place)
    return place


def test_both_examples_are_found(every_stage: Stage) -> None:
    for file in EXAMPLES.glob("*_dag.py"):
        shutil.copy(file, every_stage.home / "dags")

    done = every_stage.run("-c", LIST)

    found = json.loads((every_stage.home / "found.json").read_text(encoding="utf-8"))
    assert found["errors"] == [], done.stdout + done.stderr
    assert found["dags"]["framework_backtest_simple_example"] == SINGLE
    multi = found["dags"]["framework_backtest_multi_example"]
    names = ("long_short", "mean_reversion", "momentum")
    assert [name for name in multi if "backtest" in name] == [f"{one}.backtest" for one in names]


def test_the_simple_example_runs_its_nine_combinations(stage: Stage, years: Path) -> None:
    source = (EXAMPLES / "framework_backtest_simple_example_dag.py").read_text(encoding="utf-8")
    local = source.replace("    config=config,\n", '    config=config,\n    mode="local",\n')
    stage.write("simple.py", local.replace("from __future__ import annotations\n", ""))
    stage.variables["stockstream_lake"] = str(years)

    played = stage.play("framework_backtest_simple_example")

    assert played.state == "success", played.log[-3000:]
    assert len(played.states("backtest_")) == 9
    assert played.tasks["backtest_0"]["label"] == "take_profit_pct=0.05, rebalance_period=1"
    told = played.tasks["after_callback"]["returned"]
    assert told["tasks"] == {"success": 9}
    assert told["run"] == played.tasks["collect"]["returned"]["run"]
