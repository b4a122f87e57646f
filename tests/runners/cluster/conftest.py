"""Clusters of this machine: what a test starts ends with it, whole process groups at once."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.study.runs.conftest import eventually

from stockstream.errors import StockstreamError
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cluster.head import remove_remains
from stockstream.runners.cluster.service import ClusterService

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TypeAlias

TOKEN = "of-the-tests"  # noqa: S105 - these clusters hold nothing
HEAD_IP, FIRST_IP = "127.0.0.2", 3
HEAD = ("--head", "--include-dashboard=false")
COMMAND = """
import sys
import ray._private.node
from ray.scripts.scripts import main
from stockstream.runners.cluster.head import lean_node

ray._private.node.Node = lean_node()  # or a busy machine takes longer than Ray has patience
sys.exit(main())
"""
RAY = (sys.executable, "-c", COMMAND)
QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": TOKEN,
}
START_SECONDS = 300.0

AGENTS = (
    "--dashboard-agent-grpc-port",
    "--dashboard-agent-listen-port",
    "--metrics-export-port",
    "--runtime-env-agent-port",
)


class Node:
    """A node of a cluster: ``ray start --block`` in a session of its own."""

    def __init__(
        self, ip: str, command: Sequence[str], folder: Path, environment: Mapping[str, str]
    ) -> None:
        self.ip, self.command = ip, command
        self.folder, self.environment = folder, environment
        self.process = self._started()

    def wait(self) -> None:
        """Wait until it is up; on a busy machine Ray gives up itself, and is started again."""
        eventually(self._is_up, START_SECONDS)

    def kill(self) -> None:
        """End all processes of the node at once, as a power failure does."""
        for _ in range(2):  # those that were being started meanwhile too
            for pid in session(self.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _is_up(self) -> bool:
        if self.process.poll() is not None:
            self.kill()
            self.process = self._started()
        return b"Ray runtime started" in (self.folder / "said").read_bytes()

    def _started(self) -> subprocess.Popen[bytes]:
        with (self.folder / "said").open("wb") as said:
            return subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **QUIET, **self.environment},
            )


class Cluster:
    """A head without processors, and nodes that come and go."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.nodes: list[Node] = []
        self.head = self._start(HEAD_IP, *HEAD, f"--port={self.port}", cpus=0)

    @property
    def address(self) -> str:
        """Of the head."""
        return f"{HEAD_IP}:{self.port}"

    def add(self, **environment: str) -> Node:
        """Start one more node with one processor; it joins in its own time."""
        ip = f"127.0.0.{FIRST_IP + len(self.nodes)}"
        to = f"--address={self.address}"
        self.nodes.append(self._start(ip, to, cpus=1, environment=environment))
        return self.nodes[-1]

    def stop(self) -> None:
        """Kill all of it."""
        for node in (*self.nodes, self.head):
            node.kill()

    def _start(
        self, ip: str, *words: str, cpus: int, environment: Mapping[str, str] | None = None
    ) -> Node:
        folder = self.folder / ip
        folder.mkdir()
        command = [*RAY, "start", *words, f"--node-ip-address={ip}", f"--num-cpus={cpus}"]
        command += [f"{agent}={free_port()}" for agent in AGENTS]
        command += [f"--temp-dir={folder}", "--block", "--include-log-monitor=false"]
        command += ["--object-store-memory=100000000", "--no-monitor"]
        return Node(ip, command, folder, environment or {})


ClusterRunner: TypeAlias = "Callable[..., CloudRunner]"


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder with a short name, as that of a socket has to be."""
    folder = Path(tempfile.mkdtemp(prefix="ss-", dir="/tmp"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def cluster(short_folder: Path) -> Iterator[Cluster]:
    """Three nodes: a head without processors, and two with one each."""
    with ExitStack() as stack:
        started = Cluster(Path(tempfile.mkdtemp(dir=short_folder)))
        stack.callback(started.stop)
        started.head.wait()
        for _ in range(2):  # one after the other: Ray gives up if it takes long
            started.add().wait()
        yield started


@pytest.fixture
def cluster_runner(
    tmp_path: Path, market: Path, monkeypatch: pytest.MonkeyPatch, socket_enabled: None
) -> Iterator[ClusterRunner]:
    """Runners on a cluster by its address, or on one of their own; no driver outlives its test."""
    for name, value in QUIET.items():
        monkeypatch.setenv(name, value)
    made: list[CloudRunner] = []

    def make(address: str = "", lake: str = "", at_once: int = 2) -> CloudRunner:
        service = ClusterService(tmp_path / "runs", address, at_once)
        made.append(CloudRunner(tmp_path / "runs", lake or str(market), service, every=0.2))
        return made[-1]

    yield make
    for runner in made:
        for folder in runner.runs.glob("s-*"):
            with suppress(StockstreamError):
                runner.delete(folder.name)
    remove_remains()


def session(leader: int) -> list[int]:
    """The processes of a session, by their numbers."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError, ValueError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == leader and fields[0] not in "ZX":
                found.append(int(entry.name))
    return found


def free_port() -> int:
    """A port of loopback that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        port: int = line.getsockname()[1]
    return port


def log_of(runner: CloudRunner, run: str) -> str:
    """What the drivers of a run said."""
    return (runner.runs / run / "driver.log").read_text(encoding="utf-8")


def wait_for(runner: CloudRunner, run: str, chunks: int) -> None:
    """Wait until so many chunks of a run are done and it goes on."""
    pause = threading.Event()
    until = time.monotonic() + START_SECONDS
    while (status := runner.status(run)).chunks_done < chunks:
        assert status.state == "running", f"{status.error}\n{log_of(runner, run)}"
        assert time.monotonic() < until, log_of(runner, run)
        pause.wait(0.2)
