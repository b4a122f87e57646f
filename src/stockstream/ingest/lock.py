"""One daily run at a time on one machine."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from stockstream.errors import LakeError
from stockstream.lake.faults import writing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.lake.location import Location

__all__ = ["only_run"]

FILE = ".update.lock"


@contextmanager
def only_run(place: Location) -> Iterator[None]:
    """Hold the lock of a lake; the system releases it when the process ends, however it ends.

    A lake in a bucket has no lock: there, runs at the same time are wasteful and harmless, because
    each step of a run finds what another has done.

    Raises:
        LakeError: another run holds it, or the folder cannot be written to.
    """
    if not place.is_local:
        yield
        return
    path = Path(place.path(FILE))
    with writing(str(path), "nothing was done"):
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with writing(str(path), "nothing was done"):
            _acquire(handle, place)
        try:
            yield
        finally:
            os.ftruncate(handle, 0)
    finally:
        os.close(handle)


def _acquire(handle: int, place: Location) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        owner = os.pread(handle, 32, 0).decode(errors="replace").strip() or "unknown"
        raise LakeError(
            f"another run works on the lake at {place} (process {owner}); wait until it is done"
        ) from error
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
