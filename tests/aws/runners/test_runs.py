"""Runs on a stack: the same numbers as here, joined, stopped, resumed and removed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.aws.sweeps import local_digest
from tests.study.runs.conftest import eventually

from stockstream.errors import ConfigError, NoDataError
from stockstream.runners.choice import runner_of
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cloud_record import CloudRecord
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.aws.runners.conftest import Cloud

    from stockstream.runners.protocol import Runner
    from stockstream.study.runs.run_status import RunStatus
    from stockstream.study.study import Study

pytestmark = pytest.mark.slow

STRATEGY = """
import os
import time
from stockstream.strategy import *

class Mine(Strategy):
    days: int = 20
    gate: str = ""
    poison: int = 0

    def lookback(self):
        return self.days

    def on_data(self, date, symbol, data, portfolio):
        if self.days == self.poison:
            raise GeneratorExit("the poison")
        while self.days > 10 and os.path.exists(self.gate):
            time.sleep(0.01)
        past = self.history(symbol, "close", self.days)
        if len(past) < self.days:
            return None
        return Action.target_weight(0.2 if past[-1] > past[0] else 0.0)
"""


@pytest.fixture
def study(cloud: Cloud, request: pytest.FixtureRequest) -> Study:
    """111 trials in 6 chunks."""
    return cloud.study(request.node.name)


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """While this file is there, trials of :func:`slow_study` wait, all but the first."""
    file = tmp_path / "gate"
    yield file
    file.unlink(missing_ok=True)


@pytest.fixture
def slow_study(cloud: Cloud, gate: Path, tmp_path: Path) -> Callable[..., Study]:
    """Plans a study of six trials in chunks of one, and closes the gate."""
    file = tmp_path / "mine.py"
    file.write_text(STRATEGY, encoding="utf-8")

    def make(name: str, poison: int = 0) -> Study:
        study = cloud.study(
            name,
            1,
            strategy_class=f"{file}:Mine",
            parameters={"gate": str(gate), "poison": poison},
            param_grid={"days": [10, 11, 12, 13, 14, 15]},
            split="none",
            where=(),
        )
        gate.touch()
        return study

    return make


def ended(runner: Runner, run: str) -> RunStatus:
    """Follow a run to its end."""
    *_, last = runner.follow(run)
    return last


def attempts(runner: CloudRunner, run: str) -> list[str]:
    """The attempts that are known here: ARNs or ids of jobs."""
    record = CloudRecord.read(runner.runs / run)
    assert record is not None
    return [one.id for one in record.attempts]


def test_a_run_gives_what_it_gives_here(
    cloud: Cloud, runner: CloudRunner, study: Study, tmp_path: Path
) -> None:
    run = runner.submit(study)
    status = ended(runner, run)
    assert (status.state, status.done, status.failed) == ("done", study.trials, 0), status.error
    assert (status.chunks_done, status.error, status.failures) == (len(study.chunks), "", ())
    assert runner.result(run).digest == local_digest(study, cloud.lake)
    mine = FolderStore.create(tmp_path / "mine", study)
    run_study(study, cloud.open(), mine, workers=1)
    for chunk in study.chunks:
        copied = FolderStore(runner.runs / run, study).file(chunk)
        assert copied.read_bytes() == mine.file(chunk).read_bytes()


def test_a_second_submit_joins_the_first(
    runner: CloudRunner,
    runner_in: Callable[..., CloudRunner],
    slow_study: Callable[..., Study],
    gate: Path,
    tmp_path: Path,
) -> None:
    study, other = slow_study(f"joined {runner.kind}"), runner_in(tmp_path / "laptop")
    assert runner.submit(study) == runner.submit(study) == other.submit(study)
    assert attempts(runner, study.name) == attempts(other, study.name)
    assert len(attempts(runner, study.name)) == 1
    gate.unlink()
    assert ended(other, study.name).state == "done"
    assert ended(runner, study.name).state == "done"
    late = runner_in(tmp_path / "late")
    late.submit(study)
    assert late.status(study.name).state == "done"
    assert late.result(study.name).digest == runner.result(study.name).digest


def test_what_is_resumed_elsewhere_is_seen_here(
    runner: CloudRunner,
    runner_in: Callable[..., CloudRunner],
    slow_study: Callable[..., Study],
    gate: Path,
    tmp_path: Path,
) -> None:
    study, other = slow_study(f"seen {runner.kind}"), runner_in(tmp_path / "laptop")
    run = runner.submit(study)
    other.submit(study)
    assert other.cancel(run).state == "cancelled"
    assert runner.status(run).state == "cancelled"
    other.resume(run)
    eventually(lambda: runner.status(run).state == "running")  # once the workflow has planned it
    assert attempts(runner, run) == attempts(other, run)
    assert runner.resume(run).state == "running"
    assert len(attempts(runner, run)) == 2
    gate.unlink()
    assert ended(runner, run).state == "done"


def test_a_cancelled_run_goes_on_where_it_stopped(
    cloud: Cloud, runner: CloudRunner, slow_study: Callable[..., Study], gate: Path
) -> None:
    study = slow_study(f"cancel {runner.kind}")
    run = runner.submit(study)
    for status in runner.follow(run):
        if status.done:
            break
    status = runner.cancel(run)
    assert (status.state, status.has_ended, status.done) == ("cancelled", True, 1)
    assert ended(runner, run).state == "cancelled"
    runner.resume(run)
    gate.unlink()
    assert ended(runner, run).state == "done"
    assert len(attempts(runner, run)) == 2
    assert runner.resume(run).state == "done"
    assert len(attempts(runner, run)) == 2
    assert runner.result(run).digest == local_digest(study, cloud.lake)


def test_submitting_what_was_cancelled_elsewhere_starts_another_attempt(
    runner: CloudRunner,
    runner_in: Callable[..., CloudRunner],
    slow_study: Callable[..., Study],
    gate: Path,
    tmp_path: Path,
) -> None:
    study = slow_study(f"elsewhere {runner.kind}")
    runner.submit(study)
    assert runner.cancel(study.name).state == "cancelled"
    other = runner_in(tmp_path / "laptop")
    other.submit(study)
    gate.unlink()
    *before, second = attempts(other, study.name)  # it need not know the one that was stopped
    [first] = attempts(runner, study.name)
    assert before in ([], [first])
    assert second != first
    assert ended(other, study.name).state == "done"


def test_a_poisoned_chunk_is_given_up_and_the_others_are_done(
    runner: CloudRunner, slow_study: Callable[..., Study], gate: Path
) -> None:
    study = slow_study(f"poison {runner.kind}", poison=13)
    gate.unlink()
    run = runner.submit(study)
    status = ended(runner, run)
    assert (status.state, status.done, status.failed) == ("partial", 6, 1), status.error
    [failure] = status.failures
    assert failure.number == 3
    assert "days=13" in failure.error
    assert runner.result(run).scan().collect().height == 5
    runner.submit(study)
    assert len(attempts(runner, run)) == 1
    runner.resume(run)
    assert len(attempts(runner, run)) == 2
    assert ended(runner, run).state == "partial"


def test_a_run_that_the_stack_refuses_says_why(runner: CloudRunner, study: Study) -> None:
    other = replace(study, identity=replace(study.identity, code_version="other code"))
    status = ended(runner, runner.submit(other))
    assert (status.state, status.done) == ("stopped", 0)
    assert "was planned by the code other code" in status.error
    assert "deploy the code that plans" in status.error


def test_a_deleted_run_is_gone(
    cloud: Cloud, runner: CloudRunner, slow_study: Callable[..., Study], gate: Path
) -> None:
    run = runner.submit(slow_study(f"delete {runner.kind}"))
    assert cloud.keys(f"runs/{run}/study.json")
    runner.delete(run)
    gate.unlink()
    cloud.local.settle()
    assert not cloud.keys(f"runs/{run}/")
    assert not cloud.keys(f"runs/map/{run}")
    assert not (runner.runs / run).exists()
    with pytest.raises(NoDataError, match="no run"):
        runner.status(run)


def test_another_service_takes_over_what_was_cancelled(
    cloud: Cloud, slow_study: Callable[..., Study], gate: Path, tmp_path: Path
) -> None:
    first, second = (cloud.runner(kind, tmp_path / "runs") for kind in cloud.kinds)
    study = slow_study("taken over")
    run = first.submit(study)
    with pytest.raises(ConfigError, match=f"{run} is with step-functions on s3://.*cancel"):
        second.submit(study)
    first.cancel(run)
    gate.unlink()
    second.submit(study)
    taken = runner_of(run, tmp_path / "runs")
    assert isinstance(taken, CloudRunner)
    assert taken.kind == second.kind
    assert ended(second, run).state == "done"
    assert second.result(run).digest == local_digest(study, cloud.lake)
