"""Signals to orders, and the loop of a whole rule backtest.

The event engine calls :func:`decide` with the signals of one bar at a time, the compiled engine
runs :func:`run_rules` over all of them: the same decisions either way. Kernel code; see
``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.backtest.broker.bars import close_bar, open_bar
from stockstream.backtest.broker.orders import place
from stockstream.backtest.broker.records import (
    FILLS_MARGIN,
    TO_QUANTITY,
    TO_WEIGHT,
)
from stockstream.backtest.codes import ENTER_LONG, ENTER_SHORT, EXIT_LONG, EXIT_SHORT, TARGET
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Codes, Column, Exits, Log, Market, Terms


class Events(NamedTuple):
    """Signals by bar: those of bar t are rows ``start[t]:start[t + 1]``, symbols ascending."""

    start: Codes  # [T + 1]
    symbol: Codes
    code: Codes
    weight: Column  # of equity, to enter with or (TARGET) to hold


@kernel
def decide(
    t: int,
    s: int,
    code: int,
    weight: float,
    exits: Exits,
    market: Market,
    terms: Terms,
    book: Book,
) -> None:
    """Turn the signals of one symbol at the close of bar ``t`` into an order, or none.

    An exit in the same bar outweighs an entry; opposite entries cancel out; a position is never
    added to; an opposite entry reverses it.
    """
    if code >= TARGET:
        place(t, s, TO_WEIGHT, weight, exits, market, terms, book)
        return
    long = code & ENTER_LONG != 0 and code & EXIT_LONG == 0
    short = code & ENTER_SHORT != 0 and code & EXIT_SHORT == 0
    if long and short:
        long = False
        short = False
    held = book.holdings[s].quantity
    cooling = t < book.holdings[s].blocked_until
    if long and held <= 0.0 and not cooling:
        place(t, s, TO_WEIGHT, weight, exits, market, terms, book)
    elif short and held >= 0.0 and not cooling:
        place(t, s, TO_WEIGHT, -weight, exits, market, terms, book)
    elif (held > 0.0 and (code & EXIT_LONG != 0 or short)) or (
        held < 0.0 and (code & EXIT_SHORT != 0 or long)
    ):
        place(t, s, TO_QUANTITY, 0.0, exits, market, terms, book)


@kernel
def run_rules(
    start: int,
    stop: int,
    events: Events,
    exits: Exits,
    market: Market,
    terms: Terms,
    book: Book,
    log: Log,
) -> int:
    """Run bars ``start:stop``. Returns the bar it stopped at: before ``stop`` the log is full."""
    for t in range(start, stop):
        if book.account[0].fills + FILLS_MARGIN * len(book.held) > log.capacity:
            return t
        open_bar(t, market, terms, book, log)
        for i in range(events.start[t], events.start[t + 1]):
            decide(
                t,
                events.symbol[i],
                events.code[i],
                events.weight[i],
                exits,
                market,
                terms,
                book,
            )
        close_bar(t, market, terms, book, log)
    return stop
