"""One trial after the other, each from event to event: an entry, its exit, what lies between.

What fills, at which price and for how much is the broker's: its own kernels are called. What it
does with a bar in which nothing can happen is left out. Kernel code; see ``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockstream.backtest.broker.actions import whole_shares
from stockstream.backtest.broker.brackets import stop_at, target_at
from stockstream.backtest.broker.fees import affordable, commission
from stockstream.backtest.broker.fills import cash_after
from stockstream.backtest.broker.matching import cut_to
from stockstream.backtest.broker.orders import shares_for
from stockstream.backtest.broker.pricing import moved
from stockstream.backtest.broker.records import AT_FILL, TO_WEIGHT
from stockstream.backtest.codes import (
    BY_ORDER,
    BY_STOP_LOSS,
    BY_TAKE_PROFIT,
    BY_TIME,
    BY_TRAILING_STOP,
    CASH_IN_LIEU,
)
from stockstream.backtest.sparse.measures import begin, settle
from stockstream.backtest.sparse.path import stay_flat, stay_in
from stockstream.backtest.sparse.programs import CROSSES_ABOVE, CROSSES_BELOW
from stockstream.backtest.sparse.series import SPAN
from stockstream.backtest.sparse.signals import next_event, watch, watch_fall
from stockstream.jit import apart, kernel
from stockstream.market.panel import SPLIT

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Codes, Column
    from stockstream.backtest.broker.terms import Terms
    from stockstream.backtest.sparse.records import Desk, Given, Kept, Trial
    from stockstream.backtest.sparse.series import Series
    from stockstream.backtest.sparse.signals import Watch

__all__ = ["run_trials"]

LONG: Final = 1.0


@kernel
def run_trials(
    start: int, stop: int, given: Given, series: Series, terms: Terms, desk: Desk, kept: Kept
) -> None:
    """Run the programs ``start:stop``, and write down what is kept of each."""
    for p in range(start, stop):
        enter, leave = _watches(p, p > start, given, desk)
        trial = desk.trial[0]
        begin(given.capital, series.first, desk, trial)
        since = series.first
        while since < series.stop:
            bar = _next_purchase(p, since, enter, leave, given, series, terms, trial)
            stay_flat(p, since, bar - 1, series, desk)
            since = bar
            if bar < series.stop:
                _buy(bar, series.bars[bar].open, terms, desk, trial)
                since = _hold(p, bar, given, series, terms, desk)
        settle(p, given, series, desk, kept)


@kernel
def _watches(p: int, again: bool, given: Given, desk: Desk) -> tuple[Watch, Watch]:
    """The tests of one program; what the one before has compared already is not done again."""
    known = again and _same(p, given.enter_a, given.enter_b, given.enter_constant)
    a, b, constant = given.enter_a[p], given.enter_b[p], given.enter_constant[p]
    enter = watch(given.enter_op, a, b, constant, known, given.rows, desk.enter)
    if _mirrors(p, given):
        return enter, watch_fall(enter)
    known = again and _same(p, given.exit_a, given.exit_b, given.exit_constant)
    known = known and not _mirrors(p - 1, given)
    a, b, constant = given.exit_a[p], given.exit_b[p], given.exit_constant[p]
    return enter, watch(given.exit_op, a, b, constant, known, given.rows, desk.exit)


@kernel
def _same(p: int, a: Codes, b: Codes, constant: Column) -> bool:
    """Whether a program has the same test as the one before."""
    one, other = constant[p], constant[p - 1]
    alike = one == other or (one != one and other != other)
    return a[p] == a[p - 1] and b[p] == b[p - 1] and alike


@kernel
def _mirrors(p: int, given: Given) -> bool:
    """Whether the exit is the crossing back of the entry's crossing."""
    crosses = given.enter_op == CROSSES_ABOVE and given.exit_op == CROSSES_BELOW
    same = given.enter_a[p] == given.exit_a[p] and given.enter_b[p] == given.exit_b[p]
    alike = given.enter_b[p] >= 0 or given.enter_constant[p] == given.exit_constant[p]
    return crosses and same and alike


@kernel
def _next_purchase(
    p: int,
    t: int,
    enter: Watch,
    leave: Watch,
    given: Given,
    series: Series,
    terms: Terms,
    trial: Trial,
) -> int:
    """The bar at whose open the next entry from the close of ``t`` on fills, or the end."""
    last = series.stop - 1
    while True:
        t = max(t, trial.blocked_until)
        if t >= last:
            return series.stop
        t = next_event(enter, t, series.stop)
        if t >= last:
            return series.stop
        if trial.next_exit < t:
            trial.next_exit = next_event(leave, t, series.stop)
        # an exit in the same bar outweighs an entry
        if trial.next_exit > t and _order(t, given.weight[p], series, terms, trial):
            return t + 1
        t += 1


@kernel
def _order(t: int, weight: float, series: Series, terms: Terms, trial: Trial) -> bool:
    """Order at the close of ``t`` and fill at the next open, on paper. Whether anything is bought.

    As ``broker.orders.place`` and ``broker.matching``; equity is cash here.
    """
    if not weight > 0.0:
        return False
    cash = trial.cash
    shares = shares_for(TO_WEIGHT, weight, series.bars[t].close, cash, 0.0, terms)
    if shares == 0.0:
        return False
    t += 1
    price = series.bars[t].open
    rate = terms.pricing.slippage
    if terms.size_at == AT_FILL:
        shares = shares_for(TO_WEIGHT, weight, price, cash, 0.0, terms)
        paid = moved(price, rate, shares > 0.0, terms.pricing)
        shares = shares_for(TO_WEIGHT, weight, paid, cash, 0.0, terms)
    elif series.action_start[t] < series.action_start[t + 1]:
        shares = _turned(t, shares, series, terms)
    if shares == 0.0:
        return False
    paid = moved(price, rate, shares > 0.0, terms.pricing)
    shares = cut_to(affordable(cash, paid, 1.0, terms), shares, paid, cash)
    if shares == 0.0 or shares * paid < terms.limits.parcel:
        return False
    trial.order_quantity = shares
    trial.order_paid = paid
    return True


@kernel
@apart
def _turned(t: int, shares: float, series: Series, terms: Terms) -> float:
    """Shares ordered, after the splits of the bar in which they fill."""
    for i in range(series.action_start[t], series.action_start[t + 1]):
        if series.actions[i].kind == SPLIT:
            turned = shares * series.actions[i].value
            shares = turned if terms.lot <= 0.0 else whole_shares(turned)
    return shares


@kernel
def _buy(bar: int, price: float, terms: Terms, desk: Desk, trial: Trial) -> None:
    """Open the position that was ordered."""
    quantity, paid = trial.order_quantity, trial.order_paid
    value = quantity * paid
    fee = commission(quantity, paid, terms.fees)
    trial.quantity = quantity
    trial.entry = (0.0 + value) / (0.0 + quantity)
    trial.highest = paid
    trial.opened_value = value
    trial.closed_value = 0.0
    trial.fees = fee
    trial.income = 0.0
    trial.cash = cash_after(trial.cash, value, fee)
    _count_fill(bar, quantity, price, paid, fee, BY_ORDER, desk, trial)
    trial.traded += value


@kernel
def _count_fill(
    bar: int,
    quantity: float,
    price: float,
    paid: float,
    fee: float,
    reason: int,
    desk: Desk,
    trial: Trial,
) -> None:
    """Costs of a fill; and the fill itself, where somebody wants to read it."""
    slippage = abs(quantity * (paid - price))
    trial.commission += fee
    trial.slippage += slippage
    if trial.fills < len(desk.fills):
        row = desk.fills[trial.fills]
        row.bar = bar
        row.reason = reason
        row.quantity = quantity
        row.price = paid
        row.commission = fee
        row.slippage = slippage
    trial.fills += 1


@kernel
def _hold(p: int, bar: int, given: Given, series: Series, terms: Terms, desk: Desk) -> int:
    """Hold what was bought at the open of ``bar``. Returns the bar that sells it, or the end."""
    trial = desk.trial[0]
    close_at, reason = min(trial.next_exit, series.stop - 1), BY_ORDER
    if given.max_bars[p] > 0 and bar + given.max_bars[p] - 1 <= close_at:
        close_at, reason = bar + given.max_bars[p] - 1, BY_TIME
    guarded = given.stop_loss[p] > 0.0 or given.take_profit[p] > 0.0 or given.trailing_stop[p] > 0.0
    met = False
    while True:
        until = min(close_at, series.action_after[bar] - 1)
        at = _bar_of_exit(p, bar, until, given, series, trial) if guarded else until + 1
        if at > bar:
            stay_in(p, bar, at - 1, series, desk)
        met = at <= until
        bar = at
        if met or bar == series.stop:
            break
        if series.action_start[bar] < series.action_start[bar + 1]:
            _act(bar, series, terms, desk, trial)
            if trial.given_up == 1:
                return series.stop
        if until == close_at:
            break
    if bar == series.stop:
        trial.open = 1
        return bar
    price = series.bars[bar].open
    if met:
        price, reason = _price_of_exit(p, bar, given, series, trial)
    _sell(bar, price, reason, terms, desk, trial)
    return series.stop if trial.given_up == 1 else bar


@kernel
def _bar_of_exit(p: int, bar: int, until: int, given: Given, series: Series, trial: Trial) -> int:
    """The first bar up to ``until`` that meets the stop or the target; ``until + 1`` if none."""
    trailing = given.trailing_stop[p]
    target = target_at(LONG, trial.entry, given.take_profit[p])
    stop = stop_at(LONG, trial.entry, trial.highest, given.stop_loss[p], trailing)
    while bar <= until:
        reach = series.onward[bar]
        if trailing == 0.0 and reach.low > stop and reach.high < target:
            bar = (bar | (SPAN - 1)) + 1
            continue
        end = min(until, bar | (SPAN - 1))
        while bar <= end:
            now = series.bars[bar]
            if now.low <= stop or now.high >= target:
                return bar
            if trailing > 0.0 and now.high > trial.highest:
                trial.highest = now.high
                stop = stop_at(LONG, trial.entry, now.high, given.stop_loss[p], trailing)
            bar += 1
    return until + 1


@kernel
def _price_of_exit(
    p: int, bar: int, given: Given, series: Series, trial: Trial
) -> tuple[float, int]:
    """At what the bracket sells in this bar, and why; a stop begins the cooldown."""
    now = series.bars[bar]
    entry, stop_loss = trial.entry, given.stop_loss[p]
    stop = stop_at(LONG, entry, trial.highest, stop_loss, given.trailing_stop[p])
    if now.low > stop:
        target = target_at(LONG, entry, given.take_profit[p])
        return max(now.open, target), BY_TAKE_PROFIT
    trial.blocked_until = bar + given.cooldown[p]
    fixed = stop_loss > 0.0 and stop == stop_at(LONG, entry, entry, stop_loss, 0.0)
    return min(now.open, stop), BY_STOP_LOSS if fixed else BY_TRAILING_STOP


@kernel
def _sell(bar: int, price: float, reason: int, terms: Terms, desk: Desk, trial: Trial) -> None:
    """Close the position: the round trip is a trade."""
    quantity = -trial.quantity
    paid = moved(price, terms.pricing.slippage, quantity > 0.0, terms.pricing)
    value = quantity * paid
    fee = commission(quantity, paid, terms.fees)
    trial.closed_value -= value
    trial.fees += fee
    trial.cash = cash_after(trial.cash, value, fee)
    trial.quantity = 0.0
    if not trial.cash > 0.0:
        trial.given_up = 1  # ruined, or owing money
        return
    _count_fill(bar, quantity, price, paid, fee, reason, desk, trial)
    trial.traded += -value
    pnl = trial.closed_value - trial.opened_value - trial.fees + trial.income
    trial.closed += 1
    if pnl > 0.0:
        trial.won += 1
        trial.gross_won += pnl
        trial.returned_won += pnl / trial.opened_value
    elif pnl < 0.0:
        trial.lost += 1
        trial.gross_lost -= pnl
        trial.returned_lost += pnl / trial.opened_value


@kernel
@apart
def _act(bar: int, series: Series, terms: Terms, desk: Desk, trial: Trial) -> None:
    """Corporate actions on the position before the open of ``bar``."""
    last = series.bars[bar - 1].close
    for i in range(series.action_start[bar], series.action_start[bar + 1]):
        value = series.actions[i].value
        if series.actions[i].kind != SPLIT:
            paid = trial.quantity * value
            trial.income += paid
            trial.cash += paid
            continue
        last /= value
        trial.quantity *= value
        trial.entry /= value
        trial.highest /= value
        if terms.lot > 0.0:
            _pay_fraction(bar, last, desk, trial)
    if trial.quantity == 0.0 or trial.cash < 0.0:
        trial.given_up = 1


@kernel
def _pay_fraction(bar: int, last: float, desk: Desk, trial: Trial) -> None:
    """As ``broker.actions``: the fraction of a share that a split leaves, in cash."""
    whole = whole_shares(trial.quantity)
    fraction = trial.quantity - whole
    trial.quantity = whole
    if abs(fraction) <= 1e-6 * abs(whole):
        return
    trial.closed_value += fraction * last
    trial.cash += fraction * last
    _count_fill(bar, -fraction, last, last, 0.0, CASH_IN_LIEU, desk, trial)
