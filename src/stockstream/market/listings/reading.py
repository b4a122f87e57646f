"""Reading a symbol list as an exchange or a vendor sends it.

Columns are known by their header, so that one reader serves every layout seen so far: the ASX
directory, the older official file with a line above its header, Listcorp's (``ASX:CBA``), and
asxlistedcompanies.com's (with index weights beside the list).
"""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING, Final, NamedTuple

import polars as pl

from stockstream.errors import MalformedError
from stockstream.market.listings.cells import code_of, date_of, market_cap_of, name_of, text_of
from stockstream.market.listings.industry import SECTORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["LISTING_SCHEMA", "Listing", "read_listing"]

LISTING_SCHEMA: Final = pl.Schema(
    {
        "symbol": pl.String(),
        "name": pl.String(),
        "sector": pl.String(),
        "industry_group": pl.String(),
        "listing_date": pl.Date(),
        "market_cap": pl.Float64(),
    }
)
"""A company: its bare code, GICS sector and industry group, and its size in dollars.

All but the code may be null. A group may also be ``Not Applic`` or ``Class Pend``, without sector.
"""

_HEADERS: Final = {
    "asxcode": "symbol",
    "code": "symbol",
    "companyname": "name",
    "company": "name",
    "sector": "sector",
    "gicsindustrygroup": "industry_group",
    "listingdate": "listing_date",
    "marketcap": "market_cap",
}
"""Headers, in lower case and letters only, and the columns that they mean."""

_HEADER_WITHIN: Final = 5
_CSV_TYPES: Final = ("", "csv", "comma-separated-values", "plain", "octet-stream", "ms-excel")
_SHOWN: Final = 80


class Listing(NamedTuple):
    """A symbol list that could be read.

    Attributes:
        rows: frame of :data:`LISTING_SCHEMA`, sorted by symbol, each symbol once.
        skipped: lines that are no row of the list: another number of cells than the header has, a
            code that is none, or a code that an earlier line had.
    """

    rows: pl.DataFrame
    skipped: tuple[str, ...]


def read_listing(content: bytes, content_type: str = "") -> Listing:
    """Read a list.

    Args:
        content: what was sent, whatever the status said.
        content_type: what it was said to be; nothing if that is not known.

    Raises:
        MalformedError: it is something else than a list of companies, or a list of none.
    """
    lines = _lines(content)
    at, columns, width = _find_header(lines)
    kind = content_type.partition(";")[0].strip().casefold()
    if kind.rpartition("/")[2].removeprefix("vnd.") not in _CSV_TYPES:
        raise MalformedError(f"the symbol list was sent as {kind}, not as CSV")
    found: dict[str, tuple[object, ...]] = {}
    skipped = []
    for line in filter(None, lines[at + 1 :]):
        cells = _split(line)
        code = code_of(cells[columns["symbol"]]) if len(cells) == width else None
        if code is None or code in found:
            skipped.append(line[:_SHOWN])
        else:
            found[code] = (code, *_company({name: cells[i] for name, i in columns.items()}))
    if not found:
        what = f"none of its {len(skipped):,} rows can be read" if skipped else "no company"
        raise MalformedError(f"the symbol list has a header and {what}")
    rows = pl.DataFrame(list(found.values()), LISTING_SCHEMA, orient="row")
    return Listing(rows.sort("symbol"), tuple(skipped))


def _lines(content: bytes) -> list[str]:
    """The lines of a text that may be a list.

    Raises:
        MalformedError: it is empty, binary, a web page or JSON.
    """
    if b"\0" in content:
        raise MalformedError("the symbol list is binary, not CSV")
    text = content.decode("utf-8-sig", errors="replace").strip()
    if not text:
        raise MalformedError("the symbol list is empty")
    shown = repr(" ".join(text.split())[:_SHOWN])
    if text.startswith("<"):
        title = re.search(r"<title>\s*(.*?)\s*</title>", text, re.IGNORECASE | re.DOTALL)
        called = repr(title[1][:_SHOWN]) if title else shown
        raise MalformedError(f"the symbol list is a web page ({called}), not CSV")
    if text.startswith(("{", "[")):
        raise MalformedError(f"the symbol list is JSON, such as an error: {shown}")
    return [line.strip() for line in text.split("\n")]


def _find_header(lines: Sequence[str]) -> tuple[int, dict[str, int], int]:
    """Number of the header's line, the place of each column in it, and how many cells it has.

    Raises:
        MalformedError: there is none among the first lines.
    """
    for at, line in enumerate(lines[:_HEADER_WITHIN]):
        cells = _split(line)
        plain = [re.sub(r"[^a-z]", "", cell.casefold()) for cell in cells]
        columns = {_HEADERS[cell]: i for i, cell in enumerate(plain) if cell in _HEADERS}
        if {"symbol", "name"} <= columns.keys():
            return at, columns, len(cells)
    raise MalformedError(
        f"the symbol list has no header with a code and a company name; it starts "
        f"{lines[0][:_SHOWN]!r}"
    )


def _split(line: str) -> list[str]:
    """Cells of a line, none if its quotes do not match: a broken line must not swallow others."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


def _company(cells: Mapping[str, str]) -> tuple[object, ...]:
    """Values of :data:`LISTING_SCHEMA` after the symbol."""
    group = text_of(cells.get("industry_group", ""))
    return (
        name_of(cells["name"]),
        text_of(cells.get("sector", "")) or SECTORS.get(group or ""),
        group,
        date_of(cells.get("listing_date", "")),
        market_cap_of(cells.get("market_cap", "")),
    )
