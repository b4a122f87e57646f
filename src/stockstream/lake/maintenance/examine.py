"""One data file against what the log says of it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import polars as pl
from obstore.exceptions import BaseError as StoreError
from polars.exceptions import PanicException, PolarsError

from stockstream.errors import DataError
from stockstream.lake.admission import unchecked
from stockstream.lake.data_file import digest_in, digest_of, statistics
from stockstream.lake.tables import ACTIONS, BARS
from stockstream.market.actions import conform_actions

if TYPE_CHECKING:
    from stockstream.lake.delta import Table
    from stockstream.lake.log import LoggedFile
    from stockstream.lake.tables import TableSpec

__all__ = ["Examined", "Fault", "examine"]


class Fault(NamedTuple):
    """What is wrong with a file: one word, and a sentence."""

    kind: str
    detail: str


class Examined(NamedTuple):
    """The rows of a file, as far as they could be read, and the first thing wrong with it."""

    rows: pl.DataFrame | None
    fault: Fault | None


def examine(table: Table, logged: LoggedFile) -> Examined:
    """Read a file and hold it against the log and the rules of its table."""
    try:
        content = table.location.read(logged.file.path)
    except FileNotFoundError:
        return Examined(None, Fault("missing", "the file is not there"))
    except (OSError, StoreError) as error:
        return Examined(None, Fault("unreadable", " ".join(str(error).split())))
    fault = _fault_of_bytes(content, logged)
    if fault is not None:
        return Examined(None, fault)
    try:
        rows = pl.read_parquet(io.BytesIO(content))
        return Examined(rows, _fault_of_rows(rows, logged, table.spec))
    except (PolarsError, PanicException) as error:
        return Examined(None, Fault("unreadable", " ".join(str(error).split())[:200]))


def _fault_of_bytes(content: bytes, logged: LoggedFile) -> Fault | None:
    if len(content) != logged.file.size:
        return Fault("cut_off", f"{len(content):,} of {logged.file.size:,} bytes are there")
    digest = digest_in(logged.file.path)
    if digest is not None and digest != digest_of(content):
        return Fault("changed", "its bytes are not those that were written")
    return None


def _fault_of_rows(rows: pl.DataFrame, logged: LoggedFile, spec: TableSpec) -> Fault | None:
    if rows.schema != spec.schema:
        return Fault("columns", f"its columns are {', '.join(rows.columns)}")
    if statistics(rows, spec.key) != logged.statistics:
        return Fault("statistics", "number of rows, or first and last key, are not as in the log")
    year = logged.file.year
    if year is not None and not (rows["date"].dt.year() == year).all():
        return Fault("year", f"it holds rows of other years than {year}")
    keys = rows.select(spec.key)
    if not keys.equals(keys.sort(spec.key)):
        return Fault("unsorted", "its rows are not in the order of their keys")
    if keys.select(pl.all_horizontal(pl.all().eq_missing(pl.all().shift())).slice(1).any()).item():
        return Fault("repeated", "a key is there twice")
    return _fault_of_values(rows, spec)


def _fault_of_values(rows: pl.DataFrame, spec: TableSpec) -> Fault | None:
    if spec is BARS and len(bad := unchecked(rows)):
        return Fault("values", f"{len(bad):,} bar(s) without sound prices: {bad.row(0)}")
    if spec is ACTIONS:
        try:
            conform_actions(rows)
        except DataError as error:
            return Fault("values", str(error))
    return None
