"""Copies of remote files on the local disk. The files never change, so a copy never goes stale.

Each copy is one file: the SHA-256 of its content, then the content. It gets its name when it is
whole, and it is checked whenever it is read, so several processes may share a folder and any of
them may be killed.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
import tempfile
import threading
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.lake.location import Location, StoredFile

__all__ = ["CACHE_LIMIT", "FileCache"]

CACHE_LIMIT: Final = 2_000_000_000
"""Bytes of copies that are kept where nothing else is said."""

_LOG = logging.getLogger(__name__)
_OURS = re.compile(r"[0-9a-f]{64}\.(copy|\w+\.draft)", re.ASCII)
_DIGEST = hashlib.sha256().digest_size
_RECOUNT = 16
"""Other processes write too, so all copies are counted again after a sixteenth of the limit."""


class FileCache:
    """Keeps copies in a folder; deleting the folder at any time is safe.

    When copies take more room than the limit, those that were not read for longest go. On a disk
    that is full or read-only no copies are kept: files are read remotely, with a warning.

    Args:
        folder: where to; made when first needed. Other files in it are left alone.
        limit: bytes; 0 keeps nothing.

    Raises:
        ConfigError: the limit is negative.
    """

    def __init__(self, folder: str | Path, limit: int = CACHE_LIMIT) -> None:
        if limit < 0:
            raise ConfigError(f"a cache cannot hold {limit} bytes; give 0 or more")
        self.folder = Path(folder).absolute()
        self.limit = limit
        self._uncounted = limit  # so that the first copy counts what there is
        self._lock = threading.Lock()
        self._warned = False

    def read(self, origin: Location, file: StoredFile) -> bytes:
        """The content of a file, fetched if there is no sound copy of this very content.

        Raises:
            FileNotFoundError: there is neither a copy nor the file.
        """
        identity = f"{origin}\n{file.name}\n{file.tag}\n{file.size}"
        copy = self.folder / f"{hashlib.sha256(identity.encode()).hexdigest()}.copy"
        content = _sound(copy)
        if content is None:
            content = origin.read(file.name)
            self._keep(copy, content)
        return content

    def _keep(self, copy: Path, content: bytes) -> None:
        size = _DIGEST + len(content)
        if size > self.limit:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            _write(copy, content)
            with self._lock:
                self._count(size)
        except FileNotFoundError:
            pass  # the folder was deleted meanwhile
        except OSError as error:
            self._warn(error)

    def _count(self, size: int) -> None:
        self._uncounted += size
        if self._uncounted > self.limit // _RECOUNT:
            self._uncounted = 0
            self._make_room()

    def _make_room(self) -> None:
        """Remove the copies that were not read for longest, down to the limit less a reserve.

        The reserve is what may be written before the next count.
        """
        found = []
        for entry in os.scandir(self.folder):
            with suppress(FileNotFoundError):  # another process has just removed it
                if _OURS.fullmatch(entry.name):
                    facts = entry.stat()
                    found.append((facts.st_mtime_ns, entry.path, facts.st_size))
        total = sum(size for _, _, size in found)
        for _, path, size in sorted(found):
            if total <= self.limit - self.limit // _RECOUNT:
                break
            with suppress(OSError):
                Path(path).unlink()
            total -= size

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            _LOG.warning(
                "copies cannot be kept in %s (%s); files are read remotely each time",
                self.folder,
                error.strerror or error,
            )


def _sound(copy: Path) -> bytes | None:
    """Content of a copy, marked as just read; None if there is none or it is damaged."""
    try:
        stored = copy.read_bytes()
    except OSError:
        return None
    content = stored[_DIGEST:]
    if hashlib.sha256(content).digest() != stored[:_DIGEST]:
        _LOG.warning("%s is damaged and is fetched again", copy)
        return None
    with suppress(OSError):
        os.utime(copy)
    return content


def _write(copy: Path, content: bytes) -> None:
    """Whole or not at all; what is there is replaced."""
    handle, name = tempfile.mkstemp(prefix=f"{copy.stem}.", suffix=".draft", dir=copy.parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(content).digest())
            file.write(content)
        draft.replace(copy)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
