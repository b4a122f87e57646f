"""Walking the account through a bar: actions, fills, brackets, the mark at the close.

The order of events is the clock of ``docs/semantics.md``. Kernel code; see ``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.actions import pay_dividend, split_shares
from stockstream.backtest.broker.brackets import watch_bracket
from stockstream.backtest.broker.fills import (
    affordable,
    close_position,
    log_trade,
    open_position,
    slipped,
)
from stockstream.backtest.broker.orders import cancel, shares_for, work
from stockstream.backtest.broker.records import (
    AT_FILL,
    NEXT_CLOSE,
    NEXT_OPEN,
    NO_ORDER,
    SAME_CLOSE,
    SHARES,
)
from stockstream.backtest.codes import BY_DELISTING, BY_TIME, STILL_OPEN
from stockstream.jit import kernel
from stockstream.market.panel import SPLIT

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log, Market, Terms


@kernel
def open_bar(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Everything of bar ``t`` up to its close, where the strategy may look."""
    for i in range(market.action_start[t], market.action_start[t + 1]):
        action = market.actions[i]
        if action.kind == SPLIT:
            split_shares(t, action.symbol, action.value, terms, book, log)
        else:
            pay_dividend(action.symbol, action.value, book)
    account = book.account[0]
    if terms.fill == NEXT_OPEN and account.working > 0:
        fill_orders(t, market, terms, book, log)
    if account.watched > 0 or t >= market.first_delisting:
        _watch_held(t, market, terms, book, log)
    if terms.fill == NEXT_CLOSE and account.working > 0:
        fill_orders(t, market, terms, book, log)
    _mark(t, market, terms, book)


@kernel
def close_bar(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """After the strategy has decided: time exits, fills at this very close, the day's record."""
    account = book.account[0]
    if account.watched > 0:
        _leave_on_time(t, book)
    if terms.fill == SAME_CLOSE and account.working > 0:
        fill_orders(t, market, terms, book, log)
        _value_account(book)
    day = log.days[t]
    day.equity = account.equity
    day.cash = account.cash
    day.invested = account.invested


@kernel
def _leave_on_time(t: int, book: Book) -> None:
    """Order positions out that have been held for their number of bars."""
    held, holdings = book.held, book.holdings
    for i in range(book.account[0].held):
        p = holdings[held[i]]
        if p.max_bars > 0 and t - p.entry_bar + 1 >= p.max_bars:
            work(held[i], SHARES, -p.quantity, BY_TIME, book)


@kernel
def mark_open_trades(t: int, book: Book, log: Log) -> None:
    """At the end: write the open round trips down as trades marked at the last close, not sold."""
    for i in range(book.account[0].held):
        s = book.held[i]
        p = book.holdings[s]
        log_trade(t, s, p.closed_value + p.quantity * p.last, STILL_OPEN, book, log)


@kernel
def fill_orders(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Fill the working orders of all symbols with a bar: every exit, then entries in order.

    Orders of symbols without a bar keep working.
    """
    account, working = book.account[0], book.working
    if terms.size_at == AT_FILL:
        _size_orders(t, market, terms, book)
    for i in range(account.working):
        price = fill_price(t, working[i], market, terms)
        if price == price:
            _fill_exit(t, working[i], price, terms, book, log)
    kept = 0
    for i in range(account.working):
        s = working[i]
        price = fill_price(t, s, market, terms)
        if price == price:
            _fill_entry(t, s, price, terms, book, log)
            book.holdings[s].order_kind = NO_ORDER
        else:
            working[kept] = s
            kept += 1
    account.working = kept


@kernel
def fill_price(t: int, s: int, market: Market, terms: Terms) -> float:
    """The price at which market orders fill in this bar, before slippage; NaN without a bar."""
    bar = market.bars[t * market.symbols + s]
    return bar.open if terms.fill == NEXT_OPEN else bar.close


@kernel
def _size_orders(t: int, market: Market, terms: Terms, book: Book) -> None:
    """Turn weights and values into shares at the fill's prices, equity marked there too."""
    account = book.account[0]
    equity = account.cash
    for i in range(account.held):
        p = book.holdings[book.held[i]]
        price = fill_price(t, book.held[i], market, terms)
        equity += p.quantity * (price if price == price else p.last)
    for i in range(account.working):
        s = book.working[i]
        p = book.holdings[s]
        price = fill_price(t, s, market, terms)
        if p.order_kind == SHARES or price != price:
            continue
        shares = shares_for(p.order_kind, p.order_value, price, equity, p.quantity, terms)
        paid = slipped(price, shares, terms)
        p.order_value = shares_for(p.order_kind, p.order_value, paid, equity, p.quantity, terms)
        p.order_kind = SHARES


@kernel
def _fill_exit(t: int, s: int, price: float, terms: Terms, book: Book, log: Log) -> None:
    """The part of an order that reduces the position; what is left waits for the entries."""
    p = book.holdings[s]
    if p.quantity * p.order_value >= 0.0:
        return
    closing = p.order_value if abs(p.order_value) <= abs(p.quantity) else -p.quantity
    p.order_value -= closing
    got = slipped(price, closing, terms)
    close_position(t, s, closing, price, got, p.order_reason, terms, book, log)


@kernel
def _fill_entry(t: int, s: int, price: float, terms: Terms, book: Book, log: Log) -> None:
    """The part of an order that opens or increases, a buy cut to the cash at hand."""
    wanted = book.holdings[s].order_value
    if wanted > 0.0:
        paid = slipped(price, wanted, terms)
        wanted = min(wanted, affordable(book.account[0].cash, paid, terms))
        if wanted == 0.0:
            book.account[0].unaffordable += 1
    if wanted != 0.0:
        open_position(t, s, wanted, price, terms, book, log)


@kernel
def _watch_held(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Delistings and brackets of held symbols."""
    account, held, holdings = book.account[0], book.held, book.holdings
    row = t * market.symbols
    i = 0
    while i < account.held:
        s = held[i]
        p = holdings[s]
        if p.delisted <= t:
            cancel(s, book)
            close_position(t, s, -p.quantity, p.last, p.last, BY_DELISTING, terms, book, log)
        elif p.watched > 0:
            bar = market.bars[row + s]
            if bar.close == bar.close:
                watch_bracket(t, s, bar.open, bar.high, bar.low, terms, book, log)
        if p.quantity != 0.0:
            i += 1


@kernel
def _mark(t: int, market: Market, terms: Terms, book: Book) -> None:
    """Mark every position at its close (the last one where there is no bar) and charge borrow."""
    account, held, holdings = book.account[0], book.held, book.holdings
    bars = market.bars
    row = t * market.symbols
    for i in range(account.held):
        s = held[i]
        p = holdings[s]
        bar = bars[row + s]
        if bar.close == bar.close:
            p.last = bar.close
            # a position opened at this close has not lived through this bar's high and low
            if terms.fill == NEXT_OPEN or p.entry_bar < t:
                if bar.high > p.highest:
                    p.highest = bar.high
                if bar.low < p.lowest:
                    p.lowest = bar.low
        if p.quantity < 0.0 and terms.borrow_rate > 0.0:
            charge = -p.quantity * p.last * terms.borrow_rate
            p.income -= charge
            account.borrow += charge
            account.cash -= charge
    _value_account(book)


@kernel
def _value_account(book: Book) -> None:
    """Equity = cash + positions at their last close."""
    account, held, holdings = book.account[0], book.held, book.holdings
    equity = account.cash
    invested = 0.0
    for i in range(account.held):
        p = holdings[held[i]]
        value = p.quantity * p.last
        equity += value
        invested += abs(value)
    account.equity = equity
    account.invested = invested
