"""From what a file writes as a date to the session it means.

A date with a time zone, ``2024-01-02 00:00:00+11:00``, means the day as written: it is the
exchange's own. Days and months that could be exchanged are never guessed.
"""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from stockstream.errors import DataError

__all__ = ["to_dates"]

_NULLS: Final = ("", "null", "none", "nan", "nat")
_TIME: Final = r"(?:[ T].*)?"
_SHAPES: Final = (
    (r"\d{4}-\d{1,2}-\d{1,2}" + _TIME, "%Y-%m-%d"),
    (r"\d{4}/\d{1,2}/\d{1,2}" + _TIME, "%Y/%m/%d"),
    (r"\d{8}", "%Y%m%d"),
    (r"\d{1,2}-[A-Za-z]{3}-\d{4}", "%d-%b-%Y"),
    (r"\d{1,2}-[A-Za-z]{3}-\d{2}", "%d-%b-%y"),
    (r"\d{1,2} [A-Za-z]{3} \d{4}", "%d %b %Y"),
)
_NUMERIC: Final = r"(\d{1,2})([/.-])(\d{1,2})[/.-](\d{4}|\d{2})" + _TIME


def to_dates(column: pl.Series, what: str, date_format: str | None = None) -> pl.Series:
    """Read a column as dates.

    Args:
        column: text, dates, or date-times (with a time zone or without).
        what: the file, for the messages.
        date_format: strptime format of the text, such as ``"%d/%m/%Y"``; found out if not given.

    Raises:
        DataError: a value is not a date, or day and month cannot be told apart.
    """
    if column.dtype == pl.Date:
        return column
    if isinstance(column.dtype, pl.Datetime):
        return column.dt.replace_time_zone(None).dt.date()
    if column.dtype != pl.String:
        raise DataError(f"{what}: the date column holds {column.dtype}, not dates")
    distinct = column.unique(maintain_order=True).drop_nulls()
    text = distinct.str.strip_chars()
    text = text.set(text.str.to_lowercase().is_in(_NULLS), None)
    said = text.drop_nulls()
    if said.is_empty():
        return pl.Series(column.name, [None] * len(column), dtype=pl.Date)
    layout = date_format or _find_format(said, what)
    dates = _read(text, layout)
    unread = dates.is_null() & text.is_not_null()
    if unread.any():
        bad = distinct.filter(unread)[0]
        row = int((column == bad).arg_max() or 0)
        raise DataError(
            f"{what}, data row {row + 1}: {bad!r} is not a date of the form {layout}; "
            "correct the file, or give its form with date_format=..."
        )
    return column.replace_strict(distinct, dates, default=None, return_dtype=pl.Date)


def _read(text: pl.Series, layout: str) -> pl.Series:
    """Null where the text does not follow the layout; times of day and zones are passed over."""
    if " " not in layout and "T" not in layout:
        text = text.str.replace(r"[ T].*$", "")
    try:
        return text.str.to_date(layout, strict=False)
    except pl.exceptions.PolarsError:  # no layout of a date at all
        return pl.Series([None] * len(text), dtype=pl.Date)


def _find_format(text: pl.Series, what: str) -> str:
    first = text[0]
    for shape, layout in _SHAPES:
        if re.fullmatch(shape, first, re.ASCII):
            return layout
    match = re.fullmatch(_NUMERIC, first, re.ASCII)
    if match is None:
        raise DataError(
            f"{what}: {first!r} is not a date that can be read, such as 2024-01-31; "
            "give its form with date_format=..., such as '%d.%m.%Y'"
        )
    day_first = _is_day_first(text, what)
    sign, year = match[2], "%Y" if len(match[4]) == 4 else "%y"
    return f"%d{sign}%m{sign}{year}" if day_first else f"%m{sign}%d{sign}{year}"


def _is_day_first(text: pl.Series, what: str) -> bool:
    """Tell 31/01 from 01/31 by a value above 12 anywhere in the file."""
    pairs = text.str.extract_groups(r"^(\d{1,2})[/.-](\d{1,2})").struct.unnest().cast(pl.Int64)
    first, second = pairs["1"], pairs["2"]
    day_first, month_first = bool((first > 12).any()), bool((second > 12).any())
    if day_first == month_first:
        shown = text.filter((first != second).fill_null(value=True))
        example = shown[0] if len(shown) else text[0]
        why = "some dates fit only day/month and others only month/day"
        if not day_first:
            why = f"dates such as {example!r} can be read as day/month or month/day"
        raise DataError(
            f"{what}: {why}; give the form with date_format='%d/%m/%Y' or date_format='%m/%d/%Y'"
        )
    return day_first
