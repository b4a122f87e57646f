"""Two layouts of a table of factors: one factor in a row, or one in each column.

Long: symbol, date, name, value. Wide: symbol, date, and a column for each factor. Either may say
in ``known_at`` when a value became public.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.providers.files.layout import FIELDS

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KNOWN_AT", "Layout", "recognise"]

KNOWN_AT: Final = "known_at"

_ALIASES: Final = {
    "symbol": ("symbol", *FIELDS["symbol"]),
    "date": ("date", *FIELDS["date"], "period", "periodend", "periodending", "fiscaldateending"),
    "name": ("name", "factor", "factorname", "metric"),
    "value": ("value",),
    KNOWN_AT: ("knownat",),
}


@dataclass(frozen=True)
class Layout:
    """Which column is what.

    Attributes:
        symbol, date: headers of these columns.
        known_at: header of the day on which a value became public, if there is one.
        long: headers of the factor's name and of its value; None in the wide layout.
        wide: headers of the factors; none in the long layout.
    """

    symbol: str
    date: str
    known_at: str | None
    long: tuple[str, str] | None
    wide: tuple[str, ...]


def recognise(headers: Sequence[str], what: str, known_at: str | None = None) -> Layout:
    """Find out which column is what.

    Args:
        headers: of the table.
        what: the table, for the messages.
        known_at: the column that says when a value became public, if the user named one.

    Raises:
        DataError: a column is missing, or two columns are the same thing.
        UnknownNameError: the table has no column of the given name.
    """
    if known_at is not None and known_at not in headers:
        raise UnknownNameError("column", known_at, headers, hint=f"they are those of {what}")
    found = {meaning: _find(meaning, headers, what) for meaning in _ALIASES}
    symbol, date = found["symbol"], found["date"]
    if symbol is None or date is None:
        missing = " and ".join(name for name in ("symbol", "date") if found[name] is None)
        raise DataError(
            f"{what} has no column for {missing}; its columns are: {', '.join(headers) or 'none'}"
        )
    name, value = found["name"], found["value"]
    is_long = name is not None and value is not None
    taken = {symbol, date, known_at, found[KNOWN_AT]}
    wide = () if is_long else tuple(header for header in headers if header not in taken)
    if not is_long and not wide:
        raise DataError(f"{what} has no factor; add a column for each, or columns name and value")
    long = (name, value) if name is not None and value is not None else None
    return Layout(symbol, date, known_at or found[KNOWN_AT], long, wide)


def demand_known(layout: Layout, lag: int | None, what: str) -> None:
    """Demand one answer to the question when the values became public. It is never guessed.

    Raises:
        ConfigError: there is no answer, or there are two.
    """
    if layout.known_at is None and lag is None:
        raise ConfigError(
            f"{what} does not say when its values became public, and a report is not public on the "
            "last day of its period; name the column that says it with --known-at COLUMN, or give "
            "the days from date to publication with --known-lag DAYS"
        )
    if layout.known_at is not None and lag is not None:
        raise ConfigError(
            f"{what} says in {layout.known_at!r} when its values became public; leave --known-lag "
            "out"
        )


def _find(meaning: str, headers: Sequence[str], what: str) -> str | None:
    fitting = [header for header in headers if _plain(header) in _ALIASES[meaning]]
    exact = [header for header in fitting if header.strip().lower() == meaning]
    if len(fitting) > 1 and len(exact) != 1:
        raise DataError(
            f"{what}: columns {fitting[0]!r} and {fitting[1]!r} are both the {meaning}; "
            "rename or remove one"
        )
    return next(iter(exact or fitting), None)


def _plain(header: str) -> str:
    """``Period End`` -> ``periodend``."""
    return re.sub(r"[^a-z0-9]", "", header.casefold())
