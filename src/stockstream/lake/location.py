"""A folder or a URL, handled by the same code: files are read whole and made once, never changed.

A URL (``s3://bucket/folder``) takes its region, endpoint and credentials from the usual environment
variables (``AWS_*``).
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from obstore.store import ObjectStore

__all__ = ["Location", "StoredFile"]


class StoredFile(NamedTuple):
    """A file below a location.

    Attributes:
        name: path below the location, with ``/``.
        size: bytes.
        tag: changes when the content changes.
    """

    name: str
    size: int
    tag: str


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
        if "://" in text and not text.startswith("file://"):
            return cls(text.rstrip("/"))
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
            return obstore.store.from_url(self.address)
        return obstore.store.LocalStore(self.address)

    def read(self, name: str) -> bytes:
        """The content of a file.

        Raises:
            FileNotFoundError: there is none of this name.
        """
        if self.is_local:
            return Path(self.path(name)).read_bytes()
        return bytes(obstore.get(self._store, name).bytes())

    def create(self, name: str, content: bytes) -> bool:
        """Make a file, whole or not at all; one that exists is left as it is.

        Returns:
            Whether it was made.
        """
        if self.is_local:
            Path(self.address).mkdir(parents=True, exist_ok=True)
        try:
            obstore.put(self._store, name, content, mode="create")
        except AlreadyExistsError:
            return False
        return True

    def delete(self, name: str) -> None:
        """Remove a file if that can be done; a file that is not there is no error."""
        with suppress(OSError, BaseError):
            obstore.delete(self._store, name)

    def files(self, folder: str = "") -> Iterator[StoredFile]:
        """Every file below a folder of this location, in no particular order."""
        if self.is_local and not Path(self.path(folder)).is_dir():
            return
        prefix = folder.rstrip("/") + "/" if folder else None
        for batch in obstore.list(self._store, prefix=prefix):
            for entry in batch:
                yield StoredFile(entry["path"], entry["size"], str(entry["e_tag"] or ""))
