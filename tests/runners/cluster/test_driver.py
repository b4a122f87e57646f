"""A cluster that a sweep starts on this machine: the same numbers, and nothing of it stays."""

from __future__ import annotations

import datetime as dt
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.runners.cluster.conftest import session, wait_for
from tests.study.runs.conftest import eventually, written

from stockstream.backtest.config import BacktestConfig
from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.runners.cluster.claim import Claim
from stockstream.runners.cluster.head import remove_remains
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import runs_of
from stockstream.study.runs.store import FolderStore, MemoryStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.runners.cluster.conftest import ClusterRunner
    from tests.study.runs.conftest import Plan

    from stockstream.runners.cloud import CloudRunner
    from stockstream.study.study import Study

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

AGENTS = 2
"""Processes of Ray that look for its head for a minute before they end."""

LISTENS = "0A"
LOOPBACK = {
    "0100007F",  # 127.0.0.1
    "0000000000000000FFFF00000100007F",  # the same, as IPv6 writes it
    "00000000000000000000000001000000",  # ::1
}


def digest_here(study: Study, lake: Path | str) -> str:
    """The digest of a study that runs in this process."""
    store = MemoryStore()
    run_study(study, Lake.open(lake), store, workers=1)
    return StudyResult(study, store).digest


def driver_of(runner: CloudRunner, lake: Path | str, run: str, attempt: str = "1") -> int:
    """The number of the process that drives an attempt."""
    del runner
    driver = Claim(runs_of(lake).child(run), attempt).driver()
    assert driver is not None
    return driver.pid


def open_to_others(pids: list[int]) -> Iterator[tuple[int, str]]:
    """Processes that listen on more than loopback, and the address."""
    for pid in pids:
        mine = set()
        with suppress(OSError):
            for one in Path(f"/proc/{pid}/fd").iterdir():
                with suppress(OSError):
                    mine.add(str(one.readlink()))
        for table in ("tcp", "tcp6"):
            for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
                fields = line.split()
                address = fields[1].partition(":")[0]
                if f"socket:[{fields[9]}]" in mine and fields[3] == LISTENS:
                    yield pid, address


def panels_of(pids: list[int]) -> list[set[str]]:
    """For each process that has panels mapped: their devices, files and names."""
    found = []
    for pid in pids:
        with suppress(OSError):
            lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
            found.append({" ".join(line.split()[3:]) for line in lines if ".panel" in line})
    return [files for files in found if files]


def remains(driver: int) -> list[Path]:
    """What the cluster of a driver left in the folder for such things."""
    return list(Path("/tmp").glob(f"stockstream-ray-{driver}-*"))  # noqa: S108


def test_it_gives_what_this_process_gives_and_leaves_nothing(
    plan: Plan,
    cluster_runner: ClusterRunner,
    market: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    gate = tmp_path / "gate"
    study = plan(trials=12, chunk=2, gate=str(gate))
    runner = cluster_runner()
    run = runner.submit(study)
    driver = driver_of(runner, market, run)
    assert os.getsid(driver) == driver
    assert runner.submit(study) == run  # who comes again joins it
    wait_for(runner, run, 2)
    found = list(open_to_others(session(driver)))
    assert len(found) >= 4  # the head, its node, the workers
    assert {address for _, address in found} <= LOOPBACK
    eventually(lambda: len(panels_of(session(driver))) == 2)
    [first], [second] = panels_of(session(driver))
    assert first == second  # one file for both workers: the second read nothing of the lake
    assert str(tmp_path) in first
    gate.touch()
    *_, last = runner.follow(run)
    assert (last.state, last.done, last.failed, last.error) == ("done", 12, 0, "")
    assert runner.result(run).digest == digest_here(study, market)
    eventually(lambda: not session(driver))
    assert not remains(driver)
    assert not list(tmp_path.glob("stockstream-panels-*"))
    assert not (tmp_path / "home" / ".ray").exists()  # no token, no record of use
    assert Claim(runs_of(market).child(run), "1").last_word() == ("ended", "")


def test_a_driver_that_is_killed_takes_all_with_it_and_the_next_goes_on(
    plan: Plan, cluster_runner: ClusterRunner, market: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    study = plan(trials=24, chunk=2, gate=str(gate))
    runner = cluster_runner()
    run = runner.submit(study)
    driver = driver_of(runner, market, run)
    wait_for(runner, run, 2)
    os.kill(driver, signal.SIGKILL)
    eventually(lambda: len(session(driver)) <= AGENTS)
    remove_remains()  # as the next one does
    eventually(lambda: not session(driver))
    status = runner.status(run)
    assert status.state == "stopped"
    assert f"process {driver}, ended without a word" in status.error
    store = FolderStore(Path(str(runs_of(market))) / run, study)
    done = {chunk.number: written(store.file(chunk)) for chunk in store.done()}
    assert {0, 2} <= set(done) <= {0, 2, 4, 6, 8, 10}
    gate.touch()
    assert runner.resume(run).state == "running"
    *_, last = runner.follow(run)
    assert (last.state, last.done) == ("done", 24)
    assert {number: written(store.file(study.chunks[number])) for number in done} == done
    assert runner.result(run).scan().collect()["trial"].to_list() == list(range(24))
    assert runner.result(run).digest == digest_here(study, market)
    eventually(lambda: not session(driver_of(runner, market, run, "2")))
    assert not remains(driver)


def test_a_trial_that_kills_its_workers_is_given_up(
    plan: Plan, cluster_runner: ClusterRunner
) -> None:
    study = plan(trials=4, chunk=1, first=10, poison="death")
    runner = cluster_runner()
    run = runner.submit(study)
    *_, last = runner.follow(run)
    assert (last.state, last.done, last.failed) == ("partial", 4, 1)
    [failure] = last.failures
    assert failure.number == 3
    assert "ended without a word, 3 times" in failure.error


def test_who_cancels_stops_the_workers_and_can_go_on(
    plan: Plan, cluster_runner: ClusterRunner, market: Path, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    study = plan(trials=24, chunk=2, gate=str(gate))
    runner = cluster_runner()
    run = runner.submit(study)
    driver = driver_of(runner, market, run)
    wait_for(runner, run, 2)
    status = runner.cancel(run)
    assert (status.state, status.error) == ("cancelled", "")
    # a worker may take a chunk between the last look and its end, never one that waits at the gate
    assert 2 <= status.chunks_done <= 6
    gate.touch()
    eventually(lambda: not session(driver))
    runner.resume(run)
    *_, last = runner.follow(run)
    assert (last.state, last.done) == ("done", 24)
    runner.delete(run)
    assert not list(runs_of(market).files(run))


def test_the_lake_is_read_from_s3(cluster_runner: ClusterRunner, bucket: str) -> None:
    fetch(SimulatedProvider(companies=2), (), dt.date(2019, 1, 1), dt.date(2020, 12, 31), bucket)
    config = BacktestConfig(
        strategy_class="MeanReversionStrategy",
        start_date="2020-01-01",
        end_date="2020-12-31",
        param_grid={"lookback_period": (10, 20, 30), "entry_threshold": (1.0, 1.5)},
    )
    study = plan_study(config, Lake.open(bucket), split="ticker")
    runner = cluster_runner(lake=bucket)
    run = runner.submit(study)
    *_, last = runner.follow(run)
    assert (last.state, last.done) == ("done", 12)
    assert runner.result(run).digest == digest_here(study, bucket)
