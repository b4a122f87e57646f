"""Stop loss, take profit and trailing stop within a bar.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.fills import close_position, slipped
from stockstream.backtest.broker.orders import cancel
from stockstream.backtest.codes import (
    BY_STOP_LOSS,
    BY_TAKE_PROFIT,
    BY_TRAILING_STOP,
)
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log, Terms


@kernel
def watch_bracket(
    t: int,
    s: int,
    start: float,
    high: float,
    low: float,
    terms: Terms,
    book: Book,
    log: Log,
) -> None:
    """Close at the stop, else at the target, where this bar (from open ``start``) reached it.

    The stop comes first where a bar reached both. A gap through a level fills at the open. The
    trailing stop hangs from the best price up to the bar before: within a bar nobody knows whether
    the high or the low came first.
    """
    p = book.holdings[s]
    side = 1.0 if p.quantity > 0.0 else -1.0
    against = low if side > 0.0 else high
    stop = _stop_level(s, side, book)
    if side * against <= side * stop:
        reason = BY_STOP_LOSS
        if p.stop_loss <= 0.0 or stop != p.entry * (1.0 - side * p.stop_loss):
            reason = BY_TRAILING_STOP
        p.blocked_until = t + p.cooldown
        _leave(t, s, min(start, stop) if side > 0.0 else max(start, stop), reason, terms, book, log)
        return
    best = high if side > 0.0 else low
    target = p.entry * (1.0 + side * p.take_profit)
    if p.take_profit > 0.0 and side * best >= side * target:
        price = max(start, target) if side > 0.0 else min(start, target)
        _leave(t, s, price, BY_TAKE_PROFIT, terms, book, log)


@kernel
def _stop_level(s: int, side: float, book: Book) -> float:
    """The tighter of stop loss and trailing stop; out of reach where neither is asked for."""
    p = book.holdings[s]
    stop = -1.0 if side > 0.0 else 1e300
    if p.stop_loss > 0.0:
        stop = p.entry * (1.0 - side * p.stop_loss)
    if p.trailing_stop > 0.0:
        best = p.highest if side > 0.0 else p.lowest
        trail = best * (1.0 - side * p.trailing_stop)
        stop = max(stop, trail) if side > 0.0 else min(stop, trail)
    return stop


@kernel
def _leave(t: int, s: int, price: float, reason: int, terms: Terms, book: Book, log: Log) -> None:
    """Close a position inside the bar; its working order goes with it."""
    cancel(s, book)
    closing = -book.holdings[s].quantity
    got = slipped(price, closing, terms)
    close_position(t, s, closing, price, got, reason, terms, book, log)
