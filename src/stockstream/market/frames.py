"""Bringing a frame into a schema: its columns, its types, its order of rows."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["fit", "sort_rows"]


def fit(
    frame: pl.DataFrame,
    schema: Mapping[str, pl.DataType],
    *,
    defaults: Mapping[str, object],
    optional: tuple[str, ...] = (),
) -> pl.DataFrame:
    """Select the columns of a schema and give them its types; every row is kept.

    In whole-number columns fractions are rounded, and NaN and infinity become null.

    Args:
        frame: any frame; columns that the schema does not name are left behind.
        schema: the columns wanted, in order.
        defaults: what to fill a column with that the frame does not have; None is no default.
        optional: columns that are filled with null where the frame does not have them.

    Raises:
        DataError: a column is missing, or a value cannot be read as its column's type; the message
            names the column and shows the value.
    """
    fill = dict.fromkeys(optional) | {k: v for k, v in defaults.items() if v is not None}
    missing = [name for name in schema if name not in frame.columns and name not in fill]
    if missing:
        raise DataError(
            f"the column(s) {', '.join(missing)} are missing; "
            f"the frame has: {', '.join(frame.columns) or 'none'}"
        )
    absent = {name: pl.lit(value) for name, value in fill.items() if name not in frame.columns}
    whole = frame.with_columns(**absent)
    return pl.DataFrame([_as_type(whole[name], dtype) for name, dtype in schema.items()])


def sort_rows(frame: pl.DataFrame, key: tuple[str, str]) -> pl.DataFrame:
    """Sort by two columns, nulls last; rows that tie keep their order. Cheap on sorted rows."""
    first, second = (pl.col(name) for name in key)
    in_order = (first > first.shift()) | ((first == first.shift()) & (second >= second.shift()))
    if frame.select(in_order.slice(1).fill_null(value=False).all()).item():
        return frame
    return frame.sort(key, nulls_last=True, maintain_order=True)


def _as_type(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    if column.dtype == dtype:
        return column
    try:
        result = _read(column, dtype)
    except pl.exceptions.PolarsError as error:
        raise DataError(
            f"column {column.name!r} holds {column.dtype}, which cannot be read as {dtype}"
        ) from error
    lost = result.is_null() & column.is_not_null()
    if dtype.is_integer() and column.dtype.is_float():
        lost &= column.is_finite()
    if lost.any():
        raise DataError(
            f"column {column.name!r}: {lost.sum():,} value(s) cannot be read as {dtype}, such as "
            f"{column.filter(lost)[0]!r}; correct the source, or check the order of its columns"
        )
    return result


def _read(column: pl.Series, dtype: pl.DataType) -> pl.Series:
    if dtype == pl.Date:
        return _read_dates(column)
    if dtype.is_integer() and column.dtype.is_float():
        column = column.round()
    return column.cast(dtype, strict=False)


def _read_dates(column: pl.Series) -> pl.Series:
    if column.dtype == pl.String:
        return column.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(column.dtype, pl.Datetime):
        timed = column.filter(column.dt.time() != dt.time())
        if len(timed):
            raise DataError(
                f"column {column.name!r} carries times of day, such as {timed[0]}; "
                "give the date of the session in the exchange's own time zone"
            )
        return column.dt.date()
    if column.dtype == pl.Null:
        return column.cast(pl.Date)
    raise DataError(f"column {column.name!r} holds {column.dtype}, which is not a date")
