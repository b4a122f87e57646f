"""What is known of a driver from its files and from its process, without Ray."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.study.runs.conftest import eventually

from stockstream.errors import CloudError, ConfigError, DataError
from stockstream.lake.store import Lake
from stockstream.runners.cluster import service as module
from stockstream.runners.cluster.claim import Claim
from stockstream.runners.cluster.head import remove_remains
from stockstream.runners.cluster.service import LOG, ClusterService
from stockstream.runners.service import Look
from stockstream.settings import ClusterSettings, Settings
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.ledger.liveness import is_alive, process_of, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.study.runs.conftest import Plan

    from stockstream.runners.service import Service
    from stockstream.study.runs.ledger.liveness import Process

DEAF = "import signal, sys; signal.signal(15, signal.SIG_IGN); print(flush=True); sys.stdin.read()"


@pytest.fixture
def store(plan: Plan, tmp_path: Path) -> BucketStore:
    return BucketStore.create(runs_of(tmp_path / "lake"), plan())


@pytest.fixture
def service(tmp_path: Path) -> ClusterService:
    return ClusterService(tmp_path / "runs")


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[str]]:
    """A process that does nothing until it is killed."""
    command = [sys.executable, "-c", DEAF]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def claimed(store: BucketStore, driver: Process) -> Claim:
    claim = Claim.on(store, 1)
    assert claim.take(driver)
    return claim


def gone() -> Process:
    """A process of this machine that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        found = process_of(process.pid)
    return found._replace(started=found.started or "1")


def test_it_keeps_the_protocol_and_finds_its_cluster_again(tmp_path: Path) -> None:
    section = ClusterSettings(address="10.0.0.1:6379", at_once=7)
    named: Service = ClusterService.of(Settings(cluster=section), tmp_path)
    assert (named.kind, named.where) == ("cluster", {"address": "10.0.0.1:6379"})
    assert ClusterService.of(Settings(cluster=section), tmp_path).at_once == 7
    again = ClusterService.of(Settings(), tmp_path, 3, named.where)
    assert (again.address, again.at_once) == ("10.0.0.1:6379", 3)
    assert list(named.beside("s-0123456789ab", 1)) == []
    with pytest.raises(ConfigError, match="at_once cannot be -1"):
        ClusterSettings(at_once=-1)


def test_the_first_to_claim_an_attempt_has_it(store: BucketStore, service: ClusterService) -> None:
    assert service.find(store, 1) == ""
    claim = claimed(store, this_process())
    assert not Claim.on(store, 1).take(gone())
    assert claim.driver() == this_process()
    assert service.find(store, 1) == claim.identity
    assert Claim.of(claim.identity) == claim
    assert service.find(store, 2) == ""


@pytest.mark.parametrize("identity", ["", "s-0123456789ab-1", "/runs/s-1/drivers/1"])
def test_what_names_no_driver_is_refused(identity: str, service: ClusterService) -> None:
    with pytest.raises(DataError, match="names no driver"):
        service.look(identity)


def test_a_look_says_whether_the_driver_lives(store: BucketStore, service: ClusterService) -> None:
    claim = claimed(store, this_process())
    assert service.look(claim.identity) == Look("running")
    claim.leave(Look("failed", "no room"))
    claim.leave(Look("ended"))  # the first word counts
    assert service.look(claim.identity) == Look("failed", "no room")
    assert service.look(Claim.on(store, 2).identity) == Look("ended")  # forgotten


def test_a_driver_that_was_killed_is_missed(store: BucketStore, service: ClusterService) -> None:
    claim = claimed(store, gone())
    look = service.look(claim.identity)
    assert look.state == "failed"
    assert "ended without a word" in look.error
    folder = service.runs / store.study.name
    folder.mkdir(parents=True)
    (folder / LOG).write_text("one\nFailed to connect to GCS\n\n")
    assert "driver.log: Failed to connect to GCS; `stock" in service.look(claim.identity).error


def test_a_driver_elsewhere_cannot_be_seen(store: BucketStore, service: ClusterService) -> None:
    claim = claimed(store, this_process()._replace(machine="other/boot/space"))
    look = service.look(claim.identity)
    assert look.state == "unknown"
    assert "a process of other" in look.error
    service.stop(claim.identity)  # it sees the stop file
    assert service.look(claim.identity).state == "unknown"


def test_damaged_files_are_told(store: BucketStore, service: ClusterService) -> None:
    claim = claimed(store, this_process())
    Path(claim.identity).write_text("[]")
    with pytest.raises(DataError, match="cannot read"):
        service.look(claim.identity)


def test_stop_ends_even_a_deaf_driver_and_what_it_left(
    store: BucketStore,
    service: ClusterService,
    sleeper: subprocess.Popen[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    driver = process_of(sleeper.pid)
    remains = Path("/tmp") / f"stockstream-ray-{driver.pid}-{driver.started}-x"  # noqa: S108
    remains.mkdir()
    claim = claimed(store, driver)
    monkeypatch.setattr(module, "GRACE", 0.3)
    remove_remains()
    assert remains.exists()  # it lives
    service.stop(claim.identity)
    assert sleeper.wait() == -signal.SIGKILL
    assert not remains.exists()
    assert service.look(claim.identity) == Look("cancelled")
    service.stop(claim.identity)  # that it has ended is no error


def test_one_that_cannot_be_ended_is_told(
    store: BucketStore, service: ClusterService, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(module, "GRACE", 0.1)
    monkeypatch.setattr(os, "kill", lambda _, how: asked.append(how))
    with pytest.raises(CloudError, match=f"process {os.getpid()}, does not end"):
        service.stop(claimed(store, this_process()).identity)
    assert asked == [signal.SIGTERM, signal.SIGKILL]


def test_who_comes_second_joins_and_leaves_no_process(
    store: BucketStore, service: ClusterService
) -> None:
    """Two machines start an attempt at the same moment: the claim is there after all."""
    started: list[Process] = []

    class Late(ClusterService):
        def _started(self, store: BucketStore, attempt: int) -> Process:
            claimed(store, this_process())
            started.append(super()._started(store, attempt))
            return started[-1]

    begun = Late(service.runs).start(store, 1)
    assert not begun.is_new
    assert service.look(begun.id) == Look("running")  # the first one, which is this process
    eventually(lambda: not is_alive(started[0]))


def test_nothing_is_started_for_nothing(
    store: BucketStore, service: ClusterService, market: Path
) -> None:
    for chunk in store.study.chunks:
        store.put(chunk, run_chunk(chunk, Lake.open(market)))
    assert service.start(store, 1) == ("", True)
    assert not service.runs.exists()
