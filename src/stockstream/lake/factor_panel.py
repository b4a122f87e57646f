"""From rows of factors to what was known at each session's close: never a day early."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from stockstream.lake.faults import reading
from stockstream.lake.records import between, of_names
from stockstream.lake.tables import FACTORS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from stockstream.lake.records import Records

    Floats = NDArray[np.float64]

__all__ = ["factor_panel", "factor_rows"]

_GROUP = ("name", "symbol")


def factor_rows(
    lake: Records,
    names: Sequence[str] | None = None,
    symbols: Sequence[str] | None = None,
    start: dt.date | None = None,
    end: dt.date | None = None,
) -> pl.DataFrame:
    """Every row of some factors, those too that a later one restates: what a panel is made from.

    Args:
        lake: where from.
        names: factors; all by default.
        symbols: exact symbols; all by default.
        start: first date of the values.
        end: last date, included.

    Returns:
        Frame of :data:`stockstream.lake.tables.FACTORS`.

    Raises:
        LakeError: the table cannot be read.
    """
    chosen = of_names(symbols) & of_names(names, "name")
    with reading(f"the factors of the lake at {lake.location}", "see `stockstream lake verify`"):
        snapshot = lake.table(FACTORS).find()
        if snapshot is None:
            return FACTORS.schema.to_frame()
        return between(snapshot, start, end).filter(chosen).collect()


def factor_panel(
    rows: pl.DataFrame,
    symbols: Sequence[str],
    sessions: NDArray[np.datetime64] | Sequence[object],
    names: Sequence[str] | None = None,
    *,
    max_age: int | None = None,
) -> dict[str, Floats]:
    """The value of each factor that was known at the close of each session.

    Known are the rows with ``known_at`` on or before the session. Among them the newest ``date``
    counts, and of that date the newest ``known_at``: a restatement replaces the value that it
    restates, and one of an older period does not hide the newer period.

    Args:
        rows: symbol, date, name, value, known_at; each (symbol, date, name, known_at) once.
        symbols: ``[S]``, each once; rows of other symbols are passed over.
        sessions: ``[T]`` days, ascending.
        names: factors wanted; every one in the rows by default.
        max_age: days after its ``known_at`` on which a value still counts; any number by default.

    Returns:
        For each name ``[T, S]`` float64, NaN where nothing is known.
    """
    wanted = sorted(rows["name"].unique()) if names is None else list(names)
    days = np.asarray(sessions, "datetime64[D]")
    news = _news(rows, symbols, wanted, days)
    parts = news.partition_by("name", as_dict=True)
    none = news.clear()
    return {name: _filled(parts.get((name,), none), days, len(symbols), max_age) for name in wanted}


def _news(
    rows: pl.DataFrame, symbols: Sequence[str], names: Sequence[str], days: NDArray[np.datetime64]
) -> pl.DataFrame:
    """The rows that are the newest value at some session, with the places where that begins.

    ``symbol`` becomes the place in the universe, ``bar`` the first session that knows the value.
    """
    known = (
        rows.filter(pl.col("symbol").is_in(list(symbols)), pl.col("name").is_in(list(names)))
        .drop_nulls(["date", "known_at"])
        .sort(*_GROUP, "known_at", "date")
        .filter(pl.col("date") >= pl.col("date").cum_max().over(_GROUP))
    )
    known_at = known["known_at"].to_numpy().astype("datetime64[D]")
    return (
        known.with_columns(
            pl.col("symbol").cast(pl.Enum(symbols)).to_physical().cast(pl.Int64),
            pl.Series("bar", np.searchsorted(days, known_at), pl.Int64),
        )
        .filter(pl.col("bar") < len(days))
        .unique([*_GROUP, "bar"], keep="last", maintain_order=True)
    )


def _filled(
    news: pl.DataFrame, days: NDArray[np.datetime64], width: int, max_age: int | None
) -> Floats:
    """Each value from its first session until the next one."""
    # Rows are sorted by known_at within a symbol, so the latest row so far is the largest index.
    row = np.full((len(days), width), -1, np.int64)
    row[news["bar"].to_numpy(), news["symbol"].to_numpy()] = np.arange(len(news))
    np.maximum.accumulate(row, axis=0, out=row)
    value = np.append(news["value"].cast(pl.Float64).to_numpy(), np.nan)
    filled = value[row]  # -1 is the NaN at the end
    if max_age is not None and len(news):
        age = days[:, None] - news["known_at"].to_numpy().astype("datetime64[D]")[row]
        filled[age > np.timedelta64(max_age, "D")] = np.nan
    return filled
