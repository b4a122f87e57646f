"""Changing one table while others may do the same."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, TypeVar

from stockstream.errors import LakeError
from stockstream.lake.faults import reading
from stockstream.lake.merge import Change, work_out_change
from stockstream.lake.transaction import ConcurrentCommit, replace_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import polars as pl

    from stockstream.lake.delta import Snapshot, Table

    Revise = Callable[[pl.DataFrame, pl.DataFrame], pl.DataFrame]

__all__ = ["ATTEMPTS", "commit_rows", "take_turns", "with_columns_of"]

ATTEMPTS = 10
"""How often a change starts again when other writers commit first."""

_Outcome = TypeVar("_Outcome")


def take_turns(table: Table, change: Callable[[Snapshot], _Outcome]) -> _Outcome:
    """Change a table: read a version, and commit only if that version is still the latest.

    So changes that are made at the same time have the effect of one after another.

    Args:
        table: what to change.
        change: works the change out against the latest version and commits it.

    Raises:
        LakeError: others kept committing first.
    """
    for attempt in range(ATTEMPTS):
        try:
            return change(table.snapshot())
        except ConcurrentCommit:
            # Spread the writers out: each wait is drawn from twice the span of the one before.
            time.sleep(random.uniform(0.0, 0.02 * 2**attempt))  # noqa: S311 - no secret
    raise LakeError(
        f"other writers changed table {table.spec.name!r} at {table.location} {ATTEMPTS} times in "
        "a row and nothing of it was written; run the command again when they are done"
    )


def commit_rows(
    table: Table,
    rows: pl.DataFrame | None,
    *,
    source: str,
    fill: Mapping[str, pl.Expr] | None = None,
    revise: Revise | None = None,
) -> Change:
    """Merge rows into a table as one commit; none if they say nothing new.

    Args:
        table: where to; made if that is due.
        rows: each key once.
        source: file or provider they came from.
        fill: columns to add where the rows do not have them.
        revise: makes of the table's rows and these the rows that are merged.

    Raises:
        LakeError: the place cannot be written to, or others kept committing first.
    """
    if rows is None or rows.is_empty():
        return Change(0, 0, 0, (), table.spec.schema.to_frame())
    if table.spec.on_demand and not table.exists():
        table.create()
    incoming = with_columns_of(table, rows, fill or {})
    years = set(incoming["date"].dt.year()) if table.spec.by_year else None

    def merge(snapshot: Snapshot) -> Change:
        with reading(f"table {table.spec.name!r}", "nothing was written"):
            existing = snapshot.scan(years).collect()
            revised = incoming if revise is None else revise(existing, incoming)
            change = work_out_change(existing, revised, table.spec)
        if not change.is_empty:
            replace_rows(snapshot, change.rows, change.years, said={"source": source})
        return change

    return take_turns(table, merge)


def with_columns_of(
    table: Table, rows: pl.DataFrame, fill: Mapping[str, pl.Expr] | None = None
) -> pl.DataFrame:
    """The rows with just the columns and types of the table."""
    schema = table.spec.schema
    absent = {name: value for name, value in (fill or {}).items() if name not in rows.columns}
    return rows.with_columns(**absent).select(schema.names()).cast(schema)
