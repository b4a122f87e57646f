"""The markets that have a name: what stands behind their symbols, and when they are open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["MARKETS", "MarketFacts", "calendar_of"]


class MarketFacts(NamedTuple):
    """Suffix of the symbols, and the name of the calendar."""

    suffix: str
    calendar: Literal["XASX", "XNYS"]


MARKETS: Final = {"ASX": MarketFacts(".AX", "XASX"), "US": MarketFacts("", "XNYS")}


def calendar_of(symbols: Iterable[str]) -> Literal["XASX", "XNYS"] | None:
    """The calendar of the one market that all symbols are of, by what they end in; else None."""
    endings = {symbol[symbol.rfind(".") :] if "." in symbol else "" for symbol in symbols}
    known = {facts.suffix: facts.calendar for facts in MARKETS.values()}
    return known.get(endings.pop()) if len(endings) == 1 else None
