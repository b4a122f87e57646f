"""The curated tables: their columns, what makes a row the same row, and what makes it news."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import polars as pl

from stockstream.market.actions import ACTION_SCHEMA
from stockstream.market.bars import BAR_SCHEMA
from stockstream.market.findings import FINDING_SCHEMA
from stockstream.market.rules import QUARANTINE_SCHEMA

__all__ = [
    "ACTIONS",
    "BARS",
    "FACTORS",
    "FINDINGS",
    "HEALTH",
    "QUARANTINE",
    "TABLES",
    "UNIVERSE",
    "TableSpec",
]


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
        on_demand: whether it is made when it is first written; until then it reads as empty.
    """

    name: str
    schema: pl.Schema
    key: tuple[str, ...]
    values: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    silent_nulls: tuple[str, ...] = ()
    by_year: bool = False
    on_demand: bool = False


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

UNIVERSE: Final = TableSpec(
    "universe",
    pl.Schema(
        {
            "symbol": pl.String(),
            "name": pl.String(),
            "sector": pl.String(),
            "industry_group": pl.String(),
            "listing_date": pl.Date(),
            "valid_from": pl.Date(),
            "valid_to": pl.Date(),
            "known_from": pl.Date(),
            "known_to": pl.Date(),
            "renamed_to": pl.String(),
            "source": pl.String(),
        }
    ),
    key=("symbol", "valid_from", "known_from"),
    values=(
        "name",
        "sector",
        "industry_group",
        "listing_date",
        "valid_to",
        "known_to",
        "renamed_to",
    ),
    on_demand=True,
)
"""Who was listed when, and when that was known; see :mod:`stockstream.lake.universe`."""

FACTORS: Final = TableSpec(
    "factors",
    pl.Schema(
        {
            "symbol": pl.String(),
            "date": pl.Date(),
            "name": pl.String(),
            "value": pl.Float64(),
            "known_at": pl.Date(),
            "source": pl.String(),
        }
    ),
    key=("symbol", "name", "date", "known_at"),
    values=("value",),
    by_year=True,
    on_demand=True,
)
"""Figures of companies, each with the day from which it could be known."""

HEALTH: Final = TableSpec(
    "health",
    pl.Schema(
        {
            "date": pl.Date(),
            "run": pl.String(),
            "at": pl.String(),
            "level": pl.String(),
            "kind": pl.String(),
            "subject": pl.String(),
            "count": pl.Int64(),
            "detail": pl.String(),
        }
    ),
    key=("date", "run", "kind", "subject"),
    values=("level", "count", "detail"),
    by_year=True,
    on_demand=True,
)
"""What runs had to say, by the session they were for; ``at`` is UTC, ISO 8601."""

TABLES: Final = (ACTIONS, QUARANTINE, FINDINGS, BARS, UNIVERSE, FACTORS, HEALTH)
