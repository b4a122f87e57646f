"""What the tables of the lake hold, in the frames that pages show."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stockstream.errors import LakeError
from stockstream.ingest.run_record import RUN
from stockstream.lake.faults import reading
from stockstream.lake.tables import FINDINGS, QUARANTINE, TABLES, UNIVERSE
from stockstream.lake.universe import as_believed
from stockstream.market.findings import FINDINGS as MEANT
from stockstream.market.rules import RULES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from stockstream.lake.store import Lake
    from stockstream.lake.tables import TableSpec

__all__ = [
    "Stored",
    "by_rule",
    "changes",
    "daily_runs",
    "fingerprint",
    "health",
    "looking",
    "rows_of",
    "stored",
]

MEANINGS: Final = {
    "bars": "prices and volumes, a row for each symbol and session",
    "actions": "splits, dividends, delistings",
    "quarantine": "rows that broke a rule and were set aside",
    "findings": "what is odd about rows that were kept",
    "universe": "who was listed when, as far as was known",
    "factors": "figures of companies, and when they could be known",
    "health": "what the daily runs had to say",
}

RULES_OF: Final[Mapping[str, Mapping[str, str]]] = {"quarantine": RULES, "findings": MEANT}
"""What the rules of a table mean."""

RUN_SCHEMA: Final = pl.Schema(
    {
        "session": pl.Date(),
        "run": pl.String(),
        "ended": pl.String(),
        "state": pl.String(),
        "fetched": pl.Int64(),
        "expected": pl.Int64(),
        "bars added": pl.Int64(),
        "bars updated": pl.Int64(),
        "events": pl.Int64(),
        "set aside": pl.Int64(),
        "findings": pl.Int64(),
        "notices": pl.String(),
    }
)


@dataclass(frozen=True)
class Stored:
    """A table of the lake.

    Attributes:
        name: of it.
        meaning: of a row.
        version: the latest; None if it was never written.
        rows: of this version.
        size: bytes of its files.
        files: how many.
        first, last: days of its rows, of tables with a day in their key.
        changed: when the latest version was written, UTC.
        trouble: why it cannot be read; empty if it can.
    """

    name: str
    meaning: str
    version: int | None = None
    rows: int = 0
    size: int = 0
    files: int = 0
    first: dt.date | None = None
    last: dt.date | None = None
    changed: dt.datetime | None = None
    trouble: str = ""


def looking() -> AbstractContextManager[None]:
    """Turn what storage raises into a LakeError."""
    return reading("the lake", "see `stockstream lake verify` and `stockstream lake repair`")


def stored(lake: Lake) -> list[Stored]:
    """Every table, each read on its own, so that one that is damaged does not hide the others."""
    order = list(MEANINGS)
    return [_stored(lake, spec) for spec in sorted(TABLES, key=lambda one: order.index(one.name))]


def fingerprint(lake: Lake) -> str:
    """Changes when a table does."""
    return " ".join(f"{spec.name}@{_version(lake, spec)}" for spec in TABLES)


def daily_runs(lake: Lake) -> pl.DataFrame:
    """What each daily run said when it had come to its end, the newest first.

    Raises:
        LakeError: the health table cannot be read.
    """
    rows = lake.health().filter(pl.col("kind") == RUN)
    found = [_run(row) for row in rows.iter_rows(named=True)]
    return pl.DataFrame(found, schema=RUN_SCHEMA, orient="row").sort(
        "ended", "run", descending=True
    )


def health(lake: Lake, *, run: str = "", level: str = "") -> pl.DataFrame:
    """What runs had to say, without the row with which they end; the newest first.

    Args:
        lake: its health table.
        run: only this one.
        level: only this one: ``info``, ``warning`` or ``error``.

    Raises:
        LakeError: the health table cannot be read.
    """
    rows = lake.health().filter(pl.col("kind") != RUN)
    for name, wanted in (("run", run), ("level", level)):
        rows = rows.filter(pl.col(name) == wanted) if wanted else rows
    columns = ("date", "run", "level", "kind", "subject", "count", "detail")
    return rows.sort("at", "run", "kind", descending=True).select(columns)


def by_rule(lake: Lake, table: str) -> pl.DataFrame:
    """Rows of a table about rows, counted by rule, the most frequent first.

    Args:
        lake: where it is.
        table: ``quarantine`` or ``findings``.

    Raises:
        LakeError: it cannot be read.
    """
    counts = (
        rows_of(lake, table)
        .group_by("rule", "severity")
        .agg(
            rows=pl.len(),
            symbols=pl.col("symbol").n_unique(),
            first=pl.col("date").min(),
            last=pl.col("date").max(),
        )
        .sort("rows", "rule", descending=[True, False])
    )
    with looking():
        counted = counts.collect()
    meaning = [RULES_OF[table].get(rule, "") for rule in counted["rule"]]
    return counted.with_columns(meaning=pl.Series(meaning, dtype=pl.String))


def rows_of(lake: Lake, table: str, rule: str = "", symbol: str = "") -> pl.LazyFrame:
    """Rows of the quarantine or the findings, read when they are looked at, the newest first.

    Args:
        lake: where they are.
        table: ``quarantine`` or ``findings``.
        rule: only this one.
        symbol: only symbols that hold this text, in any case.

    Raises:
        LakeError: the table cannot be read.
    """
    spec = {"quarantine": QUARANTINE, "findings": FINDINGS}[table]
    found = lake.table(spec).find()
    rows = spec.schema.to_frame().lazy() if found is None else found.scan()
    if rule:
        rows = rows.filter(pl.col("rule") == rule)
    if symbol:
        folded = pl.col("symbol").str.to_lowercase()
        rows = rows.filter(folded.str.contains(symbol.lower(), literal=True))
    return rows.sort("date", "symbol", descending=[True, False])


def changes(lake: Lake) -> pl.DataFrame:
    """Who came to the list, left it, or changed the symbol, the newest first.

    Raises:
        LakeError: the universe cannot be read.
    """
    believed = as_believed(lake.universe(), None, None)
    shared = {
        "symbol": pl.col("symbol"),
        "name": pl.col("name"),
        "sector": pl.col("sector"),
        "known since": pl.col("known_from"),
    }
    ended = believed.filter(pl.col("valid_to").is_not_null())
    renamed = pl.col("renamed_to").is_not_null() & (pl.col("renamed_to") != pl.col("symbol"))
    went = (
        pl.when(renamed)
        .then(pl.format("renamed to {}", pl.col("renamed_to").fill_null("")))
        .otherwise(pl.lit("delisted"))
    )
    came = believed.select(day=pl.col("valid_from"), change=pl.lit("listed"), **shared)
    left = ended.rechunk().select(day=pl.col("valid_to"), change=went, **shared)
    return pl.concat([came, left]).sort("day", "symbol", descending=[True, False])


def _stored(lake: Lake, spec: TableSpec) -> Stored:
    name, meaning = spec.name, MEANINGS[spec.name]
    try:
        found = lake.table(spec).find()
        if found is None:
            return Stored(name, meaning)
        day = "valid_from" if spec is UNIVERSE else "date"
        first, last = found.bounds(day) if found.rows else (None, None)
        return Stored(
            name,
            meaning,
            version=found.version,
            rows=found.rows,
            size=found.size,
            files=len(found.files),
            first=first,
            last=last,
            changed=found.entry.when,
        )
    except LakeError as error:
        return Stored(name, meaning, trouble=str(error))


def _version(lake: Lake, spec: TableSpec) -> str:
    try:
        found = lake.table(spec).find()
    except LakeError:
        return "damaged"
    return "none" if found is None else str(found.version)


def _run(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the health table as one of :data:`RUN_SCHEMA`."""
    try:
        said = json.loads(row["detail"])
    except ValueError:
        said = {}
    said = said if isinstance(said, dict) else {}
    return {
        "session": row["date"],
        "run": row["run"],
        "ended": row["at"],
        "state": str(said.get("state", row["level"])),
        "fetched": row["count"],
        "expected": _number(said.get("symbols_expected")),
        "bars added": _number(said.get("added")),
        "bars updated": _number(said.get("updated")),
        "events": _number(said.get("actions_added")),
        "set aside": _number(said.get("quarantined")),
        "findings": _number(said.get("findings")),
        "notices": "; ".join(map(str, said.get("notices") or ())),
    }


def _number(value: Any) -> int | None:
    """A count, or the sum of counts by rule."""
    if isinstance(value, dict):
        return sum(one for one in value.values() if isinstance(one, int))
    return value if isinstance(value, int) else None
