"""Every metric with its definition, and why it has no value where it has none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from stockstream.metrics.summary import DEFINITIONS
from stockstream.report.formats import count, percent, plain_number, times
from stockstream.report.view import MetricRow

if TYPE_CHECKING:
    from stockstream.metrics.summary import Metrics

__all__ = ["metric_rows", "undefined_because"]

RATIOS = frozenset({"sharpe", "sortino", "calmar", "profit_factor"})

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
            label=name.replace("_", " ").capitalize(),
            value=_shown(name, value),
            definition=_sentence(DEFINITIONS[name]),
            reason=undefined_because(name, metrics),
        )
        for name, value in metrics.as_dict().items()
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


def _shown(name: str, value: float) -> str:
    if isinstance(value, int):
        return count(value)
    if name in RATIOS:
        return plain_number(value)
    return times(value) if name == "turnover" else percent(value, 2)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "."
