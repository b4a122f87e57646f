"""Which lake and which runs the page shows: the settings say it, and so does who starts it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from stockstream.lake.store import Lake
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from typing import Self

__all__ = ["Place"]


class Place(NamedTuple):
    """What the page shows.

    Attributes:
        lake: address of the lake.
        runs: folder of runs.
    """

    lake: str
    runs: Path

    @classmethod
    def of_settings(cls) -> Self:
        """The place of the settings."""
        found = load_settings()
        return cls(found.lake, Path(found.runs).absolute())

    def open(self) -> Lake:
        """The lake.

        Raises:
            LakeError: there is none, or it cannot be read.
        """
        return Lake.open(self.lake)
