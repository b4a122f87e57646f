"""One worker: what it does with chunks that fail, disks that fill, lakes that change."""

from __future__ import annotations

import datetime as dt
import os
import resource
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import polars as pl
import pytest
from tests.study.runs.conftest import digest, eventually, written

from stockstream.errors import LakeError
from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.study.runs.detached import Surroundings
from stockstream.study.runs.ledger import Ledger
from stockstream.study.runs.store import FolderStore, MemoryStore
from stockstream.study.runs.worker import Worker, main
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.study.study import Study

MODULE = (sys.executable, "-m", "stockstream.study.runs.worker")


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger(tmp_path / "runs") as ledger:
        yield ledger


@pytest.fixture
def kept(tmp_path: Path, market: Path, ledger: Ledger) -> Callable[..., FolderStore]:
    """Makes the folder of a run."""

    def make(study: Study, lake: Path = market) -> FolderStore:
        store = FolderStore.create(tmp_path / "runs", study)
        Surroundings(str(lake), str(tmp_path)).write(store.folder)
        ledger.register(store)
        return store

    return make


def test_a_worker_runs_what_is_missing_and_nothing_else(
    plan: Plan, kept: Callable[..., FolderStore], ledger: Ledger, market: Path
) -> None:
    store = kept(plan())
    lake = Lake.open(market)
    expected = MemoryStore()
    run_study(store.study, lake, expected, workers=1)
    first = store.study.chunks[0]
    store.put(first, expected.read(first))  # by one who was killed before it said so
    before = written(store.file(first))
    Worker(store, ledger, lake).work()
    assert written(store.file(first)) == before
    status = ledger.status(store.study.name)
    assert (status.state, status.done, status.failed, status.workers) == ("done", 12, 0, ())
    assert store.scan().collect().equals(expected.scan().collect())
    undisturbed = digest(store)
    Worker(store, ledger, lake).work()  # the same message again
    assert digest(store) == undisturbed


def test_a_poisoned_chunk_is_tried_three_times_and_named_with_its_parameters(
    plan: Plan,
    kept: Callable[..., FolderStore],
    ledger: Ledger,
    market: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    study = plan(trials=16, chunk=4, first=10, poison="panic")  # days 10 to 13, once each a chunk
    study = replace(study, chunk_trials=8)
    store = kept(study)
    Worker(store, ledger, Lake.open(market)).work()
    status = ledger.status(study.name)
    assert (status.state, status.done, status.failed) == ("partial", 16, 16)
    assert [failure.number for failure in status.failures] == [0, 1]
    assert status.failures[0].error == (
        "trial 3 (share=0.1, days=13, rounds=0, poison=panic, gate=): GeneratorExit: the poison"
    )
    assert status.failures[1].error.startswith("trial 11 (share=0.55, days=13")
    assert caplog.text.count("chunk 0 failed") == 3


def test_the_other_chunks_of_a_poisoned_run_are_done(
    plan: Plan, kept: Callable[..., FolderStore], ledger: Ledger, market: Path
) -> None:
    store = kept(plan(trials=8, chunk=1, first=12, poison="panic"))
    Worker(store, ledger, Lake.open(market)).work()
    status = ledger.status(store.study.name)
    assert (status.state, status.chunks_done, status.failed) == ("partial", 6, 2)
    trials = store.scan().collect()
    assert trials["trial"].to_list() == [0, 2, 3, 4, 6, 7]
    assert trials["error"].null_count() == 6


def test_a_lost_lease_and_a_late_result_are_harmless(
    plan: Plan, kept: Callable[..., FolderStore], ledger: Ledger, market: Path
) -> None:
    store = kept(plan())
    run, lake = store.study.name, Lake.open(market)
    late = MemoryStore()
    assert ledger.lease(run).chunk == 0
    run_study(store.study, lake, late, workers=1)
    ledger.retire(run, 0)  # taken for dead while it worked
    Worker(store, ledger, lake).work()
    before = digest(store)
    chunk = store.study.chunks[0]
    store.put(chunk, late.read(chunk))
    ledger.finish(run, 0, 0, 1.0)
    ledger.fail(run, 0, "too late")
    assert digest(store) == before
    assert ledger.status(run).state == "done"


def test_a_lake_that_goes_on_gives_the_numbers_of_the_version_that_was_planned(
    plan: Plan, kept: Callable[..., FolderStore], market: Path, tmp_path: Path
) -> None:
    bars, actions = Lake.open(market).bars(), Lake.open(market).actions()
    lake = Lake.create(tmp_path / "lake", simulated=True)
    lake.merge(bars.filter(pl.col("date") < dt.date(2020, 10, 1)), actions)
    store = kept(plan(lake=tmp_path / "lake"), tmp_path / "lake")
    expected = MemoryStore()
    run_study(store.study, lake, expected, workers=1)
    lake.merge(bars)
    assert lake.version() != store.study.data_version
    assert main([str(store.folder)]) == 0
    assert store.scan().collect().equals(expected.scan().collect())


@pytest.mark.parametrize("what", ["gone", "another", "shorter"])
def test_a_lake_that_is_gone_or_another_stops_the_run_until_it_is_back(
    what: str,
    plan: Plan,
    kept: Callable[..., FolderStore],
    ledger: Ledger,
    market: Path,
    tmp_path: Path,
) -> None:
    wrong = tmp_path / "wrong"
    if what == "another":
        fetch(SimulatedProvider(companies=3, seed=9), (), *DAYS, wrong)
    elif what == "shorter":
        fetch(SimulatedProvider(companies=2), (), *DAYS, wrong)
    store = kept(plan(), wrong)
    assert main([str(store.folder)]) == 1
    status = ledger.status(store.study.name)
    assert (status.state, status.done, status.workers) == ("stopped", 0, ())
    told = {"gone": "no lake", "another": "other data", "shorter": "ZAC"}
    assert told[what] in status.error
    Surroundings(str(market), str(tmp_path)).write(store.folder)
    assert main([str(store.folder)]) == 0
    status = ledger.status(store.study.name)
    assert (status.state, status.error) == ("done", "")


DAYS = (dt.date(2019, 1, 1), dt.date(2020, 12, 31))


def test_chunks_of_other_code_are_not_mixed_in(
    plan: Plan, kept: Callable[..., FolderStore], ledger: Ledger
) -> None:
    study = plan()
    older = replace(study, identity=replace(study.identity, code_version="0.0.9+abcdef01"))
    store = kept(older)
    assert main([str(store.folder)]) == 1
    status = ledger.status(older.name)
    assert "was planned by the code 0.0.9+abcdef01" in status.error
    assert status.state == "stopped"


def test_a_worker_that_is_asked_to_stop_gives_its_chunk_back(
    plan: Plan, kept: Callable[..., FolderStore], ledger: Ledger
) -> None:
    store = kept(plan(rounds=2_000))  # a chunk takes seconds
    run = store.study.name
    with subprocess.Popen([*MODULE, store.folder], stderr=subprocess.PIPE, text=True) as worker:
        eventually(lambda: leased(ledger))
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate()
    assert worker.returncode == 0
    assert "is given back" in said
    status = ledger.status(run)
    assert (status.state, status.workers, status.error) == ("stopped", (), "")
    assert [path.name for path in store.folder.rglob("*#*")] == []
    with attempts(ledger) as tried:
        assert tried == {0}


def leased(ledger: Ledger) -> bool:
    return bool(
        ledger._file.change(
            lambda db: db.execute("SELECT count(*) FROM chunks WHERE state = 'leased'").fetchone()
        )[0]
    )


class attempts:  # noqa: N801 - reads like a question
    """The attempts and deaths that chunks have behind them."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def __enter__(self) -> set[int]:
        rows = self._ledger._file.change(
            lambda db: db.execute("SELECT attempts + deaths FROM chunks").fetchall()
        )
        return {count for (count,) in rows}

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.slow
def test_a_full_disk_stops_the_worker_with_one_clear_error_and_the_run_goes_on_later(
    plan: Plan, kept: Callable[..., FolderStore], ledger: Ledger, market: Path, tmp_path: Path
) -> None:
    store = kept(plan(trials=400, chunk=100))
    limit = partial(resource.setrlimit, resource.RLIMIT_FSIZE, (40_000, resource.RLIM_INFINITY))
    done = subprocess.run(
        [*MODULE, store.folder],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        preexec_fn=limit,
        env={**os.environ, "COVERAGE_PROCESS_START": ""},
    )
    assert done.returncode == 1
    errors = [line for line in done.stderr.splitlines() if "cannot" in line]
    assert len(errors) == 1, done.stderr
    assert "free some space" in errors[0]
    assert list(store.folder.rglob("*#*")) == []
    status = ledger.status(store.study.name)
    assert (status.state, status.chunks_done) == ("stopped", 0)
    assert main([str(store.folder)]) == 0
    assert ledger.status(store.study.name).state == "done"


def test_a_worker_of_a_run_that_is_deleted_leaves(
    plan: Plan, kept: Callable[..., FolderStore], ledger: Ledger, market: Path
) -> None:
    store = kept(plan())
    ledger.forget(store.study.name)
    shutil.rmtree(store.folder)
    assert main([str(store.folder)]) == 1
    assert not store.folder.exists()


def test_a_pinned_lake_has_the_symbols_of_its_version(plan: Plan, market: Path) -> None:
    from stockstream.study.runs.pinned import PinnedLake

    study = plan()
    pinned = PinnedLake(Lake.open(market), study.identity)
    assert pinned.symbols() == ["ZAA.AX", "ZAB.AX", "ZAC.AX"]
    assert pinned.resolve(["ZAB"]) == ["ZAB.AX"]
    with pytest.raises(LakeError, match="has other data"):
        pinned.panel(["ZAB.AX"], study.config.start_date, study.config.end_date)
