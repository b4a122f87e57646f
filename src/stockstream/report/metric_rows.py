"""Every metric with its definition, and why it has no value where it has none."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import TYPE_CHECKING

from stockstream.metrics.statistics import STATISTICS
from stockstream.metrics.summary import DEFINITIONS
from stockstream.report.formats import count, money, percent, plain_number, times
from stockstream.report.view import MetricGroup, MetricRow

if TYPE_CHECKING:
    from stockstream.metrics.statistics import Statistics
    from stockstream.metrics.summary import Metrics

__all__ = ["labelled", "metric_rows", "shown", "statistic_groups", "undefined_because"]

RATIOS = frozenset(
    {
        *("sharpe", "sortino", "calmar", "profit_factor", "benchmark_sharpe", "benchmark_calmar"),
        *("ulcer_performance_index", "recovery_factor", "omega", "tail_ratio", "gain_to_pain"),
        *("common_sense_ratio", "skew", "kurtosis", "stability", "beta", "correlation"),
        *("r_squared", "information_ratio", "treynor", "up_capture", "down_capture"),
        *("payoff_ratio", "system_quality", "kelly", "edge_ratio"),
    }
)

LENGTHS = frozenset(
    {
        *("average_drawdown_length", "average_bars", "median_bars", "longest_bars"),
        *("average_bars_winning", "average_bars_losing"),
    }
)
"""Sessions, which may be a mean and so no whole number."""

ABBREVIATIONS = {
    "value_at_risk": "Value at risk",
    "conditional_value_at_risk": "Conditional value at risk",
    "average_mae": "Average MAE",
    "average_mfe": "Average MFE",
    "worst_mae_of_winners": "Worst MAE of winners",
}

UNDEFINED = {
    "volatility": "there are fewer than two bars",
    "sharpe": "returns never vary",
    "sortino": "no bar lost money",
    "calmar": "equity never fell",
    "win_rate": "no trade was closed",
    "profit_factor": "no closed trade lost money",
    "average_win": "no closed trade made money",
    "average_loss": "no closed trade lost money",
}


def metric_rows(metrics: Metrics) -> tuple[MetricRow, ...]:
    """All of them, in the order of the fields."""
    return tuple(
        MetricRow(
            label=labelled(name),
            value=shown(name, value),
            definition=_sentence(DEFINITIONS[name]),
            reason=undefined_because(name, metrics),
        )
        for name, value in metrics.as_dict().items()
    )


def statistic_groups(statistics: Statistics) -> tuple[MetricGroup, ...]:
    """The second layer, in its groups; their definitions say where there is no value."""
    groups = (
        ("Returns", statistics.returns),
        ("Against the benchmark", statistics.benchmark),
        ("Trades", statistics.trades),
    )
    return tuple(
        MetricGroup(
            title,
            tuple(
                MetricRow(
                    label=labelled(one.name),
                    value=shown(one.name, getattr(group, one.name)),
                    definition=_sentence(STATISTICS[one.name]),
                )
                for one in fields(group)
            ),
        )
        for title, group in groups
        if group is not None
    )


def undefined_because(name: str, metrics: Metrics) -> str:
    """Why a metric is NaN; empty where it is not."""
    if not math.isnan(getattr(metrics, name)):
        return ""
    closed = metrics.trades - metrics.open_trades
    if closed == 0 and name in {"win_rate", "profit_factor", "average_win", "average_loss"}:
        return UNDEFINED["win_rate"]
    if name == "sortino" and math.isnan(metrics.sharpe):
        return UNDEFINED["sharpe"]
    return UNDEFINED.get(name, "there is too little to measure")


def labelled(name: str) -> str:
    """``max_drawdown`` as ``Max drawdown``."""
    return ABBREVIATIONS.get(name, name.replace("_", " ").capitalize())


def shown(name: str, value: float) -> str:
    """A metric or statistic as people read it."""
    if isinstance(value, int):
        return count(value)
    if name in RATIOS:
        return plain_number(value)
    if name in LENGTHS:
        return plain_number(value, 1)
    if name == "expectancy":
        return money(value)
    return times(value) if name == "turnover" else percent(value, 2)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
