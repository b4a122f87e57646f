"""A fill and what it changes: the position and its round trip, the cash, the log.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.backtest.broker.brackets import set_levels
from stockstream.backtest.broker.fees import commission
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log
    from stockstream.backtest.broker.terms import Terms


class Deal(NamedTuple):
    """Shares that change hands in bar ``bar``: ``paid`` is ``price`` after slippage."""

    bar: int
    quantity: float  # signed
    price: float
    paid: float
    reason: int


@kernel
def open_position(s: int, deal: Deal, lived_from: int, terms: Terms, book: Book, log: Log) -> None:
    """Open or increase a position with the exits of its working order.

    ``lived_from`` is the first bar whose whole range a position that starts now will see.
    """
    p = book.holdings[s]
    account = book.account[0]
    if p.quantity == 0.0:
        _start_round_trip(s, deal, book)
        p.lived_from = lived_from
    p.stop_loss = p.order_stop_loss
    p.take_profit = p.order_take_profit
    p.trailing_stop = p.order_trailing_stop
    p.max_bars = p.order_max_bars
    p.cooldown = p.order_cooldown
    if p.max_bars > 0:
        account.deadline = min(account.deadline, p.entry_bar + p.max_bars - 1)
    p.entry = (p.entry * p.quantity + deal.paid * deal.quantity) / (p.quantity + deal.quantity)
    p.quantity += deal.quantity
    p.opened_quantity += deal.quantity
    p.opened_value += deal.quantity * deal.paid
    set_levels(s, book)
    fee = _settle(s, deal, terms, book, log)
    account.worth -= fee
    account.gross += abs(deal.quantity * deal.paid)


@kernel
def _start_round_trip(s: int, deal: Deal, book: Book) -> None:
    p = book.holdings[s]
    p.entry = 0.0
    p.last = deal.price
    p.highest = deal.paid
    p.lowest = deal.paid
    p.opened_quantity = 0.0
    p.opened_value = 0.0
    p.closed_value = 0.0
    p.fees = 0.0
    p.income = 0.0
    p.entry_bar = deal.bar
    account = book.account[0]
    p.slot = account.held
    book.held[account.held] = s
    account.held += 1
    account.shorts += int(deal.quantity < 0.0)


@kernel
def close_position(s: int, deal: Deal, terms: Terms, book: Book, log: Log) -> None:
    """Reduce a position; at zero the round trip is a trade."""
    p = book.holdings[s]
    p.highest = max(p.highest, deal.paid)
    p.lowest = min(p.lowest, deal.paid)
    p.quantity += deal.quantity
    p.closed_value -= deal.quantity * deal.paid
    _settle(s, deal, terms, book, log)
    if p.quantity == 0.0:
        log_trade(s, deal, p.closed_value, book, log)
        drop_position(s, book)
    else:
        set_levels(s, book)


@kernel
def _settle(s: int, deal: Deal, terms: Terms, book: Book, log: Log) -> float:
    """Move the cash of a fill and write it down. Returns the commission."""
    fee = commission(deal.quantity, deal.paid, terms.fees)
    account = book.account[0]
    value = deal.quantity * deal.paid
    account.cash = cash_after(account.cash, value, fee)
    account.commission += fee
    account.traded += abs(value)
    book.holdings[s].fees += fee
    log_fill(s, deal, fee, book, log)
    return fee


@kernel
def cash_after(cash: float, value: float, fee: float) -> float:
    """What is left of the cash once a fill of this value, and its commission, are paid."""
    left = cash - (value + fee)
    # a buy cut to the cash at hand may miss zero by rounding; it never spends what is not there
    return 0.0 if left < 0.0 and left > -1e-9 * value else left


@kernel
def log_fill(s: int, deal: Deal, fee: float, book: Book, log: Log) -> None:
    """Write a fill down."""
    account = book.account[0]
    row = log.fills[account.fills]
    row.bar = deal.bar
    row.symbol = s
    row.reason = deal.reason
    row.quantity = deal.quantity
    row.price = deal.paid
    row.commission = fee
    row.slippage = abs(deal.quantity * (deal.paid - deal.price))
    account.slippage += row.slippage
    account.fills += 1


@kernel
def log_trade(s: int, last: Deal, closed_value: float, book: Book, log: Log) -> None:
    """Write down a round trip that ends with the deal ``last``."""
    p = book.holdings[s]
    row = log.trades[book.account[0].trades]
    row.symbol = s
    row.entry_bar = p.entry_bar
    row.exit_bar = last.bar
    row.reason = last.reason
    row.quantity = p.opened_quantity
    row.entry_price = p.opened_value / p.opened_quantity
    row.exit_price = closed_value / p.opened_quantity
    row.fees = p.fees
    row.income = p.income
    row.pnl = closed_value - p.opened_value - p.fees + p.income
    row.lowest = p.lowest
    row.highest = p.highest
    book.account[0].trades += 1


@kernel
def drop_position(s: int, book: Book) -> None:
    """Take a flat slot off the list of held ones: the last one moves into its place."""
    account = book.account[0]
    last = book.held[account.held - 1]
    slot = book.holdings[s].slot
    book.held[slot] = last
    book.holdings[last].slot = slot
    account.held -= 1
    account.shorts -= int(book.holdings[s].opened_quantity < 0.0)
