"""The example DAGs, as they are copied beside the bundle: parsed by each Airflow, and run."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from tests.airflow.environment import ROOT

from stockstream.lake.copying import copy_lake
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.airflow.batch_queue import Queue
    from tests.airflow.stage import Stage

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


def _local(name: str, grids: Mapping[str, str]) -> str:
    """The source of an example for mode local, with less in its grids."""
    source = (EXAMPLES / f"framework_backtest_{name}_example_dag.py").read_text(encoding="utf-8")
    changes = {
        "    dag_id=": '    mode="local",\n    dag_id=',
        **grids,
    }
    for old, new in changes.items():
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    return source


def test_the_simple_example_runs(every_stage: Stage, years: Path) -> None:
    every_stage.write("simple.py", _local("simple", {"[5.0, 10.0, 15.0]": "[5.0]"}))
    every_stage.variables["stockstream_lake"] = str(years)

    played = every_stage.play("framework_backtest_simple_example")

    assert played.state == "success", played.log[-3000:]
    labels = [played.tasks[f"backtest_{i}"]["label"] for i in range(3)]
    assert labels == [f"take_profit_pct=0.05, rebalance_period={i}" for i in (1, 7, 30)]
    told = played.tasks["after_callback"]["returned"]
    assert told["tasks"] == {"success": 3}
    assert told["run"] == played.tasks["collect"]["returned"]["run"]


def test_the_example_of_several_strategies_runs(every_stage: Stage, years: Path) -> None:
    grids = {
        '{"rebalance_period": [7, 14, 28], "take_profit_pct": [0.1, 0.15, 0.2]}': "{}",
        "[20, 30, 40]": "[20]",
        "[2.0, 2.5, 3.0]": "[2.0]",
        "[10, 20, 30]": "[10]",
    }
    every_stage.write("multi.py", _local("multi", grids))
    every_stage.variables["stockstream_lake"] = str(years)

    played = every_stage.play("framework_backtest_multi_example")

    assert played.state == "success", played.log[-3000:]
    assert played.tasks["watcher"]["returned"] == "0 of 4 backtests failed"
    assert played.states("backtest") == {
        "long_short.backtest_0": "success",
        "mean_reversion.backtest_0": "success",
        "momentum.backtest_0": "success",
        "momentum.backtest_1": "success",
    }
    best = played.tasks["after_callback"]["returned"]
    assert set(best) == {"long_short", "mean_reversion", "momentum"}


def test_the_simple_example_runs_its_nine_combinations_on_batch(
    cloud_stage: Stage, queue: Queue, years: Path
) -> None:
    """As it stands in the file, but for the time between two looks."""
    source = (EXAMPLES / "framework_backtest_simple_example_dag.py").read_text(encoding="utf-8")
    hurried = '    dag_id="framework_backtest_simple_example",\n'
    assert source.count(hurried) == 1
    cloud_stage.write(
        "simple.py", source.replace(hurried, f'{hurried}    default_args={{"poll_interval": 1}},\n')
    )
    lake = f"{queue.lake}/years"
    copy_lake(Lake.open(str(years)), Location.of(lake))
    cloud_stage.variables["stockstream_lake"] = lake

    played = cloud_stage.play("framework_backtest_simple_example")

    assert played.state == "success", played.log[-3000:]
    assert played.tasks["watcher"]["returned"] == "0 of 9 backtests failed"
    assert played.tasks["after_callback"]["returned"]["tasks"] == {"success": 1}
    assert len(queue.names()) == 3, "to plan, to run, to collect"
