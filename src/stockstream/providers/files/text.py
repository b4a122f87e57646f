"""Reading CSV, after a look at whether it is CSV at all."""

from __future__ import annotations

import codecs
import csv
import re
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.errors import DataError
from stockstream.providers.files.layout import recognise

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from stockstream.providers.files.layout import Layout

__all__ = ["read_csv"]

_LOOK: Final = 65_536
_SEPARATORS: Final = ",;\t|"
_SHOWN: Final = 100


def read_csv(path: Path, columns: Sequence[str] | None) -> tuple[pl.DataFrame, Layout]:
    """Read a CSV file as text, one column for each field that it has.

    The separator (comma, semicolon, tab or bar) is found out; a byte-order mark is passed over.

    Args:
        path: the file.
        columns: what its columns are, in order, if it has no header line.

    Raises:
        DataError: the file is empty, is something else than CSV, or its rows do not fit.
    """
    first_line = _first_line(path)
    separator = max(_SEPARATORS, key=first_line.count)
    head = next(csv.reader([first_line], delimiter=separator))
    headers = [header.strip() for header in head] if columns is None else list(columns)
    if len(headers) != len(head):
        raise DataError(
            f"{path.name} has {len(head)} columns and {len(headers)} were named; its first line is "
            f"{first_line[:_SHOWN]!r}"
        )
    layout = recognise(headers, path.name)
    try:
        frame = pl.read_csv(
            path,
            separator=separator,
            has_header=columns is None,
            infer_schema=False,
            columns=[headers.index(header) for header in layout.fields.values()],
        )
    except pl.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0]
        raise DataError(f"{path.name} is not a table with equal rows: {reason}") from error
    # Polars gives the chosen columns in the order of the file.
    order = sorted(layout.fields, key=lambda field: headers.index(layout.fields[field]))
    return frame.rename(dict(zip(frame.columns, order, strict=True))), layout


def _first_line(path: Path) -> str:
    """The first line that is not blank, once the file has shown that it is a table.

    Raises:
        DataError: it is empty, binary, a web page, an error body or not UTF-8.
    """
    with path.open("rb") as file:
        start = file.read(_LOOK)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(f"{path.name} is written in UTF-16; save it as UTF-8")
    if b"\0" in start:
        raise DataError(f"{path.name} is a binary file, not CSV")
    text = start.removeprefix(codecs.BOM_UTF8).decode("utf-8", errors="replace").strip()
    if not text:
        raise DataError(f"{path.name} is empty; fetch it again")
    if text.startswith("<"):
        title = re.search(r"<title>\s*(.*?)\s*</title>", text, re.IGNORECASE | re.DOTALL)
        called = f" ({title[1]!r})" if title else ""
        raise DataError(f"{path.name} is a web page{called}, not CSV; fetch it again")
    if text.startswith(("{", "[")):
        body = " ".join(text.split())[:_SHOWN]
        raise DataError(f"{path.name} is JSON or an error message, not CSV: {body!r}")
    return text.splitlines()[0]
