"""Corporate actions on positions: splits turn shares, dividends pay cash.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.brackets import set_levels
from stockstream.backtest.broker.fills import Deal, drop_position, log_fill, log_trade
from stockstream.backtest.broker.records import NO_ORDER, SHARES
from stockstream.backtest.codes import CASH_IN_LIEU
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log
    from stockstream.backtest.broker.terms import Terms


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
    if p.order_kind != NO_ORDER:
        p.order_limit /= ratio
        p.order_stop /= ratio
        if p.order_kind == SHARES:
            turned = p.order_value * ratio
            p.order_value = turned if terms.lot <= 0.0 else whole_shares(turned)
    if p.quantity == 0.0:
        return
    p.quantity *= ratio
    p.opened_quantity *= ratio
    p.entry /= ratio
    p.last /= ratio
    p.highest /= ratio
    p.lowest /= ratio
    set_levels(s, book)
    if terms.lot > 0.0:
        _pay_fraction(t, s, book, log)


@kernel
def whole_shares(shares: float) -> float:
    """Whole shares: a ratio quoted as 7.000007 means 7; what is no rounding is cut."""
    nearest = float(int(shares + (0.5 if shares > 0.0 else -0.5)))
    return nearest if abs(shares - nearest) <= 1e-6 * abs(shares) else float(int(shares))


@kernel
def _pay_fraction(t: int, s: int, book: Book, log: Log) -> None:
    """Pay the fraction of a share that a split leaves in cash, at the last close, free of costs."""
    p = book.holdings[s]
    whole = whole_shares(p.quantity)
    fraction = p.quantity - whole
    p.quantity = whole
    if abs(fraction) <= 1e-6 * abs(whole):
        return
    p.closed_value += fraction * p.last
    book.account[0].cash += fraction * p.last
    deal = Deal(t, -fraction, p.last, p.last, CASH_IN_LIEU)
    log_fill(s, deal, 0.0, book, log)
    if whole == 0.0:
        log_trade(s, deal, p.closed_value, book, log)
        drop_position(s, book)
