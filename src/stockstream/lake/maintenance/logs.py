"""The log of a table: whether it can be read, and what can be done if not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from stockstream.errors import LakeError
from stockstream.lake.faults import reading
from stockstream.lake.log import entry_name, read_entry, read_log, replay

if TYPE_CHECKING:
    from stockstream.lake.delta import Snapshot, Table
    from stockstream.lake.log import Entry, LoggedFile

    History = list[tuple[Entry, dict[str, LoggedFile]]]

__all__ = ["LogState", "Readable", "damaged_entries", "read_state"]

_ENTRY = re.compile(r"_delta_log/(\d{20})\.json", re.ASCII)


class Readable(NamedTuple):
    """A log that can be read: the latest version, and every version with its files."""

    snapshot: Snapshot
    history: History

    @property
    def files(self) -> dict[str, LoggedFile]:
        """The files of the latest version."""
        return self.history[-1][1]

    @property
    def kept(self) -> dict[str, LoggedFile]:
        """The files of every version that was not vacuumed."""
        oldest = self.snapshot.oldest
        return {p: f for e, files in self.history if e.version >= oldest for p, f in files.items()}


class LogState(NamedTuple):
    """Of a table: its log, or why it cannot be read. Both None: the table is yet to be made."""

    readable: Readable | None
    error: LakeError | None


def read_state(table: Table) -> LogState:
    """Read the log of a table as far as it can be read."""
    try:
        snapshot = table.find()
        if snapshot is None:
            return LogState(None, None)
        entries = read_log(table.location, snapshot.version)
    except LakeError as error:
        return LogState(None, error)
    return LogState(Readable(snapshot, list(replay(entries))), None)


def damaged_entries(table: Table) -> tuple[list[int], int]:
    """Versions whose entries cannot be read or are missing, and the newest version there is."""
    with reading(f"the log of {table.location}", "check the folder and its permissions"):
        names = [_ENTRY.fullmatch(file.name) for file in table.location.files("_delta_log")]
    there = {int(name[1]) for name in names if name}
    newest = max(there, default=-1)
    return [v for v in range(newest + 1) if v not in there or not _is_whole(table, v)], newest


def _is_whole(table: Table, version: int) -> bool:
    try:
        with reading(table.location.path(entry_name(version)), ""):
            read_entry(table.location, version)
    except LakeError:
        return False
    return True
