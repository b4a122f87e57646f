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
        order: ``[N]``; the row of the frame that stands at each place.
        offsets: ``[S + 1]``; where each symbol begins.
        values: one ``[N]`` float64 array for each column, nulls as NaN.
    """

    order: NDArray[np.int64]
    offsets: NDArray[np.int64]
    values: tuple[NDArray[np.float64], ...]


def rows_of(df: pl.DataFrame, columns: Sequence[str]) -> Rows:
    """The columns of a frame, sorted by ``symbol`` and ``date`` where it has them.

    Raises:
        DataError: columns that are missing or hold no numbers.
    """
    _check_columns(df, columns)
    import polars as pl

    keys = [key for key in ("symbol", "date") if key in df.columns]
    order = np.arange(df.height)
    if keys:
        sort = pl.arg_sort_by(keys, maintain_order=True).alias("order")
        order = df.select(sort).to_series().to_numpy().astype(np.int64)
    inner = np.empty(0, np.int64)
    if "symbol" in keys and df.height:
        symbol = df.get_column("symbol").gather(order)
        inner = np.flatnonzero((symbol != symbol.shift(1)).fill_null(value=False).to_numpy())
    offsets = np.concatenate(([0], inner, [df.height])).astype(np.int64)
    values = (df.get_column(name).cast(pl.Float64).to_numpy()[order] for name in columns)
    return Rows(order, offsets, tuple(values))


def with_results(
    df: pl.DataFrame, rows: Rows, names: Sequence[str], results: Sequence[NDArray[np.float64]]
) -> pl.DataFrame:
    """The frame, its rows as they were, with results added under these names."""
    import polars as pl

    added = []
    for name, result in zip(names, results, strict=True):
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
