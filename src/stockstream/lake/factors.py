"""Figures of companies with the day on which they were known: nobody trades on a later correction.

The same figure may come again with another value: a restatement is a row of its own, and a reader
that asks for what was known on a day gets the value of that day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import DataError
from stockstream.lake.tables import FACTORS
from stockstream.market.frames import fit

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["as_known", "conform_factors"]

_FIGURE = ("symbol", "name", "date")


def conform_factors(rows: pl.DataFrame, *, source: str, today: dt.date) -> pl.DataFrame:
    """Bring rows into the columns of the table.

    Args:
        rows: ``symbol``, ``date`` (of which the figure tells), ``name``, ``value`` and, where it is
            known, ``known_at``.
        source: where they come from, where a row does not tell.
        today: from when a figure counts as known, where a row does not tell.

    Raises:
        DataError: a column is missing, or a row has no symbol, date, name or finite value.
    """
    defaults = {"source": source, "known_at": today}
    fitted = fit(rows, FACTORS.schema, defaults=defaults)
    filled = fitted.with_columns(
        pl.col("known_at").fill_null(today), pl.col("source").fill_null(source)
    )
    named = pl.all_horizontal(pl.col(_FIGURE).is_not_null())
    bad = filled.filter(~(named & pl.col("value").is_finite()).fill_null(value=False))
    if not bad.is_empty():
        raise DataError(
            f"{len(bad):,} factor row(s) cannot be used, such as {bad.row(0, named=True)}; a row "
            "needs a symbol, a date, a name and a finite value; leave out what is not known"
        )
    return filled


def as_known(rows: pl.DataFrame, by: dt.date | None) -> pl.DataFrame:
    """The newest value of each symbol, name and date that was known on a day; None for today's."""
    known = rows if by is None else rows.filter(pl.col("known_at") <= by)
    newest = known.sort("known_at").unique(_FIGURE, keep="last", maintain_order=True)
    return newest.sort(_FIGURE)
