"""The markets that have a name: what stands behind their symbols, and when they are open."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

__all__ = ["MARKETS", "MarketFacts"]


class MarketFacts(NamedTuple):
    """Suffix of the symbols, and the name of the calendar."""

    suffix: str
    calendar: Literal["XASX", "XNYS"]


MARKETS: Final = {"ASX": MarketFacts(".AX", "XASX"), "US": MarketFacts("", "XNYS")}
