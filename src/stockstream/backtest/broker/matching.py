"""Filling the working orders of a part of a bar: every exit, then entries as money allows.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.fees import affordable
from stockstream.backtest.broker.fills import Deal, close_position, open_position
from stockstream.backtest.broker.orders import shares_for
from stockstream.backtest.broker.pricing import slipped, within_volume
from stockstream.backtest.broker.records import (
    AT_CLOSE,
    AT_FILL,
    AT_OPEN,
    DUST,
    NO_ORDER,
    SHARES,
    UNKNOWN,
)
from stockstream.backtest.broker.triggers import order_price
from stockstream.backtest.codes import BY_ORDER
from stockstream.jit import apart, kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log, Market
    from stockstream.backtest.broker.terms import Terms


@kernel
@apart
def fill_orders(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Fill what fills in this part of the bar: exits over all slots, then entries in their order.

    ``account.part`` says which part it is.

    Orders that do not fill keep working, among them those of symbols without a bar.
    """
    account, working, holdings = book.account[0], book.working, book.holdings
    for i in range(account.working):
        holdings[working[i]].order_price = order_price(t, working[i], market, terms, book)
    if terms.size_at == AT_FILL:
        _size_orders(t, market, terms, book)
    for i in range(account.working):
        if holdings[working[i]].order_price == holdings[working[i]].order_price:
            _fill_exit(t, working[i], market, terms, book, log)
    account.gross = UNKNOWN
    kept = 0
    for i in range(account.working):
        s = working[i]
        p = holdings[s]
        if p.order_price == p.order_price and _fill_entry(t, s, market, terms, book, log):
            p.order_kind = NO_ORDER
            account.priced -= p.order_priced
        else:
            working[kept] = s
            kept += 1
    account.working = kept


@kernel
def _mark_at(t: int, market: Market, book: Book) -> None:
    """Worth of the account and value of all positions, at the prices of this part of the bar."""
    account = book.account[0]
    worth, gross = account.cash, 0.0
    for i in range(account.held):
        p = book.holdings[book.held[i]]
        bar = market.bars[t * market.symbols + p.column]
        price = bar.close if account.part == AT_CLOSE else bar.open
        value = p.quantity * (price if price == price else p.last)
        worth += value
        gross += abs(value)
    account.worth = worth
    account.gross = gross


@kernel
def _size_orders(t: int, market: Market, terms: Terms, book: Book) -> None:
    """Turn weights and values into shares at the fill's prices, equity marked there too."""
    account = book.account[0]
    _mark_at(t, market, book)
    for i in range(account.working):
        s = book.working[i]
        p = book.holdings[s]
        price, equity = p.order_price, account.worth
        if p.order_kind == SHARES or price != price:
            continue
        shares = shares_for(p.order_kind, p.order_value, price, equity, p.quantity, terms)
        paid = slipped(t, s, price, shares, market, terms, book)
        p.order_value = shares_for(p.order_kind, p.order_value, paid, equity, p.quantity, terms)
        p.order_kind = SHARES


@kernel
def _paid(t: int, s: int, quantity: float, market: Market, terms: Terms, book: Book) -> float:
    """What a share of the slot's order costs: limit orders know no slippage."""
    p = book.holdings[s]
    if p.order_limit == p.order_limit:
        return p.order_price
    return slipped(t, s, p.order_price, quantity, market, terms, book)


@kernel
def _fill_exit(t: int, s: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """The part of an order that reduces the position; what is left waits for the entries."""
    p = book.holdings[s]
    if p.quantity * p.order_value >= 0.0:
        return
    closing = p.order_value if abs(p.order_value) <= abs(p.quantity) else -p.quantity
    closing = within_volume(t, s, closing, market, terms, book)
    if closing == 0.0:
        return
    p.order_value -= closing
    paid = _paid(t, s, closing, market, terms, book)
    deal = Deal(t, closing, p.order_price, paid, p.order_reason)
    close_position(s, deal, terms, book, log)


@kernel
def _fill_entry(t: int, s: int, market: Market, terms: Terms, book: Book, log: Log) -> bool:
    """The part of an order that opens or increases. Returns whether the order is done."""
    p = book.holdings[s]
    account = book.account[0]
    wanted = p.order_value
    if wanted == 0.0:
        return True
    if wanted * p.quantity < 0.0:  # the rest of an exit for which the volume had no room
        return p.order_day == 1
    paid = _paid(t, s, wanted, market, terms, book)
    shares = _carried(t, wanted, paid, market, terms, book)
    if shares == 0.0:
        account.unaffordable += 1
        return True
    if p.quantity == 0.0 and abs(shares) * paid < terms.limits.parcel:
        account.below_parcel += 1
        return True
    taken = within_volume(t, s, shares, market, terms, book)
    if taken != 0.0:
        if taken != wanted:
            paid = _paid(t, s, taken, market, terms, book)
        deal = Deal(t, taken, p.order_price, paid, BY_ORDER)
        open_position(s, deal, t if account.part == AT_OPEN else t + 1, terms, book, log)
    p.order_value = shares - taken
    return p.order_value == 0.0 or p.order_day == 1


@kernel
def _carried(t: int, wanted: float, paid: float, market: Market, terms: Terms, book: Book) -> float:
    """The order's shares, cut to what the cash, or with debts and shorts the margin, carries.

    After the fill all positions are worth at most leverage times equity, both at this part's
    prices. Without leverage and shorts that is the cash.
    """
    account = book.account[0]
    leverage = terms.limits.leverage
    if wanted > 0.0 and leverage == 1.0 and account.shorts == 0:
        most = affordable(account.cash, paid, 1.0, terms)
    else:
        if account.gross < 0.0:
            _mark_at(t, market, book)
        tied = 1.0 / leverage
        most = affordable(account.worth - account.gross * tied, paid, tied, terms)
    return cut_to(most, wanted, paid, account.equity)


@kernel
def cut_to(most: float, wanted: float, paid: float, equity: float) -> float:
    """The shares wanted, cut to the most there is money for; none where that is dust."""
    if most * paid < DUST * equity:
        return 0.0
    return min(wanted, most) if wanted > 0.0 else max(wanted, -most)
