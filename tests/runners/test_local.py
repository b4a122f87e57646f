"""Studies on this machine: what a runner promises, whoever asks and however often."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from polars.testing import assert_frame_equal
from tests.study.runs.conftest import digest, eventually

from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.lake.store import Lake
from stockstream.runners.local import LocalRunner
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.store import FolderStore, MemoryStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.runners.protocol import Runner

UNSAFE = ("../s-0123456789ab", "s-0123456789ab/../x", "/etc/passwd", "latest", "", "s-\0")


@pytest.mark.slow
def test_a_study_runs_and_gives_what_run_sweep_gives(
    plan: Plan, runner: LocalRunner, market: Path
) -> None:
    study = plan()
    named: Runner = runner  # it keeps the protocol
    run = named.submit(study)
    assert run == study.name
    states = [status.state for status in named.follow(run)]
    assert set(states[:-1]) <= {"running"}
    assert states[-1] == "done"
    expected = MemoryStore()
    run_study(study, Lake.open(market), expected, workers=1)
    assert_frame_equal(named.result(run).scan().collect(), expected.scan().collect())
    assert runner.study(run) == study


def test_submit_comes_back_at_once_and_twice_is_once(plan: Plan, runner: LocalRunner) -> None:
    study = plan(rounds=2_000)
    began = time.process_time()
    run = runner.submit(study)
    assert time.process_time() - began < 1.0
    workers = runner.status(run).workers
    assert len(workers) == 2
    assert runner.submit(study) == run
    assert runner.status(run).workers == workers
    assert runner.names() == [run]


@pytest.mark.slow
def test_a_cancelled_run_keeps_what_is_done_and_can_be_resumed(
    plan: Plan, runner: LocalRunner
) -> None:
    study = plan(trials=24, chunk=2, rounds=300)
    run = runner.submit(study)
    eventually(lambda: runner.status(run).chunks_done >= 1)
    status = runner.cancel(run)
    assert (status.state, status.workers) == ("cancelled", ())
    store = FolderStore.open(runner.runs / run)
    kept = len(store.done())
    assert 1 <= kept < 12
    assert runner.cancel(run).done == status.done
    assert runner.result(run).scan().collect().height == status.done
    runner.resume(run)
    (*_, last) = runner.follow(run)
    assert (last.state, last.done) == ("done", 24)
    before = digest(store)
    assert runner.resume(run).state == "done"  # nothing is missing: nobody starts
    assert digest(store) == before


@pytest.mark.slow
def test_a_partial_run_tries_again_what_was_given_up(plan: Plan, runner: LocalRunner) -> None:
    study = plan(trials=8, chunk=1, first=12, poison="panic")
    run = runner.submit(study)
    (*_, last) = runner.follow(run)
    assert (last.state, last.failed) == ("partial", 2)
    assert "days=13" in last.failures[0].error
    runner.resume(run)
    (*_, last) = runner.follow(run)
    assert (last.state, last.failed) == ("partial", 2)


@pytest.mark.slow
def test_a_trial_that_ends_its_process_is_given_up_and_the_others_are_done(
    plan: Plan, runner: LocalRunner, market: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = plan(trials=4, chunk=1, first=12, poison="death")
    run = runner.submit(study)
    status = runner.status(run)
    for _ in range(40):
        eventually(lambda: not runner.status(run).workers or runner.status(run).has_ended)
        status = runner.status(run)
        if status.state != "stopped":
            break
        runner.submit(study)  # unlike resume, it does not forgive
    assert (status.state, status.chunks_done) == ("partial", 3)
    assert "workers died over this chunk" in status.failures[0].error


def test_a_deleted_run_is_gone(plan: Plan, runner: LocalRunner) -> None:
    run = runner.submit(plan(rounds=2_000))
    runner.delete(run)
    assert runner.names() == []
    assert sorted(path.name for path in runner.runs.iterdir() if path.is_dir()) == []
    for ask in (runner.status, runner.cancel, runner.resume, runner.result, runner.delete):
        with pytest.raises(NoDataError, match=f"no run {run} in"):
            ask(run)


@pytest.mark.parametrize("name", UNSAFE)
def test_names_lead_nowhere_else(name: str, runner: LocalRunner, tmp_path: Path) -> None:
    (tmp_path / "s-0123456789ab").mkdir()
    for ask in (runner.status, runner.cancel, runner.resume, runner.result, runner.delete):
        with pytest.raises(ConfigError, match="is no name of a run"):
            ask(name)
    assert (tmp_path / "s-0123456789ab").is_dir()


def test_a_folder_that_somebody_else_filled_is_a_run_too(
    plan: Plan, runner: LocalRunner, market: Path
) -> None:
    study = plan()
    store = FolderStore.create(runner.runs, study)
    chunk = study.chunks[0]
    store.put(chunk, run_chunk(chunk, Lake.open(market)))
    status = runner.status(study.name)
    assert (status.state, status.done) == ("stopped", 3)
    store.put(study.chunks[1], run_chunk(study.chunks[1], Lake.open(market)))
    assert runner.status(study.name).done == 6
    nameless = LocalRunner(runner.runs)
    with pytest.raises(NoDataError, match=r"run\.json is missing.*--lake"):
        nameless.resume(study.name)


def test_a_damaged_folder_does_not_hide_the_others(plan: Plan, runner: LocalRunner) -> None:
    study = plan()
    FolderStore.create(runner.runs, study)
    (runner.runs / "s-000000000000").mkdir()
    (runner.runs / "s-000000000000" / "study.json").write_text("{")
    assert runner.names() == [study.name, "s-000000000000"]
    with pytest.raises(DataError, match="not a study"):
        runner.status("s-000000000000")
    runner.delete("s-000000000000")
    assert runner.names() == [study.name]


def test_damaged_chunks_run_again(plan: Plan, runner: LocalRunner, market: Path) -> None:
    study = plan()
    store = FolderStore.create(runner.runs, study)
    run_study(study, Lake.open(market), store, workers=1)
    before = digest(store)
    assert runner.status(study.name).state == "done"
    store.file(study.chunks[2]).write_bytes(b"PAR1 half a")
    runner.resume(study.name)
    (*_, last) = runner.follow(study.name)
    assert last.state == "done"
    assert digest(store) == before


def test_who_works_in_this_process_is_seen_by_others(
    plan: Plan, runner: LocalRunner, market: Path
) -> None:
    study = plan()
    other = LocalRunner(runner.runs)
    seen = []
    with runner.attending(study, threads=2) as store:

        def look(done: int, total: int) -> None:
            status = other.status(study.name)
            seen.append((status.state, status.done))
            assert status.total == total

        run_study(study, Lake.open(market), store, workers=2, progress=look)
    assert seen[0] == ("running", 0)
    assert seen[-1] == ("done", 12)
    status = other.status(study.name)
    assert (status.state, status.workers) == ("done", ())


def test_luck_counts_what_other_runs_tried(plan: Plan, runner: LocalRunner, market: Path) -> None:
    one, other = plan(), plan(trials=16)
    for study in (one, other):
        store = FolderStore.create(runner.runs, study)
        run_study(study, Lake.open(market), store, workers=1)
        runner.status(study.name)
    assert runner.result(one.name).other_trials == 16
    assert runner.result(other.name).other_trials == 12
