"""Files below a lake that nothing names: what killed writers left behind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from stockstream.lake.data_file import is_data_file
from stockstream.lake.faults import reading

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from stockstream.lake.delta import Table
    from stockstream.lake.location import Location, StoredFile

__all__ = ["Stray", "data_files", "find_drafts", "find_orphans"]


class Stray(NamedTuple):
    """A file that nothing names.

    Attributes:
        kind: ``draft``: unfinished; ``orphan``: a data file that no version names.
        file: with its name below the lake.
    """

    kind: Literal["draft", "orphan"]
    file: StoredFile


def find_drafts(location: Location) -> list[Stray]:
    """Unfinished files anywhere below a lake."""
    with reading(str(location), "check the folder and its permissions"):
        return [Stray("draft", file) for file in location.drafts()]


def find_orphans(table: Table, named: Collection[str]) -> list[Stray]:
    """Data files below a table that none of its versions names.

    Args:
        table: whose.
        named: paths of the data files of every version.
    """
    name = table.spec.name
    return [
        Stray("orphan", file._replace(name=f"{name}/{file.name}"))
        for file in data_files(table)
        if file.name not in named
    ]


def data_files(table: Table) -> Iterator[StoredFile]:
    """Data files below a table, whether a version names them or not."""
    with reading(f"table {table.spec.name!r}", "check the folder and its permissions"):
        yield from (file for file in table.location.files() if is_data_file(file.name))
