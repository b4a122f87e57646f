"""Who was listed when, and when that was known: rows that are believed for a time and never erased.

A row says that a symbol was on the list from ``valid_from`` to ``valid_to`` (its last day there;
null: it still is). It was believed from ``known_from`` on, and until the day before ``known_to``
(null: it still is). What is found out later is a row of its own, and what it replaces stays, so
that a backtest can ask who was listed on a day as far as was known on another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import DataError
from stockstream.lake.tables import UNIVERSE
from stockstream.market.frames import fit

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["as_believed", "conform_universe", "renames_in", "revise"]

FACTS = ("name", "sector", "industry_group", "listing_date", "valid_to", "renamed_to")

_LISTING = ("symbol", "valid_from")
_NEW = "_new"


def conform_universe(rows: pl.DataFrame, *, source: str, today: dt.date) -> pl.DataFrame:
    """Bring rows into the columns of the table.

    Args:
        rows: ``symbol``, ``valid_from`` and any other columns of the table.
        source: who says so, where a row does not tell.
        today: from when it is known, where a row does not tell.

    Raises:
        DataError: a row has no symbol or no ``valid_from``, or ends before it starts.
    """
    optional = tuple(name for name in UNIVERSE.schema if name not in _LISTING)
    fitted = fit(rows, UNIVERSE.schema, defaults={"source": source}, optional=optional)
    fitted = fitted.with_columns(
        pl.col("known_from").fill_null(today), pl.col("source").fill_null(source)
    )
    ordered = pl.col("valid_from") <= pl.col("valid_to").fill_null(pl.col("valid_from"))
    known = pl.col("known_from") <= pl.col("known_to").fill_null(pl.col("known_from"))
    named = pl.col("symbol").is_not_null() & pl.col("valid_from").is_not_null()
    bad = fitted.filter(~(ordered & known & named).fill_null(value=False))
    if not bad.is_empty():
        raise DataError(
            f"{len(bad):,} row(s) of the universe cannot be used, such as {bad.row(0, named=True)};"
            " a row needs a symbol, a first day, and ends that do not lie before their starts"
        )
    return fitted


def revise(existing: pl.DataFrame, incoming: pl.DataFrame) -> pl.DataFrame:
    """What is to be merged so that new rows take over from what was believed before them.

    A row that only repeats what is believed at that time is left out. Each row is believed until
    the next one of the same listing (symbol and ``valid_from``) is known, also if that comes late.

    Args:
        existing: every row of the table.
        incoming: rows of the same columns.
    """
    old = existing.join(incoming, on=_LISTING, how="semi").with_columns(pl.lit(0).alias(_NEW))
    told = pl.concat([old, incoming.with_columns(pl.lit(1).alias(_NEW))])
    ordered = told.sort(*UNIVERSE.key, _NEW)
    stays = pl.col("known_to").min().over(UNIVERSE.key)  # a row that was closed is not reopened
    rows = ordered.with_columns(stays).filter(
        (pl.col(_NEW) == 1) | pl.struct(UNIVERSE.key).is_unique()
    )
    news = rows.filter(~_repeats()).drop(_NEW)
    following = pl.col("known_from").shift(-1).over(_LISTING)
    return news.with_columns(known_to=pl.min_horizontal("known_to", following))


def as_believed(rows: pl.DataFrame, on: dt.date | None, known: dt.date | None) -> pl.DataFrame:
    """The rows that hold on a day, as far as was known on another.

    Args:
        rows: of the table.
        on: the day on the list; None for every row.
        known: the day of knowledge; None for today's.
    """
    if known is None:
        believed = pl.col("known_to").is_null()
    else:
        later = pl.col("known_to").is_null() | (pl.col("known_to") > known)
        believed = (pl.col("known_from") <= known) & later
    if on is not None:
        open_end = pl.col("valid_to").is_null() | (pl.col("valid_to") >= on)
        believed &= (pl.col("valid_from") <= on) & open_end
    return rows.filter(believed)


def renames_in(rows: pl.DataFrame) -> dict[str, str]:
    """The next symbol of each company that changed it, as is believed now."""
    changed = as_believed(rows, None, None).filter(
        pl.col("renamed_to").is_not_null() & (pl.col("renamed_to") != pl.col("symbol"))
    )
    return dict(changed.select("symbol", "renamed_to").iter_rows())


def _repeats() -> pl.Expr:
    """A new row with the facts of the one that is believed when it comes."""
    same = pl.all_horizontal(
        pl.col(name).eq_missing(pl.col(name).shift().over(_LISTING)) for name in FACTS
    )
    before = pl.col("known_to").shift().over(_LISTING)
    holds = before.is_null() | (before > pl.col("known_from"))
    has_one_before = pl.col("known_from").shift().over(_LISTING).is_not_null()
    return (pl.col(_NEW) == 1) & has_one_before & same & holds & pl.col("known_to").is_null()
