"""Which column of a file is what. Columns are known by their header, never by their place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError, DataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FIELDS", "Layout", "recognise"]

FIELDS: Final = {
    "symbol": ("ticker", "code", "asxcode", "instrument"),
    "date": ("datetime", "timestamp", "day", "tradedate", "tradingdate", "session"),
    "open": ("openprice",),
    "high": ("highprice",),
    "low": ("lowprice",),
    "close": ("closeprice", "last", "lastprice"),
    "volume": ("vol", "sharevolume"),
    "adjusted_close": ("adjclose", "adjustedclosingprice", "closeadj"),
    "dividends": ("dividend", "dividendamount", "divcash", "cashdividend", "exdividend"),
    "splits": ("split", "stocksplit", "stocksplits", "splitcoefficient", "splitfactor"),
    "capital_gains": ("capitalgain",),
    "provider": (),
    "basis": (),
}
"""What a column may be, and other headers it goes by (lower case, letters and digits only)."""

REQUIRED: Final = ("date", "open", "high", "low", "close", "volume")
_YAHOO: Final = frozenset({"adjclose", "stocksplits"})
_NAMES: Final = {
    re.sub(r"[^a-z]", "", alias): field
    for field, aliases in FIELDS.items()
    for alias in (field, *aliases)
}
_VALUE: Final = re.compile(r"[-+]?[\d.,]*\d[\d.,:/-]*(?:[ T].*)?")


@dataclass(frozen=True)
class Layout:
    """Where the fields of a bar are in a file.

    Attributes:
        fields: header of the file for each field that it has.
        is_yahoo: whether the headers are Yahoo's, whose prices are split-adjusted.
    """

    fields: dict[str, str]
    is_yahoo: bool = False


def recognise(headers: Sequence[str], what: str) -> Layout:
    """Find the fields among the headers of a file.

    Args:
        headers: as they are in the file, or as the user named the columns.
        what: the file, for the messages.

    Raises:
        DataError: the headers are not headers, a field is missing, or two columns are one field.
    """
    fields: dict[str, str] = {}
    for header in headers:
        field = _NAMES.get(_plain(header))
        if field is None:
            continue
        if field in fields:
            raise DataError(
                f"{what}: columns {fields[field]!r} and {header!r} are both the {field}; "
                "rename or remove one"
            )
        fields[field] = header
    if not set(fields) & set(REQUIRED) and any(_VALUE.fullmatch(h.strip()) for h in headers):
        raise DataError(
            f"{what} has no header line; it starts {','.join(headers)!r}. Sources differ in "
            "their order (close before high!), so it is not guessed: give columns=..., such as "
            "--columns symbol,date,open,close,high,low,volume"
        )
    missing = [field for field in REQUIRED if field not in fields]
    if missing:
        raise DataError(
            f"{what} has no column for: {', '.join(missing)}; "
            f"its columns are: {', '.join(headers) or 'none'}"
        )
    return Layout(fields, bool(_YAHOO & {_plain(header) for header in headers}))


def demand_fields(columns: Sequence[str]) -> None:
    """Check column names that a user gave. ``-`` stands for a column to leave out.

    Raises:
        UnknownNameError: a name is no field.
        ConfigError: a field is named twice.
    """
    for column in columns:
        if column != "-" and _plain(column) not in _NAMES:
            raise UnknownNameError("column", column, FIELDS, hint="write '-' to leave one out")
    named = [_NAMES[_plain(column)] for column in columns if column != "-"]
    twice = sorted({field for field in named if named.count(field) > 1})
    if twice:
        raise ConfigError(f"columns name {', '.join(twice)} twice; name each once")


def _plain(header: str) -> str:
    """``1. Adj Close*`` -> ``adjclose``."""
    return re.sub(r"[^a-z]", "", header.casefold())
