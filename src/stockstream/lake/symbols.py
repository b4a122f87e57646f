"""From what a user types to the symbols of a lake: ``BHP`` finds ``BHP.AX``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.errors import ConfigError, NoDataError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["resolve"]


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
