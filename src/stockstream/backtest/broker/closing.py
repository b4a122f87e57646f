"""Leaving positions that nobody ordered out of: delistings, brackets, time exits, margin calls.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.brackets import (
    entry_stop_price,
    stop_price,
    stop_reason,
    target_price,
)
from stockstream.backtest.broker.fees import whole_lots
from stockstream.backtest.broker.fills import Deal, close_position
from stockstream.backtest.broker.orders import cancel, work
from stockstream.backtest.broker.pricing import slipped, within_volume
from stockstream.backtest.broker.records import NEVER, NO_ORDER, SHARES
from stockstream.backtest.broker.triggers import stop_reached
from stockstream.backtest.codes import (
    BY_DELISTING,
    BY_MARGIN_CALL,
    BY_TAKE_PROFIT,
    BY_TIME,
)
from stockstream.jit import apart, kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log, Market
    from stockstream.backtest.broker.terms import Terms


@kernel
@apart
def close_delisted(t: int, s: int, terms: Terms, book: Book, log: Log) -> None:
    """Close a position in a symbol that is not traded any more, at its last close."""
    p = book.holdings[s]
    cancel(s, book)
    deal = Deal(t, -p.quantity, p.last, p.last, BY_DELISTING)
    close_position(s, deal, terms, book, log)


@kernel
@apart
def leave(t: int, s: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Close a position whose bar reached its stop, else its target."""
    p = book.holdings[s]
    bar = market.bars[t * market.symbols + p.column]
    price, reason = stop_price(s, bar, book), stop_reason(s, book)
    if price == price:
        p.blocked_until = t + p.cooldown
    else:
        # a stop order of the strategy that this bar reaches is taken to have come before
        leaves = p.order_kind != NO_ORDER and p.order_value * p.quantity < 0.0
        if leaves and stop_reached(s, bar, book):
            return
        price, reason = target_price(s, bar, book), BY_TAKE_PROFIT
    _exit_inside(t, s, price, reason, market, terms, book, log)


@kernel
def watch_entry(t: int, s: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """The stop of a position that was opened inside this bar; its target waits for the next."""
    p = book.holdings[s]
    price = entry_stop_price(s, market.bars[t * market.symbols + p.column], book)
    if price == price:
        p.blocked_until = t + p.cooldown
        _exit_inside(t, s, price, stop_reason(s, book), market, terms, book, log)


@kernel
@apart
def _exit_inside(
    t: int, s: int, price: float, reason: int, market: Market, terms: Terms, book: Book, log: Log
) -> None:
    """Close a position inside the bar; its working order goes with it.

    What the bar's volume has no room for is left as a market order.
    """
    p = book.holdings[s]
    cancel(s, book)
    closing = within_volume(t, s, -p.quantity, market, terms, book)
    if closing != 0.0:
        paid = slipped(t, s, price, closing, market, terms, book)
        close_position(s, Deal(t, closing, price, paid, reason), terms, book, log)
    if p.quantity != 0.0:
        work(s, -p.quantity, book)
        p.order_reason = reason


@kernel
@apart
def leave_on_time(t: int, book: Book) -> None:
    """Order positions out that have been held for their number of bars."""
    account, held, holdings = book.account[0], book.held, book.holdings
    deadline = NEVER
    for i in range(account.held):
        p = holdings[held[i]]
        if p.max_bars > 0:
            last = p.entry_bar + p.max_bars - 1
            deadline = min(deadline, last)
            if t >= last:
                work(held[i], -p.quantity, book)
                p.order_reason = BY_TIME
    account.deadline = deadline


@kernel
@apart
def meet_margin_call(terms: Terms, book: Book) -> None:
    """Order every position cut by the same part, back to the maintenance line; all at zero equity.

    An order that sells as much at the market already stays.
    """
    account = book.account[0]
    account.margin_calls += 1
    kept = 0.0
    if account.equity > 0.0:
        kept = account.equity / (terms.limits.maintenance * account.invested)
    for i in range(account.held):
        s = book.held[i]
        p = book.holdings[s]
        cut = whole_lots(p.quantity * kept, terms.lot) - p.quantity
        leaves = p.order_kind == SHARES and p.order_priced == 0 and p.order_value * cut > 0.0
        if cut != 0.0 and not (leaves and abs(p.order_value) >= abs(cut)):
            work(s, cut, book)
            p.order_reason = BY_MARGIN_CALL
