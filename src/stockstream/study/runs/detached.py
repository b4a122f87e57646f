"""Processes that outlive the terminal and the program that started them."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from stockstream.errors import DataError, NoDataError
from stockstream.market.whole_file import whole_file
from stockstream.study.runs.ledger.liveness import process_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stockstream.study.runs.ledger.liveness import Process

__all__ = ["LOG", "Surroundings", "reap", "start_process", "start_worker"]

LOG: Final = "worker.log"
"""What the workers of a run had to say, in its folder."""

SURROUNDINGS: Final = "run.json"
WORKER: Final = "stockstream.study.runs.worker"

_started: set[int] = set()


class Surroundings(NamedTuple):
    """What a worker needs beside the study; nothing of it decides a number.

    Attributes:
        lake: address of the lake that the study was planned on.
        directory: in which a strategy's file may have been named.
    """

    lake: str
    directory: str

    def write(self, folder: Path) -> None:
        """Write them into the folder of a run.

        Raises:
            DataError: it cannot be written.
        """
        try:
            with whole_file(folder / SURROUNDINGS) as fresh:
                fresh.write_text(json.dumps(self._asdict(), indent=1), encoding="utf-8")
        except OSError as error:
            raise DataError(f"cannot write to {folder}: {error.strerror or error}") from error

    @classmethod
    def read(cls, folder: Path) -> Surroundings:
        """Read what is in the folder of a run.

        Raises:
            NoDataError: there is nothing.
            DataError: it cannot be read.
        """
        try:
            return cls(**json.loads((folder / SURROUNDINGS).read_text(encoding="utf-8")))
        except FileNotFoundError:
            raise NoDataError(
                f"{folder / SURROUNDINGS} is missing, which says where the lake is: name it once "
                f"with `stockstream runs resume {folder.name} --lake DIR`"
            ) from None
        except (OSError, ValueError, TypeError) as error:
            raise DataError(f"cannot read {folder / SURROUNDINGS}: {error}") from error


def start_worker(folder: Path, together: int) -> Process:
    """Start a worker in a session of its own, without a terminal; it writes into ``worker.log``.

    Args:
        folder: of the run.
        together: how many workers share this machine.

    Raises:
        DataError: it cannot be started.
    """
    threads = max(1, (os.cpu_count() or 1) // max(together, 1))
    words = [sys.executable, "-P", "-m", WORKER, str(folder.absolute())]
    return start_process(words, folder / LOG, {"POLARS_MAX_THREADS": str(threads), **os.environ})


def start_process(
    words: Sequence[str],
    log: Path,
    environment: Mapping[str, str] | None = None,
    keep: int | None = None,
) -> Process:
    """Start a program in a session of its own, without a terminal.

    Args:
        words: the program and its arguments.
        log: what it says is appended to it.
        environment: None takes that of this process.
        keep: a file that stays open in it as number 3; who locked it hands the lock on.

    Raises:
        DataError: it cannot be started.
    """
    reap()
    appending = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), appending, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    if keep is not None:
        files.append((os.POSIX_SPAWN_DUP2, keep, 3))
    around = os.environ if environment is None else environment
    try:
        pid = os.posix_spawn(words[0], [*words], around, file_actions=files, setsid=True)
    except OSError as error:
        raise DataError(f"cannot start {' '.join(words)}: {error}") from error
    _started.add(pid)
    return process_of(pid)


def reap() -> None:
    """Let the system forget workers of this process that have ended."""
    for pid in list(_started):
        ended = pid
        with suppress(ChildProcessError):
            ended, _ = os.waitpid(pid, os.WNOHANG)
        if ended:
            _started.discard(pid)
