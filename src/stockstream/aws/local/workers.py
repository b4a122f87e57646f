"""Warm processes that run functions, and their pool."""

from __future__ import annotations

import json
import os
import re
import select
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Outcome", "Pool", "Worker"]

AT_ONCE = 10
"""Functions that run at the same time; further calls wait, and their time does not count."""

IDLE = 8
"""Warm processes kept, the least recently used of them is ended first."""

SANDBOX = Path(__file__).with_name("sandbox.py")

_PEAK = re.compile(rb"VmHWM:\s+(\d+) kB")


class Outcome(NamedTuple):
    """What came of a call.

    Attributes:
        answer: JSON text, of the answer or of the failure.
        failed: whether it is a failure.
        log: what was printed.
        peak: megabytes that the process has taken so far, 0 if it is gone.
        seconds: how long the call took.
    """

    answer: str
    failed: bool
    log: str
    peak: int
    seconds: float


class Worker:
    """A process that has imported one handler.

    Args:
        handler: ``module.function``.
        folder: where it starts.
        environment: all of it.
        isolated: nothing but the standard library and the folder can be imported.
    """

    def __init__(
        self, handler: str, folder: Path, environment: Mapping[str, str], *, isolated: bool
    ) -> None:
        self.alive = True
        answers, theirs = os.pipe()
        self._answers = answers
        self._logged = 0
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - lives as long as the process
        flags = ("-u", "-I", "-S") if isolated else ("-u", "-P")
        self._process = subprocess.Popen(  # noqa: S603 - the code that the user deployed
            [sys.executable, *flags, str(SANDBOX), handler, str(theirs)],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            pass_fds=(theirs,),
        )
        os.close(theirs)

    def call(
        self, event: Any, context: Mapping[str, Any], limit: float, kill_after: float | None = None
    ) -> Outcome:
        """Run the handler once.

        Args:
            event: JSON value.
            context: facts for its ``context``; the deadline is added.
            limit: seconds after which the process is killed.
            kill_after: seconds after which it is lost for no reason of its own; at the latest when
                it has finished and before anybody hears of it.
        """
        start = time.monotonic()
        request = {"event": event, "context": {**context, "deadline": time.time() + limit}}
        try:
            assert self._process.stdin is not None
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            line = self._read_line(start + min(limit, kill_after or limit))
        except (BrokenPipeError, TimeoutError) as error:
            line = b""
            timed_out = isinstance(error, TimeoutError) and kill_after is None
        else:
            timed_out = False
        took, peak = time.monotonic() - start, self._peak()
        if not line or kill_after is not None:
            self.end()
            lost = _lost(context["aws_request_id"], limit if timed_out else None)
            return Outcome(json.dumps(lost), True, self._new_log(), peak, took)
        reply = json.loads(line)
        failed = "failure" in reply
        text = json.dumps(reply["failure"] if failed else reply["answer"])
        return Outcome(text, failed, self._new_log(), peak, took)

    def is_running(self) -> bool:
        """Whether it can take another call."""
        return self.alive and self._process.poll() is None

    def end(self) -> None:
        """Kill the process."""
        if not self.alive:
            return
        self.alive = False
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        os.close(self._answers)

    def _read_line(self, until: float) -> bytes:
        line = b""
        while not line.endswith(b"\n"):
            left = until - time.monotonic()
            if left <= 0 or not select.select([self._answers], [], [], left)[0]:
                raise TimeoutError
            part = os.read(self._answers, 1 << 16)
            if not part:
                return b""
            line += part
        return line

    def _new_log(self) -> str:
        # at a place of our own: the process and we share the file's offset
        size = os.fstat(self._log.fileno()).st_size - self._logged
        text = os.pread(self._log.fileno(), size, self._logged)
        self._logged += len(text)
        return text.decode("utf-8", "replace")

    def _peak(self) -> int:
        try:
            found = _PEAK.search(Path(f"/proc/{self._process.pid}/status").read_bytes())
        except OSError:
            return 0
        return int(found[1]) // 1024 if found else 0


class Pool:
    """Warm processes by what they run."""

    def __init__(self) -> None:
        self._slots = threading.Semaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._idle: list[tuple[str, Worker]] = []
        self.cold_starts = 0

    def call(
        self,
        key: str,
        make: Callable[[], Worker],
        run: Callable[[Worker], Outcome],
    ) -> Outcome:
        """Run a call on a warm process of this key, or on a new one."""
        with self._slots:
            worker = self._take(key) or make()
            outcome = run(worker)
            self._give(key, worker)
        return outcome

    def end(self) -> None:
        """Kill every idle process."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _, worker in idle:
            worker.end()

    def _take(self, key: str) -> Worker | None:
        with self._lock:
            for place in reversed(range(len(self._idle))):
                if self._idle[place][0] == key:
                    worker = self._idle.pop(place)[1]
                    if worker.is_running():
                        return worker
                    worker.end()
            self.cold_starts += 1
        return None

    def _give(self, key: str, worker: Worker) -> None:
        if not worker.is_running():
            worker.end()
            return
        with self._lock:
            self._idle.append((key, worker))
            surplus = self._idle.pop(0)[1] if len(self._idle) > IDLE else None
        if surplus:
            surplus.end()


def _lost(request: str, limit: float | None) -> dict[str, str]:
    """What AWS says of a process that is gone."""
    if limit is not None:
        return {
            "errorType": "Sandbox.Timedout",
            "errorMessage": f"RequestId: {request} Error: Task timed out after {limit:.2f} seconds",
        }
    return {
        "errorType": "Runtime.ExitError",
        "errorMessage": f"RequestId: {request} Error: Runtime exited with error: signal: killed",
    }
