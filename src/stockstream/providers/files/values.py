"""From text to numbers, with the row and the value in the message where that fails."""

from __future__ import annotations

from typing import Final

import polars as pl

from stockstream.errors import DataError

__all__ = ["NULLS", "to_floats"]

NULLS: Final = ("", "null", "none", "nan", "n/a", "na", "nil", "-", "--", "#n/a")
"""What stands for "no value" in text, in lower case."""


def to_floats(column: pl.Series, field: str, what: str) -> pl.Series:
    """Read a column as numbers; null where there is no value.

    Args:
        column: text or any numeric type.
        field: the column's meaning, for the message.
        what: the file, for the message.

    Raises:
        DataError: a value is not a number.
    """
    if column.dtype == pl.Null or (column.dtype.is_numeric() and column.dtype != pl.Boolean):
        return column.cast(pl.Float64)
    if column.dtype != pl.String:
        raise DataError(f"{what}: the {field} column holds {column.dtype}, not numbers")
    numbers = column.cast(pl.Float64, strict=False)
    unread = numbers.is_null() & column.is_not_null()
    if unread.any():
        text = column.str.strip_chars()
        text = text.set(text.str.to_lowercase().is_in(NULLS), None)
        numbers = text.cast(pl.Float64, strict=False)
        unread = numbers.is_null() & text.is_not_null()
    if unread.any():
        row = int(unread.arg_max() or 0)
        raise DataError(
            f"{what}, data row {row + 1}: the {field} is {column[row]!r}, which is not a number"
            f" ({unread.sum():,} such value(s) in this column); correct the file, or say what its "
            "columns are with columns=..."
        )
    return numbers
