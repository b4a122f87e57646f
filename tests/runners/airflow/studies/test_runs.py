"""Studies on an Airflow: the same numbers as here, joined, stopped, resumed and removed."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from tests.aws.sweeps import local_digest
from tests.runners.airflow.small_airflow import Fault
from tests.runners.airflow.studies.conftest import PASSWORD
from tests.runners.airflow.studies.following import attempts, ended

from stockstream.errors import CloudError, NoDataError
from stockstream.lake.store import Lake
from stockstream.runners.airflow.service import SWEEP
from stockstream.runners.cloud_record import Attempt, CloudRecord
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runners.airflow.studies.working_airflow import WorkingAirflow

    from stockstream.runners.cloud import CloudRunner
    from stockstream.study.study import Study


@pytest.mark.slow
def test_a_run_gives_what_it_gives_here(
    runner: CloudRunner,
    working: WorkingAirflow,
    study: Callable[..., Study],
    lake: Path,
    tmp_path: Path,
) -> None:
    planned = study()
    run = runner.submit(planned)
    status = ended(runner, run)
    assert (status.state, status.done, status.failed) == ("done", 6, 0), status.error
    assert runner.result(run).digest == local_digest(planned, lake)
    mine = FolderStore.create(tmp_path / "mine", planned)
    run_study(planned, Lake.open(lake), mine, workers=1)
    for chunk in planned.chunks:
        copied = FolderStore(runner.runs / run, planned).file(chunk)
        assert copied.read_bytes() == mine.file(chunk).read_bytes()
    asked = {"run": run, "attempt": "1", "items": 2, "mode": "local"}
    assert working.runs[SWEEP][f"{run}-1"]["conf"] == asked
    assert attempts(runner, run) == [Attempt(1, f"{run}-1")]
    record = CloudRecord.read(runner.runs / run)
    assert record is not None
    assert (record.runner, record.lake) == ("airflow", str(lake))
    assert record.where == {"url": working.url}
    assert PASSWORD not in (runner.runs / run / "cloud.json").read_text()


@pytest.mark.slow
def test_laptops_that_submit_the_same_join_one_run_of_the_dag(
    runner: CloudRunner,
    runner_in: Callable[..., CloudRunner],
    working: WorkingAirflow,
    slow_study: Study,
    gate: Path,
    tmp_path: Path,
) -> None:
    other = runner_in(tmp_path / "laptop")
    assert runner.submit(slow_study) == runner.submit(slow_study) == other.submit(slow_study)
    assert attempts(runner, slow_study.name) == attempts(other, slow_study.name)
    gate.unlink()
    assert ended(other, slow_study.name).state == ended(runner, slow_study.name).state == "done"
    assert working.count("POST", f"/api/v2/dags/{SWEEP}/dagRuns") == 1
    assert list(working.runs[SWEEP]) == [f"{slow_study.name}-1"]


@pytest.mark.slow
def test_who_triggers_a_moment_later_joins(
    runner: CloudRunner,
    runner_in: Callable[..., CloudRunner],
    working: WorkingAirflow,
    slow_study: Study,
    gate: Path,
    tmp_path: Path,
) -> None:
    run, other = runner.submit(slow_study), runner_in(tmp_path / "laptop")
    path = f"/api/v2/dags/{SWEEP}/dagRuns/{run}-1"
    working.faults.append(Fault(path, 404, {"detail": "not yet"}, times=2, method="GET"))
    assert other.submit(slow_study) == run
    assert working.count("POST", f"/api/v2/dags/{SWEEP}/dagRuns") == 2
    gate.unlink()
    assert ended(other, run).state == "done"
    assert attempts(other, run) == attempts(runner, run) == [Attempt(1, f"{run}-1")]


@pytest.mark.slow
def test_what_the_dag_has_planned_itself_is_joined_and_stopped(
    runner: CloudRunner,
    runner_in: Callable[..., CloudRunner],
    working: WorkingAirflow,
    slow_study: Study,
    gate: Path,
    lake: Path,
    tmp_path: Path,
) -> None:
    run, other = runner.submit(slow_study), runner_in(tmp_path / "laptop")
    plans = lake / "runs" / run / "plans"
    shutil.copy(plans / "1.json", plans / "2.json")  # as the retry of an array job does
    other.submit(slow_study)
    assert attempts(other, run) == [Attempt(1, f"{run}-1")]
    assert other.cancel(run).state == "cancelled"
    assert sorted(path.name for path in plans.glob("*.stop")) == ["1.stop", "2.stop"]
    gate.unlink()
    runner.submit(slow_study)
    assert ended(runner, run).state == "done"
    assert list(working.runs[SWEEP]) == [f"{run}-1", f"{run}-3"]


@pytest.mark.slow
def test_what_is_cancelled_and_resumed_is_seen_by_all(
    runner: CloudRunner,
    runner_in: Callable[..., CloudRunner],
    working: WorkingAirflow,
    slow_study: Study,
    gate: Path,
    lake: Path,
    tmp_path: Path,
) -> None:
    other, run = runner_in(tmp_path / "laptop"), runner.submit(slow_study)
    other.submit(slow_study)
    for status in runner.follow(run):
        if status.done:
            break
    status = runner.cancel(run)
    assert (status.state, status.has_ended, status.done) == ("cancelled", True, 1)
    assert working.state(f"{run}-1") == "failed"
    assert (lake / "runs" / run / "plans" / "1.stop").is_file()
    assert other.status(run).state == "cancelled"
    assert other.resume(run).state == "running"
    assert runner.status(run).state == "running"
    assert runner.resume(run).state == "running"
    assert [one.attempt for one in attempts(runner, run)] == [1, 2]
    gate.unlink()
    assert ended(runner, run).state == "done"
    assert runner.resume(run).state == "done"
    assert list(working.runs[SWEEP]) == [f"{run}-1", f"{run}-2"]
    assert runner.result(run).digest == local_digest(slow_study, lake)


@pytest.mark.slow
def test_jobs_leave_a_cancelled_attempt_though_airflow_was_not_reached(
    runner_in: Callable[..., CloudRunner],
    working: WorkingAirflow,
    slow_study: Study,
    gate: Path,
    tmp_path: Path,
) -> None:
    runner = runner_in(tmp_path / "runs", at_once=3)  # more than there are slots
    run = runner.submit(slow_study)
    for status in runner.follow(run):
        if status.done:
            break
    path = f"/api/v2/dags/{SWEEP}/dagRuns/{run}-1"
    working.faults.append(Fault(path, 503, method="PATCH"))
    with pytest.raises(CloudError, match="in trouble"):
        runner.cancel(run)
    gate.unlink()
    working.settle()
    status = runner.status(run)
    assert (status.state, status.error) == ("cancelled", "")
    assert 1 <= status.done <= 4
    working.clear(f"{run}-1")  # somebody tries again in Airflow: it stays cancelled
    working.settle()
    assert runner.status(run).state == "cancelled"
    runner.resume(run)
    assert ended(runner, run).state == "done"


@pytest.mark.slow
def test_a_poisoned_chunk_is_given_up_and_tried_again_by_resume(
    runner: CloudRunner, study: Callable[..., Study]
) -> None:
    planned = study(poison=13)
    run = runner.submit(planned)
    status = ended(runner, run)
    assert (status.state, status.done, status.failed) == ("partial", 6, 1), status.error
    [failure] = status.failures
    assert failure.number == 3
    assert "days=13" in failure.error
    runner.submit(planned)
    assert len(attempts(runner, run)) == 1
    runner.resume(run)
    assert len(attempts(runner, run)) == 2
    assert ended(runner, run).state == "partial"


@pytest.mark.slow
def test_a_deleted_run_leaves_nothing(
    runner: CloudRunner, working: WorkingAirflow, slow_study: Study, gate: Path, lake: Path
) -> None:
    run = runner.submit(slow_study)
    answers = lake / "runs" / "answers"
    answers.mkdir()
    theirs = answers / "stockstream-sweep-s-0123456789ab-1-0123456789-collect.json"
    ours = answers / f"stockstream-sweep-{run}-1-0123456789-collect.json"
    for file in (theirs, ours):
        file.write_text("{}", encoding="utf-8")
    runner.delete(run)
    assert working.state(f"{run}-1") == "failed"
    gate.unlink()
    working.settle()
    assert [path.name for path in (lake / "runs").iterdir()] == ["answers"]
    assert list(answers.iterdir()) == [theirs]
    assert not (runner.runs / run).exists()
    with pytest.raises(NoDataError, match="no run"):
        runner.status(run)
    runner.submit(slow_study)  # its attempt 1 is known to Airflow: another one is made
    assert ended(runner, run).state == "done"
    assert list(working.runs[SWEEP]) == [f"{run}-1", f"{run}-2"]
