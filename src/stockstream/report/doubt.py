"""How sure the numbers are, and what they look like beside a benchmark and with other costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.report.formats import count, percent, plain_number
from stockstream.report.metric_rows import shown
from stockstream.report.view import Cell, Row, Table, tone_of

if TYPE_CHECKING:
    import polars as pl

    from stockstream.backtest.result import BacktestResult
    from stockstream.metrics.bootstrap import Interval

__all__ = ["benchmark_table", "confidence_table", "cost_table", "span"]

HEADLINES = {
    "total_return": "Total return",
    "annualised_return": "CAGR",
    "sharpe": "Sharpe",
    "sortino": "Sortino",
    "max_drawdown": "Max drawdown",
}

SENSITIVE = ("total_return", "annualised_return", "sharpe", "max_drawdown", "costs", "trades")
"""What costs change, in the order of the table."""


def span(name: str, interval: Interval) -> str:
    """An interval as people read it, such as ``-0.21 to 1.35``."""
    form = plain_number if name in {"sharpe", "sortino"} else percent
    return f"{form(interval.low)} to {form(interval.high)}"


def confidence_table(result: BacktestResult) -> Table:
    """The headline numbers with the intervals that the bootstrap gives them."""
    found, metrics = result.confidence, result.metrics
    rows = [
        Row(
            (Cell(shown(name, getattr(metrics, name))), Cell(span(name, getattr(found, name)))),
            label,
        )
        for name, label in HEADLINES.items()
    ]
    rows.append(
        Row(
            (Cell(percent(found.loss) if found.loss else "below 0.1%"), Cell("")),
            "Chance of a loss",
        )
    )
    block = plain_number(found.mean_block, 1)
    return Table(
        ("", "Value", f"{percent(found.level, 0)} interval"),
        tuple(rows),
        f"From {count(found.resamples)} resamples of the returns in blocks of {block} sessions on "
        "average (stationary bootstrap). Intervals know nothing of how many rules were tried "
        "before this one.",
    )


def benchmark_table(result: BacktestResult) -> Table | None:
    """The run beside its benchmark; None without one."""
    against, metrics = result.statistics.benchmark, result.metrics
    if against is None or result.benchmark is None:
        return None
    both = [
        Row(
            (
                Cell(shown(name, getattr(metrics, name))),
                Cell(shown(name, getattr(against, f"benchmark_{name}")), "quiet"),
            ),
            label,
        )
        for name, label in (*HEADLINES.items(), ("volatility", "Volatility"), ("calmar", "Calmar"))
        if name != "sortino"
    ]
    alone = [
        Row((Cell(shown(name, getattr(against, name))), Cell("")), label)
        for name, label in (
            ("alpha", "Alpha, per year"),
            ("beta", "Beta"),
            ("correlation", "Correlation"),
            ("information_ratio", "Information ratio"),
            ("up_capture", "Up capture"),
            ("down_capture", "Down capture"),
        )
    ]
    name = result.benchmark.name
    return Table(("", "Strategy", "Benchmark"), (*both, *alone), f"Benchmark: {name}.")


def cost_table(costs: pl.DataFrame) -> Table:
    """What the run would have made had trading cost more or less.

    Args:
        costs: a row for each factor by which all costs are multiplied: ``factor`` and metrics.
    """
    columns = [name for name in SENSITIVE if name in costs.columns]
    rows = tuple(
        Row(
            tuple(
                Cell(
                    shown(name, row[name]),
                    tone_of(row[name]) if name in {"total_return", "annualised_return"} else "",
                )
                for name in columns
            ),
            f"{row['factor']:g}\u00d7",
        )
        for row in costs.sort("factor").iter_rows(named=True)
    )
    heads = tuple(name.replace("_", " ").capitalize() for name in columns)
    return Table(("Factor", *heads), rows, "All costs of the run multiplied by the factor.")
