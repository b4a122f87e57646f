"""``stockstream backtest``: one strategy, one run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockstream.cli import options
from stockstream.cli.bundle import spread
from stockstream.cli.console import command, emit, say
from stockstream.cli.exits import Exit
from stockstream.cli.request import open_lake
from stockstream.cli.run_options import RunOptions
from stockstream.cli.terms import COSTS

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.backtest.result import BacktestResult
    from stockstream.backtest.sensitivity import CostSensitivity
    from stockstream.lake.store import Lake

__all__ = ["backtest"]


@spread
def backtest(
    asked: RunOptions,
    engine: Annotated[
        Literal["auto", "compiled", "event"],
        typer.Option(
            help="compiled takes rules at full speed, event goes bar by bar; the numbers are the "
            "same. auto takes the fastest that can run the strategy."
        ),
    ] = "auto",
    look_ahead: Annotated[
        bool,
        typer.Option(
            "--look-ahead-check/--no-look-ahead-check",
            help="Search a strategy in free form for look-ahead, in a sample that takes at most a "
            "fifth of the run. Rules cannot look ahead.",
        ),
    ] = True,
    cost_sensitivity: Annotated[
        bool,
        typer.Option(
            "--cost-sensitivity",
            help="Run it at 0, 0.5, 1, 2 and 3 times its costs too.",
            rich_help_panel=COSTS,
        ),
    ] = False,
    save: Annotated[bool, typer.Option("--save/--no-save", help="Keep the run, or do not.")] = True,
    runs: options.Runs = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write the tear sheet of the run to this file."),
    ] = None,
    json: options.Json = False,
) -> int:
    r"""Run a strategy once over some symbols and days.

    Orders work in the bar after the one that decided. Trading is free unless you give costs, and
    the result says so. Exit code 1 where a strategy was found to look ahead: the run is kept, with
    a warning on it.

    stockstream backtest --strategy MovingAverageCrossover --symbols BHP,CBA \
      --start-date 2019-01-01 --end-date 2023-12-31 --initial-capital 100000
    """
    from stockstream.backtest.archive import run_id, save_result
    from stockstream.backtest.run import run_backtest
    from stockstream.cli.result_view import show_result, show_sensitivity

    source = open_lake(asked.lake)
    config = asked.config(source)
    result = run_backtest(config, source, engine=engine, look_ahead=look_ahead)
    costs = _sensitivity(config, source) if cost_sensitivity else None
    folder = save_result(result, Path(options.runs_place(runs))) if save else None
    if report is not None:
        from stockstream.report.tearsheet import write_tear_sheet

        write_tear_sheet(result, report, costs=None if costs is None else costs.frame)
    if json:
        asked_too = {} if costs is None else {"cost_sensitivity": costs.to_dict()}
        kept = {"run": run_id(result), "saved": folder, "report": report}
        emit({**kept, **result.to_dict(), **asked_too})
        return _verdict(result)
    show_result(result)
    if costs is not None:
        show_sensitivity(costs)
    if folder is not None:
        say(f"kept in {folder}")
    if report is not None:
        say(f"tear sheet: {report}")
    elif folder is not None:
        say(f"tear sheet: {command(_report_words(folder, runs))}")
    return _verdict(result)


def _verdict(result: "BacktestResult") -> Exit:
    from stockstream.backtest.flags import distrusted

    return Exit.ERROR if distrusted(result.flags) else Exit.OK


def _sensitivity(config: "BacktestConfig", source: "Lake") -> "CostSensitivity":
    from stockstream.backtest.sensitivity import cost_sensitivity

    return cost_sensitivity(config, source)


def _report_words(folder: Path, runs: str | None) -> str:
    return f"report {folder.name}" + (f" --runs {runs}" if runs else "")
