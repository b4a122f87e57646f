"""Whether the companies that failed are among the symbols: what is on record about the universe.

Without a list from the time itself, the symbols of a backtest are those that somebody kept, and who
failed early is missing. A result says which it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import datetime as dt

__all__ = ["ON_RECORD", "survivorship_flag"]

ON_RECORD: Final = "survivorship: the list of companies is on record since"
"""How the flag of a window begins of which every list is known: good news."""

PARTLY: Final = "survivorship: the list of companies is on record only from"


def survivorship_flag(since: dt.date | None, start: dt.date) -> str:
    """What to tell the reader of a result; nothing where no list is on record at all.

    Args:
        since: day of the first list that is on record.
        start: first day of the window.
    """
    if since is None:
        return ""
    return f"{ON_RECORD if since <= start else PARTLY} {since}"
