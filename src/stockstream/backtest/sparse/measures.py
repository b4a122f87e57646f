"""How a trial begins, and what is kept of it: from its sums to its measures.

The measures are those of ``metrics.summary``. Kernel code; see ``stockstream.jit``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from stockstream.jit import kernel
from stockstream.metrics.returns import FLAT

if TYPE_CHECKING:
    from stockstream.backtest.sparse.records import Desk, Given, Kept, Measures, Trial
    from stockstream.backtest.sparse.series import Series

__all__ = ["begin", "settle"]

NAN: Final = math.nan
HIGHEST_POWER: Final = 709.78
"""Of e, that is a number."""


@kernel
def begin(capital: float, first: int, desk: Desk, trial: Trial) -> None:
    """Nothing but cash, and nothing summed up; what a purchase sets is left as it is."""
    trial.cash = capital
    trial.equity = capital
    trial.peak = capital
    trial.peak_bar = first
    trial.deepest = 1.0
    trial.longest = 0
    trial.next_exit = -1
    trial.blocked_until = 0
    trial.block = 0
    trial.kept = 0
    trial.still = 0
    trial.held = 0
    trial.equities = 0.0
    trial.cubes = 0.0
    trial.fourths = 0.0
    trial.shortfalls = 0.0
    trial.commission = 0.0
    trial.slippage = 0.0
    trial.traded = 0.0
    trial.closed = 0
    trial.open = 0
    trial.won = 0
    trial.lost = 0
    trial.gross_won = 0.0
    trial.gross_lost = 0.0
    trial.returned_won = 0.0
    trial.returned_lost = 0.0
    trial.fills = 0
    trial.given_up = 0
    for block in range(len(desk.sums)):
        desk.sums[block] = 0.0
        desk.squares[block] = 0.0


@kernel
def settle(p: int, given: Given, series: Series, desk: Desk, kept: Kept) -> None:
    """Write down what is kept of the trial that has run."""
    trial = desk.trial[0]
    kept.given_up[p] = trial.given_up
    kept.cubes[p] = trial.cubes
    kept.fourths[p] = trial.fourths
    short = min(-series.risk_free, 0.0)
    downside = trial.shortfalls + trial.still * (short * short)
    kept.downside[p] = downside
    blocks = len(desk.sums) - 2
    total, squares = desk.sums[0], desk.squares[0]
    for block in range(blocks):
        kept.sums[p][block] = desk.sums[block + 1]
        kept.squares[p][block] = desk.squares[block + 1]
        total += desk.sums[block + 1]
        squares += desk.squares[block + 1]
    total += desk.sums[blocks + 1]
    squares += desk.squares[blocks + 1]
    found = kept.measures[p]
    _gained(given.capital, given.periods, series.stop - series.first, trial, found)
    _risked(total, squares, downside, given.periods, series, found)
    _traded(given, series, trial, found)


@kernel
def _gained(capital: float, periods: float, bars: int, trial: Trial, found: Measures) -> None:
    growth, deepest = trial.equity / capital, trial.deepest - 1.0
    yearly = -1.0 if growth == 0.0 else NAN
    if growth > 0.0:
        power = periods / bars * math.log(growth)
        if power < HIGHEST_POWER:
            yearly = math.exp(power) - 1.0
    found.total_return = growth - 1.0
    found.annualised_return = yearly
    found.calmar = _over(yearly, -deepest, 0.0)
    found.max_drawdown = deepest


@kernel
def _risked(
    total: float, squares: float, downside: float, periods: float, series: Series, found: Measures
) -> None:
    bars = series.stop - series.first
    mean, root = total / bars, math.sqrt(periods)
    deviation = shortfall = NAN
    if bars > 1:
        # the first return is 0, so the mean square has little of the mean in it: digits stay
        spread = squares - bars * mean * mean
        deviation = math.sqrt(max(spread, 0.0) / (bars - 1))
        shortfall = math.sqrt(downside / bars)
    found.volatility = deviation * root
    found.sharpe = _over(mean - series.risk_free, deviation, FLAT) * root
    found.sortino = _over(mean - series.risk_free, shortfall, FLAT) * root


@kernel
def _traded(given: Given, series: Series, trial: Trial, found: Measures) -> None:
    won, lost = float(trial.won), float(trial.lost)
    since = series.stop - 1 - trial.peak_bar
    # from one high to the next bar is no fall
    found.max_drawdown_length = float(max(trial.longest if trial.longest > 1 else 0, since))
    found.win_rate = _over(won, float(trial.closed), 0.0)
    found.profit_factor = _over(trial.gross_won, trial.gross_lost, 0.0)
    found.average_win = _over(trial.returned_won, won, 0.0)
    found.average_loss = _over(trial.returned_lost, lost, 0.0)
    found.exposure = trial.held / (series.stop - series.first)
    found.turnover = _over(trial.traded * given.periods, trial.equities, 0.0)
    found.costs = (trial.commission + trial.slippage) / given.capital
    found.trades = float(trial.closed + trial.open)
    found.open_trades = float(trial.open)


@kernel
def _over(value: float, base: float, least: float) -> float:
    """A ratio, where there is something to divide by."""
    return value / base if base > least else NAN
