"""A folder or a URL, handled by the same code: files are read whole, and made or replaced whole.

A URL (``s3://bucket/folder``) takes its region, endpoint and credentials from the usual environment
variables (``AWS_*``).
"""

from __future__ import annotations

import datetime as dt
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError

from stockstream.lake import disk, remote

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore import ObjectMeta
    from obstore.store import ObjectStore

__all__ = ["Location", "StoredFile"]


class StoredFile(NamedTuple):
    """A file below a location.

    Attributes:
        name: path below the location, with ``/``.
        size: bytes.
        tag: changes when the content changes.
        modified: when it was written, UTC.
    """

    name: str
    size: int
    tag: str
    modified: dt.datetime


@dataclass(frozen=True)
class Location:
    """A place for files.

    Attributes:
        address: absolute path of a folder, or a URL without a slash at its end.
    """

    address: str

    @classmethod
    def of(cls, place: str | Path | Location) -> Location:
        """The location of a path (made absolute) or a URL."""
        if isinstance(place, Location):
            return place
        text = os.fspath(place)
        scheme, separator, rest = text.partition("://")
        if separator and scheme != "file":
            return cls(f"{scheme}://{rest.strip('/')}")
        return cls(os.path.abspath(text.removeprefix("file://")))  # noqa: PTH100 - keeps symlinks

    def __str__(self) -> str:
        return self.address

    @property
    def is_local(self) -> bool:
        return "://" not in self.address

    def child(self, name: str) -> Location:
        return Location(self.path(name))

    def path(self, name: str) -> str:
        """Path or URL of a file below."""
        return f"{self.address}/{name}"

    @cached_property
    def _store(self) -> ObjectStore:
        if not self.is_local:
            return remote.open_store(self.address)
        return obstore.store.LocalStore(self.address)

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        if self.is_local:
            return Path(self.path(name)).read_bytes()
        with remote.talking():
            return bytes(obstore.get(self._store, name).bytes())

    def tail(self, name: str, size: int) -> bytes:
        """The last bytes of a file, at most ``size``; nothing else of it is read.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        if self.is_local:
            with Path(self.path(name)).open("rb") as file:
                file.seek(max(file.seek(0, os.SEEK_END) - size, 0))
                return file.read()
        with remote.talking():
            answer = obstore.get(self._store, name, options={"range": {"suffix": size}})
            return bytes(answer.bytes())

    def find(self, name: str) -> StoredFile | None:
        """A file, without its content; None if there is none of this name."""
        if self.is_local and not Path(self.path(name)).is_file():
            return None
        try:
            with remote.talking():
                return _stored(obstore.head(self._store, name))
        except FileNotFoundError:
            return None

    def has(self, name: str) -> bool:
        """Whether there is a file of this name."""
        return self.find(name) is not None

    def create(self, name: str, content: bytes) -> bool:
        """Make a file, whole or not at all, to last; one that exists is left as it is.

        Returns:
            Whether it was made.
        """
        if self.is_local:
            return disk.create_file(Path(self.path(name)), content)
        try:
            with remote.talking():
                obstore.put(self._store, name, content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def replace(self, name: str, content: bytes) -> None:
        """Make a file, whole or not at all, to last, in the place of the one that may be there."""
        if self.is_local:
            disk.replace_file(Path(self.path(name)), content)
            return
        with remote.talking():
            obstore.put(self._store, name, content, mode="overwrite")

    def flush(self, name: str) -> None:
        """Make a file last that another library wrote; a bucket sees to that itself."""
        if self.is_local:
            disk.flush_file(Path(self.path(name)), Path(self.address).parent)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        with suppress(FileNotFoundError):
            if self.is_local:
                Path(self.path(name)).unlink()
            else:
                with remote.talking():
                    obstore.delete(self._store, name)

    def delete(self, name: str) -> None:
        """Remove a file if that can be done."""
        with suppress(OSError):
            self.remove(name)

    def files(self, folder: str = "") -> Iterator[StoredFile]:
        """Every file below a folder of this location, in no particular order."""
        if self.is_local and not Path(self.path(folder)).is_dir():
            return
        prefix = folder.rstrip("/") + "/" if folder else None
        with remote.talking():
            for batch in obstore.list(self._store, prefix=prefix):
                yield from map(_stored, batch)

    def drafts(self, folder: str = "") -> Iterator[StoredFile]:
        """Unfinished files below a folder, of writers that were killed or still write.

        A bucket has none: there a file is made when its last byte has come.
        """
        if not self.is_local:
            return
        for path in disk.find_drafts(Path(self.path(folder))):
            with suppress(FileNotFoundError):  # its writer has just finished it
                found = path.stat()
                modified = dt.datetime.fromtimestamp(found.st_mtime, dt.UTC)
                name = path.relative_to(self.address).as_posix()
                yield StoredFile(name, found.st_size, "", modified)


def _stored(entry: ObjectMeta) -> StoredFile:
    tag = str(entry["e_tag"] or "")
    return StoredFile(entry["path"], entry["size"], tag, entry["last_modified"])
