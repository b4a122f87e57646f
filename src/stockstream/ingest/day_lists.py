"""The days' symbol lists of a data root: ``symbols/2025-12-26-symbols.csv``, made once each."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING, Final

from stockstream.errors import DataError, LakeError
from stockstream.lake.faults import reading, writing
from stockstream.lake.location import Location
from stockstream.market.listings import read_symbols_csv, symbols_csv

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

__all__ = ["DayLists"]

FOLDER: Final = "symbols"
_NAME: Final = re.compile(rf"{FOLDER}/(\d{{4}}-\d\d-\d\d)-symbols\.csv", re.ASCII)


class DayLists:
    """The lists below a folder or bucket, one for each session. A list is never changed.

    Args:
        place: folder or URL.
    """

    def __init__(self, place: str | Path | Location) -> None:
        self.location = Location.of(place)

    @staticmethod
    def name(session: dt.date) -> str:
        """The name of a session's list below the location."""
        return f"{FOLDER}/{session.isoformat()}-symbols.csv"

    def sessions(self) -> list[dt.date]:
        """Every session with a list, in order.

        Raises:
            LakeError: the folder cannot be read.
        """
        with reading(self.location.path(FOLDER), "check the path and its permissions"):
            names = [_NAME.fullmatch(file.name) for file in self.location.files(FOLDER)]
        return sorted(dt.date.fromisoformat(found[1]) for found in names if found)

    def read(self, session: dt.date) -> pl.DataFrame:
        """The list of a session, of :data:`stockstream.market.listings.DAY_LIST_SCHEMA`.

        Raises:
            LakeError: there is none, or it cannot be read.
        """
        path = self.location.path(self.name(session))
        with reading(path, "check the path and its permissions"):
            content = self.location.read(self.name(session))
        try:
            return read_symbols_csv(content)
        except DataError as error:
            raise LakeError(
                f"cannot read {path}: {error}; move it away, then run the command again"
            ) from error

    def before(self, session: dt.date) -> pl.DataFrame | None:
        """The newest list of an earlier session; None if there is none.

        Raises:
            LakeError: it cannot be read.
        """
        earlier = [day for day in self.sessions() if day < session]
        return self.read(earlier[-1]) if earlier else None

    def create(self, session: dt.date, rows: pl.DataFrame) -> None:
        """Write the list of a session, whole or not at all; one that exists is left as it is.

        Raises:
            LakeError: the place cannot be written to.
        """
        with writing(self.location.path(self.name(session)), "the list was not written"):
            self.location.create(self.name(session), symbols_csv(rows).encode())
