"""Leases and their ends, and a file that may be lost at any time."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.study.runs.conftest import eventually

from stockstream.errors import DataError, NoDataError
from stockstream.lake.store import Lake
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.ledger import ledger as ledger_module
from stockstream.study.runs.ledger import workers as ledger_workers
from stockstream.study.runs.ledger.ledger import MOST_ATTEMPTS, Ledger
from stockstream.study.runs.ledger.liveness import Process, this_process
from stockstream.study.runs.ledger.workers import LEASE, MOST_DEATHS
from stockstream.study.runs.store import FolderStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.study.runs.conftest import Plan

HERE = this_process()
ELSEWHERE = Process("elsewhere/boot/space", 7, "1")

LEASE_ONE = """
import sys
from pathlib import Path
from stockstream.study.runs.ledger import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    print(ledger.lease(sys.argv[2]).chunk, flush=True)
    input()
"""

LEASE_ALL = """
import sys
from pathlib import Path
from stockstream.study.runs.ledger import Ledger
with Ledger(Path(sys.argv[1])) as ledger:
    while (turn := ledger.lease(sys.argv[2])).chunk is not None:
        print(turn.chunk)
        ledger.finish(sys.argv[2], turn.chunk, 0, 0.5)
"""


class Clock:
    """A clock that a test turns."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(plan: Plan, tmp_path: Path) -> FolderStore:
    """Four chunks of three trials."""
    return FolderStore.create(tmp_path, plan())


@pytest.fixture
def ledger(store: FolderStore, clock: Clock) -> Iterator[Ledger]:
    with Ledger(store.folder.parent, clock=clock, patience=0.1) as ledger:
        ledger.register(store)
        yield ledger


@pytest.fixture
def run(store: FolderStore) -> str:
    return store.study.name


def as_process(monkeypatch: pytest.MonkeyPatch, process: Process) -> None:
    """Let the ledger take this process for another one."""
    monkeypatch.setattr(ledger_module, "this_process", lambda: process)


def test_each_chunk_is_leased_once_and_then_it_is_over(ledger: Ledger, run: str) -> None:
    turns = [ledger.lease(run) for _ in range(4)]
    assert [turn.chunk for turn in turns] == [0, 1, 2, 3]
    waits = ledger.lease(run)
    assert (waits.chunk, waits.over) == (None, False)  # others may die over theirs
    for number in range(4):
        ledger.finish(run, number, failed=number, seconds=2.0)
    assert ledger.lease(run).over
    status = ledger.status(run)
    assert (status.state, status.done, status.failed, status.total) == ("done", 12, 6, 12)


def test_processes_that_lease_at_the_same_time_never_get_the_same_chunk(
    plan: Plan, tmp_path: Path
) -> None:
    store = FolderStore.create(tmp_path, plan(trials=600, chunk=1))
    with Ledger(tmp_path) as ledger:
        ledger.register(store)
    command = [sys.executable, "-c", LEASE_ALL, str(tmp_path), store.study.name]
    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    leased = [worker.communicate()[0].split() for worker in workers]
    assert [worker.returncode for worker in workers] == [0] * 4
    assert Counter(int(number) for numbers in leased for number in numbers) == Counter(range(600))


def test_the_lease_of_a_dead_process_is_free_at_once(
    ledger: Ledger, run: str, clock: Clock
) -> None:
    command = [sys.executable, "-c", LEASE_ONE, str(ledger.runs), run]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "0\n"
        assert ledger.lease(run).chunk == 1
        clock.now += 1000 * LEASE  # a live process of this machine keeps its lease
        assert ledger.lease(run).chunk == 2
        os.kill(child.pid, signal.SIGKILL)
        eventually(lambda: ledger.status(run).workers == (HERE.pid,))
    assert [ledger.lease(run).chunk, ledger.lease(run).chunk] == [3, 0]  # who failed comes last


def test_the_lease_of_another_machine_ends_some_time_after_its_last_beat(
    ledger: Ledger, run: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_process(monkeypatch, ELSEWHERE)
    assert ledger.lease(run).chunk == 0
    as_process(monkeypatch, HERE)
    clock.now += LEASE
    assert [ledger.lease(run).chunk for _ in range(3)] == [1, 2, 3]
    assert ledger.lease(run).chunk is None
    clock.now += 1.0
    assert ledger.lease(run).chunk == 0


def test_a_clock_that_goes_back_keeps_no_lease_forever(
    ledger: Ledger, run: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_process(monkeypatch, ELSEWHERE)
    assert ledger.lease(run).chunk == 0
    as_process(monkeypatch, HERE)
    clock.now -= 86_400.0
    assert sorted(filter(None, (ledger.lease(run).chunk for _ in range(4)))) == [1, 2, 3]
    assert ledger.lease(run).chunk is None  # 0 was leased again, by this process
    ledger.finish(run, 0, 0, 1.0)
    assert ledger.status(run).rate == pytest.approx(3.0)


def test_a_chunk_that_fails_is_tried_again_last_and_given_up_in_the_end(
    ledger: Ledger, run: str
) -> None:
    for attempt in range(1, MOST_ATTEMPTS + 1):
        turn = ledger.lease(run)
        while turn.chunk != 0:
            assert turn.chunk is not None
            ledger.finish(run, turn.chunk, 0, 1.0)
            turn = ledger.lease(run)
        assert turn.last_try == (attempt == MOST_ATTEMPTS)
        ledger.fail(run, 0, f"attempt {attempt}")
    status = ledger.status(run)
    assert (status.state, status.done, status.failed, status.chunks_done) == ("partial", 12, 3, 3)
    assert [tuple(failure) for failure in status.failures] == [(0, 3, "attempt 3")]
    assert ledger.lease(run).over


def test_a_chunk_over_which_workers_die_is_given_up_in_the_end(
    ledger: Ledger, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in (1, 2, 3):
        ledger.finish(run, number, 0, 1.0)
    for death in range(MOST_DEATHS):
        as_process(monkeypatch, HERE._replace(started=f"never {death}"))
        assert ledger.lease(run).chunk == 0
    as_process(monkeypatch, HERE)
    assert ledger.lease(run).over
    (failure,) = ledger.status(run).failures
    assert failure.error.startswith(f"{MOST_DEATHS} workers died over this chunk")


def test_no_more_workers_are_started_than_are_wanted(ledger: Ledger, run: str) -> None:
    started: list[int] = []

    def start() -> Process:
        started.append(len(started))
        return HERE._replace(pid=1, started=f"{len(started)}")

    def alive(process: Process) -> bool:
        return True

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger_workers, "is_alive", alive)
        assert ledger.hire(run, 2, start) == 2
        assert ledger.hire(run, 2, start) == 0  # the same message again
        assert ledger.hire(run, 3, start) == 1
    assert len(started) == 3


def test_nobody_is_hired_for_what_is_done(ledger: Ledger, run: str) -> None:
    for number in range(4):
        ledger.finish(run, number, 0, 1.0)
    assert ledger.hire(run, 2, lambda: HERE) == 0


def test_dead_workers_are_not_replaced_for_ever(ledger: Ledger, run: str) -> None:
    ledger.hire(run, 1, lambda: HERE._replace(started="dead"))
    replaced = 0
    while ledger.lease(run).vacant:
        ledger.retire(run, 0)
        ledger.hire(run, 1, lambda: HERE._replace(started="dead"))
        if not ledger.replace(run, lambda: HERE._replace(started="dead")):
            break
        replaced += 1
        assert replaced < 100


def test_a_cancelled_run_gives_no_chunk_until_it_is_opened_again(
    ledger: Ledger, store: FolderStore, run: str
) -> None:
    ledger.lease(run)
    assert ledger.cancel(run) == [HERE]
    assert ledger.lease(run).over
    ledger.retire(run, 0)
    assert ledger.status(run).state == "cancelled"
    ledger.reopen(store, again=False)
    assert ledger.lease(run).chunk == 0


def test_what_is_done_is_what_has_a_file(
    ledger: Ledger, store: FolderStore, run: str, market: Path
) -> None:
    lake = Lake.open(market)
    for chunk in store.study.chunks[:2]:
        store.put(chunk, run_chunk(chunk, lake))
    ledger.register(store)
    assert ledger.status(run).done == 6
    store.file(store.study.chunks[0]).unlink()
    ledger.register(store)
    assert ledger.status(run).done == 3
    assert ledger.lease(run).chunk == 0


@pytest.mark.parametrize("loss", ["deleted", "garbage", "cut", "foreign", "empty"])
def test_a_lost_ledger_is_made_anew_from_the_folders(
    loss: str, store: FolderStore, run: str, market: Path
) -> None:
    runs = store.folder.parent
    file = runs / "ledger.sqlite"
    with Ledger(runs) as mine:
        mine.register(store)
        mine.lease(run)
        chunk = store.study.chunks[1]
        store.put(chunk, run_chunk(chunk, Lake.open(market)))
        lose(file, loss)
        status = mine.status(run)  # by a process that had the old one open
        assert (status.state, status.done, status.total) == ("stopped", 3, 12)
        assert mine.lease(run).chunk == 0
    lose(file, loss)
    with Ledger(runs) as another:
        assert another.status(run).done == 3
        assert another.names() == [run]


def lose(file: Path, loss: str) -> None:
    """What may happen to a file."""
    size = file.stat().st_size
    if loss == "deleted":
        file.unlink()
    elif loss == "foreign":
        file.unlink()
        with sqlite3.connect(file) as other:
            other.execute("CREATE TABLE runs (something_else)")
        other.close()
    else:
        replaced = file.with_name("replaced")
        content = {"garbage": b"\x13" * size, "empty": b"", "cut": file.read_bytes()[: size // 3]}
        replaced.write_bytes(content[loss])
        replaced.replace(file)
        for ending in ("-wal", "-shm"):
            file.with_name(file.name + ending).unlink(missing_ok=True)


def test_a_ledger_that_is_damaged_while_it_is_open_is_made_anew(
    ledger: Ledger, run: str, store: FolderStore
) -> None:
    ledger.lease(run)
    file = store.folder.parent / "ledger.sqlite"
    other = sqlite3.connect(file)
    other.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    other.close()
    with file.open("r+b") as opened:  # in place: the same file as before
        opened.write(b"\x13" * file.stat().st_size)
    with Ledger(store.folder.parent) as another:
        assert another.lease(run).chunk is not None
    assert (store.folder.parent / "ledger.sqlite.broken").exists()
    for _ in range(4):
        ledger.lease(run)
    assert ledger.status(run).total == 12


def test_a_folder_that_cannot_be_read_is_left_out_of_a_new_ledger(
    store: FolderStore, run: str
) -> None:
    other = store.folder.with_name("s-000000000000")
    other.mkdir()
    (other / "study.json").write_text("{")
    with Ledger(store.folder.parent) as ledger:
        assert ledger.names() == [run]
        with pytest.raises(NoDataError, match="the ledger has no run s-000000000000"):
            ledger.status(other.name)


def test_a_ledger_that_another_program_holds_is_one_clear_error(ledger: Ledger, run: str) -> None:
    file = ledger.runs / "ledger.sqlite"
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(
        DataError, match=r"database is locked; another program has held it for 0\.1"
    ):
        ledger.lease(run)
    other.execute("ROLLBACK")
    other.close()
    assert ledger.lease(run).chunk == 0


def test_the_folder_of_runs_must_be_a_folder(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("a file")
    with (
        pytest.raises(DataError, match="cannot write to the folder of runs"),
        Ledger(tmp_path / "runs") as ledger,
    ):
        ledger.names()


def test_workers_beat_while_they_work(
    ledger: Ledger, run: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "BEAT", 0.01)
    as_process(monkeypatch, ELSEWHERE)
    with ledger.attend(run, threads=2):
        for _ in range(3):
            clock.now += LEASE
            eventually(lambda: ledger.status(run).workers == (ELSEWHERE.pid,))
        assert ledger.lease(run).chunk == 0
    assert ledger.status(run).workers == ()
    as_process(monkeypatch, HERE)
    assert ledger.lease(run).chunk == 0  # the chunk of a worker that left is free


def test_the_rate_is_that_of_the_work_done_of_late(ledger: Ledger, run: str) -> None:
    assert ledger.status(run).rate is None
    assert ledger.lease(run).chunk == 0
    assert ledger.status(run).seconds_left is None
    ledger.finish(run, 0, 0, seconds=1.5)
    status = ledger.status(run)
    assert (status.rate, status.seconds_left) == (2.0, 4.5)  # 3 trials in 1.5 s, 9 to go


def test_what_other_studies_tried_on_the_same_data_is_counted(
    ledger: Ledger, store: FolderStore, plan: Plan
) -> None:
    study = store.study
    assert ledger.trials_on(study) == 0
    other = FolderStore.create(store.folder.parent, plan(trials=20))
    ledger.register(other)
    assert ledger.trials_on(study) == 0  # planned is not tried
    ledger.lease(other.study.name)
    ledger.finish(other.study.name, 0, 0, 1.0)
    ledger.finish(other.study.name, 1, 0, 1.0)
    assert ledger.trials_on(study) == sum(chunk.trials for chunk in other.study.chunks[:2])
    assert ledger.trials_on(other.study) == 0  # its own do not count
    ledger.finish(study.name, 0, 0, 1.0)
    assert ledger.trials_on(other.study) == 3
    elsewhere = replace(study, config=study.config.changed(universe=("ZZZ.AX",)))
    assert ledger.trials_on(elsewhere) == 0
    later = study.config.changed(start_date="2021-01-04", end_date="2021-12-31", warmup_start=None)
    assert ledger.trials_on(replace(study, config=later)) == 0


def test_a_point_counts_once_on_however_many_pieces(
    ledger: Ledger, store: FolderStore, market: Path
) -> None:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.study.plan import plan_study

    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2020-01-01",
        end_date="2020-12-31",
        param_grid={"fast_period": (5, 10), "slow_period": (20, 40)},
    )
    by_ticker = plan_study(config, Lake.open(market), split="ticker", blocks=4)
    other = FolderStore.create(store.folder.parent, by_ticker)
    ledger.register(other)
    for chunk in by_ticker.chunks:
        ledger.finish(by_ticker.name, chunk.number, 0, 1.0)
    assert by_ticker.trials > by_ticker.points == 4
    assert ledger.trials_on(store.study) == 4
