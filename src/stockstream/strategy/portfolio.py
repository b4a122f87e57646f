"""What a strategy may know of its account.

A :class:`Portfolio` is made once for a run and reads the engine's live state, so looking at it is
free until it is asked something. It cannot be written: orders are the only way to change it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from stockstream.errors import UnknownNameError

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["REASONS", "Fill", "FillReason", "Ledger", "Portfolio", "Position", "Trade"]


class FillReason(StrEnum):
    """Why shares changed hands."""

    ORDER = "order"
    STOP_LOSS = "stop_loss"
    TAKE_PROFIT = "take_profit"
    TRAILING_STOP = "trailing_stop"
    TIME_EXIT = "time_exit"
    DELISTED = "delisted"
    CASH_IN_LIEU = "cash_in_lieu"
    MARGIN_CALL = "margin_call"


REASONS: tuple[FillReason, ...] = tuple(FillReason)
"""A reason's place here is its code in the broker kernel."""


@dataclass(frozen=True, slots=True)
class Position:
    """Shares held now.

    Attributes:
        symbol: of what.
        quantity: shares on today's basis; negative is short.
        entry_price: average price paid per share, slippage included, on today's share basis.
        entry_date: session on which the position was opened.
    """

    symbol: str
    quantity: float
    entry_price: float
    entry_date: dt.date


@dataclass(frozen=True, slots=True)
class Fill:
    """Shares that changed hands.

    Attributes:
        date: session of the fill.
        symbol: of what.
        quantity: shares; positive is bought, negative sold.
        price: per share, slippage included.
        commission: in money, never negative.
        slippage: money lost to slippage.
        reason: why it happened.
    """

    date: dt.date
    symbol: str
    quantity: float
    price: float
    commission: float
    slippage: float
    reason: FillReason


@dataclass(frozen=True, slots=True)
class Trade:
    """A round trip: a position from its opening to zero.

    Attributes:
        symbol: of what.
        entry_date: session of the first fill.
        exit_date: session of the last fill; None while open.
        quantity: shares opened in all, on the share basis of the exit; negative was short.
        entry_price: average per share, slippage included.
        exit_price: average per share; the last close while open.
        fees: commission of all its fills, in money.
        pnl: money won after fees, dividends and borrow included.
        return_: ``pnl`` as a fraction of the entry's value.
        bars: sessions from entry to exit.
        mae: worst excursion against the entry price, a fraction of it, at most 0.
        mfe: best excursion, a fraction of the entry price, at least 0.
        reason: why it ended; None while open.
        open: whether it was still held at the end.
    """

    symbol: str
    entry_date: dt.date
    exit_date: dt.date | None
    quantity: float
    entry_price: float
    exit_price: float
    fees: float
    pnl: float
    return_: float
    bars: int
    mae: float
    mfe: float
    reason: FillReason | None
    open: bool


class Ledger(Protocol):
    """What an engine lets a :class:`Portfolio` read, always as of now; symbols by index."""

    @property
    def cash(self) -> float:
        """Money not invested."""

    @property
    def equity(self) -> float:
        """Cash and positions at their last close."""

    def held(self) -> Iterable[int]:
        """Symbols with a position, in the order of the universe."""

    def quantity(self, symbol: int) -> float:
        """Signed shares held."""

    def entry_price(self, symbol: int) -> float:
        """Average price of the shares held."""

    def entry_bar(self, symbol: int) -> int:
        """Session index at which the position was opened."""

    def price(self, symbol: int) -> float:
        """Last close as traded."""

    def fills(self) -> Sequence[Fill]:
        """Every fill so far, oldest first."""

    def trades(self) -> Sequence[Trade]:
        """Every closed round trip so far, oldest first."""


class _Positions(Mapping[str, Position]):
    """The open positions, live, by symbol."""

    __slots__ = ("_portfolio",)

    def __init__(self, portfolio: Portfolio) -> None:
        self._portfolio = portfolio

    def __getitem__(self, symbol: str) -> Position:
        try:
            position = self._portfolio.position(symbol)
        except UnknownNameError:
            position = None
        if position is None:
            raise KeyError(symbol)
        return position

    def __iter__(self) -> Iterator[str]:
        symbols = self._portfolio.symbols
        return (symbols[i] for i in self._portfolio.ledger.held())

    def __len__(self) -> int:
        return sum(1 for _ in self._portfolio.ledger.held())

    def __repr__(self) -> str:
        return repr(dict(self))


class Portfolio:
    """The account as of the close of the bar that the strategy is looking at.

    Args:
        ledger: the engine's live state.
        symbols: ``[S]``, the universe in its order.
        dates: ``[T]``, the sessions of the run.
    """

    __slots__ = ("_dates", "_index", "_positions", "ledger", "symbols")

    def __init__(self, ledger: Ledger, symbols: Sequence[str], dates: Sequence[dt.date]) -> None:
        self.ledger = ledger
        self.symbols = symbols
        self._dates = dates
        self._index = {symbol: i for i, symbol in enumerate(symbols)}
        self._positions = _Positions(self)

    @property
    def cash(self) -> float:
        """Money not invested."""
        return self.ledger.cash

    @property
    def equity(self) -> float:
        """Cash and positions at their last close."""
        return self.ledger.equity

    @property
    def positions(self) -> Mapping[str, Position]:
        """The open positions by symbol, in the order of the universe; a live view."""
        return self._positions

    @property
    def closed_positions(self) -> Sequence[Trade]:
        """Round trips that have ended, oldest first."""
        return self.ledger.trades()

    @property
    def transactions(self) -> Sequence[Fill]:
        """Every fill so far, oldest first."""
        return self.ledger.fills()

    def position(self, symbol: str) -> Position | None:
        """The open position in a symbol, None if there is none.

        Raises:
            UnknownNameError: the symbol is not part of this run.
        """
        i = self._place(symbol)
        quantity = self.ledger.quantity(i)
        if quantity == 0.0:
            return None
        entered = self._dates[self.ledger.entry_bar(i)]
        return Position(symbol, quantity, self.ledger.entry_price(i), entered)

    def quantity(self, symbol: str) -> float:
        """Shares held, 0.0 if none; negative is short. Cheaper than :meth:`position`.

        Raises:
            UnknownNameError: the symbol is not part of this run.
        """
        return self.ledger.quantity(self._place(symbol))

    def weight(self, symbol: str) -> float:
        """Value of the position at its last close as a share of equity; negative is short.

        0.0 if there is no position; NaN if there is no equity to take a share of.

        Raises:
            UnknownNameError: the symbol is not part of this run.
        """
        i = self._place(symbol)
        quantity = self.ledger.quantity(i)
        if quantity == 0.0:
            return 0.0
        equity = self.ledger.equity
        return quantity * self.ledger.price(i) / equity if equity != 0.0 else math.nan

    def __repr__(self) -> str:
        return f"Portfolio(cash={self.cash!r}, equity={self.equity!r}, positions={self.positions})"

    def _place(self, symbol: str) -> int:
        try:
            return self._index[symbol]
        except KeyError:
            raise UnknownNameError("symbol of this run", symbol, self._index) from None
