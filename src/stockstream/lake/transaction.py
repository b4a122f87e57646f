"""The next version of a table: its files are written first, then named in the log, or none are."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from uuid import uuid4

from deltalake import CommitProperties, Transaction
from deltalake._internal import RemoveAction
from deltalake.exceptions import CommitFailedError
from deltalake.transaction import AddAction

from stockstream.lake.data_file import DataFile, encode, new_name, statistics
from stockstream.lake.faults import reading, writing
from stockstream.lake.log import LoggedFile, entry_name, read_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import polars as pl

    from stockstream.lake.delta import Snapshot, Table

__all__ = ["ConcurrentCommit", "commit_version", "replace_rows"]

_TOKEN = "token"  # noqa: S105 - no secret: it tells our commit from another writer's


class ConcurrentCommit(Exception):  # noqa: N818 - an event to handle, not an error to show
    """Another writer committed first; read again and retry."""


def replace_rows(
    snapshot: Snapshot, rows: pl.DataFrame, years: Iterable[int] = (), *, said: Mapping[str, str]
) -> int:
    """Commit the next version, in which these rows take the place of some years' rows.

    Args:
        snapshot: the version that the change was worked out against.
        rows: the whole content of those years (of the table, if it is not by year), sorted.
        years: the years; years that have no rows yet may be among them.
        said: see :func:`commit_version`.

    Returns:
        The new version.

    Raises:
        ConcurrentCommit: another writer committed since the snapshot was taken.
        LakeError: the place cannot be written to; the snapshot is still the latest.
    """
    replaced = set(years)
    old = [file for file in snapshot.files if file.year is None or file.year in replaced]
    parts = _parts(rows, by_year=snapshot.table.spec.by_year)
    return commit_version(snapshot, parts=parts, dropped=old, said=said)


def commit_version(
    snapshot: Snapshot,
    *,
    parts: Iterable[tuple[int | None, pl.DataFrame]] = (),
    again: Iterable[LoggedFile] = (),
    dropped: Iterable[DataFile] = (),
    said: Mapping[str, str],
    marks: Mapping[str, int] | None = None,
) -> int:
    """Commit the next version, which differs from a snapshot by some files.

    Args:
        snapshot: the version that it must follow.
        parts: rows of new files, sorted, each with its year.
        again: files of older versions that are to be part of it again.
        dropped: files of the snapshot that are no longer part of it.
        said: what the log says of the commit: ``source`` and others.
        marks: numbers that the table keeps from now on, by name.

    Returns:
        The new version.

    Raises:
        ConcurrentCommit: another writer committed since the snapshot was taken.
        LakeError: the place cannot be written to; the snapshot is still the latest.
    """
    table, version = snapshot.table, snapshot.version + 1
    name, place = table.spec.name, table.location
    safe = f"nothing was committed, the lake still reads {name}@{snapshot.version}"
    token = uuid4().hex
    written: list[AddAction] = []
    with writing(f"table {name!r} at {place}", safe):
        try:
            for year, rows in parts:
                written.append(_write(table, rows, year))
            added = [*written, *map(_addition, again)]
            _swap(snapshot, [*added, *map(_removal, dropped)], {**said, _TOKEN: token}, marks or {})
        except BaseException as error:
            # A commit can succeed and still raise: a checkpoint that fails, a lost answer.
            if not _is_committed(table, version, token):
                for action in written:
                    place.delete(action.path)
                raise
            if not isinstance(error, Exception):
                raise
    with writing(f"table {name!r} at {place}", "the rows are there until the power fails"):
        _flush_log(table, version)
    return version


def _swap(
    snapshot: Snapshot,
    changes: list[AddAction | RemoveAction],
    said: Mapping[str, str],
    marks: Mapping[str, int],
) -> None:
    """Compare and swap: with no retry, only the very next version may be written."""
    properties = CommitProperties(
        dict(said),
        max_commit_retries=0,
        app_transactions=[Transaction(*mark) for mark in marks.items()],
    )
    try:
        snapshot.delta.create_write_transaction(
            changes,
            "append",
            snapshot.delta.schema(),
            partition_by=["year"] if snapshot.table.spec.by_year else [],
            commit_properties=properties,
        )
    except CommitFailedError as error:
        raise ConcurrentCommit from error


def _is_committed(table: Table, version: int, token: str) -> bool:
    """Whether a version was made by the commit with this token.

    Raises:
        LakeError: that cannot be found out.
    """
    advice = "whether the rows were committed is not known: merge them again, it does no harm"
    with reading(f"the log of table {table.spec.name!r}", advice):
        if not table.location.has(entry_name(version)):
            read_entry(table.location, version - 1)  # else the log is out of reach
            return False
        return read_entry(table.location, version).said.get(_TOKEN) == token


def _flush_log(table: Table, version: int) -> None:
    """Make the commit last, and the checkpoint that it may have written."""
    folder = "_delta_log"
    names = [entry_name(version)]
    if table.location.has(f"{folder}/{version:020}.checkpoint.parquet"):
        names += [f"{folder}/{version:020}.checkpoint.parquet", f"{folder}/_last_checkpoint"]
    for name in names:
        table.location.flush(name)


def _write(table: Table, rows: pl.DataFrame, year: int | None) -> AddAction:
    content = encode(rows)
    name = new_name(content, year)
    table.location.create(name, content)
    file = DataFile(name, len(content), year)
    return _addition(LoggedFile(file, statistics(rows, table.spec.key), _milliseconds()))


def _addition(logged: LoggedFile) -> AddAction:
    return AddAction(
        path=logged.file.path,
        size=logged.file.size,
        partition_values=_partition(logged.file),
        modification_time=logged.modified,
        data_change=True,
        stats=json.dumps(logged.statistics),
    )


def _removal(file: DataFile) -> RemoveAction:
    return RemoveAction(
        file.path, True, _milliseconds(), size=file.size, partition_values=_partition(file)
    )


def _partition(file: DataFile) -> dict[str, str | None]:
    return {} if file.year is None else {"year": str(file.year)}


def _milliseconds() -> int:
    return int(time.time() * 1000)


def _parts(rows: pl.DataFrame, *, by_year: bool) -> list[tuple[int | None, pl.DataFrame]]:
    if not by_year:
        return [(None, rows)] if len(rows) else []
    year = rows["date"].dt.year()
    return [(value, rows.filter(year == value)) for value in year.unique().sort()]
