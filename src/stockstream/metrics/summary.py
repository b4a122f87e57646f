"""The measures of one backtest, all at once. A sweep calls this for every trial.

What takes longer, or is asked for less often, is in ``statistics``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from stockstream.metrics.drawdown import calmar, depth_and_length
from stockstream.metrics.returns import (
    annualised,
    mean_and_deviation,
    per_bar,
    sharpe_of,
    simple_returns,
    sortino,
)
from stockstream.metrics.trades import average_loss, average_win, profit_factor, win_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["DEFINITIONS", "LESS_IS_BETTER", "Metrics", "summarise"]

DEFINITIONS: dict[str, str] = {
    "total_return": "last equity over initial capital, minus 1",
    "annualised_return": "compound growth per year over all bars",
    "volatility": "standard deviation of returns (n - 1) times the root of bars per year",
    "sharpe": "mean excess return over standard deviation, per year; none if returns are flat",
    "sortino": "mean excess return over root mean square shortfall, per year; none without a loss",
    "calmar": "annualised return over the size of the maximum drawdown",
    "max_drawdown": "deepest fall from the highest equity so far",
    "max_drawdown_length": "bars of the longest drawdown, from its peak to recovery or the end",
    "win_rate": "share of closed trades that made money after fees",
    "profit_factor": "gross profit over gross loss of closed trades; none without a loss",
    "average_win": "mean return on entry cost of closed trades that made money",
    "average_loss": "mean return on entry cost of closed trades that lost money",
    "exposure": "share of bars that ended with a position",
    "turnover": "value traded per year over mean equity",
    "costs": "commission, slippage, borrow and financing paid, over initial capital",
    "trades": "trades, open ones included",
    "open_trades": "trades still open at the end",
}
"""What each field of :class:`Metrics` means, in one line, as reports print it."""

LESS_IS_BETTER = frozenset({"volatility", "max_drawdown_length", "turnover", "costs"})
"""Metrics by which the lowest is the best; by all others the highest is."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Measures of one backtest: fractions, not percent; NaN where undefined, never infinite.

    ``DEFINITIONS`` says what each one is. ``max_drawdown`` and ``average_loss`` are zero or less.
    """

    total_return: float
    annualised_return: float
    volatility: float
    sharpe: float
    sortino: float
    calmar: float
    max_drawdown: float
    max_drawdown_length: int
    win_rate: float
    profit_factor: float
    average_win: float
    average_loss: float
    exposure: float
    turnover: float
    costs: float
    trades: int
    open_trades: int

    def as_dict(self) -> dict[str, Any]:
        """Name and value of each measure, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def summarise(
    equity: Floats,
    trade_pnl: Floats,
    trade_return: Floats,
    invested: Floats,
    traded_value: float,
    costs: float,
    initial_capital: float,
    open_trades: int,
    periods: float = 252,
    risk_free: float = 0.0,
) -> Metrics:
    """The measures of a backtest.

    Args:
        equity: ``[T]``, value of the account at each close, in money.
        trade_pnl: ``[n]``, profit of each closed trade after fees, in money.
        trade_return: ``[n]``, the same as a fraction of the cost at entry.
        invested: ``[T]``, gross value of positions at each close; 0.0 where there are none.
        traded_value: sum of quantity times price over all fills, buys and sells, in money.
        costs: commission, slippage, borrow and financing, in money.
        initial_capital: in money, above zero.
        open_trades: trades still open at the end, not among the closed ones.
        periods: bars in a year.
        risk_free: return of cash per year, a fraction.
    """
    bars = len(equity)
    returns = simple_returns(equity)
    mean, deviation = mean_and_deviation(returns)
    growth = _over(float(equity[-1]), initial_capital) if bars else math.nan
    yearly = annualised(growth, bars, periods)
    deepest, longest = depth_and_length(equity)
    cash = per_bar(risk_free, periods)
    mean_equity = float(np.add.reduce(equity)) / bars if bars else math.nan
    return Metrics(
        total_return=growth - 1.0,
        annualised_return=yearly,
        volatility=deviation * math.sqrt(periods),
        sharpe=sharpe_of(mean - cash, deviation, periods),
        sortino=sortino(returns, cash, periods),
        calmar=calmar(yearly, deepest),
        max_drawdown=deepest,
        max_drawdown_length=longest,
        win_rate=win_rate(trade_pnl),
        profit_factor=profit_factor(trade_pnl),
        average_win=average_win(trade_pnl, trade_return),
        average_loss=average_loss(trade_pnl, trade_return),
        exposure=int(np.count_nonzero(invested)) / bars if bars else math.nan,
        turnover=_over(traded_value * periods, mean_equity * bars),
        costs=_over(costs, initial_capital),
        trades=len(trade_pnl) + open_trades,
        open_trades=open_trades,
    )


def _over(value: float, base: float) -> float:
    return value / base if base > 0.0 else math.nan
