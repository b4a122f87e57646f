"""Jobs as processes: asked to leave, left alone, killed; and a bucket that refuses requests."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.sweeps import EVENT, local_digest, make_lake, plan_event
from tests.runners.jobs.conftest import Jobs
from tests.study.runs.conftest import eventually, market, plan, strategy

from stockstream.aws.local import Faults
from stockstream.runners.jobs import names
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.aws.local import LocalAws

__all__ = ["market", "plan", "strategy"]

pytestmark = pytest.mark.slow

PATIENCE = 120.0
SLOW = 2000
"""Rounds of nothing for each bar: a chunk takes a second or so."""


class Process:
    """An item as a process, whose input stays open."""

    def __init__(self, store: BucketStore, lake: Path, **told: str) -> None:
        variables = {"RUN": store.study.name, "ATTEMPT": "1", names.LAKE: str(lake), **told}
        self.running = subprocess.Popen(
            [sys.executable, "-m", names.MODULE, "item"],
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def begun(self, store: BucketStore) -> None:
        """Wait until it has done a chunk."""
        eventually(lambda: store.done() or self.running.poll() is not None)
        assert self.running.poll() is None, self.end()

    def end(self) -> tuple[int, str]:
        """Exit code and log; the input stays open until it has ended."""
        assert self.running.stderr is not None
        code = self.running.wait(PATIENCE)
        return code, self.running.stderr.read()


@pytest.fixture
def started() -> Iterator[list[Process]]:
    """Processes of the test; none outlives it."""
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.running.kill()  # nothing happens to one that has ended
        process.running.wait(PATIENCE)
        for stream in (process.running.stdin, process.running.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture
def lake(market: Path, tmp_path: Path) -> Path:
    return shutil.copytree(market, tmp_path / "lake")


@pytest.fixture
def store(plan: Plan, lake: Path) -> BucketStore:
    """A run of 12 slow chunks in one item."""
    store = BucketStore.create(runs_of(lake), plan(trials=12, chunk=1, lake=lake, rounds=SLOW))
    make_plan(store, at_once=1)
    return store


def test_a_job_leaves_when_nobody_listens_any_more(
    store: BucketStore, lake: Path, started: list[Process]
) -> None:
    process = Process(store, lake, LEAVE_AT_EOF="1")
    started.append(process)
    process.begun(store)
    assert process.running.stdin is not None
    process.running.stdin.close()
    code, said = process.end()
    assert code == names.AGAIN
    assert "are left: its worker had to leave" in said
    assert 1 <= len(store.done()) < 12


def test_a_job_that_is_terminated_keeps_what_is_done(
    store: BucketStore, lake: Path, started: list[Process]
) -> None:
    process = Process(store, lake)
    started.append(process)
    process.begun(store)
    process.running.send_signal(signal.SIGTERM)
    code, _ = process.end()
    assert code == names.AGAIN
    assert 1 <= len(store.done()) < 12


def test_a_job_that_is_killed_is_gone_on_with(
    store: BucketStore, lake: Path, started: list[Process]
) -> None:
    process = Process(store, lake)
    started.append(process)
    process.begun(store)
    process.running.kill()
    code, _ = process.end()
    assert code == -signal.SIGKILL
    before = len(store.done())
    assert 1 <= before < 12
    again = Process(store, lake)
    started.append(again)
    code, said = again.end()
    assert (code, store.missing()) == (names.DONE, [])
    assert f"12 chunks, {12 - before} run now" in said
    assert StudyResult(store.study, store).digest == local_digest(store.study, lake)


def test_a_job_without_an_input_to_listen_to_leaves(store: BucketStore, lake: Path) -> None:
    variables = {
        "RUN": store.study.name,
        "ATTEMPT": "1",
        names.LAKE: str(lake),
        "LEAVE_AT_EOF": "1",
    }
    done = subprocess.run(
        [sys.executable, "-m", names.MODULE, "item"],
        env={**os.environ, **variables, names.LEAVE_AT_EOF: "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=PATIENCE,
    )
    assert done.returncode == names.AGAIN
    assert len(store.done()) <= 1


def test_other_jobs_leave_at_once(lake: Path, tmp_path: Path) -> None:
    """A database that never answers: the job waits for the end of the input, then leaves."""
    told = {"KEY": "k", "REQUEST": "{}", names.LAKE: str(lake), "LEAVE_AT_EOF": "1"}
    code = (
        "import sys, threading; from stockstream.runners.jobs import command, planning;"
        "planning.run = lambda: threading.Event().wait();"
        "sys.exit(command.main(['plan']))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **told},
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as waiting:
        _, said = waiting.communicate(timeout=PATIENCE)
    assert waiting.returncode == names.AGAIN
    assert said == "the job was asked to leave; start it again\n"


def test_a_bucket_that_refuses_requests_changes_no_number(
    local_aws: LocalAws, aws_bucket: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = aws_bucket
    make_lake(url)
    jobs = Jobs(url, monkeypatch)
    request: dict[str, Any] = {**EVENT, "at_once": 3}
    with local_aws.faults(Faults(seed=3, s3_errors=0.15)) as injected:
        patiently(jobs, "plan", KEY="k", REQUEST=request)
        planned = jobs.answer("k")
        for index in range(planned["items"]):
            patiently(jobs, "item", RUN=planned["run"], ATTEMPT="1", ITEM=index)
        patiently(jobs, "collect", RUN=planned["run"], ATTEMPT="1", KEY="c")
    assert injected["s3_errors"] > 0
    found = jobs.answer("c")
    assert found["digest"] == local_digest(plan_event(url), url)
    assert jobs.plan("k", **request)["attempt"] in {"1", "2"}


def test_a_bucket_that_is_down_may_go_better_next_time(
    local_aws: LocalAws, aws_bucket: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, url = aws_bucket
    make_lake(url)
    jobs = Jobs(url, monkeypatch)
    planned = jobs.plan("k", **EVENT)
    told = {"RUN": planned["run"], "ATTEMPT": "1"}
    with local_aws.faults(Faults(seed=3, s3_errors=1.0)):
        assert jobs("plan", KEY="k", REQUEST=EVENT) == names.AGAIN
        assert jobs("item", **told) == names.AGAIN
        assert jobs("collect", KEY="c", **told) == names.AGAIN
    assert jobs("item", **told) == names.DONE


def patiently(jobs: Jobs, action: str, **told: Any) -> None:
    """Start a job until it is done, as Airflow and AWS Batch do."""
    for _ in range(30):
        code = jobs(action, **told)
        if code == names.DONE:
            return
        assert code == names.AGAIN
    pytest.fail(f"{action} failed 30 times")
