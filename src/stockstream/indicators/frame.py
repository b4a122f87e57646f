"""Between data frames and the arrays of indicators: rows in the order of symbol and date."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Rows", "rows_of", "with_results"]


class Rows(NamedTuple):
    """Columns of a frame, one symbol after the other, each oldest bar first.

    Attributes:
        order: ``[N]``; the row of the frame that stands at each place. None: as they stand.
        offsets: ``[S + 1]``; where each symbol begins.
        values: one ``[N]`` float64 array for each column, nulls as NaN.
    """

    order: NDArray[np.int64] | None
    offsets: NDArray[np.int64]
    values: tuple[NDArray[np.float64], ...]


def rows_of(df: pl.DataFrame, columns: Sequence[str]) -> Rows:
    """The columns of a frame, sorted by ``symbol`` and ``date`` where it has them.

    Raises:
        DataError: columns that are missing or hold no numbers.
    """
    _check_columns(df, columns)
    import polars as pl

    offsets = _offsets_if_sorted(df)
    order = None
    if offsets is None:
        order = _order(df)
        symbol = df.get_column("symbol").gather(order) if "symbol" in df.columns else None
        offsets = _offsets(_changes(symbol), df.height)
    values = (df.get_column(name).cast(pl.Float64).to_numpy() for name in columns)
    return Rows(order, offsets, tuple(x if order is None else x[order] for x in values))


def _offsets_if_sorted(df: pl.DataFrame) -> NDArray[np.int64] | None:
    """Where each symbol begins, if each stands in one piece and in the order of time."""
    symbol = df.get_column("symbol") if "symbol" in df.columns else None
    starts = _changes(symbol)
    if symbol is not None and len(starts) and symbol.gather([0, *starts]).n_unique() <= len(starts):
        return None
    if "date" in df.columns:
        date = df.get_column("date")
        if date.null_count():
            return None
        moment = date.to_physical().to_numpy()
        back = np.flatnonzero(moment[1:] < moment[:-1]) + 1
        if not np.isin(back, starts, assume_unique=True).all():
            return None
    return _offsets(starts, df.height)


def _changes(symbol: pl.Series | None) -> NDArray[np.int64]:
    """The rows at which another symbol begins, the first row left out."""
    if symbol is None or len(symbol) < 2:
        return np.empty(0, np.int64)
    other = symbol.slice(1).ne_missing(symbol.slice(0, len(symbol) - 1))
    return np.flatnonzero(other.to_numpy()) + 1


def _offsets(starts: NDArray[np.int64], rows: int) -> NDArray[np.int64]:
    return np.concatenate(([0], starts, [rows])).astype(np.int64)


def _order(df: pl.DataFrame) -> NDArray[np.int64]:
    import polars as pl

    keys = [key for key in ("symbol", "date") if key in df.columns]
    order = df.select(pl.arg_sort_by(keys, maintain_order=True)).to_series()
    return order.to_numpy().astype(np.int64)


def with_results(
    df: pl.DataFrame, rows: Rows, names: Sequence[str], results: Sequence[NDArray[np.float64]]
) -> pl.DataFrame:
    """The frame, its rows as they were, with results added under these names."""
    import polars as pl

    added = []
    for name, result in zip(names, results, strict=True):
        placed = result
        if rows.order is not None:
            placed = np.empty(df.height)
            placed[rows.order] = result
        added.append(pl.Series(name, placed))
    return df.with_columns(added)


def _check_columns(df: pl.DataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in df.columns]
    if missing:
        raise DataError(
            f"missing columns: {', '.join(missing)}; the frame has: {', '.join(df.columns)}"
        )
    wrong = [name for name in columns if not df.schema[name].is_numeric()]
    if wrong:
        shown = ", ".join(f"{name} ({df.schema[name]})" for name in wrong)
        raise DataError(f"not numbers: {shown}; cast to Float64 first")
