"""DAGs in mode local: a real Airflow, the engine in another interpreter, a real lake."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.stage import STRATEGY

from stockstream.backtest.config import BacktestConfig
from stockstream.lake.store import Lake
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.airflow.stage import Stage

pytestmark = pytest.mark.slow

CONFIG: dict[str, Any] = {
    "strategy_class": "MovingAverageCrossover",
    "start_date": "2019-06-03",
    "end_date": "2020-12-31",
    "initial_capital": 50_000.0,
    "slow_period": 30,
    "param_grid": {"fast_period": [3, 5, 8]},
}

DAG = """
import datetime as dt, json
from pathlib import Path
from stockstream.airflow import BacktestConfig, BacktestDAGFactory

NOTES = Path({notes!r})

def before(**context):
    NOTES.joinpath("before.json").write_text(json.dumps(context["dag_run"].dag_id))
    if {stops}:
        raise RuntimeError("no money today")

def after(**context):
    ti, run = context["ti"], context["dag_run"]
    states = ti.get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])[run.run_id]
    backtests = {{task: str(state) for task, state in states.items() if "backtest" in task}}
    count = ti.get_ti_count(
        dag_id=run.dag_id, run_ids=[run.run_id], task_ids=["backtest"], states=["success"]
    )
    told = {{"states": backtests, "count": count, "summary": context["backtests"]}}
    NOTES.joinpath("after.json").write_text(json.dumps(told))
    return len(backtests)

config = {config!r}
options = dict(
    mode="local",
    before_backtest_callback=before,
    after_backtest_callback=after,
    default_args={{"retry_delay": dt.timedelta(0)}},
)
dag = BacktestDAGFactory.create_dag(
    config=BacktestConfig(**config), dag_id="one", **{{**options, **{options!r}}}
)
"""


def _dag(
    stage: Stage, lake: Path, config: dict[str, Any], *, stops: bool = False, **options: Any
) -> Path:
    """A DAG file for a lake; gives the folder of what its callbacks note."""
    notes = stage.home / "notes"
    notes.mkdir(exist_ok=True)
    stage.variables["stockstream_lake"] = str(lake)
    source = DAG.format(notes=str(notes), config=config, options=options, stops=stops)
    stage.write("one.py", source)
    return notes


def _mine(folder: Path, **parameters: int) -> dict[str, Any]:
    """Three combinations of a strategy that may be poisoned or flaky."""
    file = folder / "mine.py"
    file.write_text(STRATEGY.format(mark=str(folder / "mark")), encoding="utf-8")
    return {
        "strategy_class": f"{file}:Mine",
        "start_date": "2020-06-01",
        "end_date": "2020-08-31",
        "param_grid": {"days": [5, 10, 20]},
        **parameters,
    }


def _noted(notes: Path, name: str) -> Any:
    return json.loads((notes / f"{name}.json").read_text(encoding="utf-8"))


def test_a_grid_runs_with_callbacks_and_gives_the_digest_of_the_laptop(
    every_stage: Stage, lake: Path
) -> None:
    notes = _dag(every_stage, lake, CONFIG)

    played = every_stage.play("one")

    assert played.state == "success", played.log
    assert played.states() == {
        "before_callback": "success",
        "plan": "success",
        "backtest_0": "success",
        "backtest_1": "success",
        "backtest_2": "success",
        "collect": "success",
        "after_callback": "success",
        "watcher": "success",
    }
    labels = [played.tasks[f"backtest_{i}"]["label"] for i in range(3)]
    assert labels == ["fast_period=3", "fast_period=5", "fast_period=8"]
    told = _noted(notes, "after")
    assert told["states"] == {f"backtest_{i}": "success" for i in range(3)}
    assert told["count"] == 3
    summary = told["summary"]
    assert (summary["trials"], summary["done"], summary["failed"]) == (3, 3, 0)
    assert summary == played.tasks["collect"]["returned"]
    here = run_sweep(BacktestConfig(**CONFIG), Lake.open(str(lake)), store=MemoryStore())
    assert summary["digest"] == here.digest


def test_a_poisoned_combination_fails_the_run_and_a_flaky_one_takes_one_more_process(
    stage: Stage, lake: Path, tmp_path: Path
) -> None:
    notes = _dag(stage, lake, _mine(tmp_path, poisoned=10, flaky=20), retries=1)
    started = _count_processes(stage, tmp_path)

    played = stage.play("one")

    assert played.state == "failed"
    backtests = {name: (t["state"], t["tries"]) for name, t in played.tasks.items() if "_" in name}
    assert backtests["backtest_0"] == ("success", 1)
    assert backtests["backtest_1"] == ("failed", 2)
    assert backtests["backtest_2"] == ("success", 2)
    assert started() == {"plan": 1, "item": 5, "collect": 1}
    told = _noted(notes, "after")
    assert played.tasks["after_callback"]["state"] == "success"
    assert sorted(told["states"].values()) == ["failed", "success", "success"]
    assert told["count"] == 2
    assert (told["summary"]["done"], told["summary"]["failed"]) == (3, 1)
    [trial] = told["summary"]["failed_trials"]
    assert trial["parameters"]["days"] == 10
    assert "1 of 3 backtests failed" in played.log
    assert "days=10: " in played.log
    assert "the poison" in played.log


def test_a_before_callback_that_raises_stops_the_run(
    stage: Stage, lake: Path, tmp_path: Path
) -> None:
    notes = _dag(stage, lake, CONFIG, stops=True)
    started = _count_processes(stage, tmp_path)

    played = stage.play("one")

    assert played.state == "failed"
    assert played.states() == {
        "before_callback": "failed",
        "plan": "upstream_failed",
        "backtest": "upstream_failed",
        "collect": "skipped",
        "after_callback": "skipped",
        "watcher": "failed",
    }
    assert played.tasks["before_callback"]["tries"] == 1
    assert started() == {}
    assert not (notes / "after.json").exists()
    assert "before_callback failed" in played.log


def test_several_strategies_share_callbacks_and_what_is_tolerated(
    stage: Stage, lake: Path, tmp_path: Path
) -> None:
    stage.variables["stockstream_lake"] = str(lake)
    configs = {"cross": CONFIG, "mine": _mine(tmp_path, poisoned=10)}
    stage.write("several.py", SEVERAL.format(notes=str(tmp_path), configs=configs))

    played = stage.play("several")

    assert played.state == "success", played.log[-3000:]
    states = played.states()
    assert (states["mine.backtest_1"], states["watcher"]) == ("failed", "success")
    assert played.tasks["watcher"]["returned"] == "1 of 6 backtests failed"
    told = _noted(tmp_path, "after")
    assert {name: (one["trials"], one["failed"]) for name, one in told.items()} == {
        "cross": (3, 0),
        "mine": (3, 1),
    }
    assert told == played.tasks["collect"]["returned"]


def test_a_study_that_no_engine_would_run_fails_once_and_says_why(stage: Stage, lake: Path) -> None:
    _dag(stage, lake, {**CONFIG, "slow_period": 2, "fats_period": 3})

    played = stage.play("one")

    assert played.state == "failed"
    assert (played.tasks["plan"]["state"], played.tasks["plan"]["tries"]) == ("failed", 1)
    assert played.tasks["after_callback"]["state"] == "skipped"
    assert "fats_period" in played.log


SEVERAL = """
import json
from pathlib import Path
from stockstream.airflow import BacktestConfig, BacktestDAGFactory

def after(**context):
    Path({notes!r}, "after.json").write_text(json.dumps(context["backtests"]))

dag = BacktestDAGFactory.create_multi_strategy_dag(
    configs={{name: BacktestConfig(**config) for name, config in {configs!r}.items()}},
    dag_id="several",
    mode="local",
    retries=0,
    tolerated_failures=1,
    after_backtest_callback=after,
)
"""


def _count_processes(stage: Stage, folder: Path) -> Callable[[], dict[str, int]]:
    """Put a program before the engine's Python that notes each start; gives how many there were."""
    program, noted = folder / "python", folder / "started"
    python = stage.variables["stockstream_python"]
    program.write_text(f'#!/bin/sh\necho "$4" >> {noted}\nexec {python} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    stage.variables["stockstream_python"] = str(program)

    def count() -> dict[str, int]:
        return dict(Counter(noted.read_text().split() if noted.exists() else ()))

    return count
