"""Copies of remote files on the local disk. The files never change, so a copy never goes stale."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from stockstream.lake.location import Location

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.lake.location import StoredFile

__all__ = ["FileCache"]


class FileCache:
    """Keeps copies in a folder; deleting the folder at any time is safe.

    Args:
        folder: where to; made when first needed.
    """

    def __init__(self, folder: str | Path) -> None:
        self._copies = Location.of(folder)

    def read(self, origin: Location, file: StoredFile) -> bytes:
        """The content of a file, fetched if there is no copy of this very content yet."""
        identity = f"{origin}\n{file.name}\n{file.tag}\n{file.size}"
        name = hashlib.sha256(identity.encode()).hexdigest()
        try:
            return self._copies.read(name)
        except FileNotFoundError:
            content = origin.read(file.name)
            self._copies.create(name, content)
            return content
