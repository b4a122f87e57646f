"""A sweep on the screen: the verdict first, then the best points with their doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from stockstream.cli.console import heading, say, show_table, warn
from stockstream.cli.figures import count, plain
from stockstream.cli.result_view import condensed
from stockstream.market.survivorship import ON_RECORD
from stockstream.report.study.cards import verdict_tone
from stockstream.report.study.gathering import PIECES_NAMED, ranked, sampling_flags
from stockstream.report.study.tables import point_columns, shown_number
from stockstream.report.trust import costs_in_words, strategy_title
from stockstream.study.steps import written
from stockstream.study.surface import column_of

if TYPE_CHECKING:
    import polars as pl

    from stockstream.study.belief.belief import Belief
    from stockstream.study.result import StudyResult

__all__ = ["show_sweep"]

COLOURS = {"good": "green", "caution": "yellow", "bad": "red"}
SHOWN_FAILURES = 5

LONGEST = 24
"""Characters of a parameter's value."""

OF_PIECES = frozenset({"sharpe", "sharpe_worst"})
"""Numbers of single pieces, where those of all pieces together are there."""


def show_sweep(result: StudyResult, select: str, top: int) -> None:
    """Print what was tried, how far to believe it, the best points, and what a reader must know.

    Args:
        result: of the study.
        select: what the points are ranked by.
        top: how many of them to show.
    """
    best, belief = ranked(result, select, top)
    _show_study(result)
    _show_verdict(belief)
    heading(f"Best points by {select.replace('_', ' ')}")
    if len(best):
        _show_best(result, best, select)
    else:
        say("no point has a value")
    say()
    _show_warnings(result)


def _show_study(result: StudyResult) -> None:
    study, config = result.study, result.config
    typer.secho(f"{strategy_title(config)}: {count(study.trials, 'trial')}", bold=True)
    parts = [
        f"{config.start_date} to {config.end_date}",
        count(len(config.universe or ()), "symbol"),
        f"costs: {costs_in_words(config.costs)}",
    ]
    if study.split.kind != "none":
        pieces = count(len(study.pieces), PIECES_NAMED.get(study.split.kind, "piece"))
        parts.insert(2, f"{count(study.points, 'point')} x {pieces} ({study.split})")
    say(", ".join(parts))
    if result.seconds > 0:
        ran = ", ".join(f"{trials:,} {path}" for path, trials in result.paths.items())
        say(f"{result.seconds:.1f} s, {study.trials / result.seconds:,.0f} trials/s; path: {ran}")


def _show_verdict(belief: Belief) -> None:
    say()
    conclusion, *reasons = belief.verdict
    typer.secho(conclusion, bold=True, fg=COLOURS.get(verdict_tone(belief)))
    for reason in reasons:
        say(f"- {reason}", indent="  ")


def _show_best(result: StudyResult, best: pl.DataFrame, select: str) -> None:
    names = [column_of(best, name) for name in result.grid]
    heads = point_columns(best, select)
    if "pooled_sharpe" in heads:  # a screen is narrow
        heads = {name: head for name, head in heads.items() if name not in OF_PIECES}
    rows = [
        [
            *(written(row[name])[:LONGEST] for name in names),
            *(plain(shown_number(name, row[name])) for name in heads),
        ]
        for row in best.iter_rows(named=True)
    ]
    show_table([*names, *(head.lower() for head in heads.values())], rows, align="r")


def _show_warnings(result: StudyResult) -> None:
    for name, value in result.study.ignored.items():
        warn(f"--param {name}={value} was ignored: the grid gives {name} its values")
    for flag in condensed((*result.flags, *sampling_flags(result))):
        (say if flag.startswith(ON_RECORD) else warn)(flag)
    if not result.failed:
        return
    warn(f"{count(result.failed, 'trial')} failed:")
    for failure in result.failures[:SHOWN_FAILURES]:
        say(f"  {failure.trials:,} x {failure.error}", indent="    ")
    if len(result.failures) > SHOWN_FAILURES:
        say(f"  and {count(len(result.failures) - SHOWN_FAILURES, 'other reason')}")
