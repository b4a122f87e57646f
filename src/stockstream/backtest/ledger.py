"""The live account as a strategy's ``Portfolio`` reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.trades import fill_of, trade_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from typing import Any, Protocol

    from stockstream.market.panel import Panel
    from stockstream.strategy.portfolio import Fill, Trade

    class _Broker(Protocol):
        panel: Panel
        book: Any
        log: Any


__all__ = ["LiveLedger"]


class LiveLedger:
    """Reads the interpreted broker's records; fills and trades are turned into objects once."""

    def __init__(self, broker: _Broker, dates: Sequence[dt.date]) -> None:
        self._broker, self._dates = broker, dates
        self._account = broker.book.account[0]
        self._holdings = broker.book.holdings
        self._fills: list[Fill] = []
        self._trades: list[Trade] = []

    @property
    def cash(self) -> float:
        """Money not invested."""
        cash: float = self._account.cash
        return cash

    @property
    def equity(self) -> float:
        """Cash and positions at their last close."""
        equity: float = self._account.equity
        return equity

    def held(self) -> Iterable[int]:
        """Symbols with a position, in the order of the universe."""
        return sorted(self._broker.book.held[: self._account.held])

    def quantity(self, symbol: int) -> float:
        """Signed shares held."""
        quantity: float = self._holdings[symbol].quantity
        return quantity

    def entry_price(self, symbol: int) -> float:
        """Average price of the shares held."""
        price: float = self._holdings[symbol].entry
        return price

    def entry_bar(self, symbol: int) -> int:
        """Session index at which the position was opened."""
        bar: int = self._holdings[symbol].entry_bar
        return bar

    def price(self, symbol: int) -> float:
        """Last close as traded, of a symbol that is held."""
        price: float = self._holdings[symbol].last
        return price

    def fills(self) -> Sequence[Fill]:
        """Every fill so far, oldest first."""
        symbols = self._broker.panel.symbols
        for row in self._broker.log.fills[len(self._fills) : self._account.fills]:
            self._fills.append(fill_of(row, symbols, self._dates))
        return self._fills

    def trades(self) -> Sequence[Trade]:
        """Every closed round trip so far, oldest first."""
        symbols = self._broker.panel.symbols
        for row in self._broker.log.trades[len(self._trades) : self._account.trades]:
            self._trades.append(trade_of(row, symbols, self._dates))
        return self._trades
