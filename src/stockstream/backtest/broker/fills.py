"""From an order to a fill: commission, slippage, the cut to the cash at hand, the round trip.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.codes import BY_ORDER
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Log, Terms


@kernel
def commission(quantity: float, price: float, terms: Terms) -> float:
    """Commission of a fill: rate on the value plus an amount per share, with a minimum."""
    shares = abs(quantity)
    charge = shares * price * terms.commission_rate + shares * terms.commission_per_share
    return max(charge, terms.commission_minimum)


@kernel
def whole_lots(shares: float, lot: float) -> float:
    """Shares cut towards zero to whole lots; unchanged where ``lot`` is 0."""
    if lot <= 0.0:
        return shares
    return float(int(shares / lot)) * lot


@kernel
def affordable(cash: float, price: float, terms: Terms) -> float:
    """The most shares that this cash buys at this price, commission included."""
    shares = cash / (price * (1.0 + terms.commission_rate) + terms.commission_per_share)
    if commission(shares, price, terms) <= terms.commission_minimum:
        shares = (cash - terms.commission_minimum) / price
    if shares <= 0.0:
        return 0.0
    if terms.lot <= 0.0:
        return shares
    shares = whole_lots(shares, terms.lot)
    if shares * price + commission(shares, price, terms) > cash:
        shares -= terms.lot
    return max(shares, 0.0)


@kernel
def slipped(price: float, quantity: float, terms: Terms) -> float:
    """The price after slippage: higher for a buy, lower for a sale."""
    if quantity > 0.0:
        return price * (1.0 + terms.slippage_rate)
    return price * (1.0 - terms.slippage_rate)


@kernel
def open_position(
    t: int, s: int, quantity: float, price: float, terms: Terms, book: Book, log: Log
) -> None:
    """Fill the working order's opening or increase at ``price`` (before slippage)."""
    p = book.holdings[s]
    paid = slipped(price, quantity, terms)
    if p.quantity == 0.0:
        _start_round_trip(t, s, price, paid, book)
    p.stop_loss = p.order_stop_loss
    p.take_profit = p.order_take_profit
    p.trailing_stop = p.order_trailing_stop
    p.max_bars = p.order_max_bars
    p.cooldown = p.order_cooldown
    exits = p.stop_loss > 0.0 or p.take_profit > 0.0 or p.trailing_stop > 0.0 or p.max_bars > 0
    book.account[0].watched += int(exits) - p.watched
    p.watched = int(exits)
    p.entry = (p.entry * p.quantity + paid * quantity) / (p.quantity + quantity)
    p.quantity += quantity
    p.opened_quantity += quantity
    p.opened_value += quantity * paid
    _settle(t, s, quantity, price, paid, BY_ORDER, terms, book, log)


@kernel
def _start_round_trip(t: int, s: int, price: float, paid: float, book: Book) -> None:
    p = book.holdings[s]
    p.entry = 0.0
    p.last = price
    p.highest = paid
    p.lowest = paid
    p.opened_quantity = 0.0
    p.opened_value = 0.0
    p.closed_value = 0.0
    p.fees = 0.0
    p.income = 0.0
    p.entry_bar = t
    account = book.account[0]
    p.slot = account.held
    book.held[account.held] = s
    account.held += 1


@kernel
def close_position(
    t: int,
    s: int,
    quantity: float,
    price: float,
    got: float,
    reason: int,
    terms: Terms,
    book: Book,
    log: Log,
) -> None:
    """Fill a reduction at ``got`` (``price`` after slippage); at zero the round trip is a trade."""
    p = book.holdings[s]
    p.highest = max(p.highest, got)
    p.lowest = min(p.lowest, got)
    p.quantity += quantity
    p.closed_value -= quantity * got
    _settle(t, s, quantity, price, got, reason, terms, book, log)
    if p.quantity == 0.0:
        log_trade(t, s, p.closed_value, reason, book, log)
        drop_position(s, book)


@kernel
def _settle(
    t: int,
    s: int,
    quantity: float,
    price: float,
    got: float,
    reason: int,
    terms: Terms,
    book: Book,
    log: Log,
) -> None:
    """Move the cash of a fill and write it down."""
    fee = commission(quantity, got, terms)
    account = book.account[0]
    cash = account.cash - (quantity * got + fee)
    # a buy cut to the cash at hand may miss zero by rounding; it never spends what is not there
    if quantity > 0.0 and cash < 0.0 and cash > -1e-9 * quantity * got:
        cash = 0.0
    account.cash = cash
    cost = abs(quantity * (got - price))
    account.commission += fee
    account.slippage += cost
    account.traded += abs(quantity * got)
    book.holdings[s].fees += fee
    log_fill(t, s, reason, quantity, got, fee, cost, book, log)


@kernel
def log_fill(
    t: int,
    s: int,
    reason: int,
    quantity: float,
    price: float,
    fee: float,
    cost: float,
    book: Book,
    log: Log,
) -> None:
    """Write a fill down."""
    row = log.fills[book.account[0].fills]
    row.bar = t
    row.symbol = s
    row.reason = reason
    row.quantity = quantity
    row.price = price
    row.commission = fee
    row.slippage = cost
    book.account[0].fills += 1


@kernel
def log_trade(t: int, s: int, closed_value: float, reason: int, book: Book, log: Log) -> None:
    """Write down a round trip from flat to flat."""
    p = book.holdings[s]
    row = log.trades[book.account[0].trades]
    row.symbol = s
    row.entry_bar = p.entry_bar
    row.exit_bar = t
    row.reason = reason
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
    """Take a flat symbol off the list of held ones: the last one moves into its place."""
    account = book.account[0]
    last = book.held[account.held - 1]
    slot = book.holdings[s].slot
    book.held[slot] = last
    book.holdings[last].slot = slot
    account.held -= 1
    account.watched -= book.holdings[s].watched
    book.holdings[s].watched = 0
