"""The six headline numbers, each beside the doubt that belongs to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.metrics.drawdown import deepest_drawdowns
from stockstream.metrics.returns import annualised_return, per_bar, simple_returns
from stockstream.metrics.significance import estimate_sharpe
from stockstream.metrics.summary import DEFINITIONS
from stockstream.report.formats import count, percent, plain_number, times
from stockstream.report.metric_rows import undefined_because
from stockstream.report.view import Card, tone_of

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult
    from stockstream.metrics.significance import SharpeEstimate
    from stockstream.report.view import Tone

__all__ = ["FEW_TRADES", "cards"]

FEW_TRADES = 30
"""Closed trades below which a win rate says little: its error is above 9 points."""


def cards(result: BacktestResult) -> tuple[Card, ...]:
    """Growth, Sharpe, drawdown, Sortino, turnover, trades."""
    config = result.config
    estimate = estimate_sharpe(
        simple_returns(result.equity),
        risk_free=per_bar(config.risk_free, config.periods_per_year),
        periods=config.periods_per_year,
    )
    return (
        _growth(result),
        _sharpe(result, estimate),
        _drawdown(result),
        _sortino(result, estimate),
        _turnover(result),
        _trades(result),
    )


def _growth(result: BacktestResult) -> Card:
    yearly, benchmark = result.metrics.annualised_return, result.benchmark
    tone: Tone = ""
    why = DEFINITIONS["annualised_return"]
    if benchmark is None:
        doubt = "nothing to compare with"
    else:
        returns = simple_returns(benchmark.equity)
        ahead = yearly - annualised_return(returns, result.config.periods_per_year)
        points = plain_number(100 * ahead, 1, signed=True)
        doubt, tone = f"{points} pts vs hold", tone_of(ahead)
        if math.isnan(ahead):
            doubt = "benchmark has no return"
        why += f"; points ahead of {benchmark.name}"
    return Card("CAGR", percent(yearly), doubt, why, tone)


def _sharpe(result: BacktestResult, estimate: SharpeEstimate) -> Card:
    tone: Tone = "caution" if estimate.low <= 0 else ""
    doubt = f"95% CI {plain_number(estimate.low)} to {plain_number(estimate.high)}"
    if math.isnan(estimate.low):
        doubt = undefined_because("sharpe", result.metrics)
    value = plain_number(result.metrics.sharpe)
    return Card("Sharpe", value, doubt, DEFINITIONS["sharpe"], tone)


def _drawdown(result: BacktestResult) -> Card:
    deepest = deepest_drawdowns(result.equity, 1)
    doubt, why = "equity never fell", DEFINITIONS["max_drawdown"]
    if deepest:
        over = deepest[0].recovery is not None
        doubt = f"{count(deepest[0].length)}{'' if over else '+'} sessions"
        why += "; sessions from the peak to " + (
            "its recovery" if over else "the end: not over yet"
        )
    return Card("Max drawdown", percent(result.metrics.max_drawdown), doubt, why)


def _sortino(result: BacktestResult, estimate: SharpeEstimate) -> Card:
    ratio = result.metrics.sortino
    if math.isnan(ratio) or math.isnan(estimate.probability):
        doubt = undefined_because("sortino", result.metrics)
    else:
        # Sortino and Sharpe share their numerator, so they are above zero together.
        doubt = f"{percent(min(estimate.probability, 0.999))} likely above 0"
    return Card("Sortino", plain_number(ratio), doubt, DEFINITIONS["sortino"])


def _turnover(result: BacktestResult) -> Card:
    metrics, config = result.metrics, result.config
    yearly = metrics.costs * config.periods_per_year / len(result.dates)
    value = times(metrics.turnover)
    return Card(
        "Turnover",
        value if math.isnan(metrics.turnover) else f"{value}/yr",
        f"costs {percent(yearly, 2)}/yr",
        f"{DEFINITIONS['turnover']}; costs are commission, slippage and borrow a year, "
        "over initial capital",
    )


def _trades(result: BacktestResult) -> Card:
    metrics = result.metrics
    closed = metrics.trades - metrics.open_trades
    if closed == 0:
        doubt = "none closed" if metrics.trades else "never traded"
    else:
        doubt = f"win {percent(metrics.win_rate, 0)}, PF {plain_number(metrics.profit_factor)}"
    few = closed < FEW_TRADES
    why = f"{DEFINITIONS['win_rate']}; PF: {DEFINITIONS['profit_factor']}"
    if few:
        why += f"; fewer than {FEW_TRADES} closed trades say little"
    return Card("Trades", count(metrics.trades), doubt, why, "caution" if few else "")
