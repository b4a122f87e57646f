"""One curated table: a Delta Lake table whose files are sorted and never change.

Delta keeps the log: what files make up which version, committed atomically (by rename on a disk, by
a conditional put on S3). The files are written by :mod:`stockstream.lake.transaction`, one for each
year, sorted by the table's key, in small row groups, so that one symbol is read without reading the
rest. Delta's own MERGE leaves unsorted files behind and took 2.8 times as long for a fortnight of
corrections to a market year.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl
from deltalake import CommitProperties, DeltaTable, Field, Schema
from deltalake.exceptions import CommitFailedError
from deltalake.schema import PrimitiveType

from stockstream.errors import LakeError
from stockstream.lake.data_file import DataFile
from stockstream.lake.faults import reading, writing
from stockstream.lake.log import entry_name, read_entry

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from stockstream.lake.location import Location
    from stockstream.lake.log import Entry
    from stockstream.lake.tables import TableSpec

__all__ = ["VACUUMED", "Snapshot", "Table"]

CONFIGURATION: dict[str, str | None] = {
    # A result names the data version it came from: the log must not forget it.
    "delta.enableExpiredLogCleanup": "false",
    "delta.logRetentionDuration": "interval 36500 days",
}

VACUUMED = "vacuumed"
"""Name under which the log keeps the oldest version that still has its files."""

_DELTA_TYPES = {pl.String: "string", pl.Date: "date", pl.Float64: "double", pl.Int64: "long"}


@dataclass(frozen=True)
class Table:
    """A table, whatever its version.

    Attributes:
        spec: its columns and key.
        location: its folder.
    """

    spec: TableSpec
    location: Location

    def create(self, said: Mapping[str, str] | None = None) -> None:
        """Make it, empty, unless it exists.

        Args:
            said: what the log says of its first version.
        """
        fields = [
            Field(name, PrimitiveType(_DELTA_TYPES[dtype.base_type()]))
            for name, dtype in self.spec.schema.items()
        ]
        if self.spec.by_year:
            fields.append(Field("year", PrimitiveType("integer")))
        safe = "nothing was written" if self.spec.on_demand else "no lake was made"
        with writing(f"table {self.spec.name!r} at {self.location}", safe):
            try:
                DeltaTable.create(
                    self.location.address,
                    Schema(fields),
                    mode="ignore",
                    partition_by=["year"] if self.spec.by_year else None,
                    configuration=CONFIGURATION,
                    commit_properties=CommitProperties(dict(said or {}), max_commit_retries=0),
                )
            except CommitFailedError:
                if not self.exists():  # then nobody else made it meanwhile
                    raise
            self.location.flush(entry_name(0))

    def exists(self) -> bool:
        """Whether it was made.

        Raises:
            LakeError: it was, and its log is gone.
        """
        with reading(f"table {self.spec.name!r} at {self.location}", "check its permissions"):
            if self.location.has(entry_name(0)):
                return True
            lost = any(file.name.endswith(".parquet") for file in self.location.files())
        if lost:
            raise LakeError(
                f"the log of table {self.spec.name!r} at {self.location} is gone and its files are "
                "there; restore the folder from a copy of the lake"
            )
        return False

    def snapshot(self, version: int | None = None) -> Snapshot:
        """The table at a version; the latest if none is given.

        Raises:
            LakeError: there is no such version, it was vacuumed, or the log is damaged.
        """
        advice = "see `stockstream lake verify` and `stockstream lake repair`"
        with reading(f"table {self.spec.name!r} at {self.location}", advice):
            latest = Snapshot(self, DeltaTable(self.location.address))
            if self.location.is_local:
                latest.demand_entry()
            if version is None or version == latest.version:
                return latest
            self._demand_kept(version, latest)
            return Snapshot(self, DeltaTable(self.location.address, version=version))

    def _demand_kept(self, version: int, latest: Snapshot) -> None:
        name, oldest = self.spec.name, latest.oldest
        if oldest <= version <= latest.version:
            return
        gone = f"{name}@{version} was vacuumed from" if 0 <= version < oldest else ""
        raise LakeError(
            f"{gone or f'there is no {name}@{version} in'} {self.location}; "
            f"the versions are {name}@{oldest} to {name}@{latest.version}"
        )

    def find(self) -> Snapshot | None:
        """The latest version; None of a table that is yet to be made."""
        if self.spec.on_demand and not self.exists():
            return None
        return self.snapshot()


@dataclass(frozen=True)
class Snapshot:
    """A table at one version; other writers do not change it."""

    table: Table
    delta: DeltaTable

    @property
    def version(self) -> int:
        return self.delta.version()

    @property
    def oldest(self) -> int:
        """The oldest version that still has its files, as far as this one knows."""
        return self.delta.transaction_version(VACUUMED) or 0

    @cached_property
    def entry(self) -> Entry:
        """The commit that made this version."""
        return read_entry(self.table.location, self.version)

    def demand_entry(self) -> None:
        """Refuse a commit that a power failure cut off: an empty entry would read as no change.

        Raises:
            LakeError: the entry is damaged.
        """
        _ = self.entry

    @property
    def rows(self) -> int:
        """Number of rows, from the log."""
        return int(self._log["num_records"].sum())

    @property
    def size(self) -> int:
        """Bytes of the files."""
        return sum(file.size for file in self.files)

    @cached_property
    def _log(self) -> pl.DataFrame:
        return pl.DataFrame(self.delta.get_add_actions(flatten=True))

    @cached_property
    def files(self) -> tuple[DataFile, ...]:
        """The files, oldest year first."""
        years = self._log["partition.year"] if self.table.spec.by_year else [None] * len(self._log)
        rows = zip(self._log["path"], self._log["size_bytes"], years, strict=True)
        return tuple(sorted((DataFile(*row) for row in rows), key=lambda f: (f.year or 0, f.path)))

    def bounds(self, column: str) -> tuple[Any, Any]:
        """Least and greatest value of a key column, from the log; None without rows."""
        return self._log[f"min.{column}"].min(), self._log[f"max.{column}"].max()

    def scan(self, years: Collection[int] | None = None) -> pl.LazyFrame:
        """The rows of some years (all by default), in files sorted by the key, oldest year first.

        Raises:
            LakeError: a file is missing or cut off.
        """
        chosen = [f for f in self.files if years is None or f.year is None or f.year in years]
        schema = self.table.spec.schema
        if not chosen:
            return pl.LazyFrame(schema=schema)
        for file in chosen:
            self.demand_whole(file)
        paths = [self.table.location.path(file.path) for file in chosen]
        return pl.scan_parquet(
            paths, schema=schema, missing_columns="insert", hive_partitioning=False, glob=False
        )

    def demand_whole(self, file: DataFile) -> None:
        """Name the file that is missing or cut off before a reader stumbles over it.

        Raises:
            LakeError: it is.
        """
        if not self.table.location.is_local:
            return
        path = Path(self.table.location.path(file.path))
        size = os.stat(path).st_size if path.is_file() else None  # noqa: PTH116 - counts, on start
        if size != file.size:
            state = "is missing" if size is None else f"has {size:,} of {file.size:,} bytes"
            raise LakeError(
                f"the lake is damaged: {path} {state}; restore the file from a copy, or run "
                "`stockstream lake repair`"
            )
