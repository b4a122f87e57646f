"""What a fill's price is beside the market's: slippage, the exchange's price steps, volume.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.backtest.broker.fees import whole_lots
from stockstream.backtest.broker.records import DUST
from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Book, Market
    from stockstream.backtest.broker.terms import Pricing, Terms


@kernel
def slipped(
    t: int, s: int, price: float, quantity: float, market: Market, terms: Terms, book: Book
) -> float:
    """The price after slippage and half the spread: higher for a buy, lower for a sale.

    A large fill moves the price as zipline's VolumeShareSlippage has it: by ``impact`` times the
    square of its share of the bar's volume. What comes out is rounded against you to a price that
    the exchange knows.
    """
    pricing = terms.pricing
    rate = pricing.slippage
    if pricing.impact > 0.0:
        volume = market.volumes[t * market.symbols + book.holdings[s].column]
        share = min(abs(quantity) / volume, 1.0) if volume > 0.0 else 1.0
        rate += pricing.impact * share * share
    return moved(price, rate, quantity > 0.0, pricing)


@kernel
def moved(price: float, rate: float, buys: bool, pricing: Pricing) -> float:
    """A price that is worse by this rate, at the next price that the exchange knows."""
    worse = price * (1.0 + rate) if buys else price * max(1.0 - rate, 0.0)
    return stepped(worse, buys, pricing)


@kernel
def stepped(price: float, up: bool, pricing: Pricing) -> float:
    """The next price up or down that is a whole number of steps, at least one step."""
    if len(pricing.grid) == 0 or price != price:
        return price
    per_unit = pricing.grid[0].value
    for i in range(1, len(pricing.grid)):
        if price >= pricing.grid[i].level:
            per_unit = pricing.grid[i].value
    steps = price * per_unit
    count = float(int(steps + 1e-9 * steps))  # a price on the grid stays, though rounding missed it
    if up and steps - count > 1e-9 * steps:
        count += 1.0
    return max(count, 1.0) / per_unit


@kernel
def within_volume(
    t: int, s: int, quantity: float, market: Market, terms: Terms, book: Book
) -> float:
    """The part of a fill that the bar's volume has room for, over all strategies of the run."""
    if terms.limits.volume <= 0.0:
        return quantity
    column = book.holdings[s].column
    used = book.holdings[column]
    if used.volume_bar != t:
        used.volume_bar = t
        used.volume_used = 0.0
    most = terms.limits.volume * market.volumes[t * market.symbols + column]
    room = most - used.volume_used
    shares = abs(quantity)
    if room <= DUST * most:
        shares = 0.0  # what rounding leaves of a volume that is used up
    elif shares > room:
        shares = whole_lots(room, terms.lot)
    used.volume_used += shares
    return shares if quantity > 0.0 else -shares
