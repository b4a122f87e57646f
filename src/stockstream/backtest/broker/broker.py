"""The broker over one panel, with its kernels chosen once: interpreted or compiled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockstream.backtest.broker import bars, orders, rules
from stockstream.backtest.broker.events import events_of, tickets_of
from stockstream.backtest.broker.layout import grown, market_of, new_book, new_log, rows_of
from stockstream.backtest.broker.records import (
    TO_WEIGHT,
    Account,
    Day,
    FillRow,
    Ticket,
    TradeRow,
)
from stockstream.backtest.outcome import Outcome
from stockstream.jit import compiled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockstream.backtest.broker.records import Book, Log, Market, Order
    from stockstream.backtest.broker.terms import Terms
    from stockstream.backtest.decisions import Decisions
    from stockstream.market.panel import Panel
    from stockstream.strategy.orders import Bracket

__all__ = ["Broker"]


class Broker:
    """One account over one panel.

    With the interpreter bars can be walked in order: :meth:`open_bar`, then any number of
    :meth:`place`, :meth:`cancel` or :meth:`decide`, then :meth:`close_bar`. Or all of it at once
    with :meth:`run`. Where several strategies share the account, symbol ``s`` in the hands of
    strategy ``k`` is slot ``k * symbols + s``.

    Args:
        panel: what is traded; bars before ``panel.first`` are not walked.
        terms: what trading costs and how orders work.
        capital: cash at the start.
        compile_kernels: compiled code (True) or the interpreter; the numbers are the same.
        sleeves: strategies that share the account.
        market: what ``market_of`` made of the panel for another broker of this kind; no broker
            changes it.
    """

    def __init__(
        self,
        panel: Panel,
        terms: Terms,
        capital: float,
        *,
        compile_kernels: bool,
        sleeves: int = 1,
        market: Market | None = None,
    ) -> None:
        lists = not compile_kernels
        self.panel, self.sleeves = panel, sleeves
        self.terms = terms if lists else terms.as_arrays()
        self.market = market or market_of(
            panel, lists=lists, sleeves=sleeves, volumes=terms.needs_volume
        )
        self.book: Book = new_book(panel, capital, lists=lists, sleeves=sleeves)
        self.log: Log = new_log(panel, lists=lists, sleeves=sleeves)
        self._compiled = compile_kernels

    def _ready(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return compiled(function) if self._compiled else function

    def open_bar(self, t: int) -> None:
        """Walk bar ``t`` up to its close."""
        bars.open_bar(t, self.market, self.terms, self.book, self.log)

    def place(self, t: int, slot: int, order: Order, bracket: Bracket) -> None:
        """Take an order at the close of bar ``t``."""
        ticket = Ticket(TO_WEIGHT, order.day, *bracket.as_row())
        orders.place(t, slot, order, ticket, self.market, self.terms, self.book)

    def cancel(self, slot: int) -> None:
        """Take the working order of a slot back."""
        orders.cancel(slot, self.book)

    def decide(
        self, t: int, slot: int, code: int, size: float, limit: float, stop: float, ticket: Ticket
    ) -> None:
        """Take the signals of one slot at the close of bar ``t``; NaN prices: none."""
        rules.decide(t, slot, code, size, limit, stop, ticket, self.market, self.terms, self.book)

    def close_bar(self, t: int) -> None:
        """End bar ``t``."""
        bars.close_bar(t, self.market, self.terms, self.book, self.log)

    def run(self, decisions: Sequence[Decisions]) -> None:
        """Walk every bar of the trading window with decisions made beforehand.

        Args:
            decisions: one for each strategy that shares the account.
        """
        lists = not self._compiled
        events = events_of(decisions, len(self.panel.symbols), lists=lists)
        tickets = tickets_of([made.ticket for made in decisions], lists=lists)
        loop = self._ready(rules.run_rules)
        if self._compiled:
            # memory that is never touched costs nothing; growing would copy
            expected = 3 * len(events.slot)
            self.log = new_log(self.panel, lists=False, sleeves=self.sleeves, fills=expected)
        t, stop = self.panel.first, self.panel.sessions
        while True:
            t = loop(t, stop, events, tickets, self.market, self.terms, self.book, self.log)
            if t >= stop:
                return
            self.log = grown(self.log)

    def finish(self) -> Outcome:
        """Mark what is still open and hand over everything that happened."""
        sessions = self.panel.sessions
        self._ready(bars.mark_open_trades)(sessions - 1, self.book, self.log)
        names = [name for name, _ in Account.zeros]
        totals = rows_of(Account, self.book.account, 1)[0]
        account = dict(zip(names, totals.item(), strict=True))
        return Outcome(
            days=rows_of(Day, self.log.days, sessions)[self.panel.first :],
            fills=rows_of(FillRow, self.log.fills, account["fills"]),
            trades=rows_of(TradeRow, self.log.trades, account["trades"]),
            account=account,
        )
