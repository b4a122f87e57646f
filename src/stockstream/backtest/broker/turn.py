"""Bars walked by compiled code, with Python deciding between them: one call for each bar.

Calling compiled code costs microseconds, so what Python orders at the close of a bar is gathered,
and one call takes the orders, ends that bar and walks the next one up to its close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.broker.bars import close_bar, open_bar
from stockstream.backtest.broker.broker import Broker
from stockstream.backtest.broker.layout import grown
from stockstream.backtest.broker.orders import cancel, place
from stockstream.backtest.broker.records import FILLS_MARGIN, TO_WEIGHT, Order, Record, Ticket
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log, Market
    from stockstream.backtest.broker.terms import Terms
    from stockstream.backtest.outcome import Outcome
    from stockstream.market.panel import Panel
    from stockstream.strategy.orders import Bracket

NO_BAR = -1


class Given(Record):
    """An order with its bracket, or (``cancels``) the wish to take one back."""

    __slots__ = (
        "slot",
        "cancels",
        "kind",
        "value",
        "limit",
        "stop",
        "day",
        "stop_loss",
        "take_profit",
        "trailing_stop",
        "max_bars",
        "cooldown",
    )
    slot: int
    cancels: int
    kind: int
    value: float
    limit: float
    stop: float
    day: int
    stop_loss: float
    take_profit: float
    trailing_stop: float
    max_bars: int
    cooldown: int


NO_ORDER_GIVEN = (0, 0.0, 0.0, 0.0, 0, 0.0, 0.0, 0.0, 0, 0)


@kernel
def turn_bar(
    closes: int,
    opens: int,
    given: list[Given],
    count: int,
    market: Market,
    terms: Terms,
    book: Book,
    log: Log,
) -> None:
    """Take the orders of bar ``closes`` and end it, then walk ``opens`` up to its close.

    Either may be ``NO_BAR``.
    """
    if closes >= 0:
        for i in range(count):
            g = given[i]
            if g.cancels == 1:
                cancel(g.slot, book)
            else:
                order = Order(g.kind, g.value, g.limit, g.stop, g.day)
                ticket = Ticket(
                    TO_WEIGHT,
                    g.day,
                    g.stop_loss,
                    g.take_profit,
                    g.trailing_stop,
                    g.max_bars,
                    g.cooldown,
                )
                place(closes, g.slot, order, ticket, market, terms, book)
        close_bar(closes, market, terms, book, log)
    if opens >= 0:
        open_bar(opens, market, terms, book, log)


class TurnBroker(Broker):
    """The compiled broker, walked bar by bar: the same calls as the interpreted one, and numbers.

    What is placed takes effect when the next bar is opened, or at :meth:`finish`. Signals of rules
    cannot be given (:meth:`decide`).

    Args:
        panel: what is traded.
        terms: what trading costs and how orders work.
        capital: cash at the start.
        sleeves: strategies that share the account.
    """

    def __init__(self, panel: Panel, terms: Terms, capital: float, *, sleeves: int = 1) -> None:
        super().__init__(panel, terms, capital, compile_kernels=True, sleeves=sleeves)
        self._turn = self._ready(turn_bar)
        account: Any = self.book.account
        self._fills = account["fills"]
        # one turn is parts of two bars
        self._margin = 2 * FILLS_MARGIN * len(self.book.held)
        self._given: Any = np.zeros(64, Given.dtype())
        self._count, self._closes = 0, NO_BAR

    def open_bar(self, t: int) -> None:
        """End the bar before and walk bar ``t`` up to its close."""
        self._turn_to(t)

    def place(self, t: int, slot: int, order: Order, bracket: Bracket) -> None:
        """Take an order at the close of bar ``t``."""
        self._give((slot, 0, *order, *bracket.as_row()))

    def cancel(self, slot: int) -> None:
        """Take the working order of a slot back."""
        self._give((slot, 1, *NO_ORDER_GIVEN))

    def close_bar(self, t: int) -> None:
        """Bar ``t`` ends with the next turn."""
        self._closes = t

    def finish(self) -> Outcome:
        """End the last bar and hand over everything that happened."""
        self._turn_to(NO_BAR)
        return super().finish()

    def _give(self, row: tuple[float, ...]) -> None:
        if self._count == len(self._given):
            self._given = np.concatenate((self._given, np.zeros_like(self._given)))
        self._given[self._count] = row
        self._count += 1

    def _turn_to(self, opens: int) -> None:
        if self._fills.item(0) + self._margin > self.log.capacity:
            self.log = grown(self.log)
        self._turn(
            self._closes,
            opens,
            self._given,
            self._count,
            self.market,
            self.terms,
            self.book,
            self.log,
        )
        self._count, self._closes = 0, NO_BAR
