"""The curated tables: their columns, what makes a row the same row, and what makes it news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from stockstream.market.actions import ACTION_SCHEMA
from stockstream.market.bars import BAR_SCHEMA
from stockstream.market.findings import FINDING_SCHEMA
from stockstream.market.rules import QUARANTINE_SCHEMA

__all__ = ["ACTIONS", "BARS", "FINDINGS", "LISTINGS", "QUARANTINE", "TABLES", "TableSpec"]


@dataclass(frozen=True, eq=False)
class TableSpec:
    """A table of the lake.

    Attributes:
        name: folder below the lake.
        schema: columns of its rows.
        key: what makes two rows the same row; rows are sorted by it inside each file.
        values: a row of the same key is updated where one of these differs.
        keeps: columns that an update leaves as they are.
        silent_nulls: values in which null means "not said", so that it is no news.
        by_year: whether files are parted by the year of ``date``.
    """

    name: str
    schema: pl.Schema
    key: tuple[str, ...]
    values: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    silent_nulls: tuple[str, ...] = ()
    by_year: bool = False


BARS: Final = TableSpec(
    "bars",
    BAR_SCHEMA,
    key=("symbol", "date"),
    values=("open", "high", "low", "close", "volume", "adjusted_close"),
    silent_nulls=("adjusted_close",),
    by_year=True,
)

ACTIONS: Final = TableSpec(
    "actions",
    ACTION_SCHEMA,
    key=("symbol", "date", "kind"),
    values=("value",),
    keeps=("first_seen",),
)

_SOURCED = {"source": pl.String(), "ingested": pl.Date()}

QUARANTINE: Final = TableSpec(
    "quarantine",
    pl.Schema({**QUARANTINE_SCHEMA, **_SOURCED}),
    key=(*QUARANTINE_SCHEMA, "source"),
)
"""The rejected row itself, why, which file or provider sent it, and the day it first came."""

FINDINGS: Final = TableSpec(
    "findings",
    pl.Schema({**FINDING_SCHEMA, **_SOURCED}),
    key=("symbol", "date", "rule", "source"),
    values=("severity", "detail"),
    keeps=("ingested",),
)

LISTINGS: Final = TableSpec(
    "listings",
    pl.Schema(
        {
            "symbol": pl.String(),
            "name": pl.String(),
            "sector": pl.String(),
            "listing_date": pl.Date(),
            "delisting_date": pl.Date(),
        }
    ),
    key=("symbol",),
    values=("name", "sector", "listing_date", "delisting_date"),
)
"""Who the symbols are; ``delisting_date`` is null while a company trades."""

TABLES: Final = (LISTINGS, ACTIONS, QUARANTINE, FINDINGS, BARS)
"""In the order in which they are written: a reader never sees bars without their events."""
