"""Signals to orders, and the loop of a whole rule backtest.

The event engine calls :func:`decide` with the signals of one bar at a time, the compiled engine
runs :func:`run_rules` over all of them: the same decisions either way. Kernel code; see
``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.backtest.broker.bars import close_bar, open_bar
from stockstream.backtest.broker.orders import cancel, place
from stockstream.backtest.broker.records import (
    FILLS_MARGIN,
    NAN,
    NO_ORDER,
    TO_QUANTITY,
    TO_WEIGHT,
    Order,
)
from stockstream.backtest.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, TARGET
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Codes, Column, Log, Market, Ticket
    from stockstream.backtest.broker.terms import Terms


class Events(NamedTuple):
    """Signals by bar: those of bar t are rows ``start[t]:start[t + 1]``, slots ascending."""

    start: Codes  # [T + 1]
    slot: Codes
    code: Codes
    size: Column  # to enter with or (TARGET) to hold; the slot's ticket says in what
    limit: Column  # as traded, NaN: none; empty if there are none at all
    stop: Column


@kernel
def decide(
    t: int,
    s: int,
    code: int,
    size: float,
    limit: float,
    stop: float,
    ticket: Ticket,
    market: Market,
    terms: Terms,
    book: Book,
) -> None:
    """Turn the signals of one slot at the close of bar ``t`` into an order, or none.

    An exit in the same bar outweighs an entry; opposite entries cancel out; a position is never
    added to; an opposite entry reverses it. An exit without a position takes a waiting entry back.
    """
    if code >= TARGET:
        place(t, s, Order(TO_WEIGHT, size, NAN, NAN, 0), ticket, market, terms, book)
        return
    p = book.holdings[s]
    long = code & ENTER_LONG != 0 and code & EXIT_LONG == 0
    short = code & ENTER_SHORT != 0 and code & EXIT_SHORT == 0
    if long and short:
        long = False
        short = False
    free = t >= p.blocked_until
    if (long and p.quantity <= 0.0 and free) or (short and p.quantity >= 0.0 and free):
        wanted = size if long else -size
        order = Order(ticket.size_kind, wanted, limit, stop, ticket.day)
        place(t, s, order, ticket, market, terms, book)
    elif (p.quantity > 0.0 and (code & EXIT_LONG != 0 or short)) or (
        p.quantity < 0.0 and (code & EXIT_SHORT != 0 or long)
    ):
        place(t, s, Order(TO_QUANTITY, 0.0, NAN, NAN, 0), ticket, market, terms, book)
    elif p.order_kind != NO_ORDER and p.quantity == 0.0 and code & _exit_of(s, book) != 0:
        cancel(s, book)


@kernel
def _exit_of(s: int, book: Book) -> int:
    """The signal that ends what the slot's working order would open."""
    return EXIT_LONG if book.holdings[s].order_value > 0.0 else EXIT_SHORT


@kernel
def run_rules(
    start: int,
    stop: int,
    events: Events,
    tickets: list[Ticket],
    market: Market,
    terms: Terms,
    book: Book,
    log: Log,
) -> int:
    """Run bars ``start:stop``. Returns the bar it stopped at: before ``stop`` the log is full."""
    limits, stops = len(events.limit) > 0, len(events.stop) > 0
    for t in range(start, stop):
        if book.account[0].fills + FILLS_MARGIN * len(book.held) > log.capacity:
            return t
        open_bar(t, market, terms, book, log)
        for i in range(events.start[t], events.start[t + 1]):
            s = events.slot[i]
            decide(
                t,
                s,
                events.code[i],
                events.size[i],
                events.limit[i] if limits else NAN,
                events.stop[i] if stops else NAN,
                tickets[book.holdings[s].sleeve],
                market,
                terms,
                book,
            )
        close_bar(t, market, terms, book, log)
    return stop
