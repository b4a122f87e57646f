"""Commission of a fill, and what money buys once it is paid.

Kernel code; see ``stockstream.jit`` for the rules it keeps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.jit import kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.terms import Fees, Terms


@kernel
def commission(quantity: float, price: float, fees: Fees) -> float:
    """Commission of a fill: a rate on the value, an amount per share and one per fill.

    At least the minimum. With tiers the rate of the whole fill goes by its value.
    """
    shares = abs(quantity)
    value = shares * price
    rate = fees.rate
    for i in range(len(fees.tiers)):
        if value >= fees.tiers[i].level:
            rate = fees.tiers[i].value
    return max(value * rate + shares * fees.per_share + fees.fixed, fees.minimum)


@kernel
def whole_lots(shares: float, lot: float) -> float:
    """Shares cut towards zero to whole lots; unchanged where ``lot`` is 0."""
    if lot <= 0.0:
        return shares
    return float(int(shares / lot)) * lot


@kernel
def affordable(money: float, price: float, tied: float, terms: Terms) -> float:
    """The most shares at this price that this money carries, commission included.

    ``tied`` is the part of a share's price that has to be there: all of it, or 1 / leverage.
    """
    fees = terms.fees
    if len(fees.tiers) == 0:
        return _affordable_at(money, price, tied, fees.rate, terms)
    for above in range(len(fees.tiers)):
        i = len(fees.tiers) - 1 - above
        tier = fees.tiers[i]
        shares = _affordable_at(money, price, tied, tier.value, terms)
        if above > 0:  # the tier above was too dear: stay below it
            most = fees.tiers[i + 1].level
            if shares * price >= most:
                shares = whole_lots(most / price * (1.0 - 1e-12), terms.lot)
                if shares * price >= most:
                    shares -= terms.lot
        if shares > 0.0 and shares * price >= tier.level:
            return shares
    return 0.0


@kernel
def _affordable_at(money: float, price: float, tied: float, rate: float, terms: Terms) -> float:
    """The same at one rate of commission."""
    fees = terms.fees
    shares = (money - fees.fixed) / (price * (tied + rate) + fees.per_share)
    if shares * price * rate + shares * fees.per_share + fees.fixed <= fees.minimum:
        shares = (money - fees.minimum) / (price * tied)
    if shares <= 0.0:
        return 0.0
    if terms.lot <= 0.0:
        return shares
    shares = whole_lots(shares, terms.lot)
    value = shares * price
    charge = max(value * rate + shares * fees.per_share + fees.fixed, fees.minimum)
    if value * tied + charge > money:
        shares -= terms.lot
    return max(shares, 0.0)
