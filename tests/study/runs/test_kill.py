"""kill -9 of anything at any moment: what is missing runs again, and every byte is the same."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest
from tests.study.runs.conftest import digest, eventually, written

from stockstream.lake.store import Lake
from stockstream.runners.local import LocalRunner
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.study.study import Study

SUBMIT = """
import sys
from pathlib import Path
from stockstream.runners.local import LocalRunner
from stockstream.study.study import Study
runs, lake, study, workers = sys.argv[1:]
print(LocalRunner(runs, lake, int(workers)).submit(Study.from_json(Path(study).read_text())))
sys.stdout.flush()
input()
"""

KILLED_EVERY = 2.0  # seconds
CHUNKS_BETWEEN = 10
"""Done between two kills at least: on a busy machine workers would be killed while they start."""


def undisturbed(study: Study, lake: Path, folder: Path) -> str:
    """The digest of a run in which nothing happened."""
    store = FolderStore.create(folder, study)
    run_study(study, Lake.open(lake), store, workers=1)
    return digest(store)


def done(runner: LocalRunner, run: str) -> int:
    return runner.status(run).chunks_done


@pytest.mark.slow
def test_a_killed_worker_costs_the_chunk_it_was_at(
    plan: Plan, runner: LocalRunner, market: Path, tmp_path: Path
) -> None:
    study = plan(trials=24, chunk=2, rounds=300)
    alone = LocalRunner(runner.runs, market, workers=1, every=0.05)
    run = alone.submit(study)
    store = FolderStore.open(alone.runs / run)
    eventually(lambda: done(alone, run) >= 3)
    (worker,) = alone.status(run).workers
    os.kill(worker, signal.SIGKILL)
    eventually(lambda: alone.status(run).state == "stopped")
    before = {chunk.number: written(store.file(chunk)) for chunk in store.done()}
    assert 3 <= len(before) < 12
    alone.resume(run)
    (*_, last) = alone.follow(run)
    assert (last.state, last.done, last.failed) == ("done", 24, 0)
    for number, file in before.items():  # not one of them was written again
        assert written(store.file(study.chunks[number])) == file
    assert digest(store) == undisturbed(study, market, tmp_path / "undisturbed")


@pytest.mark.slow
def test_a_killed_worker_is_replaced_while_another_one_lives(
    plan: Plan, runner: LocalRunner, market: Path, tmp_path: Path
) -> None:
    study = plan(trials=40, chunk=1, rounds=300)
    run = runner.submit(study)
    eventually(lambda: done(runner, run) >= 2)
    first = set(runner.status(run).workers)
    assert len(first) == 2
    os.kill(first.pop(), signal.SIGKILL)
    eventually(lambda: len(set(runner.status(run).workers) - first) == 1)
    (*_, last) = runner.follow(run)
    assert (last.state, last.done) == ("done", 40)
    assert digest(FolderStore.open(runner.runs / run)) == undisturbed(
        study, market, tmp_path / "undisturbed"
    )


@pytest.mark.slow
@pytest.mark.parametrize("victims", ["parent", "all"])
def test_workers_outlive_who_started_them_and_a_dead_machine_is_resumed(
    victims: str, plan: Plan, runner: LocalRunner, market: Path, tmp_path: Path
) -> None:
    study = plan(trials=24, chunk=2, rounds=300)
    file = tmp_path / "study.json"
    file.write_text(study.to_json())
    arguments = [str(runner.runs), str(market), str(file), "2"]
    with subprocess.Popen(
        [sys.executable, "-c", SUBMIT, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as parent:
        assert parent.stdout is not None
        run = parent.stdout.readline().strip()
        eventually(lambda: done(runner, run) >= 1)
        workers = runner.status(run).workers
        assert workers
        assert all(os.getsid(worker) == worker for worker in workers)  # no terminal can end them
        parent.kill()
        if victims == "all":
            for worker in workers:
                os.kill(worker, signal.SIGKILL)
    if victims == "all":
        eventually(lambda: runner.status(run).state == "stopped")
        runner.resume(run)
    (*_, last) = runner.follow(run)
    assert (last.state, last.done) == ("done", 24)
    assert digest(FolderStore.open(runner.runs / run)) == undisturbed(
        study, market, tmp_path / "undisturbed"
    )


@pytest.mark.slow
def test_a_run_survives_the_closing_of_its_terminal(
    plan: Plan, runner: LocalRunner, market: Path, tmp_path: Path
) -> None:
    study = plan(trials=24, chunk=2, rounds=300)
    file = tmp_path / "study.json"
    file.write_text(study.to_json())
    master, slave = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SUBMIT, str(runner.runs), str(market), str(file), "1"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    ) as parent:
        os.close(slave)
        eventually(lambda: runner.names() == [study.name] and done(runner, study.name) >= 1)
        os.close(master)  # the window is closed: everything in it is hung up
        parent.kill()
    assert runner.status(study.name).state == "running"
    (*_, last) = runner.follow(study.name)
    assert (last.state, last.done) == ("done", 24)


@pytest.mark.slow
def test_ten_thousand_trials_with_a_random_worker_killed_every_two_seconds(
    plan: Plan, runner: LocalRunner, market: Path, tmp_path: Path
) -> None:
    """The chunks of a killed run, byte for byte, are those of one in which nothing happened."""
    study = plan(trials=10_000, chunk=50, end="2020-03-31")
    expected = undisturbed(study, market, tmp_path / "undisturbed")  # compiles the kernels too
    four = LocalRunner(runner.runs, market, workers=4)
    run = four.submit(study)
    dice, killed, resumed, before = random.Random(5), 0, 0, 0  # noqa: S311 - no secret
    waiting = threading.Event()
    while (status := four.status(run)).state != "done":
        assert status.state in {"running", "stopped"}, status
        if status.state == "stopped":
            four.resume(run)
            resumed += 1
        waiting.wait(KILLED_EVERY)
        status = four.status(run)
        if status.workers and status.chunks_done >= before + CHUNKS_BETWEEN:
            os.kill(dice.choice(status.workers), signal.SIGKILL)
            killed, before = killed + 1, status.chunks_done
    print(f"{killed} workers killed, {resumed} times resumed")  # noqa: T201 - a number to report
    assert killed >= 3
    assert (status.done, status.failed) == (10_000, 0)
    store = FolderStore.open(runner.runs / run)
    assert store.scan().collect()["trial"].to_list() == list(range(10_000))
    assert digest(store) == expected
