"""What is known of a run in the cloud without asking: its record, its status, its refusals."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import ConfigError, DataError, NoDataError, UnknownNameError
from stockstream.runners.choice import cloud_runner, runner_of
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cloud_record import CLOUD, Attempt, CloudRecord
from stockstream.runners.cloud_status import cloud_status
from stockstream.runners.local import LocalRunner
from stockstream.runners.service import Look
from stockstream.settings import AwsSettings, Settings
from stockstream.study.runs.run_status import FailedChunk
from stockstream.study.runs.store import FolderStore

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.study.runs.run_status import RunStatus

STACK = {"prefix": "dev-", "region": "ap-southeast-2"}
RECORD = CloudRecord("step-functions", "s3://bucket", STACK)
NOON = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
FAILED = FailedChunk(0, 3, "trial 1: no")


def test_a_record_is_kept_in_the_folder_of_its_run(tmp_path: Path) -> None:
    assert CloudRecord.read(tmp_path) is None
    record = RECORD.with_attempt(Attempt(1, "arn:1")).with_attempt(Attempt(2, "arn:2"))
    record = record.with_attempt(Attempt(2, "arn:2", cancelled=True))
    record.write(tmp_path / "s-0123456789ab")
    read = CloudRecord.read(tmp_path / "s-0123456789ab")
    assert read == record
    assert read.last == Attempt(2, "arn:2", cancelled=True)
    assert json.loads((tmp_path / "s-0123456789ab" / CLOUD).read_text())["attempts"] == [
        {"attempt": 1, "id": "arn:1", "cancelled": False},
        {"attempt": 2, "id": "arn:2", "cancelled": True},
    ]


def test_a_record_of_before_names_its_stack(tmp_path: Path) -> None:
    former = {"runner": "step-functions", "lake": "s3://bucket", **STACK, "attempts": []}
    (tmp_path / CLOUD).write_text(json.dumps(former), encoding="utf-8")
    assert CloudRecord.read(tmp_path) == RECORD


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"attempts": [{"number": 1}]}', "\xff"])
def test_a_damaged_record_says_how_to_find_the_run_again(text: str, tmp_path: Path) -> None:
    (tmp_path / CLOUD).write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match=r"cannot read .*cloud.json.* give the sweep again"):
        CloudRecord.read(tmp_path)


def test_a_run_is_with_the_runner_that_it_was_started_with(tmp_path: Path) -> None:
    RECORD.write(tmp_path / "s-0123456789ab")
    found = runner_of("s-0123456789ab", tmp_path)
    assert isinstance(found, CloudRunner)
    assert (found.kind, found.service.where) == ("step-functions", STACK)
    assert isinstance(runner_of("s-ba9876543210", tmp_path), LocalRunner)
    with pytest.raises(UnknownNameError, match="airflow, aws-batch, cluster, local, step-func"):
        cloud_runner("lambda", tmp_path)


def test_a_run_of_one_service_is_not_taken_for_that_of_another(plan: Plan, tmp_path: Path) -> None:
    study = plan()
    store = FolderStore.create(tmp_path, study)
    RECORD.write(store.folder)
    for kind, region in (("aws-batch", "ap-southeast-2"), ("step-functions", "us-east-1")):
        settings = Settings(aws=AwsSettings(prefix="dev-", region=region))
        with pytest.raises(ConfigError, match=f"is with step-functions .*this is {kind}"):
            cloud_runner(kind, tmp_path, settings=settings).status(study.name)


@pytest.mark.parametrize(
    ("look", "done", "failures", "state", "error"),
    [
        (Look("running"), 2, (), "running", ""),
        (Look("running"), 3, (FAILED,), "running", ""),
        (Look("running"), 4, (), "done", ""),
        (Look("running", "it waits"), 2, (), "running", "it waits"),
        (Look("unknown", "no answer"), 2, (), "unreachable", "no answer"),
        (Look("unknown", "no answer"), 3, (FAILED,), "unreachable", "no answer"),
        (Look("unknown", "no answer"), 4, (), "done", ""),
        (Look("ended"), 3, (FAILED,), "partial", ""),
        (Look("failed", "no"), 3, (FAILED,), "partial", ""),
        (Look("ended"), 2, (FAILED,), "stopped", "resume` goes on"),
        (Look("failed", "Sweep: no"), 2, (), "stopped", "Sweep: no"),
        (Look("cancelled"), 2, (FAILED,), "cancelled", ""),
    ],
)
def test_the_state_is_what_the_files_and_the_service_make_of_it(
    plan: Plan,
    tmp_path: Path,
    look: Look,
    done: int,
    failures: tuple[FailedChunk, ...],
    state: str,
    error: str,
) -> None:
    study = plan()
    store = FolderStore.create(tmp_path, study)
    status = cloud_status(study, look, study.chunks[4 - done :], 1, store.folder, failures=failures)
    assert status.state == state
    assert (error in status.error) if error else not status.error
    given_up = 3 * len(failures)
    assert (status.done, status.failed) == (3 * done + given_up, 1 + given_up)
    assert (status.total, status.chunks_done, status.chunks_total) == (12, done, 4)


def running(plan: Plan, folder: Path, *ages: float) -> RunStatus:
    """A run of whose chunks of three trials some were written so many seconds ago."""
    study = plan()
    store = FolderStore.create(folder, study)
    times = [(NOON - dt.timedelta(seconds=age), 3) for age in ages]
    done = study.chunks[: len(ages)]
    return cloud_status(study, Look("running"), done, 0, store.folder, times=times)


@pytest.mark.parametrize(
    ("ages", "rate", "left"),
    [
        ((), None, None),
        ((5,), None, None),
        ((5, 5), None, None),
        ((0, 10), 0.3, 20.0),
        ((0, 10, 20), 0.3, 10.0),
        ((0, 10, 600), 0.3, 10.0),
    ],
)
def test_the_rate_is_that_of_late(
    plan: Plan, tmp_path: Path, ages: tuple[int, ...], rate: float | None, left: float | None
) -> None:
    status = running(plan, tmp_path, *ages)
    assert status.rate == (None if rate is None else pytest.approx(rate))
    assert status.seconds_left == (None if left is None else pytest.approx(left))


def test_what_is_not_in_a_bucket_is_refused_without_asking(plan: Plan, tmp_path: Path) -> None:
    aws = Settings(aws=AwsSettings(region="ap-southeast-2"))
    away = cloud_runner("aws-batch", tmp_path / "runs", str(tmp_path / "lake"), settings=aws)
    with pytest.raises(ConfigError, match=r"--runner aws-batch reads .* lake copy s3://BUCKET"):
        away.submit(plan())
    with pytest.raises(ConfigError, match="with its lake: name it"):
        cloud_runner("aws-batch", tmp_path / "runs", settings=aws).submit(plan())
    assert not (tmp_path / "runs").exists()


def test_a_run_of_this_machine_is_not_one_of_the_cloud(plan: Plan, tmp_path: Path) -> None:
    study = plan()
    FolderStore.create(tmp_path, study)
    runner = cloud_runner("aws-batch", tmp_path, settings=Settings())
    with pytest.raises(NoDataError, match="is a run of this machine"):
        runner.status(study.name)
    with pytest.raises(ConfigError, match="is no name of a run"):
        runner.status("../x")
