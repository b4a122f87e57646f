"""Walking the account through a bar: actions, fills, brackets, the mark at the close.

The order of events is the clock of ``docs/semantics.md``. Kernel code; see ``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.actions import pay_dividend, split_shares
from stockstream.backtest.broker.brackets import meets_bracket, set_levels
from stockstream.backtest.broker.closing import (
    close_delisted,
    leave,
    leave_on_time,
    meet_margin_call,
    watch_entry,
)
from stockstream.backtest.broker.fills import Deal, log_trade
from stockstream.backtest.broker.matching import fill_orders
from stockstream.backtest.broker.orders import lapse
from stockstream.backtest.broker.records import (
    AT_CLOSE,
    AT_OPEN,
    IN_RANGE,
    NEXT_CLOSE,
    NEXT_OPEN,
    SAME_CLOSE,
)
from stockstream.backtest.codes import STILL_OPEN
from stockstream.jit import apart, kernel
from stockstream.market.panel import SPLIT

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Bar, Book, Log, Market
    from stockstream.backtest.broker.terms import Terms


@kernel
def open_bar(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Everything of bar ``t`` up to its close, where the strategy may look."""
    account = book.account[0]
    for i in range(market.action_start[t], market.action_start[t + 1]):
        _act(t, i, market, terms, book, log)
    if account.working > 0 and (terms.fill == NEXT_OPEN or account.priced > 0):
        account.part = AT_OPEN
        fill_orders(t, market, terms, book, log)
    _live_through(t, market, terms, book, log)
    if account.working > 0 or account.shorts > 0 or account.cash < 0.0:
        _end_range(t, market, terms, book, log)


@kernel
@apart
def _act(t: int, i: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """One corporate action, for the symbol's slot of every strategy."""
    action = market.actions[i]
    for sleeve in range(market.sleeves):
        s = sleeve * market.symbols + action.symbol
        if action.kind == SPLIT:
            split_shares(t, s, action.value, terms, book, log)
        else:
            pay_dividend(s, action.value, book)


@kernel
def _live_through(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Delistings, brackets and the mark at the close (the last one without a bar) of all held."""
    account, held, holdings, bars = book.account[0], book.held, book.holdings, market.bars
    row = t * market.symbols
    value = invested = 0.0
    i = 0
    while i < account.held:
        p = holdings[held[i]]
        bar = bars[row + p.column]
        if bar.low > p.floor and bar.high < p.ceiling:
            p.last = bar.close
        else:
            _live_on(t, held[i], bar, market, terms, book, log)
            if p.quantity == 0.0:
                continue  # another slot has moved into this place
        worth = p.quantity * p.last
        value += worth
        invested += worth if worth >= 0.0 else -worth
        i += 1
    account.invested = invested
    account.equity = account.cash + value


@kernel
def _live_on(t: int, s: int, bar: Bar, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """A bar that is not there, that meets the bracket, or that is the best or worst so far."""
    p = book.holdings[s]
    if bar.close != bar.close:
        if p.delisted <= t:
            close_delisted(t, s, terms, book, log)
        return
    guarded = p.stop_loss > 0.0 or p.take_profit > 0.0 or p.trailing_stop > 0.0
    if guarded and meets_bracket(s, bar, book):
        leave(t, s, market, terms, book, log)
        if p.quantity == 0.0:
            return
    p.last = bar.close
    if bar.high > p.highest:
        p.highest = bar.high
    if bar.low < p.lowest:
        p.lowest = bar.low
    if guarded:
        set_levels(s, book)
    else:
        p.floor = p.lowest
        p.ceiling = p.highest


@kernel
@apart
def _end_range(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Limit and stop orders inside the bar, fills at its close, and what holding costs."""
    account = book.account[0]
    before = account.fills
    if account.priced > 0:
        account.part = IN_RANGE
        fill_orders(t, market, terms, book, log)
        if account.fills != before:
            _end_entries(t, market, terms, book, log)
        lapse(t, market, book)
    if terms.fill == NEXT_CLOSE and account.working > 0:
        account.part = AT_CLOSE
        fill_orders(t, market, terms, book, log)
    charged = _charge(terms, book)
    if charged > 0.0 or account.fills != before:
        _value_account(book)


@kernel
def _end_entries(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """Positions that were opened inside this bar: their stop, and the mark at its close."""
    account = book.account[0]
    i = 0
    while i < account.held:
        s = book.held[i]
        p = book.holdings[s]
        if p.lived_from > t:
            p.last = market.bars[t * market.symbols + p.column].close
            watch_entry(t, s, market, terms, book, log)
        if p.quantity != 0.0:
            i += 1


@kernel
def _charge(terms: Terms, book: Book) -> float:
    """Charge borrow on short positions and interest on money owed. Returns their sum."""
    account = book.account[0]
    charged = 0.0
    if terms.carry.borrow > 0.0 and account.shorts > 0:
        for i in range(account.held):
            p = book.holdings[book.held[i]]
            if p.quantity < 0.0:
                fee = -p.quantity * p.last * terms.carry.borrow
                p.income -= fee
                account.borrow += fee
                charged += fee
    if terms.carry.financing > 0.0 and account.cash < 0.0:
        interest = -account.cash * terms.carry.financing
        account.financing += interest
        charged += interest
    account.cash -= charged
    return charged


@kernel
def close_bar(t: int, market: Market, terms: Terms, book: Book, log: Log) -> None:
    """After the strategy has decided: forced exits, fills at this very close, the day's record."""
    account = book.account[0]
    if t >= account.deadline:
        leave_on_time(t, book)
    if account.equity < terms.limits.maintenance * account.invested and account.invested > 0.0:
        meet_margin_call(terms, book)
    if terms.fill == SAME_CLOSE and account.working > 0:
        account.part = AT_CLOSE
        fill_orders(t, market, terms, book, log)
        _value_account(book)
    day = log.days[t]
    day.equity = account.equity
    day.cash = account.cash
    day.invested = account.invested


@kernel
def _value_account(book: Book) -> None:
    """Equity = cash + positions at their last close."""
    account, held, holdings = book.account[0], book.held, book.holdings
    value = invested = 0.0
    for i in range(account.held):
        p = holdings[held[i]]
        worth = p.quantity * p.last
        value += worth
        invested += abs(worth)
    account.equity = account.cash + value
    account.invested = invested


@kernel
@apart
def mark_open_trades(t: int, book: Book, log: Log) -> None:
    """At the end: write the open round trips down as trades marked at the last close, not sold."""
    for i in range(book.account[0].held):
        s = book.held[i]
        p = book.holdings[s]
        mark = Deal(t, -p.quantity, p.last, p.last, STILL_OPEN)
        log_trade(s, mark, p.closed_value + p.quantity * p.last, book, log)
