"""Where factors are read from: a file, or a query of a database. The table as it is, unread."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

import polars as pl
from polars.exceptions import PanicException, PolarsError

from stockstream.errors import ConfigError, DataError
from stockstream.ingest.factors.database import quote_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.ingest.factors.database import Database

__all__ = ["FactorSource", "FileSource", "SqlSource", "find_files"]

SUFFIXES: Final = (".csv", ".parquet")
_SEPARATORS: Final = ",;\t|"


class FactorSource(Protocol):
    """A table of factors.

    Attributes:
        name: what it is called in messages and in the lake; nothing secret.
    """

    @property
    def name(self) -> str: ...

    def read(self) -> pl.DataFrame:
        """The whole table, in whatever columns and types it has.

        Raises:
            DataError: it cannot be read.
            ConfigError: something is missing to read it.
        """
        ...


@dataclass(frozen=True)
class FileSource:
    """A CSV or Parquet file."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name

    def read(self) -> pl.DataFrame:
        """The table; of a CSV file every column as text. See :class:`FactorSource`."""
        try:
            if self.path.suffix.lower() == ".parquet":
                return pl.read_parquet(self.path, glob=False)
            return pl.read_csv(self.path, separator=self._separator(), infer_schema=False)
        except (OSError, PolarsError, PanicException, UnicodeDecodeError) as error:
            reason = (str(error).splitlines() or ["it is empty"])[0]
            raise DataError(f"{self.name} cannot be read as a table: {reason}") from error

    def _separator(self) -> str:
        with self.path.open(encoding="utf-8-sig") as file:
            first = file.readline()
        return max(_SEPARATORS, key=lambda sign: len(next(csv.reader([first], delimiter=sign), ())))


@dataclass(frozen=True)
class SqlSource:
    """What a query of a database gives.

    Attributes:
        database: which one.
        statement: the query.
        what: what it is called beside the database's address.
    """

    database: Database
    statement: str
    what: str = "a query"

    @classmethod
    def of(
        cls, database: Database, *, query: str | None = None, table: str | None = None
    ) -> SqlSource:
        """From a query or the name of a table.

        Raises:
            ConfigError: neither is given, or both, or the name is none.
        """
        if (query is None) == (table is None):
            raise ConfigError("a database needs to know what to read: give --query or --table")
        if table is not None:
            statement = f"SELECT * FROM {quote_table(table)}"  # noqa: S608 - it is quoted
            return cls(database, statement, f"table {table}")
        return cls(database, str(query))

    @property
    def name(self) -> str:
        return f"{self.database.place}, {self.what}"

    def read(self) -> pl.DataFrame:
        """See :class:`FactorSource`."""
        return self.database.read(self.statement)


def find_files(paths: Sequence[str | Path]) -> list[FileSource]:
    """Files as they are, folders as the CSV and Parquet files in them.

    Raises:
        ConfigError: a path does not exist, a folder has no such file, or a file is of another kind.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise ConfigError(f"there is no file {path}; check the path")
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
        files = [file for file in inside if file.suffix.lower() in SUFFIXES]
        if not files:
            raise ConfigError(f"{path} is no {' or '.join(SUFFIXES)} file, and has none in it")
        found += files
    return [FileSource(path) for path in found]
