"""A backtest on the screen."""

from __future__ import annotations

import math
import re
from itertools import zip_longest
from typing import TYPE_CHECKING

import typer

from stockstream.backtest.flags import DISTRUST, distrusted
from stockstream.cli.console import say, show_table, warn
from stockstream.cli.figures import metric_cells, percent, plain, ratio
from stockstream.market.survivorship import ON_RECORD
from stockstream.report.metric_rows import undefined_because
from stockstream.report.trust import costs_in_words, parameters, strategy_title, subtitle

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockstream.backtest.result import BacktestResult
    from stockstream.backtest.sensitivity import CostSensitivity

__all__ = ["condensed", "show_result", "show_sensitivity"]

SHOWN = 6
"""Symbols named in one line."""

_EVENT = re.compile(r"(?P<symbol>\S+): (?P<before>\D+) (?P<day>\d{4}-\d\d-\d\d)(?P<after>\D*)")

IN_FIRST_COLUMN = 8
"""Metrics of the equity curve; those of trades and costs stand beside them."""


def show_result(result: BacktestResult) -> None:
    """Print what was run, its metrics, what a reader must know, and what it is made of."""
    config, known = result.config, result.identity
    facts = parameters(config)
    given = "" if config.sleeves else " ".join(f"{fact.label}={fact.value}" for fact in facts)
    typer.secho(f"{strategy_title(config)} {given}".rstrip(), bold=True)
    if config.sleeves:
        for fact in facts:
            say(f"{fact.label}: {fact.value}", indent="  ")
    say(plain(subtitle(result)))
    say(f"costs: {costs_in_words(config.costs)}; {result.engine} engine")
    say()
    for doubt in distrusted(result.flags):
        typer.secho(f"DO NOT BELIEVE THESE NUMBERS: {doubt}", fg="red", bold=True)
        say()
    if not result.metrics.trades:
        typer.secho("NO TRADE WAS MADE: the figures below mean nothing.", fg="red", bold=True)
        say()
    cells = metric_cells(result.metrics)
    pairs = zip_longest(cells[:IN_FIRST_COLUMN], cells[IN_FIRST_COLUMN:], fillvalue=("", ""))
    show_table(
        ("Equity", "", "", "Trades and costs", ""),
        [(*left, "", *right) for left, right in pairs],
        align="lr-lr",
    )
    say()
    if result.benchmark is not None:
        gain = result.benchmark.equity[-1] / result.benchmark.equity[0] - 1.0
        say(f"{result.benchmark.name}: {percent(gain, 2, signed=True)}")
    _show_gaps(result)
    for flag in condensed(flag for flag in result.flags if not flag.startswith(DISTRUST)):
        (say if flag.startswith(ON_RECORD) else warn)(flag)
    say(
        f"made of: data {known.data_version}, config {known.config_digest[:10]}, "
        f"code {known.code_version}, lock {known.lock_digest[:10]}, seed {known.seed}",
        indent="  ",
    )


def _show_gaps(result: BacktestResult) -> None:
    """Say why metrics have no value, each reason once."""
    gaps: dict[str, list[str]] = {}
    for name in result.metrics.as_dict():
        reason = undefined_because(name, result.metrics)
        if reason:
            gaps.setdefault(reason, []).append(name.replace("_", " "))
    for reason, names in gaps.items():
        say(f"no {', '.join(names)}: {reason}", indent="  ")


def condensed(flags: Iterable[str]) -> list[str]:
    """The flags, with what befell many symbols in one line.

    ``A.AX: delisted on 2021-08-11`` and its like become ``delisted on: A.AX (2021-08-11), ...``.
    """
    lines: list[str] = []
    events: dict[str, list[re.Match[str]]] = {}
    for flag in flags:
        match = _EVENT.fullmatch(flag)
        if match is None:
            lines.append(flag)
        else:
            events.setdefault(f"{match['before']} ...{match['after']}", []).append(match)
    for what, matches in events.items():
        if len(matches) == 1:
            lines.append(matches[0].string)
            continue
        symbols = [f"{match['symbol']} ({match['day']})" for match in matches]
        more = f" and {len(symbols) - SHOWN} more" if len(symbols) > SHOWN else ""
        lines.append(f"{what.removesuffix(' ...')}: {', '.join(symbols[:SHOWN])}{more}")
    return lines


def show_sensitivity(costs: CostSensitivity) -> None:
    """Print what the costs take: a row for each multiple of them."""
    say()
    show_table(
        ("Costs", "Total return", "A year", "Sharpe", "Max drawdown"),
        [
            (
                f"x{factor:g}",
                percent(made.total_return, 2, signed=True),
                percent(made.annualised_return, 2, signed=True),
                ratio(made.sharpe),
                percent(made.max_drawdown),
            )
            for factor, made in zip(costs.factors, costs.metrics, strict=True)
        ],
        align="lrrrr",
    )
    if not math.isnan(costs.break_even):
        say(f"nothing is won at {costs.break_even:.2g} times the costs")
