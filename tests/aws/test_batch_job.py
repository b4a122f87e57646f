"""A child of an array job: the item of its index, and an exit code that says whether to retry."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.aws.sweeps import local_digest, make_lake, plan_event

from stockstream.aws import batch_job
from stockstream.errors import LakeError
from stockstream.study.result import StudyResult
from stockstream.study.runs import items
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Any

COMMAND = (sys.executable, "-m", "stockstream.aws.batch_job")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("batch") / "bucket"
    make_lake(place)
    return place


@pytest.fixture(autouse=True)
def _own_signals() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def store(lake: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> BucketStore:
    """A run of 6 chunks in 3 items, which is another one for each test."""
    study = replace(plan_event(lake), chunk_trials=20, flags=(request.node.name,))
    store = BucketStore.create(runs_of(lake), study)
    make_plan(store, "1", at_once=3)
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(lake))
    monkeypatch.setenv("RUN", study.name)
    monkeypatch.setenv("ATTEMPT", "1")
    monkeypatch.delenv("AWS_BATCH_JOB_ARRAY_INDEX", raising=False)
    return store


def test_children_of_an_array_run_the_whole_plan(
    store: BucketStore, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for index in ("1", "0", "2", "1"):  # the second "1" is a retry that was not needed
        monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", index)
        assert batch_job.main() == batch_job.DONE
    assert store.missing() == []
    assert StudyResult(store.study, store).digest == local_digest(store.study, lake)


def test_a_job_that_is_no_array_runs_the_first_item(store: BucketStore) -> None:
    assert batch_job.main() == batch_job.DONE
    assert [chunk.number for chunk in store.done()] == [0, 1]


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("RUN", "", "the environment variable RUN is missing"),
        ("RUN", "../x", "is no name of a run"),
        ("RUN", "s-0123456789ab", "no sweep in"),
        ("ATTEMPT", "", "the environment variable ATTEMPT is missing"),
        ("ATTEMPT", "one", "'one' is no number of an attempt"),
        ("ATTEMPT", "2", "plans/2.json is missing, the last is attempt 1"),
        ("AWS_BATCH_JOB_ARRAY_INDEX", "3", "has 3 items, and none has the index 3"),
        ("AWS_BATCH_JOB_ARRAY_INDEX", "-1", "AWS Batch sets it to a whole number"),
        ("STOCKSTREAM__LOKE", "x", "unknown setting 'loke'"),
    ],
)
def test_what_no_retry_can_help_ends_with_2(
    store: BucketStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variable: str,
    value: str,
    message: str,
) -> None:
    monkeypatch.setenv(variable, value)
    assert batch_job.main() == batch_job.NO_USE
    assert message in caplog.text
    assert store.done() == []


def test_what_may_pass_ends_with_1(
    store: BucketStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(*_: object) -> None:
        raise LakeError("the lake does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(items, "run_chunk", refuse)
        assert batch_job.main() == batch_job.AGAIN
    assert "the lake does not answer" in caplog.text
    assert batch_job.main() == batch_job.DONE
    assert len(store.done()) == 2


def test_a_reclaimed_machine_keeps_what_is_done(
    store: BucketStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = items.run_chunk  # type: ignore[attr-defined]

    def reclaimed(*given: Any) -> Any:
        os.kill(os.getpid(), signal.SIGTERM)
        return run(*given)

    with monkeypatch.context() as spot:
        spot.setattr(items, "run_chunk", reclaimed)
        assert batch_job.main() == batch_job.AGAIN
    assert "1 of 2 chunks of an item" in caplog.text
    assert [chunk.number for chunk in store.done()] == [0]
    assert batch_job.main() == batch_job.DONE
    assert [chunk.number for chunk in store.done()] == [0, 1]


@pytest.mark.slow
def test_the_command_of_the_job_definition_works(
    store: BucketStore, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_BATCH_JOB_ARRAY_INDEX", "2")
    done = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert f"item 2 of attempt 1 at {store.study.name}: 2 chunks, 2 run now" in done.stderr
    assert [chunk.number for chunk in store.done()] == [4, 5]
    monkeypatch.setenv("ATTEMPT", "7")
    refused = subprocess.run(COMMAND, capture_output=True, text=True, check=False, timeout=120)
    assert refused.returncode == batch_job.NO_USE
    assert "plans/7.json is missing" in refused.stderr
