"""The six headline numbers, each beside the doubt that belongs to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.metrics.drawdown import deepest_drawdowns
from stockstream.metrics.returns import per_bar
from stockstream.metrics.significance import estimate_sharpe
from stockstream.metrics.summary import DEFINITIONS
from stockstream.metrics.trades import win_rate_interval
from stockstream.report.doubt import span
from stockstream.report.formats import count, percent, plain_number, times
from stockstream.report.metric_rows import undefined_because
from stockstream.report.view import Card

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult

__all__ = ["FEW_TRADES", "cards"]

FEW_TRADES = 30
"""Closed trades below which a win rate says little: its error is above 9 points."""

INTERVAL = "95 % confidence interval from a stationary bootstrap of the returns"


def cards(result: BacktestResult) -> tuple[Card, ...]:
    """Growth, Sharpe, drawdown, Sortino, turnover, trades."""
    return (
        _growth(result),
        _sharpe(result),
        _drawdown(result),
        _sortino(result),
        _turnover(result),
        _trades(result),
    )


def _growth(result: BacktestResult) -> Card:
    interval, against = result.confidence.annualised_return, result.statistics.benchmark
    why = f"{DEFINITIONS['annualised_return']}; {INTERVAL}"
    if against is None or result.benchmark is None:
        note = "nothing to compare with"
    elif math.isnan(against.excess_return):
        note = "benchmark has no return"
    else:
        note = f"{plain_number(100 * against.excess_return, 1, signed=True)} pts vs benchmark"
        why += f"; points ahead of {result.benchmark.name}"
    return Card(
        "CAGR",
        percent(result.metrics.annualised_return),
        _doubt("annualised_return", result),
        why,
        "caution" if interval.low <= 0.0 else "",
        note,
    )


def _sharpe(result: BacktestResult) -> Card:
    config = result.config
    estimate = estimate_sharpe(
        result.returns,
        risk_free=per_bar(config.risk_free, config.periods_per_year),
        periods=config.periods_per_year,
    )
    known = not math.isnan(estimate.probability)
    return Card(
        "Sharpe",
        plain_number(result.metrics.sharpe),
        _doubt("sharpe", result),
        f"{DEFINITIONS['sharpe']}; {INTERVAL}; probabilistic Sharpe ratio",
        "caution" if result.confidence.sharpe.low <= 0 else "",
        f"{percent(min(estimate.probability, 0.999))} likely above 0" if known else "",
    )


def _drawdown(result: BacktestResult) -> Card:
    deepest = deepest_drawdowns(result.equity, 1)
    why, note = f"{DEFINITIONS['max_drawdown']}; {INTERVAL}", ""
    if deepest:
        over = deepest[0].recovery is not None
        note = f"{count(deepest[0].length)}{'' if over else '+'} sessions long"
        why += "; sessions from the peak to " + (
            "its recovery" if over else "the end: not over yet"
        )
    return Card(
        "Max drawdown",
        percent(result.metrics.max_drawdown),
        _doubt("max_drawdown", result) if deepest else "equity never fell",
        why,
        note=note,
    )


def _sortino(result: BacktestResult) -> Card:
    ulcer = result.statistics.returns.ulcer_index
    return Card(
        "Sortino",
        plain_number(result.metrics.sortino),
        _doubt("sortino", result),
        f"{DEFINITIONS['sortino']}; {INTERVAL}",
        "caution" if result.confidence.sortino.low <= 0 else "",
        f"ulcer index {percent(ulcer)}" if ulcer > 0 else "",
    )


def _doubt(name: str, result: BacktestResult) -> str:
    """The interval of a metric, or why there is none."""
    interval = getattr(result.confidence, name)
    reason = undefined_because(name, result.metrics)
    if math.isnan(interval.low):
        return reason or "too few returns for an interval"
    return reason or f"95% CI {_unbroken(span(name, interval))}"


def _unbroken(text: str) -> str:
    """Text that stays on one line."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _turnover(result: BacktestResult) -> Card:
    metrics, config = result.metrics, result.config
    yearly = metrics.costs * config.periods_per_year / len(result.dates)
    value = times(metrics.turnover)
    return Card(
        "Turnover",
        value if math.isnan(metrics.turnover) else f"{value}/yr",
        f"costs {percent(yearly, 2)}/yr",
        f"{DEFINITIONS['turnover']}; costs are commission, slippage, borrow and financing a year, "
        "over initial capital",
        note=f"invested {percent(metrics.exposure, 0)} of days",
    )


def _trades(result: BacktestResult) -> Card:
    metrics = result.metrics
    closed = metrics.trades - metrics.open_trades
    why = f"{DEFINITIONS['win_rate']}, with Wilson's 95 % interval; {DEFINITIONS['profit_factor']}"
    if closed == 0:
        doubt, note = "none closed" if metrics.trades else "never traded", ""
    else:
        low, high = win_rate_interval(round(metrics.win_rate * closed), closed)
        wins = f"95% CI {percent(low, 0)[:-1]}\u2060\u2013\u2060{percent(high, 0)}"
        doubt = f"win {percent(metrics.win_rate, 0)}, {_unbroken(wins)}"
        note = f"profit factor {plain_number(metrics.profit_factor)}"
    few = closed < FEW_TRADES
    if few:
        why += f"; fewer than {FEW_TRADES} closed trades say little"
    return Card("Trades", count(metrics.trades), doubt, why, "caution" if few else "", note)
