"""What Yahoo is asked: one chart, of one symbol, over some days."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from stockstream.errors import MalformedError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Mapping

__all__ = ["chart_params", "chart_path"]

_SYMBOL: Final = re.compile(r"[A-Za-z0-9^][A-Za-z0-9^.&=_-]*", re.ASCII)
_DAY: Final = 86_400
_EPOCH: Final = 719_163
"""The ordinal of 1970-01-01."""


def chart_path(symbol: str) -> str:
    """The path of a symbol's chart, percent-encoded.

    >>> chart_path("^AXJO")
    '/v8/finance/chart/%5EAXJO'

    Raises:
        MalformedError: no symbol of Yahoo is written like this, and it could lead to another page.
    """
    if not _SYMBOL.fullmatch(symbol):
        raise MalformedError(
            f"{symbol!r} is not how Yahoo writes a symbol, such as BHP.AX, BRK-B or ^AXJO; "
            "it was not asked for"
        )
    return f"/v8/finance/chart/{quote(symbol, safe='')}"


def chart_params(start: dt.date, end: dt.date) -> Mapping[str, object]:
    """The query for the days from ``start`` to ``end`` in whatever time zone the exchange is.

    Local days begin up to 14 hours before those of UTC and end up to 12 hours after them, so a day
    more is asked for on both sides; the rows of other days are left out later.
    """
    return {
        "period1": (start.toordinal() - _EPOCH - 1) * _DAY,
        "period2": (end.toordinal() - _EPOCH + 2) * _DAY,
        "interval": "1d",
        "includePrePost": "false",
        "events": "div,splits,capitalGains",
    }
