"""``stockstream sweep``: one strategy, every combination of a grid."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.bundle import spread
from stockstream.cli.console import emit, say
from stockstream.cli.estimate import reckon
from stockstream.cli.exits import Exit
from stockstream.cli.request import open_lake
from stockstream.cli.run_options import RunOptions
from stockstream.cli.sweep_options import SWEEP, Runner, SweepOptions
from stockstream.errors import ConfigError, DataError

if TYPE_CHECKING:
    from stockstream.runners.cloud import CloudRunner
    from stockstream.runners.local import LocalRunner
    from stockstream.study.study import Study

__all__ = ["sweep"]


@spread
def sweep(
    asked: RunOptions,
    swept: SweepOptions,
    search: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="Do not try the whole grid: let Optuna choose so many combinations of it, each "
            "after the results of those before.",
            rich_help_panel=SWEEP,
        ),
    ] = None,
    select: Annotated[
        str,
        typer.Option(
            "--select",
            "--metric",
            metavar="NAME",
            help="What combinations are ranked by: a metric, or what a single best number hides: "
            "plateau, deflated_sharpe, pooled_sharpe.",
            rich_help_panel=SWEEP,
        ),
    ] = "deflated_sharpe",
    top: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many of the best to show.")
    ] = 10,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every trial, a row each, to this .parquet or .csv file.",
        ),
    ] = None,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write the page of the sweep to this file."),
    ] = None,
    detach: Annotated[
        bool,
        typer.Option(
            "--detach", help="Start it and come back at once; it runs on when this terminal closes."
        ),
    ] = False,
    runner: Runner = "local",
    estimate: Annotated[
        bool,
        typer.Option(
            "--estimate", help="Only say what it would take, as `stockstream estimate` does."
        ),
    ] = False,
    runs: options.Runs = None,
    json: options.Json = False,
) -> int:
    r"""Run a strategy for every combination of parameters of a grid.

    Each trial is an ordinary backtest with fresh capital. What is done is kept: a sweep that was
    interrupted goes on where it stopped. Combinations that the strategy refuses are listed, and
    the exit code is then 3.

    stockstream sweep --strategy MovingAverageCrossover --split ticker \
      --grid "fast_period=5:44:40" --grid "slow_period=50,100" --output trials.parquet
    """
    from stockstream.cli.folds_view import out_of_sample, show_out_of_sample
    from stockstream.cli.sweep_run import (
        away_runner,
        here_runner,
        is_whole,
        run_away,
        run_here,
        search_here,
    )
    from stockstream.cli.sweep_view import show_sweep
    from stockstream.study.selection import demand_selector

    demand_selector(select)
    _demand_writable(output, html)
    source, place = open_lake(asked.lake), Path(options.runs_place(runs))
    if search is not None:
        if swept.sample is not None or detach or estimate or runner != "local":
            raise ConfigError("--search goes without --sample, --detach, --estimate and --runner")
        result = search_here(
            *(swept.config(asked, source), source, place),
            points=search,
            select=select,
            workers=swept.workers,
            settings=swept.settings(),
        )
    elif estimate:
        return reckon(swept.plan(asked, source), source, swept, json=json)
    else:
        away = away_runner(runner, source, place, swept.workers)
        study = swept.plan(asked, source)
        if detach:
            return _detach(study, away or here_runner(source, place, swept.workers), json=json)
        if away is None:
            result = run_here(study, source, place, swept.workers)
        else:
            result = run_away(study, away)
    found = out_of_sample(result, source, select)
    if output is not None:
        result.write(output)
    if html is not None:
        from stockstream.report.study.page import write_study_page

        write_study_page(result, html, select=select)
    if json:
        tested = None if found is None else found.to_dict()
        emit({"output": output, "page": html, **result.to_dict(), "out_of_sample": tested})
    else:
        show_sweep(result, select, top)
        if found is not None:
            show_out_of_sample(found)
        _show_places(place / result.name, output, html)
    return Exit.OK if is_whole(result) and not result.failures else Exit.PARTIAL


def _detach(study: "Study", runner: "LocalRunner | CloudRunner", *, json: bool) -> int:
    from stockstream.cli.sweep_run import next_commands

    name = runner.submit(study)
    if json:
        emit({"name": name, "trials": study.trials, "chunks": len(study.chunks)})
        return Exit.OK
    say(f"{name} is on its way, and goes on when this terminal closes")
    for words in next_commands(name, runner.runs):
        say(f"  {words}")
    return Exit.OK


def _show_places(folder: Path, output: Path | None, html: Path | None) -> None:
    say(f"every trial: {output or folder}")
    if html is not None:
        say(f"page: {html}")


def _demand_writable(output: Path | None, html: Path | None) -> None:
    """Find out before the work that its results have a place to go.

    Raises:
        ConfigError: another kind of file.
        DataError: a folder cannot be written to.
    """
    from stockstream.market.table_file import demand_suffix

    if output is not None:
        demand_suffix(output)
    for option, file in (("--output", output), ("--html", html)):
        if file is None:
            continue
        nearest = next(folder for folder in file.absolute().parents if folder.exists())
        if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
            raise DataError(f"cannot write to {nearest}; choose another {option}")
