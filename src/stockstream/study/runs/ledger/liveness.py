"""Whether a process that said something is still there.

A number of a process alone does not tell: numbers are used again, and after a restart of the
machine by others. So a process is its number with the moment at which it started, in the boot and
the process space in which that number counts. No clock is asked.
"""

from __future__ import annotations

import os
import platform
import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["PROC", "Process", "is_alive", "process_of", "this_process"]

PROC = Path("/proc")
ENDED = frozenset("ZX")
"""States of processes that have ended and are only still listed."""


class Process(NamedTuple):
    """A process.

    Attributes:
        machine: name of the machine, its boot and the process space, with ``/`` between.
        pid: its number there.
        started: when it started, as the system writes it; empty for one that has ended.
    """

    machine: str
    pid: int
    started: str

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.started}"


def this_process() -> Process:
    """The process that asks."""
    return process_of(os.getpid())


def process_of(pid: int) -> Process:
    """A process of this machine by its number."""
    return Process(_machine(), pid, _started(pid))


def is_alive(process: Process) -> bool | None:
    """Whether a process still runs; None where nobody can tell from here."""
    here, there = _machine(), process.machine
    if here == there:
        return bool(process.started) and _started(process.pid) == process.started
    node, boot, _ = here.split("/")
    other_node, other_boot, _ = (*there.split("/"), "", "")[:3]
    if node == other_node and boot != other_boot:
        return False  # the machine was started again since
    return None


@cache
def _machine() -> str:
    return "/".join((platform.node().replace("/", "-"), _boot(), _space()))


def _boot() -> str:
    try:
        return (PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def _space() -> str:
    """Containers on one machine count their processes each from one."""
    try:
        return str((PROC / "self/ns/pid").readlink())
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When a process started; empty if there is none."""
    if not (PROC / "self/stat").exists():
        return _asked(pid)
    try:
        text = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return ""
    fields = text.rpartition(")")[2].split()  # the name before may hold anything
    return "" if fields[0] in ENDED else fields[19]


def _asked(pid: int) -> str:
    """The same where there is no ``/proc``."""
    asked = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    state, _, started = said.stdout.strip().partition(" ")
    return "" if state[:1] in ENDED else " ".join(started.split())
