"""Merging rows into one table while others may do the same."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import LakeError
from stockstream.lake.delta import ConcurrentCommit
from stockstream.lake.faults import reading
from stockstream.lake.merge import Change, work_out_change

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockstream.lake.delta import Snapshot, Table

    Guard = Callable[[Snapshot, pl.DataFrame], None]

__all__ = ["ATTEMPTS", "commit_rows"]

ATTEMPTS = 10
"""How often a merge starts again when other writers commit first."""


def commit_rows(
    table: Table,
    rows: pl.DataFrame | None,
    *,
    source: str,
    fill: Mapping[str, pl.Expr],
    guard: Guard | None = None,
) -> Change:
    """Merge rows into a table as one commit; none if they say nothing new.

    Each attempt reads a version, works the change out against it and commits only if that version
    is still the latest. So merges that run at the same time have the effect of one after another.

    Args:
        table: where to.
        rows: each key once.
        source: file or provider they came from.
        fill: columns to add where the rows do not have them.
        guard: raises if the rows must not enter the snapshot.

    Raises:
        LakeError: the place cannot be written to, or others kept committing first.
    """
    schema = table.spec.schema
    if rows is None or rows.is_empty():
        return Change(0, 0, 0, (), pl.DataFrame(schema=schema))
    absent = {name: expr for name, expr in fill.items() if name not in rows.columns}
    incoming = rows.with_columns(**absent).select(schema.names()).cast(schema)
    years = set(incoming["date"].dt.year()) if table.spec.by_year else None
    for attempt in range(ATTEMPTS):
        snapshot = table.snapshot()
        with reading(f"table {table.spec.name!r}", "nothing was written"):
            if guard is not None:
                guard(snapshot, incoming)
            change = work_out_change(snapshot.scan(years).collect(), incoming, table.spec)
        if change.is_empty:
            return change
        try:
            snapshot.replace(change.rows, change.years, source=source)
        except ConcurrentCommit:
            # Spread the writers out: each wait is drawn from twice the span of the one before.
            time.sleep(random.uniform(0.0, 0.02 * 2**attempt))  # noqa: S311 - no secret
        else:
            return change
    raise LakeError(
        f"other writers changed table {table.spec.name!r} at {table.location} {ATTEMPTS} times in "
        "a row and nothing of it was written; run the command again when they are done"
    )
