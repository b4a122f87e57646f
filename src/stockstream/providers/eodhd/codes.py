"""Symbols as EODHD writes them."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from stockstream.errors import MalformedError

__all__ = ["Code", "code_of"]

_SYMBOL: Final = re.compile(r"([A-Z0-9][A-Z0-9-]*)(\.AX)?", re.ASCII | re.IGNORECASE)


class Code(NamedTuple):
    """A symbol of EODHD, and the currency of its prices."""

    text: str
    currency: str


def code_of(symbol: str) -> Code:
    """The code of a symbol.

    >>> code_of("BHP.AX").text, code_of("BRK-B").text
    ('BHP.AU', 'BRK-B.US')

    Raises:
        MalformedError: the symbol is of no exchange that is known here.
    """
    found = _SYMBOL.fullmatch(symbol)
    if found is None:
        raise MalformedError(
            f"{symbol!r} was not asked for: EODHD's name is known for symbols of the ASX (BHP.AX) "
            "and of the US (AAPL, BRK-B) only"
        )
    name = found[1].upper()
    return Code(f"{name}.AU", "AUD") if found[2] else Code(f"{name}.US", "USD")
