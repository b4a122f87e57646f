"""Whether a working order fills in a part of a bar, and at which price of the market.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.records import AT_CLOSE, AT_OPEN, IN_RANGE, NAN, NEXT_OPEN
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Bar, Book, Market
    from stockstream.backtest.broker.terms import Terms


@kernel
def order_price(t: int, s: int, market: Market, terms: Terms, book: Book) -> float:
    """The price at which the slot's order fills in this part of the bar; NaN: it does not."""
    p = book.holdings[s]
    part = book.account[0].part
    bar = market.bars[t * market.symbols + p.column]
    if p.order_priced == 0:
        if part == AT_CLOSE:
            return bar.close
        return bar.open if part == AT_OPEN and terms.fill == NEXT_OPEN else NAN
    if part == AT_OPEN:
        return _price_at_open(s, bar, book)
    return _price_in_range(s, bar, book) if part == IN_RANGE else NAN


@kernel
def _price_at_open(s: int, bar: Bar, book: Book) -> float:
    """An open beyond the stop sets the order off; one within the limit fills it."""
    p = book.holdings[s]
    side = 1.0 if p.order_value > 0.0 else -1.0
    if p.order_stop == p.order_stop:
        if not side * bar.open >= side * p.order_stop:
            return NAN
        p.order_stop = NAN
    if p.order_limit != p.order_limit or side * bar.open <= side * p.order_limit:
        return bar.open
    return NAN


@kernel
def _price_in_range(s: int, bar: Bar, book: Book) -> float:
    """The stop or the limit itself, where the bar's range has it.

    A stop-limit order that is set off here fills at its stop if the limit allows that; if not, it
    is a limit order from the next bar on.
    """
    p = book.holdings[s]
    side = 1.0 if p.order_value > 0.0 else -1.0
    stop, limit = p.order_stop, p.order_limit
    if stop == stop:
        if not stop_reached(s, bar, book):
            return NAN
        p.order_stop = NAN
        return NAN if side * stop > side * limit else stop
    best = bar.low if side > 0.0 else bar.high
    return limit if side * best <= side * limit else NAN


@kernel
def stop_reached(s: int, bar: Bar, book: Book) -> bool:
    """Whether this bar's range has the stop of the slot's order, if it has one."""
    p = book.holdings[s]
    return bar.high >= p.order_stop if p.order_value > 0.0 else bar.low <= p.order_stop
