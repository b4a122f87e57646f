"""Text that no spreadsheet runs as a formula, and that still reads back as it was.

A spreadsheet that opens a CSV file runs a cell that starts with ``=``, ``+``, ``-``, ``@``, a tab
or a line break. An apostrophe in front makes it text. Text that has apostrophes there already gets
one more, so that exactly one can be taken away again. Where commas are decimal signs, spreadsheets
cut the lines of a file at semicolons, quoted or not, so what follows one is a cell as well.

>>> frame = pl.DataFrame({"name": ["=1+1", "BHP", "'=1+1", "-1.5", "A;=1+1"]})
>>> escape_formulas(frame)["name"].to_list()
["'=1+1", 'BHP', "''=1+1", '-1.5', "A;'=1+1"]
>>> restore_formulas(escape_formulas(frame)).equals(frame)
True
"""

from __future__ import annotations

from typing import Final, TypeVar

import polars as pl

__all__ = ["Frame", "escape_formulas", "restore_formulas"]

Frame = TypeVar("Frame", pl.DataFrame, pl.LazyFrame)
"""Read, or to be read."""

_SIGNS: Final = r"=+\-@＝＋－＠"  # noqa: RUF001 - some spreadsheets run the wide ones
_LIVE: Final = rf"['\s]*[{_SIGNS}\t\r\n]"
_CUT: Final = r"[;\t\r\n]"
_LIVE_AFTER: Final = rf"""['"[\s--\t\r\n]]*[{_SIGNS}]"""
_NUMBER: Final = r"^[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"


def escape_formulas(frame: Frame) -> Frame:
    """Make the text columns of a frame safe to open; numbers, also those in text, stay as they are.

    See :func:`restore_formulas` for the way back.
    """
    text = pl.col(pl.String)
    inside = text.str.replace_all(f"({_CUT})({_LIVE_AFTER})", "${1}'${2}")
    harmless = ~inside.str.contains(f"^{_LIVE}") | text.str.contains(_NUMBER)
    return frame.with_columns(pl.when(harmless).then(inside).otherwise("'" + inside))


def restore_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """Give the text columns back what :func:`escape_formulas` was given."""
    text = pl.col(pl.String)
    escaped = text.str.contains(f"^'{_LIVE}")
    inside = pl.when(escaped).then(text.str.slice(1)).otherwise(text)
    return frame.with_columns(inside.str.replace_all(f"({_CUT})'({_LIVE_AFTER})", "${1}${2}"))
