"""Stop loss, take profit and trailing stop: their levels, and what a bar does to them.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.records import NAN, OUT_OF_REACH
from stockstream.backtest.codes import BY_STOP_LOSS, BY_TRAILING_STOP
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Bar, Book


@kernel
def set_levels(s: int, book: Book) -> None:
    """The prices between which a bar neither meets the bracket nor is the worst or best so far."""
    p = book.holdings[s]
    stop, target = stop_level(s, book), target_level(s, book)
    p.floor = max(stop if p.quantity > 0.0 else target, p.lowest)
    p.ceiling = min(target if p.quantity > 0.0 else stop, p.highest)


@kernel
def target_level(s: int, book: Book) -> float:
    """The price at which the profit is taken; out of reach where that is not asked for."""
    p = book.holdings[s]
    side = 1.0 if p.quantity > 0.0 else -1.0
    return target_at(side, p.entry, p.take_profit)


@kernel
def target_at(side: float, entry: float, take_profit: float) -> float:
    """The target of a long (1.0) or a short (-1.0) position; out of reach where it is 0."""
    if take_profit > 0.0:
        return entry * (1.0 + side * take_profit)
    return OUT_OF_REACH if side > 0.0 else -1.0


@kernel
def stop_level(s: int, book: Book) -> float:
    """The tighter of stop loss and trailing stop; out of reach where neither is asked for.

    The trailing stop hangs from the best price up to the bar before: within a bar nobody knows
    whether the high or the low came first.
    """
    p = book.holdings[s]
    side = 1.0 if p.quantity > 0.0 else -1.0
    best = p.highest if side > 0.0 else p.lowest
    return stop_at(side, p.entry, best, p.stop_loss, p.trailing_stop)


@kernel
def stop_at(
    side: float, entry: float, best: float, stop_loss: float, trailing_stop: float
) -> float:
    """The stop of a long (1.0) or a short (-1.0) position whose best price so far is ``best``."""
    stop = -1.0 if side > 0.0 else OUT_OF_REACH
    if stop_loss > 0.0:
        stop = entry * (1.0 - side * stop_loss)
    if trailing_stop > 0.0:
        trail = best * (1.0 - side * trailing_stop)
        stop = max(stop, trail) if side > 0.0 else min(stop, trail)
    return stop


@kernel
def meets_bracket(s: int, bar: Bar, book: Book) -> bool:
    """Whether this bar reaches the stop or the target."""
    p = book.holdings[s]
    stop, target = stop_level(s, book), target_level(s, book)
    if p.quantity > 0.0:
        return bar.low <= stop or bar.high >= target
    return bar.high >= stop or bar.low <= target


@kernel
def stop_reason(s: int, book: Book) -> int:
    """Which of the two stops the tighter one is."""
    p = book.holdings[s]
    side = 1.0 if p.quantity > 0.0 else -1.0
    fixed = p.entry * (1.0 - side * p.stop_loss)
    if p.stop_loss > 0.0 and stop_level(s, book) == fixed:
        return BY_STOP_LOSS
    return BY_TRAILING_STOP


@kernel
def stop_price(s: int, bar: Bar, book: Book) -> float:
    """The price at which the stop leaves a position held at the open; NaN where it does not.

    A gap through it fills at the open.
    """
    stop = stop_level(s, book)
    if book.holdings[s].quantity > 0.0:
        return min(bar.open, stop) if bar.low <= stop else NAN
    return max(bar.open, stop) if bar.high >= stop else NAN


@kernel
def target_price(s: int, bar: Bar, book: Book) -> float:
    """The price at which the target takes the profit of a position held at the open, or NaN."""
    target = target_level(s, book)
    if book.holdings[s].quantity > 0.0:
        return max(bar.open, target) if bar.high >= target else NAN
    return min(bar.open, target) if bar.low <= target else NAN


@kernel
def entry_stop_price(s: int, bar: Bar, book: Book) -> float:
    """The same as :func:`stop_price` for a position that was opened inside this bar.

    Where the bar opened on the right side of the stop, its range may have reached the stop after
    the entry, and is taken to have. Where it did not, that is how the entry came about, and only
    the close tells.
    """
    stop = stop_level(s, book)
    if book.holdings[s].quantity > 0.0:
        seen = bar.low if bar.open > stop else bar.close
        return stop if seen <= stop else NAN
    seen = bar.high if bar.open < stop else bar.close
    return stop if seen >= stop else NAN
