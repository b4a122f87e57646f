"""``stockstream compare``: kept runs side by side."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, heading, say, show_table, warn
from stockstream.cli.figures import plain
from stockstream.cli.kept import find_run
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.report.comparison import Comparison

__all__ = ["compare"]

BEST = "*"


def compare(
    run: Annotated[
        list[str],
        typer.Argument(
            help="Names of two or more kept runs, such as r-0123456789ab, their folders, or "
            "'latest'."
        ),
    ],
    runs: options.Runs = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write the comparison to this file as a page."),
    ] = None,
    json: options.Json = False,
) -> None:
    """Show kept runs side by side: metrics and what differs.

    It warns where runs are not comparable: other data, other code, other days.

    stockstream compare r-0123456789ab r-9876543210ab --report compare.html
    """
    from stockstream.backtest.archive import load_result
    from stockstream.report.comparison import compare as compared
    from stockstream.report.comparison import write_comparison

    folders = [find_run(name, Path(options.runs_place(runs))) for name in run]
    names = [folder.name for folder in folders]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigError(f"{', '.join(twice)} is given twice; name each run once")
    comparison = compared({folder.name: load_result(folder) for folder in folders})
    if report is not None:
        write_comparison(comparison, report)
    if json:
        emit({**comparison.to_dict(), "report": report})
        return
    _show(comparison)
    if report is not None:
        say(f"comparison: {report}")


def _show(comparison: "Comparison") -> None:
    from stockstream.report.comparison import difference_table, metric_table
    from stockstream.report.formats import plain_number

    table = metric_table(comparison)
    show_table(
        table.heads,
        [
            (row.label, *(plain(c.text) + (BEST if c.tone == "best" else " ") for c in row.cells))
            for row in table.rows
        ],
        align="l",
    )
    say(f"{BEST} the best of its line")
    heading("What differs in the configuration")
    changed = difference_table(comparison)
    if changed.rows:
        rows = [(row.label, *(plain(cell.text) for cell in row.cells)) for row in changed.rows]
        show_table(changed.heads, rows, align="l")
    else:
        say("Nothing.")
    heading("Correlation of the returns")
    names = list(comparison.runs)
    numbers = [
        (name, *(plain(plain_number(value)) for value in row))
        for name, row in zip(names, comparison.correlation.tolist(), strict=True)
    ]
    show_table(("", *names), numbers, align="l")
    say()
    for warning in comparison.warnings:
        warn(warning)
