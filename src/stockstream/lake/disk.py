"""Files on a local disk that outlive a crash: written aside, flushed, then given their name.

A reader sees a file whole or not at all, and once :func:`create_file` has returned, a power failure
does not take it away. A writer that is killed leaves at most a draft behind, ``name#digits``, which
no listing shows (the object store's own drafts have such names too).
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["create_file", "find_drafts", "flush_file", "replace_file"]

_DRAFT = re.compile(r".+#\d+", re.DOTALL)
_DRIVE_FLUSH: int | None = getattr(fcntl, "F_FULLFSYNC", None)
"""macOS: there fsync alone leaves the bytes in the drive's cache."""

_NO_SUCH_FLUSH = (errno.EINVAL, errno.ENOTSUP, errno.EACCES, errno.EPERM)


def create_file(path: Path, content: bytes) -> bool:
    """Make a file, whole or not at all; one that exists is left as it is.

    Returns:
        Whether it was made.
    """
    if path.exists():
        return False
    try:
        with _draft(path, content) as draft:
            os.link(draft, path)  # unlike a rename, it refuses a name that is taken
    except FileExistsError:
        return False
    _flush_folder(path.parent)
    return True


def replace_file(path: Path, content: bytes) -> None:
    """Make a file, whole or not at all, in the place of the one that may be there."""
    with _draft(path, content) as draft:
        draft.replace(path)
    _flush_folder(path.parent)


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """A file beside ``path``, written and flushed; removed at the end if it still has its name."""
    _make_folder(path.parent)
    draft = path.with_name(f"{path.name}#{uuid4().int}")
    try:
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            _flush(file.fileno())
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink()


def flush_file(path: Path, top: Path) -> None:
    """Flush a file that another library wrote, and its folders up to ``top``."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _flush(descriptor)
    finally:
        os.close(descriptor)
    for folder in path.parents:
        _flush_folder(folder)
        if folder == top:
            return


def find_drafts(folder: Path) -> Iterator[Path]:
    """What killed writers left below a folder, and what living ones are writing."""
    return (path for path in folder.rglob("*#*") if _DRAFT.fullmatch(path.name) and path.is_file())


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    with suppress(FileExistsError):
        folder.mkdir()
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    """Names are in the folder: without this a file may be on the disk and not be found."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if error.errno not in _NO_SUCH_FLUSH:  # a network drive, a parent of somebody else
            raise


def _flush(descriptor: int) -> None:
    os.fsync(descriptor)
    if _DRIVE_FLUSH is not None:
        with suppress(OSError):  # not every file system has it
            fcntl.fcntl(descriptor, _DRIVE_FLUSH)
