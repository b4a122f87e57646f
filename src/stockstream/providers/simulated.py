"""Bars of a market that never was: the same seed gives the same market, offline."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar, Final

import polars as pl

from stockstream.errors import ConfigError
from stockstream.market.simulated import SimulatedMarket, simulate_market
from stockstream.providers.base import Failure, FetchResult, Pace

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

__all__ = ["SimulatedProvider"]

_ONE_AT_A_TIME: Final = threading.Lock()
"""So that threads that want the same market wait for it instead of each simulating it."""


@dataclass(frozen=True)
class SimulatedProvider:
    """A provider over :func:`stockstream.market.simulated.simulate_market`.

    Another range of days is another market. Without ``first`` and ``last`` each fetch simulates the
    market of its own days. With them it cuts its days out of one market: fetched day by day, that
    market grows as a real one does, and nothing of it shows that lies after the last day asked for.

    Attributes:
        companies: how many companies the market has.
        seed: which market.
        calendar: its sessions.
        first: first day of the market.
        last: last day of the market.

    Raises:
        ConfigError: only one of ``first`` and ``last`` is given.
    """

    companies: int = 200
    seed: int = 7
    calendar: str = "XASX"
    first: dt.date | None = None
    last: dt.date | None = None
    name: Final = "simulated"
    pace: ClassVar = Pace(symbols_per_request=None, per_second=None)

    def __post_init__(self) -> None:
        if (self.first is None) != (self.last is None):
            raise ConfigError("a simulated market has both a first and a last day, or neither")

    def fetch(self, symbols: Sequence[str], start: dt.date, end: dt.date) -> FetchResult:
        """Bars, events and listings of some symbols; of every symbol if none is named."""
        market = _seen(self._market(start, end), start, end)
        if symbols:
            wanted = pl.col("symbol").is_in(list(symbols))
            market = SimulatedMarket(
                market.bars.filter(wanted),
                market.actions.filter(wanted),
                market.listings.filter(wanted),
            )
        return FetchResult(
            market.bars,
            market.actions,
            tuple(self._failures(market, symbols)),
            "raw: the simulated market is as traded",
            market.listings,
        )

    def _market(self, start: dt.date, end: dt.date) -> SimulatedMarket:
        if self.first is None or self.last is None:
            return simulate_market(self.companies, start, end, self.seed, self.calendar)
        with _ONE_AT_A_TIME:
            return _kept(self.companies, self.first, self.last, self.seed, self.calendar)

    def _failures(self, market: SimulatedMarket, symbols: Sequence[str]) -> Iterator[Failure]:
        """Symbols without a bar; those that do not trade any more are not known any more."""
        delisted = pl.col("delisting_date").is_not_null()
        trading = set(market.listings.filter(~delisted)["symbol"])
        for symbol in sorted(set(symbols) - set(market.bars["symbol"].unique())):
            if symbol in trading:
                yield Failure(symbol, "no bar in the days asked for", "empty")
            else:
                reason = f"not among the {self.companies} companies, or not any more"
                yield Failure(symbol, reason, "not_found")


@lru_cache(maxsize=2)
def _kept(
    companies: int, first: dt.date, last: dt.date, seed: int, calendar: str
) -> SimulatedMarket:
    return simulate_market(companies, first, last, seed, calendar)


def _seen(market: SimulatedMarket, start: dt.date, end: dt.date) -> SimulatedMarket:
    """What can be known of a market after the close of ``end``, from ``start`` on."""
    inside, past = pl.col("date").is_between(start, end), pl.col("delisting_date") <= end
    return SimulatedMarket(
        market.bars.filter(inside),
        market.actions.filter(inside),
        market.listings.filter(pl.col("listing_date") <= end).with_columns(
            pl.when(past).then("delisting_date").alias("delisting_date")
        ),
    )
