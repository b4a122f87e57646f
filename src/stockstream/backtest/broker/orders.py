"""Taking orders in: one working order for a slot, sized here or at its fill.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.fees import whole_lots
from stockstream.backtest.broker.pricing import stepped
from stockstream.backtest.broker.records import (
    AT_FILL,
    NAN,
    NO_ORDER,
    SHARES,
    TO_QUANTITY,
    TO_VALUE,
    TO_WEIGHT,
)
from stockstream.backtest.codes import BY_ORDER
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Market, Order, Ticket
    from stockstream.backtest.broker.terms import Terms


@kernel
def place(
    t: int, s: int, order: Order, ticket: Ticket, market: Market, terms: Terms, book: Book
) -> None:
    """Take an order at the close of bar ``t``. It replaces the slot's working order.

    Entries during a cooldown or after ruin and weights of a symbol without a price are dropped and
    counted.
    """
    p = book.holdings[s]
    account = book.account[0]
    if order.kind == SHARES:
        shares = whole_lots(order.value, terms.lot)
    elif order.kind == TO_QUANTITY:
        shares = whole_lots(order.value, terms.lot) - p.quantity
    else:
        price = market.bars[t * market.symbols + p.column].close
        if price != price and p.quantity != 0.0:
            price = p.last
        if price != price:
            account.unpriced += 1
            return
        shares = shares_for(order.kind, order.value, price, account.equity, p.quantity, terms)
    if abs(p.quantity + shares) > abs(p.quantity):
        if t < p.blocked_until:
            account.cooled_off += 1
            return
        if account.equity <= 0.0:
            account.unaffordable += 1
            return
    if shares == 0.0:
        if p.quantity == 0.0 and order.value != 0.0:
            account.unaffordable += 1
        cancel(s, book)
        return
    _take(s, order, shares, terms, book)
    p.order_stop_loss = ticket.stop_loss
    p.order_take_profit = ticket.take_profit
    p.order_trailing_stop = ticket.trailing_stop
    p.order_max_bars = ticket.max_bars
    p.order_cooldown = ticket.cooldown


@kernel
def _take(s: int, order: Order, shares: float, terms: Terms, book: Book) -> None:
    """Let the order work: at once in shares, or where it is a market order sized at its fill."""
    p = book.holdings[s]
    priced = order.limit == order.limit or order.stop == order.stop
    if terms.size_at == AT_FILL and order.kind in (TO_WEIGHT, TO_VALUE) and not priced:
        work(s, order.value, book)
        p.order_kind = order.kind
    else:
        work(s, shares, book)
    p.order_day = order.day
    if priced:
        # to the side on which it fills later, and never at a worse price than it says
        p.order_limit = stepped(order.limit, shares < 0.0, terms.pricing)
        p.order_stop = stepped(order.stop, shares > 0.0, terms.pricing)
        p.order_priced = 1
        book.account[0].priced += 1


@kernel
def shares_for(
    kind: int, value: float, price: float, equity: float, held: float, terms: Terms
) -> float:
    """Signed shares to trade to hold a weight of equity, or a value, at this price."""
    wanted = value * equity if kind == TO_WEIGHT else value
    return whole_lots(wanted / price, terms.lot) - held


@kernel
def work(s: int, shares: float, book: Book) -> None:
    """Make it the slot's working order, a plain one in shares, keeping the list in order."""
    p = book.holdings[s]
    account = book.account[0]
    if p.order_kind == NO_ORDER:
        i = account.working
        while i > 0 and book.working[i - 1] > s:
            book.working[i] = book.working[i - 1]
            i -= 1
        book.working[i] = s
        account.working += 1
    else:
        account.priced -= p.order_priced
    p.order_kind = SHARES
    p.order_reason = BY_ORDER
    p.order_value = shares
    p.order_priced = 0
    p.order_limit = NAN
    p.order_stop = NAN
    p.order_day = 0


@kernel
def cancel(s: int, book: Book) -> None:
    """Take the slot's working order back, if it has one."""
    p = book.holdings[s]
    if p.order_kind == NO_ORDER:
        return
    p.order_kind = NO_ORDER
    account = book.account[0]
    account.priced -= p.order_priced
    kept = 0
    for i in range(account.working):
        if book.working[i] != s:
            book.working[kept] = book.working[i]
            kept += 1
    account.working = kept


@kernel
def lapse(t: int, market: Market, book: Book) -> None:
    """Take back the limit and stop orders for one bar that have had theirs."""
    account = book.account[0]
    kept = 0
    for i in range(account.working):
        s = book.working[i]
        p = book.holdings[s]
        close = market.bars[t * market.symbols + p.column].close
        if p.order_day == 1 and p.order_priced == 1 and close == close:
            p.order_kind = NO_ORDER
            account.priced -= 1
        else:
            book.working[kept] = s
            kept += 1
    account.working = kept
