"""A sweep on the screen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from stockstream.cli.console import heading, say, show_table, warn
from stockstream.cli.figures import count, percent, ratio
from stockstream.cli.result_view import condensed
from stockstream.market.survivorship import ON_RECORD
from stockstream.study.result import LESS_IS_BETTER
from stockstream.study.splits import LABELS

if TYPE_CHECKING:
    from stockstream.study.result import SweepResult
    from stockstream.study.splits import Split

__all__ = ["show_sweep"]

SHOWN_METRICS = ("total_return", "sharpe", "max_drawdown", "win_rate", "trades")
HEADS = {
    "total_return": "return",
    "annualised_return": "per year",
    "max_drawdown": "drawdown",
    "profit_factor": "profit f.",
}
RATIOS = frozenset({"sharpe", "sortino", "calmar", "profit_factor", "turnover"})
SHOWN_FAILURES = 5
BEST_SINGLE = 3


def show_sweep(result: SweepResult, metric: str, top: int) -> None:
    """Print the best trials, what failed and why, and what a reader must know."""
    trials = len(result.trials)
    failed = sum(failure.trials for failure in result.failures)
    rate = trials / result.seconds
    typer.secho(f"{result.config.strategy_class}: {count(trials, 'trial')}", bold=True)
    say(
        f"{result.config.start_date} to {result.config.end_date}, "
        f"{count(len(result.config.universe or ()), 'symbol')}, {result.seconds:.1f} s "
        f"({rate:,.0f} trials/s, {result.symbol_bars / result.seconds / 1e6:,.1f} M symbol-bars/s)"
    )
    if result.split:
        _show_best_on_the_whole(result, result.split, metric, top)
        top = BEST_SINGLE
    heading(f"Best {'single trials' if result.split else 'trials'} by {_plain(metric)}")
    _show_best(result, metric, top)
    say()
    warn(f"the best of {count(trials, 'trial')} is partly luck: test it on data it has not seen")
    for name, value in result.ignored.items():
        warn(f"--param {name}={value} was ignored: the grid gives {name} its values")
    for flag in condensed(result.flags):
        (say if flag.startswith(ON_RECORD) else warn)(flag)
    if failed:
        warn(f"{count(failed, 'trial')} failed:")
    for failure in result.failures[:SHOWN_FAILURES]:
        say(f"  {failure.trials:,} x {failure.error}", indent="    ")
    if len(result.failures) > SHOWN_FAILURES:
        say(f"  and {count(len(result.failures) - SHOWN_FAILURES, 'other reason')}")


def _show_best(result: SweepResult, metric: str, top: int) -> None:
    varied = [name for name in result.grid if name in result.trials.columns]
    label = [LABELS[result.split]] if result.split else []
    metrics = list(SHOWN_METRICS) if metric in SHOWN_METRICS else [metric, *SHOWN_METRICS]
    rows = [
        [str(row[name]) for name in (*varied, *label)]
        + [_cell(name, row[name]) for name in metrics]
        for row in result.best(metric, top).iter_rows(named=True)
    ]
    heads = [HEADS.get(name, _plain(name)) for name in metrics]
    show_table([*varied, *label, *heads], rows, align="r" * len(varied) + "l" * len(label))


def _show_best_on_the_whole(result: SweepResult, split: Split, metric: str, top: int) -> None:
    """Print the combinations that did best over all symbols or years, by the median of them."""
    import polars as pl

    varied = [name for name in result.grid if name in result.trials.columns]
    value = pl.col(metric)
    whole = (
        result.trials.group_by(varied, maintain_order=True)
        .agg(
            median=value.median(),
            worst=value.max() if metric in LESS_IS_BETTER else value.min(),
            best=value.min() if metric in LESS_IS_BETTER else value.max(),
            gained=(pl.col("total_return") > 0.0).mean(),
            trades=pl.col("trades").sum(),
        )
        .drop_nulls("median")
        .sort("median", descending=metric not in LESS_IS_BETTER, maintain_order=True)
        .head(top)
    )
    rows = [
        [
            *(str(row[name]) for name in varied),
            *(_cell(metric, row[name]) for name in ("median", "worst", "best")),
            percent(row["gained"], 0),
            count(row["trades"]),
        ]
        for row in whole.iter_rows(named=True)
    ]
    label = LABELS[split]
    pieces = count(result.trials[label].n_unique(), label)
    heading(f"Best by {_plain(metric)}, median over {pieces}")
    show_table([*varied, "median", "worst", "best", f"{label}s up", "trades"], rows, align="r")


def _plain(metric: str) -> str:
    return metric.replace("_", " ")


def _cell(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return count(value)
    return ratio(value) if name in RATIOS else percent(value)
