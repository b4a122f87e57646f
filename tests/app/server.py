"""The page, served as a user serves it: by ``stockstream app``, in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from stockstream.app.tasks.start import MODULE as WORK
from stockstream.errors import StockstreamError
from stockstream.runners.local import LocalRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Server", "serving"]


class Server:
    """A server that can be killed and started again at the same address.

    Attributes:
        folder: in which it is started.
        lake, runs: what it shows.
        address: of the page.
    """

    def __init__(
        self,
        folder: Path,
        lake: Path | str,
        runs: Path,
        port: int = 0,
        before: tuple[str, ...] = (),
        /,
        **environment: str,
    ) -> None:
        self.folder, self.lake, self.runs = folder, lake, runs
        self.environment = {**os.environ, **environment}
        self.address, self._port, self._before = "", port, before
        self.start()

    @property
    def log(self) -> str:
        """What it wrote."""
        return (self.folder / "server.log").read_text(encoding="utf-8")

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self._process.pid

    def start(self) -> None:
        """Start it, and wait until it says where it is."""
        words = ["app", "--json", f"--port={self._port}", f"--runs={self.runs}"]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._before, sys.executable, "-m", "stockstream", *words, f"--lake={self.lake}"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                process_group=0,
            )
        assert self._process.stdout is not None
        said = "".join(iter(self._process.stdout.readline, "}\n"))
        assert said, f"the server did not start: {self.log}"
        self.address = json.loads(f"{said}}}")["page"]
        self._port = int(self.address.rpartition(":")[2])

    def kill(self) -> None:
        """End it as a power failure does; what it has started goes on."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


@contextmanager
def serving(
    folder: Path,
    lake: Path | str,
    runs: Path,
    port: int = 0,
    before: tuple[str, ...] = (),
    /,
    **environment: str,
) -> Iterator[Server]:
    """A server; it and the runs that it started end with the block.

    Args:
        folder: in which it is started.
        lake: that it shows.
        runs: folder of the runs that it shows.
        port: by default a free one.
        before: words of a command that starts it, without a process in between.
        environment: of the server, beside that of the test.
    """
    server = Server(folder, lake, runs, port, before, **environment)
    try:
        yield server
    finally:
        server.kill()
        for run in LocalRunner(runs).names():
            with suppress(StockstreamError):
                LocalRunner(runs).cancel(run)
        _end_tasks(runs)


def _end_tasks(runs: Path) -> None:
    """End tasks that still go on."""
    for command in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            words = command.read_text(encoding="utf-8").split("\0")
            if WORK in words and any(word.startswith(str(runs)) for word in words):
                os.killpg(int(command.parent.name), signal.SIGKILL)
