"""What new rows change in a table. Rows are added or updated, never deleted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import DataError

if TYPE_CHECKING:
    from stockstream.lake.tables import TableSpec

__all__ = ["Change", "work_out_change"]

_FOUND = "_found"
_OLD = "_old"


@dataclass(frozen=True)
class Change:
    """What a merge does to a table.

    Attributes:
        added: rows whose key is new.
        updated: rows whose key exists with other values.
        unchanged: rows that say nothing new.
        years: years in which something changes; for a table that is not by year, empty.
        rows: the whole new content of those years (of the table), sorted by the key.
    """

    added: int
    updated: int
    unchanged: int
    years: tuple[int, ...]
    rows: pl.DataFrame

    @property
    def is_empty(self) -> bool:
        return not self.added and not self.updated


def work_out_change(existing: pl.DataFrame, incoming: pl.DataFrame, spec: TableSpec) -> Change:
    """Compare new rows with those of a table.

    The outcome depends on the rows only, not on their order; merging the same rows again changes
    nothing.

    Args:
        existing: every row of the table in the years of ``incoming``.
        incoming: rows of the same schema, each key once.
        spec: the table.

    Raises:
        DataError: ``incoming`` has a key twice.
    """
    _demand_unique(incoming, spec)
    if existing.is_empty():
        news = incoming.with_columns(pl.lit(value=False).alias(_FOUND))
        added, updated = len(incoming), 0
    else:
        news = _news(existing, incoming, spec)
        updated = int(news[_FOUND].sum())
        added = len(news) - updated
    unchanged = len(incoming) - added - updated
    years = tuple(news["date"].dt.year().unique().sort()) if spec.by_year else ()
    if not len(news):
        return Change(0, 0, unchanged, (), existing.clear())
    kept = existing.filter(pl.col("date").dt.year().is_in(years)) if spec.by_year else existing
    if updated:
        outdated = news.filter(_FOUND).select(spec.key)
        kept = kept.join(outdated, on=spec.key, how="anti", nulls_equal=True)
    rows = pl.concat([kept, news.drop(_FOUND)]).sort(spec.key)
    return Change(added, updated, unchanged, years, rows)


def _news(existing: pl.DataFrame, incoming: pl.DataFrame, spec: TableSpec) -> pl.DataFrame:
    """The incoming rows that are new or differ, with what an update keeps, and whether found."""
    compared = [*spec.key, *spec.values, *spec.keeps]
    known = existing.lazy().select(compared).with_columns(pl.lit(value=True).alias(_FOUND))
    found = pl.col(_FOUND).fill_null(value=False)
    news = (
        incoming.lazy()
        .join(known, on=spec.key, how="left", suffix=_OLD, nulls_equal=True)
        .filter(~found | _differs(spec))
        .with_columns(found, *(_kept(name) for name in spec.keeps))
    )
    return news.select(*spec.schema, _FOUND).collect()


def _differs(spec: TableSpec) -> pl.Expr:
    pieces = [pl.lit(value=False)]
    for name in spec.values:
        other = pl.col(name).ne_missing(pl.col(name + _OLD))
        said = pl.col(name).is_not_null() if name in spec.silent_nulls else pl.lit(value=True)
        pieces.append(other & said)
    return pl.any_horizontal(pieces)


def _kept(name: str) -> pl.Expr:
    return pl.coalesce(pl.col(name + _OLD), pl.col(name)).alias(name)


def _demand_unique(incoming: pl.DataFrame, spec: TableSpec) -> None:
    repeated = len(incoming) - incoming.select(spec.key).n_unique()
    if repeated:
        first = incoming.filter(pl.struct(spec.key).is_duplicated()).row(0, named=True)
        key = {name: str(first[name]) for name in spec.key}
        raise DataError(
            f"{repeated:,} row(s) repeat a key of table {spec.name!r}, such as {key}; "
            "check the rows first (stockstream.market.check.check_bars)"
        )
