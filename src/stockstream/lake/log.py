"""The log of a table, read as it is: one small JSON file for each version, never deleted.

The library that writes it tells what the newest version is made of. What it does not tell is here:
what each commit said of itself, and of what files every older version was made.
"""

from __future__ import annotations

import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.errors import LakeError
from stockstream.lake.data_file import DataFile
from stockstream.lake.faults import reading

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from stockstream.lake.location import Location

__all__ = ["Entry", "LoggedFile", "entry_name", "read_entry", "read_log", "replay"]

READERS = 8
"""Entries read at the same time: a remote store answers slowly but many at once."""


class LoggedFile(NamedTuple):
    """A data file as the log has it: the file, its statistics, and when it was made (ms)."""

    file: DataFile
    statistics: Mapping[str, Any]
    modified: int


class Entry(NamedTuple):
    """One commit.

    Attributes:
        version: of the table.
        when: UTC.
        said: what the commit says of itself, such as ``source``.
        added: files by path.
        removed: paths.
    """

    version: int
    when: dt.datetime
    said: Mapping[str, Any]
    added: Mapping[str, LoggedFile]
    removed: frozenset[str]


def entry_name(version: int) -> str:
    """Name of an entry below the table."""
    return f"_delta_log/{version:020}.json"


def read_entry(place: Location, version: int) -> Entry:
    """The commit that made a version.

    Raises:
        FileNotFoundError: there is no such version.
        LakeError: the entry cannot be read, or it was cut off.
    """
    name = entry_name(version)
    content = place.read(name)
    try:
        actions = [json.loads(line) for line in content.splitlines() if line.strip()]
        said = next(action["commitInfo"] for action in actions if "commitInfo" in action)
        return Entry(
            version,
            dt.datetime.fromtimestamp(said["timestamp"] / 1000, dt.UTC),
            said,
            {a["add"]["path"]: _logged(a["add"]) for a in actions if "add" in a},
            frozenset(a["remove"]["path"] for a in actions if "remove" in a),
        )
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise LakeError(
            f"{place.path(name)} is damaged; see `stockstream lake verify`, or restore it from a "
            "copy of the lake"
        ) from error


def read_log(place: Location, newest: int) -> list[Entry]:
    """Every commit up to a version, the oldest first.

    Raises:
        LakeError: an entry is missing or damaged.
    """
    advice = "see `stockstream lake verify`, or restore the log from a copy of the lake"
    with reading(f"the log of {place}", advice), ThreadPoolExecutor(READERS) as pool:
        return list(pool.map(partial(read_entry, place), range(newest + 1)))


def replay(entries: Iterable[Entry]) -> Iterator[tuple[Entry, dict[str, LoggedFile]]]:
    """Each commit, with all files of the version that it made."""
    files: dict[str, LoggedFile] = {}
    for entry in entries:
        files = {path: file for path, file in files.items() if path not in entry.removed}
        files |= entry.added
        yield entry, files


def _logged(add: Mapping[str, Any]) -> LoggedFile:
    year = add["partitionValues"].get("year")
    file = DataFile(add["path"], add["size"], None if year is None else int(year))
    return LoggedFile(file, json.loads(add["stats"]), add["modificationTime"])
