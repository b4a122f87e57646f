"""Bars of a market that never was: the same seed gives the same market, offline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.market.simulated import simulate_market
from stockstream.providers.base import Failure, FetchResult

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

__all__ = ["SimulatedProvider"]


@dataclass(frozen=True)
class SimulatedProvider:
    """A provider over :func:`stockstream.market.simulated.simulate_market`.

    Attributes:
        companies: how many companies the market has.
        seed: which market.
        calendar: its sessions.
    """

    companies: int = 200
    seed: int = 7
    calendar: str = "XASX"
    name: Final = "simulated"

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Bars, events and listings of some symbols; of every symbol if none is named."""
        market = simulate_market(self.companies, start, end, self.seed, self.calendar)
        reason = "raw: the simulated market is as traded"
        if not symbols:
            return FetchResult(
                market.bars, market.actions, basis_reason=reason, listings=market.listings
            )
        wanted = pl.col("symbol").is_in(list(symbols))
        bars = market.bars.filter(wanted)
        absent = sorted(set(symbols) - set(bars["symbol"].unique()))
        return FetchResult(
            bars,
            market.actions.filter(wanted),
            tuple(Failure(name, f"not among the {self.companies} companies") for name in absent),
            reason,
            market.listings.filter(wanted),
        )
