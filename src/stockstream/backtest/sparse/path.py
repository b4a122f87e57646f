"""What the equity of a trial does between two fills: its returns, its falls, its sums.

A stretch is some bars in a row with the same shares and the same cash. Kernel code; see
``stockstream.jit``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockstream.backtest.sparse.series import SPAN
from stockstream.jit import apart, kernel

if TYPE_CHECKING:
    from stockstream.backtest.broker.records import Column
    from stockstream.backtest.sparse.records import Desk, Trial
    from stockstream.backtest.sparse.series import Series

__all__ = ["stay_flat", "stay_in"]

ALL_IN: Final = 1e-12
"""Cash over the value of the position below which returns are those of the close."""


@kernel
def stay_flat(p: int, start: int, until: int, series: Series, desk: Desk) -> None:
    """Account for the bars ``start`` to ``until``, both included, with nothing but cash."""
    trial = desk.trial[0]
    cash = trial.cash
    _add_return(start, cash / trial.equity - 1.0, series, desk)
    trial.equity = cash
    trial.equities += cash * (until - start + 1)
    trial.still += until - start
    if cash >= trial.peak:
        trial.longest = max(trial.longest, start - trial.peak_bar)
        trial.peak = cash
        trial.peak_bar = until
    elif cash < trial.deepest * trial.peak:
        trial.deepest = cash / trial.peak
    _keep_curve(p, until, 0.0, series, desk)


@kernel
def stay_in(p: int, start: int, until: int, series: Series, desk: Desk) -> None:
    """Account for the bars ``start`` to ``until``, both included, in a position."""
    trial, close = desk.trial[0], series.close
    cash, quantity = trial.cash, trial.quantity
    equity = cash + quantity * close[start]
    _add_return(start, equity / trial.equity - 1.0, series, desk)
    if until > start:
        all_in = cash <= ALL_IN * equity
        if all_in and series.calm[0] == 1:
            _add_summed(start + 1, until + 1, series, desk)
        else:
            _add_each(start + 1, until + 1, series, desk)
    _meet_extremes(start, until, series, trial)
    bars = until - start + 1
    trial.held += bars
    closes = series.sums[until + 1].closes - series.sums[start].closes
    trial.equities += cash * bars + quantity * closes
    trial.equity = cash + quantity * close[until]
    _keep_curve(p, until, quantity, series, desk)


@kernel
def _keep_curve(p: int, until: int, quantity: float, series: Series, desk: Desk) -> None:
    """Write the equity down at the bars up to this one at which it is asked for."""
    trial = desk.trial[0]
    while trial.kept < len(desk.curve_at) and desk.curve_at[trial.kept] <= until:
        t = desk.curve_at[trial.kept]
        desk.curve[p][trial.kept] = trial.cash + quantity * series.close[t]
        trial.kept += 1


@kernel
def _add_return(t: int, value: float, series: Series, desk: Desk) -> None:
    """One return that is no other trial's."""
    trial = desk.trial[0]
    while t >= desk.edges[trial.block + 1]:
        trial.block += 1
    square = value * value
    desk.sums[trial.block] += value
    desk.squares[trial.block] += square
    trial.cubes += square * value
    trial.fourths += square * square
    short = min(value - series.risk_free, 0.0)
    trial.shortfalls += short * short


@kernel
def _add_summed(start: int, stop: int, series: Series, desk: Desk) -> None:
    """Returns of the bars ``start:stop`` that are those of the close: prefix sums know them."""
    trial, sums = desk.trial[0], series.sums
    first, last = sums[start], sums[stop]
    trial.cubes += last.cubes - first.cubes
    trial.fourths += last.fourths - first.fourths
    trial.shortfalls += last.shortfalls - first.shortfalls
    while start < stop:
        while start >= desk.edges[trial.block + 1]:
            trial.block += 1
        end = min(stop, desk.edges[trial.block + 1])
        desk.sums[trial.block] += sums[end].returns - sums[start].returns
        desk.squares[trial.block] += sums[end].squares - sums[start].squares
        start = end


@kernel
def _add_each(start: int, stop: int, series: Series, desk: Desk) -> None:
    """Returns of the bars ``start:stop`` with money left over: each of its own."""
    trial = desk.trial[0]
    while start < stop:
        while start >= desk.edges[trial.block + 1]:
            trial.block += 1
        end = min(stop, desk.edges[trial.block + 1])
        _returns_of(start, end, trial, series, desk)
        _add_powers(end - start, series, desk)
        start = end


@kernel
def _returns_of(start: int, stop: int, trial: Trial, series: Series, desk: Desk) -> None:
    """Write the returns of some bars into the scratch memory."""
    over = trial.cash / trial.quantity
    now, before, out = series.close[start:stop], series.close[start - 1 : stop - 1], desk.scratch
    for i in range(len(now)):
        out[i] = (now[i] - before[i]) / (before[i] + over)


@kernel
def _add_powers(count: int, series: Series, desk: Desk) -> None:
    trial, values = desk.trial[0], desk.scratch
    risk_free = series.risk_free
    total = squares = cubes = fourths = shortfalls = 0.0
    for i in range(count):
        value = values[i]
        square = value * value
        short = min(value - risk_free, 0.0)
        total += value
        squares += square
        cubes += square * value
        fourths += square * square
        shortfalls += short * short
    desk.sums[trial.block] += total
    desk.squares[trial.block] += squares
    trial.cubes += cubes
    trial.fourths += fourths
    trial.shortfalls += shortfalls


@kernel
def _meet_extremes(start: int, until: int, series: Series, trial: Trial) -> None:
    """New highs of the equity and how far it fell from them, over a stretch in a position."""
    end = start | (SPAN - 1)  # last bar of the span
    if end > until and (start & (SPAN - 1)) != 0:
        _meet_middle(start, until, series, trial)
        return
    while True:
        _meet_piece(start, min(end, until), series, trial)
        start = end + 1
        end += SPAN
        if start > until:
            return


@kernel
def _meet_middle(start: int, until: int, series: Series, trial: Trial) -> None:
    """Bars from the middle of a span: looked at where the whole rest of it might matter."""
    reach = series.onward[start]
    highest = trial.cash + trial.quantity * reach.highest
    lowest = trial.cash + trial.quantity * reach.lowest
    if highest >= trial.peak or lowest < trial.deepest * trial.peak:
        _look_at_each(start, until, series.close, trial)


@kernel
def _meet_piece(start: int, until: int, series: Series, trial: Trial) -> None:
    """The bars of one span from ``start``, or up to ``until``, whose extremes are known.

    The deepest fall inside a piece is that from the peak before it or that from a high of its own;
    with money left over the latter is known only as a bound.
    """
    whole = (until & (SPAN - 1)) == SPAN - 1
    reach = series.onward[start] if whole else series.since[until]
    cash, quantity, peak = trial.cash, trial.quantity, trial.peak
    highest = cash + quantity * reach.highest
    lowest = cash + quantity * reach.lowest
    if highest < peak:
        if lowest < trial.deepest * peak:
            trial.deepest = lowest / peak
        return
    inside = reach.worst < trial.deepest
    if until - trial.peak_bar > trial.longest or (inside and cash > ALL_IN * highest):
        _look_at_each(start, until, series.close, trial)
        return
    if lowest < trial.deepest * peak:
        trial.deepest = lowest / peak
    if reach.worst < trial.deepest:
        trial.deepest = reach.worst
    trial.peak = highest
    trial.peak_bar = reach.top


@kernel
@apart
def _look_at_each(start: int, until: int, close: Column, trial: Trial) -> None:
    """The same, bar by bar."""
    cash, quantity = trial.cash, trial.quantity
    peak, peak_bar = trial.peak, trial.peak_bar
    deepest, longest = trial.deepest, trial.longest
    for t in range(start, until + 1):
        equity = cash + quantity * close[t]
        if equity >= peak:
            longest = max(longest, t - peak_bar)
            peak = equity
            peak_bar = t
        elif equity < deepest * peak:
            deepest = equity / peak
    trial.peak = peak
    trial.peak_bar = peak_bar
    trial.deepest = deepest
    trial.longest = longest
