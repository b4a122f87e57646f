"""The live account as a strategy's ``Portfolio`` reads it."""

from __future__ import annotations

from collections import namedtuple
from functools import cache
from typing import TYPE_CHECKING, Any

from stockstream.backtest.trades import fill_of, trade_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from stockstream.market.panel import Panel
    from stockstream.strategy.portfolio import Fill, Trade

    class _Broker(Protocol):
        panel: Panel
        book: Any
        log: Any


__all__ = ["CompiledLedger", "LiveLedger"]


class LiveLedger:
    """Reads the interpreted broker's records; fills and trades are turned into objects once.

    Args:
        broker: of the run.
        dates: ``[T]``, the sessions.
        sleeve: whose positions, fills and trades are shown; cash is that of the account.
        share: of the account's equity that is shown.
    """

    def __init__(
        self, broker: _Broker, dates: Sequence[dt.date], sleeve: int = 0, share: float = 1.0
    ) -> None:
        self._broker, self._dates, self._share = broker, dates, share
        self._symbols = broker.panel.symbols
        self._account = broker.book.account[0]
        self._base = sleeve * len(self._symbols)
        self._holdings = broker.book.holdings[self._base : self._base + len(self._symbols)]
        self._read_fills = self._read_trades = 0
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
        return equity * self._share

    def held(self) -> Iterable[int]:
        """Symbols with a position, in the order of the universe."""
        return [slot - self._base for slot in sorted(self._slots()) if self._is_mine(slot)]

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
        made = self._made("fills")
        for row in self._rows("fills", self._read_fills, made):
            if self._is_mine(row.symbol):
                self._fills.append(fill_of(row, self._symbols, self._dates))
        self._read_fills = made
        return self._fills

    def trades(self) -> Sequence[Trade]:
        """Every closed round trip so far, oldest first."""
        made = self._made("trades")
        for row in self._rows("trades", self._read_trades, made):
            if self._is_mine(row.symbol):
                self._trades.append(trade_of(row, self._symbols, self._dates))
        self._read_trades = made
        return self._trades

    def _slots(self) -> list[int]:
        """Slots with a position, in no order."""
        slots: list[int] = self._broker.book.held[: self._account.held]
        return slots

    def _made(self, what: str) -> int:
        """How many fills or trades there are so far."""
        made: int = getattr(self._account, what)
        return made

    def _rows(self, what: str, start: int, stop: int) -> Iterable[Any]:
        """Some rows of the log."""
        rows: list[Any] = getattr(self._broker.log, what)[start:stop]
        return rows

    def _is_mine(self, slot: int) -> bool:
        return 0 <= slot - self._base < len(self._symbols)


class CompiledLedger(LiveLedger):
    """The same over a compiled broker's records; arguments as for :class:`LiveLedger`."""

    def __init__(
        self, broker: _Broker, dates: Sequence[dt.date], sleeve: int = 0, share: float = 1.0
    ) -> None:
        super().__init__(broker, dates, sleeve, share)
        account, holdings = broker.book.account, self._holdings
        self._cash, self._equity = account["cash"], account["equity"]
        self._columns = {
            name: holdings[name] for name in ("quantity", "entry", "entry_bar", "last")
        }
        self._quantity = self._columns["quantity"]

    @property
    def cash(self) -> float:
        """Money not invested."""
        cash: float = self._cash.item(0)
        return cash

    @property
    def equity(self) -> float:
        """Cash and positions at their last close."""
        equity: float = self._equity.item(0)
        return equity * self._share

    def quantity(self, symbol: int) -> float:
        """Signed shares held."""
        quantity: float = self._quantity.item(symbol)
        return quantity

    def entry_price(self, symbol: int) -> float:
        """Average price of the shares held."""
        price: float = self._columns["entry"].item(symbol)
        return price

    def entry_bar(self, symbol: int) -> int:
        """Session index at which the position was opened."""
        bar: int = self._columns["entry_bar"].item(symbol)
        return bar

    def price(self, symbol: int) -> float:
        """Last close as traded, of a symbol that is held."""
        price: float = self._columns["last"].item(symbol)
        return price

    def _slots(self) -> list[int]:
        held = self._broker.book.account["held"].item(0)
        slots: list[int] = self._broker.book.held[:held].tolist()
        return slots

    def _made(self, what: str) -> int:
        made: int = self._broker.book.account[what].item(0)
        return made

    def _rows(self, what: str, start: int, stop: int) -> Iterable[Any]:
        rows = getattr(self._broker.log, what)[start:stop]
        return map(_row_of(rows.dtype.names)._make, rows.tolist())


@cache
def _row_of(names: tuple[str, ...]) -> Any:
    """A record with these fields, to be read by their names."""
    return namedtuple("Row", names)  # noqa: PYI024 - the fields are known to the broker alone
