"""The raw zone: batches of bars as they were fetched, one file each, never changed.

``raw-data/2025-12-26-batch-0.parquet`` holds what batch 0 fetched for the session of that date (the
as-of session, never the day on which the job ran). Symbols are values inside a file and never part
of its name. What else is known of a batch, such as the symbols that gave nothing, are its notes, in
the footer of the same file, so that both are there or neither.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import polars as pl
from obstore.exceptions import BaseError as StoreError
from polars.exceptions import PanicException, PolarsError

from stockstream.errors import ConfigError, DataError, LakeError
from stockstream.lake.faults import reading, writing
from stockstream.lake.location import Location
from stockstream.market.frames import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from stockstream.lake.cache import FileCache
    from stockstream.lake.location import StoredFile

__all__ = ["RAW_PREFIX", "RAW_SCHEMA", "Batch", "RawRows", "RawZone"]

RAW_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "date": pl.Date(),
        "open": pl.Float64(),
        "high": pl.Float64(),
        "low": pl.Float64(),
        "close": pl.Float64(),
        "volume": pl.Int64(),
        "adjusted_close": pl.Float64(),
        "fetch_timestamp": pl.String(),
        "batch_number": pl.Int32(),
        "provider": pl.String(),
        "basis": pl.String(),
        "is_final": pl.Boolean(),
        "dividends": pl.Float64(),
        "splits": pl.Float64(),
    }
)
"""Columns of a batch; ``fetch_timestamp`` is ISO 8601.

Columns after ``volume`` may be absent from a file. All but symbol and date may hold nulls: a source
may send an event on a day without prices.
"""

RAW_PREFIX: Final = "raw-data"

FOOTER = 65_536
"""Bytes read from the end of a file for its notes; enough for the footer of a usual batch."""

READERS = 8
"""Batches read at the same time: a remote store answers slowly but many at once."""

_REQUIRED = ("symbol", "date", "open", "high", "low", "close", "volume")
_OPTIONAL = tuple(name for name in RAW_SCHEMA if name not in _REQUIRED)
_PATH = "_path"
_NOTES = "stockstream"
_NAME = re.compile(r"(\d{4}-\d{2}-\d{2})-batch-(\d+)\.parquet", re.ASCII)


class Batch(NamedTuple):
    """A batch: the as-of session, its number, its file."""

    session: dt.date
    number: int
    file: StoredFile


@dataclass(frozen=True, eq=False)
class RawRows:
    """Rows of some batches, as they are, and why other batches gave none."""

    rows: pl.DataFrame
    failures: dict[str, str]


class RawZone:
    """The batches below a folder or bucket.

    Args:
        place: folder or URL.
        prefix: folder of the batches in it; ``""`` for the place itself.

    Raises:
        ConfigError: the prefix leads out of the place.
    """

    def __init__(self, place: str | Path | Location, prefix: str = RAW_PREFIX) -> None:
        self.location = Location.of(place)
        self.prefix = prefix.strip("/")
        if self.prefix and not {"", ".", ".."}.isdisjoint(self.prefix.split("/")):
            raise ConfigError(f"prefix {prefix!r} is not a folder below {self.location}")

    def write_batch(
        self,
        session: dt.date,
        number: int,
        rows: pl.DataFrame,
        notes: Mapping[str, object] | None = None,
    ) -> str:
        """Write a batch, whole or not at all.

        The bytes depend on the rows and notes alone: the same batch again is the same file.

        Args:
            session: the as-of session.
            number: 0 and up.
            rows: columns of :data:`RAW_SCHEMA`; those that may be null may be absent, and
                ``batch_number`` is set to ``number``.
            notes: what else is known of it, as JSON values; see :meth:`notes`.

        Returns:
            The file's name below the location.

        Raises:
            ConfigError: the number is negative.
            DataError: a column is missing or has another type.
            LakeError: this batch exists with other content, or the place cannot be written to.
        """
        if number < 0:
            raise ConfigError(f"batch {number} cannot be; batches are numbered 0 and up")
        fitted = fit(rows, RAW_SCHEMA, defaults={}, optional=_OPTIONAL)
        content = _encode(fitted.with_columns(batch_number=pl.lit(number, pl.Int32)), notes)
        name = self._name(session, number)
        with writing(self.location.path(name), "the batch was not written"):
            if not self.location.create(name, content) and self.location.read(name) != content:
                raise LakeError(
                    f"{self.location.path(name)} exists with other content, and the raw zone is "
                    "never changed; give the new rows the next free batch number"
                )
        return name

    def batches(self, start: dt.date | None = None, end: dt.date | None = None) -> list[Batch]:
        """The batches of the sessions from ``start`` to ``end``, in order."""
        with reading(self.location.path(self.prefix), "check the path and its permissions"):
            found = [_parse(file) for file in self.location.files(self.prefix)]
        return sorted(
            batch
            for batch in found
            if batch and (start or batch.session) <= batch.session <= (end or batch.session)
        )

    def find(self, session: dt.date, number: int) -> Batch | None:
        """One batch; None if it was not written. Asks for this file only, and not for its rows."""
        name = self._name(session, number)
        with reading(self.location.path(name), "check the path and its permissions"):
            file = self.location.find(name)
        return None if file is None else Batch(session, number, file)

    def next_number(self, session: dt.date) -> int:
        """The number after the session's highest, 0 if it has no batch."""
        return max((batch.number for batch in self.batches(session, session)), default=-1) + 1

    def notes(self, batch: Batch) -> dict[str, Any]:
        """What the writer of a batch noted; empty where it noted nothing.

        Of the file only the footer is read, remotely too.

        Raises:
            LakeError: the file is damaged or gone.
        """
        name = batch.file.name
        with reading(self.location.path(name), "fetch the batch again under the next free number"):
            tail = self.location.tail(name, FOOTER)
            footer = int.from_bytes(tail[-8:-4], "little") + 8
            if len(tail) < footer <= batch.file.size:
                tail = self.location.tail(name, footer)
            notes = pl.read_parquet_metadata(io.BytesIO(tail)).get(_NOTES, "{}")
        found: dict[str, Any] = json.loads(notes)
        return found

    def read(
        self,
        batches: Sequence[Batch],
        predicates: Iterable[pl.Expr] = (),
        cache: FileCache | None = None,
    ) -> RawRows:
        """Rows of some batches. A batch that cannot be read is a failure with a reason, no more.

        Args:
            batches: which; see :meth:`batches`.
            predicates: conditions on the rows.
            cache: keeps copies of remote files.
        """
        conditions = list(predicates)
        together = self._read_together(batches, conditions)
        if together is not None:
            return RawRows(together, {})

        def attempt(batch: Batch) -> pl.DataFrame | str:
            try:
                return self._read_one(batch, conditions, cache)
            except (OSError, StoreError, DataError, PolarsError, PanicException) as error:
                return " ".join(str(error).split())

        with ThreadPoolExecutor(READERS) as pool:
            outcomes = list(pool.map(attempt, batches))
        frames = [outcome for outcome in outcomes if isinstance(outcome, pl.DataFrame)]
        failures = {
            batch.file.name: outcome
            for batch, outcome in zip(batches, outcomes, strict=True)
            if isinstance(outcome, str)
        }
        return RawRows(pl.concat([pl.DataFrame(schema=RAW_SCHEMA), *frames]), failures)

    def _name(self, session: dt.date, number: int) -> str:
        file = f"{session.isoformat()}-batch-{number}.parquet"
        return f"{self.prefix}/{file}" if self.prefix else file

    def _read_together(
        self, batches: Sequence[Batch], predicates: list[pl.Expr]
    ) -> pl.DataFrame | None:
        """All batches in one scan, the fast way; None if any of them is not as we write them."""
        if not batches or not self.location.is_local:
            return None
        numbers = {self.location.path(batch.file.name): batch.number for batch in batches}
        scan = pl.scan_parquet(
            list(numbers), schema=RAW_SCHEMA, glob=False, include_file_paths=_PATH
        )
        number = pl.col(_PATH).replace_strict(numbers, return_dtype=pl.Int32)
        try:
            return scan.filter(*predicates).with_columns(batch_number=number).drop(_PATH).collect()
        except (OSError, PolarsError, PanicException):
            return None

    def _read_one(
        self, batch: Batch, predicates: list[pl.Expr], cache: FileCache | None
    ) -> pl.DataFrame:
        source: str | io.BytesIO = self.location.path(batch.file.name)
        if not self.location.is_local:
            content = (
                self.location.read(batch.file.name)
                if cache is None
                else cache.read(self.location, batch.file)
            )
            source = io.BytesIO(content)
        rows = pl.read_parquet(source, glob=False)
        fitted = fit(rows, RAW_SCHEMA, defaults={}, optional=_OPTIONAL)
        return fitted.with_columns(batch_number=pl.lit(batch.number, pl.Int32)).filter(*predicates)


def _encode(rows: pl.DataFrame, notes: Mapping[str, object] | None) -> bytes:
    buffer = io.BytesIO()
    ordered = rows.sort("symbol", "date", maintain_order=True, nulls_last=True)
    said = None if notes is None else {_NOTES: json.dumps(notes, sort_keys=True, allow_nan=False)}
    ordered.write_parquet(buffer, compression="zstd", compression_level=1, metadata=said)
    return buffer.getvalue()


def _parse(file: StoredFile) -> Batch | None:
    match = _NAME.fullmatch(file.name.rsplit("/", 1)[-1])
    if match is None:
        return None
    try:
        session = dt.date.fromisoformat(match[1])
    except ValueError:
        return None
    return Batch(session, int(match[2]), file)
