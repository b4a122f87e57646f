"""Corporate actions on positions: splits turn shares, dividends pay cash.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.fills import drop_position, log_fill, log_trade
from stockstream.backtest.broker.records import SHARES
from stockstream.backtest.codes import CASH_IN_LIEU
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log, Terms


@kernel
def pay_dividend(s: int, cash_per_share: float, book: Book) -> None:
    """Holders at the open are paid; the short pay."""
    p = book.holdings[s]
    if p.quantity != 0.0:
        paid = p.quantity * cash_per_share
        p.income += paid
        book.account[0].dividends += paid
        book.account[0].cash += paid


@kernel
def split_shares(t: int, s: int, ratio: float, terms: Terms, book: Book, log: Log) -> None:
    """Turn a position and a working order into ``ratio`` new shares for each old one."""
    p = book.holdings[s]
    if p.order_kind == SHARES:
        p.order_value *= ratio
    if p.quantity == 0.0:
        return
    p.quantity *= ratio
    p.opened_quantity *= ratio
    p.entry /= ratio
    p.last /= ratio
    p.highest /= ratio
    p.lowest /= ratio
    if terms.lot > 0.0:
        _pay_fraction(t, s, book, log)


@kernel
def _pay_fraction(t: int, s: int, book: Book, log: Log) -> None:
    """Pay the fraction of a share that a split leaves in cash, at the last close, free of costs."""
    p = book.holdings[s]
    nearest = float(int(p.quantity + (0.5 if p.quantity > 0.0 else -0.5)))
    if abs(p.quantity - nearest) <= 1e-6 * abs(p.quantity):
        p.quantity = nearest  # a ratio quoted as 7.000007 means 7
        return
    whole = float(int(p.quantity))
    fraction = p.quantity - whole
    p.quantity = whole
    p.closed_value += fraction * p.last
    book.account[0].cash += fraction * p.last
    log_fill(t, s, CASH_IN_LIEU, -fraction, p.last, 0.0, 0.0, book, log)
    if whole == 0.0:
        log_trade(t, s, p.closed_value, CASH_IN_LIEU, book, log)
        drop_position(s, book)
