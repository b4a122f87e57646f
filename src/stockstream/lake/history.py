"""Every change of the lake, as its logs tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.lake.log import read_log
from stockstream.lake.publication import named_actions
from stockstream.lake.summaries import LogLine
from stockstream.lake.tables import BARS
from stockstream.lake.version import DataVersion

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockstream.lake.delta import Table

__all__ = ["log_lines"]


def log_lines(tables: Iterable[Table]) -> list[LogLine]:
    """Every commit of the tables, the newest first."""
    lines = [line for table in tables for line in _lines(table)]
    return sorted(lines, key=lambda line: line.when, reverse=True)


def _lines(table: Table) -> list[LogLine]:
    if table.spec.on_demand and not table.exists():
        return []
    lines = []
    for entry in read_log(table.location, table.snapshot().version):
        actions = named_actions(entry.said) if table.spec is BARS else None
        lines.append(
            LogLine(
                f"{table.spec.name}@{entry.version}",
                entry.when,
                entry.said.get("source", "(made)"),
                None if actions is None else str(DataVersion(entry.version, actions)),
            )
        )
    return lines
