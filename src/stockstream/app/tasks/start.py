"""Starting a task once, however often somebody clicks.

``estimate``, ``deploy`` and ``trigger`` are about a request, and noted in its folder; ``watch``,
``cancel``, ``resume``, ``robustness`` and ``belief`` about a run, and noted in
``<runs>/<run>/page/``. ``connect`` is about a service, and ``delete`` about a run that will be
gone: ``<runs>/requests/connections/<service>/``, ``<runs>/requests/deletions/<run>/``.
"""

from __future__ import annotations

import fcntl
import sys
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, get_args

from stockstream.app.tasks.progress import Progress, Teller, read_progress
from stockstream.errors import DataError
from stockstream.study.runs.detached import start_process

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["TASKS", "Task", "folder_of_connection", "folder_of_deletion", "folder_of_run", "start"]

Task: TypeAlias = Literal[
    "estimate",
    "deploy",
    "trigger",
    "watch",
    "cancel",
    "resume",
    "connect",
    "delete",
    "robustness",
    "belief",
]
TASKS: Final[tuple[Task, ...]] = get_args(Task)

MODULE: Final = "stockstream.app.work.main"
PAGE: Final = "page"
REQUESTS: Final = "requests"


def folder_of_run(runs: Path, run: str) -> Path:
    """Where the tasks of a run are noted."""
    return runs / run / PAGE


def folder_of_connection(runs: Path, kind: str) -> Path:
    """Where the test of a connection is noted."""
    return runs / REQUESTS / "connections" / kind


def folder_of_deletion(runs: Path, run: str) -> Path:
    """Where the deletion of a run is noted."""
    return runs / REQUESTS / "deletions" / run


def start(folder: Path, task: Task, *, again: bool = False) -> Progress:
    """Start a task, unless it runs or is done.

    Its process holds a lock for as long as it lives, so there is never a second one.

    Args:
        folder: of the request, or that of one of the functions above.
        task: which one.
        again: also if it is done.

    Returns:
        How far it is.

    Raises:
        DataError: it cannot be started.
    """
    found = read_progress(folder, task)
    if found.state == "running" or (found.state == "done" and not again):
        return found
    try:
        folder.mkdir(exist_ok=True)  # never its parents: a run that was deleted stays so
        with (folder / f"{task}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _spawned(folder, task, lock.fileno())
    except BlockingIOError:  # somebody has just started it
        return Progress("running", "starting")
    except OSError as error:
        raise DataError(f"{task} cannot be started: {error.strerror or error}") from error


def _spawned(folder: Path, task: Task, lock: int) -> Progress:
    """Start the process, and hand the lock on to it."""
    tell = Teller(folder, task)
    tell("starting")
    words = [sys.executable, "-P", "-m", MODULE, str(folder.absolute()), task]
    process = start_process(words, folder / f"{task}.log", keep=lock)
    return tell.hand_on(process)
