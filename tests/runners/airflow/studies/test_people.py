"""What people and faults do to runs of the DAG: what is done is what files say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.runners.airflow.small_airflow import Fault
from tests.runners.airflow.studies.following import attempts, ended

from stockstream.errors import CloudError
from stockstream.runners.airflow.service import SWEEP
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cloud_record import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runners.airflow.studies.working_airflow import WorkingAirflow

    from stockstream.study.study import Study


@pytest.mark.slow
def test_what_the_first_failed_task_said_is_the_reason(
    runner: CloudRunner, working: WorkingAirflow, study: Callable[..., Study]
) -> None:
    planned = study()
    other = replace(planned, identity=replace(planned.identity, code_version="other code"))
    run = runner.submit(other)
    status = ended(runner, run)
    assert (status.state, status.done) == ("stopped", 0)
    assert status.error.startswith("2 of its tasks failed; the first, task local.backtest (item 0)")
    assert "was planned by the code other code" in status.error
    logs = f"/api/v2/dags/{SWEEP}/dagRuns/{run}-1/taskInstances/local.backtest/logs"
    working.faults.append(Fault(logs, 403, {"detail": "Forbidden"}))
    assert runner.status(run).error.endswith("(item 0): see its log in Airflow")


@pytest.mark.slow
def test_while_airflow_is_down_files_say_how_far_it_is(
    runner: CloudRunner, working: WorkingAirflow, slow_study: Study, gate: Path
) -> None:
    run = runner.submit(slow_study)
    for status in runner.follow(run):
        if status.done:
            break
    down = Fault("/", 503)
    working.faults.append(down)
    status = runner.status(run)
    assert (status.state, status.has_ended, status.done) == ("unreachable", False, 1)
    assert f"the Airflow at {working.url}" in status.error
    assert "in trouble" in status.error
    with pytest.raises(CloudError, match="in trouble"):
        runner.resume(run)
    impatient = CloudRunner(runner.runs, None, runner.service, every=0.05, patience=0.0)
    with pytest.raises(CloudError, match="in trouble"):
        ended(impatient, run)
    gate.unlink()
    assert ended(runner, run).state == "done"  # its files say so, and Airflow is still down
    assert down.times
    assert attempts(runner, run) == [Attempt(1, f"{run}-1")]


@pytest.mark.slow
def test_a_deleted_run_of_the_dag_is_said_and_resumed(
    runner: CloudRunner, working: WorkingAirflow, slow_study: Study, gate: Path
) -> None:
    run = runner.submit(slow_study)
    working.delete(f"{run}-1")
    status = ended(runner, run)
    assert status.state == "stopped"
    assert f"has no run {run}-1 of the DAG {SWEEP} any more" in status.error
    gate.unlink()
    runner.resume(run)
    assert ended(runner, run).state == "done"
    assert list(working.runs[SWEEP]) == [f"{run}-2"]


@pytest.mark.slow
def test_submitting_again_what_was_deleted_in_airflow_starts_it_again(
    runner: CloudRunner, working: WorkingAirflow, slow_study: Study, gate: Path
) -> None:
    run = runner.submit(slow_study)
    working.delete(f"{run}-1")
    gate.unlink()
    assert runner.submit(slow_study) == run
    assert ended(runner, run).state == "done"
    assert list(working.runs[SWEEP]) == [f"{run}-2"]


@pytest.mark.slow
def test_a_run_of_the_dag_that_is_marked_and_cleared_is_followed(
    runner: CloudRunner, working: WorkingAirflow, slow_study: Study, gate: Path
) -> None:
    run = runner.submit(slow_study)
    name = f"{run}-1"
    working.mark(name, "failed")
    working.settle()
    status = ended(runner, run)
    assert status.state == "stopped"
    assert "somebody has marked it as failed in Airflow" in status.error
    working.mark(name, "success")
    assert "its workers have ended and left it" in runner.status(run).error
    working.clear(name)
    assert runner.status(run).state == "running"
    gate.unlink()
    assert ended(runner, run).state == "done"


@pytest.mark.slow
def test_what_a_run_waits_for_is_said(
    runner: CloudRunner, working: WorkingAirflow, slow_study: Study, gate: Path
) -> None:
    name = f"{slow_study.name}-1"
    gate.unlink()
    runner.ready()
    working.dags[SWEEP]["is_paused"] = True
    ready = Fault(f"/api/v2/dags/{SWEEP}", 200, {"is_paused": False}, times=1, method="GET")
    working.faults.append(ready)  # it is paused a moment later
    run = runner.submit(slow_study)
    assert working.state(name) == "queued"
    status = runner.status(run)
    assert (status.state, status.error) == ("running", status.error)
    assert f"`stockstream airflow unpause {SWEEP}`" in status.error
    working.health["scheduler"] = "unhealthy"
    assert "the scheduler of the Airflow at" in runner.status(run).error
    working.health["scheduler"] = "healthy"
    working.unpause()
    assert ended(runner, run).state == "done"
