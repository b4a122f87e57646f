"""From what a trial summed up to what is kept of it: the metrics of many trials at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from stockstream.backtest.trial_rows import METRICS
from stockstream.metrics.returns import FLAT, per_bar

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig

    Floats = NDArray[np.float64]

__all__ = ["metrics_of", "shortfalls_of"]


def shortfalls_of(trials: NDArray[Any], config: BacktestConfig) -> Floats:
    """``[n]``: squared shortfalls, those of the bars without a return included."""
    short = min(-per_bar(config.risk_free, config.periods_per_year), 0.0)
    return np.asarray(trials["shortfalls"] + trials["still"] * (short * short))


def metrics_of(
    trials: NDArray[Any],
    sums: Floats,
    squares: Floats,
    downside: Floats,
    first: int,
    bars: int,
    config: BacktestConfig,
) -> Floats:
    """``[n, 17]``: the metrics, as ``metrics.summary`` defines them.

    Args:
        trials: records of the kernel.
        sums: ``[n, B]``, of the returns, over all bars.
        squares: ``[n, B]``, of their squares.
        downside: ``[n]``, squared shortfalls.
        first: bar of the trading window, on the axis of the records.
        bars: of the trading window, at least one.
        config: of the runs.
    """
    capital, periods = config.initial_capital, config.periods_per_year
    cash = per_bar(config.risk_free, periods)
    root = np.sqrt(periods)
    mean = sums.sum(axis=1) / bars
    with np.errstate(all="ignore"):
        # the first return is 0, so the mean square has little of the mean in it: digits stay
        spread = squares.sum(axis=1) - bars * mean * mean
        deviation = np.sqrt(np.maximum(spread, 0.0) / (bars - 1 if bars > 1 else np.nan))
        growth = trials["equity"] / capital
        yearly = growth ** (periods / bars) - 1.0
        yearly[~np.isfinite(yearly)] = np.nan
        deepest = trials["deepest"] - 1.0
        closed, won, lost = trials["closed"], trials["won"], trials["lost"]
        shortfall = np.sqrt(downside / bars)
        if bars < 2:
            shortfall[:] = np.nan
        found = {
            "total_return": growth - 1.0,
            "annualised_return": yearly,
            "volatility": deviation * root,
            "sharpe": _over(mean - cash, deviation, FLAT) * root,
            "sortino": _over(mean - cash, shortfall, FLAT) * root,
            "calmar": _over(yearly, -deepest),
            "max_drawdown": deepest,
            "max_drawdown_length": _longest(trials, first + bars - 1),
            "win_rate": _over(won, closed),
            "profit_factor": _over(trials["gross_won"], trials["gross_lost"]),
            "average_win": _over(trials["returned_won"], won),
            "average_loss": _over(trials["returned_lost"], lost),
            "exposure": trials["held"] / bars,
            "turnover": _over(trials["traded"] * periods, trials["equities"]),
            "costs": (trials["commission"] + trials["slippage"]) / capital,
            "trades": closed + trials["open"],
            "open_trades": trials["open"],
        }
    return np.array([found[name] for name in METRICS], np.float64).T


def _over(value: NDArray[Any], base: NDArray[Any], least: float = 0.0) -> Floats:
    return np.asarray(np.where(base > least, value / base, np.nan), np.float64)


def _longest(trials: NDArray[Any], last: int) -> NDArray[Any]:
    """Bars of the longest fall; from one high to the next bar is none."""
    longest = trials["longest"]
    return np.asarray(np.maximum(np.where(longest > 1, longest, 0), last - trials["peak_bar"]))
