"""From what a user types to the symbols of a lake: ``BHP`` finds ``BHP.AX``."""

from __future__ import annotations

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

import polars as pl

from stockstream.errors import ConfigError, NoDataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from stockstream.lake.delta import Snapshot

__all__ = ["FEW", "find_symbols", "may_be", "resolve", "symbols_of"]

FEW = 20
"""Names that are looked up one by one; for more, all symbols are read."""


def symbols_of(bars: Snapshot) -> list[str]:
    """Every symbol with a bar, in no particular order."""
    return bars.scan().select(pl.col("symbol").unique()).collect().to_series().to_list()


def find_symbols(names: Sequence[str], bars: Snapshot, place: str) -> list[str]:
    """What :func:`resolve` finds among the symbols of the bars.

    The files are sorted by symbol: for a few names, most of each file is left unread.
    """
    if 0 < len(names) <= FEW:
        near = bars.scan().filter(may_be(names)).select(pl.col("symbol").unique()).collect()
        try:
            return resolve(names, near.to_series().to_list(), place)
        except (UnknownNameError, NoDataError):
            pass  # to say which symbols there are takes all of them
    return resolve(names, symbols_of(bars), place)


def may_be(names: Sequence[str]) -> pl.Expr:
    """Whether one of the names can mean the symbol."""
    symbol, conditions = pl.col("symbol"), []
    for name in names:
        asked, code = name.strip(), name.strip().upper()
        begins = symbol.is_between(pl.lit(code + "."), pl.lit(code + "/"), closed="left")
        conditions += [symbol == asked, symbol == code, begins]
    return reduce(or_, conditions)  # in this form the scan skips by it


def resolve(names: Sequence[str], known: Collection[str], place: str) -> list[str]:
    """Find each name among the known symbols, in the order asked.

    A name is taken as it is, else in upper case, else as the part before the dot of one symbol.

    Args:
        names: what was asked for.
        known: the symbols there are.
        place: where they are, for the messages.

    Raises:
        ConfigError: no name was given, a name fits several symbols, or two names are one symbol.
        UnknownNameError: a name fits no symbol.
        NoDataError: there are no symbols at all.
    """
    if not names:
        raise ConfigError("no symbol was given; give at least one, such as BHP")
    if not known:
        raise NoDataError(f"{place} holds no bars yet; import some with `stockstream import FILE`")
    exact = set(known)
    by_code: dict[str, list[str]] = {}
    if not exact.issuperset(names):
        for symbol in known:
            by_code.setdefault(symbol.split(".", 1)[0], []).append(symbol)
    found = [_find(name, exact, by_code, place) for name in names]
    _demand_distinct(names, found)
    return found


def _find(name: str, exact: set[str], by_code: dict[str, list[str]], place: str) -> str:
    asked = name.strip()
    for candidate in (asked, asked.upper()):
        if candidate in exact:
            return candidate
    fitting = by_code.get(asked.upper(), [])
    if len(fitting) > 1:
        raise ConfigError(f"{asked!r} could be {' or '.join(sorted(fitting))}; give it in full")
    if not fitting:
        hint = f"{place} holds {len(exact):,} symbols; list them with `stockstream lake symbols`"
        raise UnknownNameError("symbol", asked, exact, hint)
    return fitting[0]


def _demand_distinct(names: Sequence[str], found: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for name, symbol in zip(names, found, strict=True):
        if symbol in first:
            also = f" (as {first[symbol]!r} and {name!r})" if first[symbol] != name else ""
            raise ConfigError(f"symbol {symbol} was given twice{also}; give each symbol once")
        first[symbol] = name
