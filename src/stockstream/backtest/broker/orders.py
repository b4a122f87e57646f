"""Taking orders in: one working order for a symbol, sized here or at its fill.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.fills import whole_lots
from stockstream.backtest.broker.records import (
    AT_FILL,
    NO_ORDER,
    SHARES,
    TO_QUANTITY,
    TO_VALUE,
    TO_WEIGHT,
)
from stockstream.backtest.codes import BY_ORDER
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Exits, Market, Terms


@kernel
def place(
    t: int,
    s: int,
    kind: int,
    value: float,
    exits: Exits,
    market: Market,
    terms: Terms,
    book: Book,
) -> None:
    """Take an order at the close of bar ``t``. It replaces the symbol's working order.

    ``kind`` and ``value``: SHARES to trade (signed), or TO_WEIGHT, TO_VALUE, TO_QUANTITY to hold.
    Entries during a cooldown or after ruin and weights of a symbol without a price are dropped and
    counted.
    """
    p = book.holdings[s]
    account = book.account[0]
    if kind == SHARES:
        shares = whole_lots(value, terms.lot)
    elif kind == TO_QUANTITY:
        shares = whole_lots(value, terms.lot) - p.quantity
    else:
        price = market.bars[t * market.symbols + s].close
        if price != price and p.quantity != 0.0:
            price = p.last
        if price != price:
            account.unpriced += 1
            return
        shares = shares_for(kind, value, price, account.equity, p.quantity, terms)
    grows = abs(p.quantity + shares) > abs(p.quantity)
    if grows and t < p.blocked_until:
        account.cooled_off += 1
        return
    if grows and account.equity <= 0.0:
        account.unaffordable += 1
        return
    if shares == 0.0:
        if p.quantity == 0.0 and value != 0.0:
            account.unaffordable += 1
        cancel(s, book)
        return
    if terms.size_at == AT_FILL and kind in (TO_WEIGHT, TO_VALUE):
        work(s, kind, value, BY_ORDER, book)
    else:
        work(s, SHARES, shares, BY_ORDER, book)
    p.order_stop_loss = exits.stop_loss
    p.order_take_profit = exits.take_profit
    p.order_trailing_stop = exits.trailing_stop
    p.order_max_bars = exits.max_bars
    p.order_cooldown = exits.cooldown


@kernel
def shares_for(
    kind: int, value: float, price: float, equity: float, held: float, terms: Terms
) -> float:
    """Signed shares to trade to hold a weight of equity, or a value, at this price."""
    wanted = value * equity if kind == TO_WEIGHT else value
    return whole_lots(wanted / price, terms.lot) - held


@kernel
def work(s: int, kind: int, value: float, reason: int, book: Book) -> None:
    """Make it the symbol's working order, keeping the list in the universe's order."""
    p = book.holdings[s]
    account = book.account[0]
    if p.order_kind == NO_ORDER:
        i = account.working
        while i > 0 and book.working[i - 1] > s:
            book.working[i] = book.working[i - 1]
            i -= 1
        book.working[i] = s
        account.working += 1
    p.order_kind = kind
    p.order_reason = reason
    p.order_value = value


@kernel
def cancel(s: int, book: Book) -> None:
    """Take the symbol's working order back, if it has one."""
    if book.holdings[s].order_kind == NO_ORDER:
        return
    book.holdings[s].order_kind = NO_ORDER
    account = book.account[0]
    kept = 0
    for i in range(account.working):
        if book.working[i] != s:
            book.working[kept] = book.working[i]
            kept += 1
    account.working = kept
