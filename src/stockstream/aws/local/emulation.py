"""The handle on an emulation: start it, find it, talk to it, stop it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stockstream.aws.local.door import OWN
from stockstream.aws.local.environment import REGION, aws_environment
from stockstream.aws.local.faults import NO_FAULTS
from stockstream.errors import ConfigError, StockstreamError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from stockstream.aws.local.faults import Faults
    from stockstream.aws.local.mwaa import MwaaEnvironment

__all__ = ["FOLDER", "LocalAws"]

FOLDER = Path("data/aws")
"""Where ``stockstream aws local up`` keeps what it needs."""

STATE, LOG = "emulation.json", "emulation.log"
PATIENCE = 5.0
"""Seconds that an emulation has for an answer about itself."""

LATEST = 30.0
"""Seconds within which late deliveries must have come."""


class LocalAws:
    """AWS on this machine: a control plane in memory, with functions and jobs as real processes.

    Attributes:
        folder: where its log lies and packages are unpacked.
        port: at which it listens, on loopback only.
        pid: of its process, the leader of a session with everything that it started.
    """

    def __init__(
        self, folder: Path, port: int, pid: int, process: subprocess.Popen[bytes] | None = None
    ) -> None:
        self.folder, self.port, self.pid = folder, port, pid
        self._process = process
        self._clients: dict[str, Any] = {}

    @classmethod
    def start(
        cls,
        folder: Path,
        *,
        port: int = 0,
        hurry: float = 1.0,
        faults: Faults | None = None,
        detach: bool = False,
    ) -> Self:
        """Start an emulation, and wait until it answers.

        Args:
            folder: is made if need be.
            port: 0 takes a free one.
            hurry: factor on the waits before a retry and of Wait states; 0.001 for tests.
            faults: what goes wrong from the start on.
            detach: it lives on when this process ends; :meth:`running` finds it.

        Raises:
            ConfigError: one runs with this folder, the port is taken, or what it needs is not
                installed.
        """
        _demand_parts()
        folder = folder.absolute()
        folder.mkdir(parents=True, exist_ok=True)
        if other := cls.running(folder):
            raise ConfigError(f"another one runs with {folder}, at {other.url}; stop it first")
        options = {
            "port": port,
            "hurry": hurry,
            "faults": (faults or NO_FAULTS).document(),
            "tied": not detach,
        }
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 - our own program
                [sys.executable, "-m", "stockstream.aws.local.server", folder, json.dumps(options)],
                stdin=subprocess.DEVNULL if detach else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline()
        if not line:
            _close(process)
            raise ConfigError(_why_it_ended(folder / LOG, port))
        said = json.loads(line)
        (folder / STATE).write_text(json.dumps(said), encoding="utf-8")
        if detach:
            process.returncode = 0  # it lives on, and nobody waits for it
        return cls(folder, said["port"], said["pid"], None if detach else process)

    @classmethod
    def running(cls, folder: Path = FOLDER) -> Self | None:
        """The emulation that was started with this folder, if it answers."""
        try:
            said = json.loads((folder / STATE).read_text(encoding="utf-8"))
            local = cls(folder.absolute(), said["port"], said["pid"])
            answers = local.ask("state")["pid"] == local.pid
        except (OSError, ValueError, KeyError, HTTPException):
            return None
        return local if answers else None

    @property
    def url(self) -> str:
        """Of every service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What its process had to say."""
        return self.folder / LOG

    @property
    def environment(self) -> dict[str, str]:
        """What leads any AWS client to it."""
        return aws_environment(self.port)

    def client(self, service: str, config: Any = None) -> Any:
        """A boto3 client of a service, whatever the environment says.

        Args:
            service: such as ``"s3"``.
            config: a ``botocore.config.Config``; without one, the same client serves all.
        """
        if config is None and service in self._clients:
            return self._clients[service]
        from boto3 import Session

        session = Session(
            aws_access_key_id="test",
            aws_secret_access_key="test",  # noqa: S106 - any will do
            region_name=REGION,
        )
        client = session.client(service, endpoint_url=self.url, config=config)
        if config is None:
            self._clients[service] = client
        return client

    def set_faults(self, faults: Faults) -> dict[str, int]:
        """From now on this goes wrong; how often each fault was injected since they were set."""
        injected: dict[str, int] = self.ask("faults", faults.document())
        return injected

    @contextmanager
    def faults(self, faults: Faults) -> Iterator[dict[str, int]]:
        """Within the block this goes wrong; behind it, the value says how often.

        Late deliveries are waited for at the end.
        """
        injected: dict[str, int] = {}
        self.set_faults(faults)
        try:
            yield injected
        finally:
            injected.update(self.set_faults(NO_FAULTS))
            self.settle()

    def add_mwaa(self, environment: MwaaEnvironment) -> None:
        """From now on there is an environment of MWAA, which is an Airflow somewhere else."""
        self.ask("mwaa", environment.document())

    def settle(self, seconds: float = LATEST) -> None:
        """Wait until no function runs and every late delivery has come.

        Raises:
            StockstreamError: that took longer.
        """
        if not self.ask("quiet", seconds, patience=seconds + PATIENCE):
            raise StockstreamError(f"functions are still under way after {seconds:g} s")

    def wait(self) -> None:
        """Wait until somebody ends it."""
        if self._process:
            self._process.wait()

    def stop(self) -> None:
        """Kill it, with everything that it started."""
        while self._clients:
            self._clients.popitem()[1].close()
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if self._process:
            _close(self._process)
        (self.folder / STATE).unlink(missing_ok=True)

    def ask(self, question: str, value: Any = None, *, patience: float = PATIENCE) -> Any:
        """What the emulation says about itself: ``state``, ``faults``, ``quiet``."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=patience)
        try:
            connection.request("POST", OWN + question, body=json.dumps(value))
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def __enter__(self) -> Self:
        """Itself; the end of the block stops it."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        self.stop()


def _close(process: subprocess.Popen[bytes]) -> None:
    if process.stdin:
        process.stdin.close()
    process.wait()


def _demand_parts() -> None:
    from importlib.util import find_spec

    if not all(map(find_spec, ("boto3", "moto", "werkzeug"))):
        raise ConfigError(
            "the rehearsal of AWS needs more than is installed here; install it with "
            '`pip install "stockstream[rehearsal]"`'
        )


def _why_it_ended(log: Path, port: int) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    if any("Address already in use" in line for line in lines):
        return f"port {port} is taken: choose another one, or 0 for one that is free"
    return f"the emulation of AWS ended at once ({lines[-1] if lines else 'no word'}); see {log}"
