"""What stands in the cells of a symbol list."""

from __future__ import annotations

import datetime as dt
import re
from typing import Final

__all__ = ["code_of", "date_of", "market_cap_of", "name_of", "text_of"]

_CODE: Final = re.compile(r"(?:ASX:)?([A-Z0-9]{3,6})")
_CODE_IN_NAME: Final = re.compile(r"\(ASX:[A-Z0-9]+\)$")
_DATE: Final = re.compile(r"(\d{4})-(\d\d)-(\d\d)|(\d\d)/(\d\d)/(\d{4})", re.ASCII)
_AMOUNT: Final = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_NOT_SAID: Final = ("", "Unclassified")


def code_of(cell: str) -> str | None:
    """``"ASX:CBA"`` -> ``"CBA"``; None if it is not three to six capitals and digits."""
    found = _CODE.fullmatch(cell.strip())
    return found[1] if found else None


def name_of(cell: str) -> str | None:
    """A company without the dots that some names end in on some days: ``"NEWS CORPORATION.."``."""
    words = " ".join(cell.split())
    return _CODE_IN_NAME.sub("", words).rstrip(". ") or None


def text_of(cell: str) -> str | None:
    """A sector or industry group; None if there is none."""
    words = " ".join(cell.split())
    return None if words in _NOT_SAID else words


def date_of(cell: str) -> dt.date | None:
    """``12/09/2018`` (day first) or ``2018-09-12``; None if it is neither."""
    found = _DATE.fullmatch(cell.strip())
    if found is None:
        return None
    year, month, day = found.group(1, 2, 3) if found[1] else found.group(6, 5, 4)
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def market_cap_of(cell: str) -> float | None:
    """Dollars; None for what is no amount: ``SUSPENDED``, ``--``, ``N/A``, nothing, 0."""
    amount = cell.strip().replace(",", "")
    return (float(amount) or None) if _AMOUNT.fullmatch(amount) else None
