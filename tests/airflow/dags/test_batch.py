"""DAGs in the modes of AWS Batch: a real Airflow, jobs as processes of the local emulation."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.stage import STRATEGY

from stockstream.backtest.config import BacktestConfig
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.study.plan import plan_study
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import make_plan
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.batch_queue import Queue
    from tests.airflow.stage import Stage

pytestmark = pytest.mark.slow

DAG = """
import datetime as dt
from stockstream.airflow import BacktestConfig, BacktestDAGFactory

dag = BacktestDAGFactory.create_dag(
    config=BacktestConfig(**{config!r}),
    dag_id="grid",
    retries=1,
    default_args={{"retry_delay": dt.timedelta(0), "poll_interval": 1}},
    **{options!r},
)
"""

ARRAY = """
import datetime as dt
from airflow.sdk import DAG
from stockstream.airflow.flow import backtest_task

with DAG(
    "array",
    schedule=None,
    params={params!r},
    default_args={{
        "retries": 1, "retry_delay": dt.timedelta(0), "poll_interval": 1, "at_first": 0
    }},
) as dag:
    backtest_task("batch_array", None, planned_by=None)
"""


def _mine(folder: Path, **parameters: int) -> dict[str, Any]:
    file = folder / "mine.py"
    file.write_text(STRATEGY.format(mark=str(folder / "mark")), encoding="utf-8")
    return {
        "strategy_class": f"{file}:Mine",
        "start_date": "2020-06-01",
        "end_date": "2020-08-31",
        "param_grid": {"days": [5, 10, 20]},
        **parameters,
    }


def test_a_job_for_each_combination_and_one_more_for_the_flaky_one(
    cloud_stage: Stage, queue: Queue, tmp_path: Path
) -> None:
    config = _mine(tmp_path, poisoned=10, flaky=20)
    options = {"mode": "batch_expand", "tolerated_failures": 0.4}
    cloud_stage.write("grid.py", DAG.format(config=config, options=options))

    played = cloud_stage.play("grid")

    assert played.state == "success", played.log[-3000:]
    assert played.tasks["watcher"]["returned"] == "1 of 3 backtests failed"
    assert {name: (task["state"], task["tries"]) for name, task in played.tasks.items()} == {
        "plan": ("success", 1),
        "backtest_0": ("success", 1),
        "backtest_1": ("failed", 2),
        "backtest_2": ("success", 2),
        "collect": ("success", 1),
        "watcher": ("success", 1),
    }
    assert played.tasks["backtest_2"]["label"] == "days=20"
    summary = played.tasks["collect"]["returned"]
    assert (summary["done"], summary["failed"]) == (3, 1)
    base = f"{summary['run']}-1"
    own = [name for name in queue.names() if name.startswith(base)]
    assert sorted(own) == [f"{base}-0", f"{base}-1", f"{base}-1-2", f"{base}-2", f"{base}-2-2"]
    assert len(queue.names()) == len(own) + 2, "and one to plan, one to collect"
    told = queue.local.client("batch").describe_jobs(
        jobs=[job["jobId"] for job in queue.jobs() if job["jobName"] == f"{base}-2-2"]
    )["jobs"][0]["container"]["environment"]
    assert {"name": "DAYS", "value": "20"} in told
    assert {"name": "STRATEGY_CLASS", "value": config["strategy_class"]} in told


def test_an_array_of_chunks_gives_the_digest_of_the_laptop_and_a_second_run_submits_none(
    cloud_stage: Stage, queue: Queue
) -> None:
    config = {
        "strategy_class": "MovingAverageCrossover",
        "start_date": "2019-06-03",
        "end_date": "2020-12-31",
        "slow_period": 30,
        "param_grid": {"fast_period": [3, 5, 8]},
    }
    cloud_stage.write("grid.py", DAG.format(config=config, options={"mode": "batch_array"}))

    played = cloud_stage.play("grid")

    assert played.state == "success", played.log[-3000:]
    here = run_sweep(BacktestConfig(**config), Lake.open(queue.lake), store=MemoryStore())
    summary = played.tasks["collect"]["returned"]
    assert summary["digest"] == here.digest
    assert len(queue.names()) == 3
    again = cloud_stage.play("grid")
    assert again.state == "success", again.log[-3000:]
    assert again.tasks["collect"]["returned"]["digest"] == here.digest
    own = [name for name in queue.names() if name.startswith(summary["run"])]
    assert own == [f"{summary['run']}-1"], "everything is there already"


def test_an_array_of_which_one_child_failed_is_followed_by_one_job_of_one_child(
    cloud_stage: Stage, queue: Queue, tmp_path: Path
) -> None:
    run = _planned(queue, _mine(tmp_path, flaky=20))
    params = {"run": run, "attempt": "1", "items": 3, "again": True}
    cloud_stage.write("array.py", ARRAY.format(params=params))

    played = cloud_stage.play("array")

    assert played.state == "success", played.log[-3000:]
    assert played.tasks["backtest"]["tries"] == 2
    has_client = cloud_stage.run("-c", "import aiobotocore").returncode == 0
    assert ("running trigger in line" in played.log) is has_client, "it waits without a worker"
    assert queue.names() == [f"{run}-1", f"{run}-2"]
    first, second = queue.jobs()
    assert (first["arrayProperties"], first["status"]) == ({"size": 3}, "FAILED")
    assert ("arrayProperties" in second, second["status"]) == (False, "SUCCEEDED")
    plan = json.loads(Location.of(queue.lake).read(f"runs/{run}/plans/2.json"))
    assert plan == [{"run": run, "attempt": "2", "chunks": [2]}]
    store = BucketStore.open(runs_of(queue.lake).child(run))
    assert not store.missing()
    assert store.failed(store.study.chunks) == 0


def test_a_task_whose_worker_was_killed_joins_the_job_that_is_there(
    cloud_stage: Stage, queue: Queue, tmp_path: Path
) -> None:
    run = _planned(queue, _mine(tmp_path))
    told = {"RUN": run, "ATTEMPT": "1", "STOCKSTREAM__LAKE": queue.lake}
    queue.submit(f"{run}-1", told, 3)
    cloud_stage.write(
        "array.py", ARRAY.format(params={"run": run, "attempt": "1", "items": 3, "again": True})
    )

    played = cloud_stage.play("array")

    assert played.state == "success", played.log[-3000:]
    assert Counter(queue.names()) == {f"{run}-1": 1}
    assert "is there already" in played.log
    assert not BucketStore.open(runs_of(queue.lake).child(run)).missing()


def _planned(queue: Queue, config: dict[str, Any]) -> str:
    """Plan three combinations in three items, as the runner does; gives the name of the run."""
    study = plan_study(BacktestConfig(**config), Lake.open(queue.lake), chunk_seconds=0.0)
    store = BucketStore.create(runs_of(queue.lake), study)
    assert len(make_plan(store, "1", 3).items) == 3
    return study.name
