"""The DAG of the Airflow runner: an attempt that a laptop planned, run by Airflow."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.airflow.loader.test_loader import DAG_FILES
from tests.aws.sweeps import local_digest, plan_event

from stockstream.lake.location import Location
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.batch_queue import Queue
    from tests.airflow.stage import Stage

pytestmark = pytest.mark.slow

SWEEP = "stockstream_sweep"

PATIENTLESS = """
from stockstream.airflow.sweep import create_sweep_dag

dag = create_sweep_dag()
for task in dag.tasks:
    if hasattr(task, "poll_interval"):
        task.poll_interval = 1
"""


@pytest.fixture
def sweeping(every_stage: Stage) -> Stage:
    shutil.copy(DAG_FILES / "stockstream_sweep.py", every_stage.home / "dags")
    return every_stage


def test_an_attempt_that_was_planned_elsewhere_is_run(sweeping: Stage, lake: Path) -> None:
    study = plan_event(lake)
    store = BucketStore.create(runs_of(Location.of(str(lake))), study)
    items = len(make_plan(store, "1", 3).items)
    sweeping.variables["stockstream_lake"] = str(lake)
    asked = {"run": study.name, "attempt": "1", "items": items, "mode": "local"}
    played = sweeping.play(SWEEP, asked)
    assert played.state == "success", played.log
    assert played.states("local.backtest") == {
        f"local.backtest_{index}": "success" for index in range(items)
    }
    assert played.states("batch.") == {"batch.backtest": "skipped", "batch.collect": "skipped"}
    digest = StudyResult(study, store).digest
    assert digest == local_digest(study, lake)
    assert played.tasks["local.collect"]["returned"]["digest"] == digest


def test_what_is_no_attempt_is_refused(sweeping: Stage, lake: Path) -> None:
    sweeping.variables["stockstream_lake"] = str(lake)
    asked = {"run": "../../x", "attempt": "1", "items": 3, "mode": "local"}
    done = sweeping.start(SWEEP, asked)
    assert done.returncode != 0
    assert "Invalid input for param run" in done.stdout + done.stderr
    unknown = {"run": "s-0123456789ab", "attempt": "1", "items": 3, "mode": "local"}
    played = sweeping.play(SWEEP, unknown)
    assert played.state == "failed"
    assert set(played.states("batch.").values()) == {"skipped"}


def test_an_attempt_is_run_by_one_array_job(cloud_stage: Stage, queue: Queue, lake: Path) -> None:
    study = plan_event(lake)
    store = BucketStore.create(runs_of(Location.of(queue.lake)), study)
    items = len(make_plan(store, "1", 3).items)
    cloud_stage.write("sweep.py", PATIENTLESS)
    asked = {"run": study.name, "attempt": "1", "items": items, "mode": "batch"}

    played = cloud_stage.play(SWEEP, asked)

    assert played.state == "success", played.log
    assert played.states("batch.") == {"batch.backtest": "success", "batch.collect": "success"}
    assert set(played.states("local.").values()) == {"skipped"}
    assert queue.names()[0] == f"{study.name}-1"
    assert len(queue.names()) == 2, "and one to collect"
    digest = StudyResult(study, store).digest
    assert digest == local_digest(study, lake)
    assert played.tasks["batch.collect"]["returned"]["digest"] == digest
    assert played.tasks["watcher"]["returned"] == f"0 of {study.trials} backtests failed"
