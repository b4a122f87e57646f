"""``stockstream runs``: what was run here, what is running, and what to do with it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.compare import compare as compare_backtests
from stockstream.cli.console import emit, say
from stockstream.cli.exits import EPILOG, Exit
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.runners.cloud import CloudRunner
    from stockstream.runners.local import LocalRunner
    from stockstream.study.runs.run_status import RunStatus

__all__ = ["runs_app"]

LOOK, STEER = "What is there", "What goes on"

Name = Annotated[
    str,
    typer.Argument(
        metavar="RUN",
        help="Name of a run, such as s-0123456789ab, or 'latest'.",
        show_default=False,
    ),
]
Names = Annotated[
    list[str],
    typer.Argument(metavar="RUN", help="Names of runs, or 'latest'.", show_default=False),
]

runs_app = typer.Typer(
    cls=HelpGroup, rich_markup_mode=None, invoke_without_command=True, epilog=EPILOG
)


@runs_app.callback()
def runs_command(
    context: typer.Context, runs: options.Runs = None, json: options.Json = False
) -> None:
    """See what is kept and what is running; stop and resume sweeps."""
    if context.invoked_subcommand is None:
        list_runs(runs, json)
    else:
        options.demand_none_before(context, runs, json)


def list_runs(runs: options.Runs = None, json: options.Json = False) -> None:
    """List the runs that are kept here, the newest first.

    A sweep is called s-..., a single backtest r-....

    stockstream runs list
    """
    from stockstream.cli.runs_view import kept_runs, show_list

    place = _place(runs)
    found = kept_runs(place)
    if json:
        emit({"runs": [run.to_dict() for run in found]})
    else:
        show_list(found, place)


def show(run: Name = "latest", runs: options.Runs = None, json: options.Json = False) -> None:
    """Show one run: how far it is, what failed, what it is made of.

    stockstream runs show latest
    """
    from stockstream.cli.runs_view import show_backtest, show_status

    place = _place(runs)
    name = _named(run, place)
    if name.startswith("r-"):
        from stockstream.backtest.archive import load_result

        result = load_result(place / name)
        emit({"run": name, **result.to_dict()}) if json else show_backtest(name, result)
        return
    runner = _runner(name, place)
    status = runner.status(name)
    if json:
        emit(status.to_dict())
    else:
        show_status(status, runner.study(name), runner.runs / name)


def follow(run: Name = "latest", runs: options.Runs = None, json: options.Json = False) -> int:
    """Watch a sweep until it has ended.

    Control-C stops the watching, not the sweep. Exit code 3 if trials failed, 1 if the sweep
    stopped before its end.

    stockstream runs follow latest
    """
    place = _place(runs)
    name = _sweep(run, place)
    return _watch(_runner(name, place), name, json=json)


def cancel(run: Names, runs: options.Runs = None, json: options.Json = False) -> None:
    """Stop sweeps; what is done is kept.

    `stockstream runs resume` goes on from there.

    stockstream runs cancel latest
    """
    place = _place(runs)
    names = [_sweep(name, place) for name in run]
    _tell([_runner(name, place).cancel(name) for name in names], json=json)


def resume(
    run: Names,
    lake: Annotated[
        str | None,
        typer.Option(
            metavar="DIR",
            help="The lake of a sweep on this machine, if it is elsewhere now.  [default: where "
            "the sweep was started]",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            help="How many work side by side.  [default: one for each processor; on AWS the "
            "setting aws.at_once]",
        ),
    ] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Watch until it has ended.")] = False,
    runs: options.Runs = None,
    json: options.Json = False,
) -> int:
    """Run what is missing of sweeps, and come back at once.

    What was given up is tried again. The data is read at the version that a sweep was planned on.

    stockstream runs resume latest --follow
    """
    place = _place(runs)
    names = [_sweep(name, place) for name in run]
    elsewhere = lake and options.lake_place(lake)
    if follow and len(names) > 1:
        raise ConfigError("--follow watches one run: name one, or leave it out")
    told = [_runner(name, place, elsewhere, workers).resume(name) for name in names]
    if follow:
        return _watch(_runner(names[0], place), names[0], json=json)
    _tell(told, json=json)
    return Exit.OK


def compare(
    run: Names,
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="What the best trials are chosen by.")
    ] = "sharpe",
    top: Annotated[int, typer.Option(min=1, metavar="N", help="How many of the best to show.")] = 5,
    runs: options.Runs = None,
    json: options.Json = False,
) -> None:
    """Show runs side by side: their settings and their best trials.

    stockstream runs compare s-0123456789ab s-9876543210ab --metric calmar
    """
    from stockstream.cli.runs_view import show_comparison
    from stockstream.report.studies_compared import compare_studies

    place = _place(runs)
    names = [_named(name, place) for name in run]
    kinds = {name[0] for name in names}
    if len(kinds) > 1:
        raise ConfigError(f"{', '.join(names)}: a sweep and a backtest cannot be compared")
    if kinds == {"r"}:
        compare_backtests(names, runs=str(place), json=json)
        return
    found = compare_studies([_runner(name, place).result(name) for name in names], metric, top)
    if json:
        emit(found.to_dict())
    else:
        show_comparison(found)


def delete(
    run: Names,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    runs: options.Runs = None,
    json: options.Json = False,
) -> int:
    """Remove runs with all that they gave.

    A sweep that is running is stopped first.

    stockstream runs delete s-0123456789ab --yes
    """
    place = _place(runs)
    names = list(dict.fromkeys(_named(name, place) for name in run))
    if not yes and not _agreed(names, json=json):
        return Exit.ERROR
    for name in names:
        _runner(name, place).delete(name)
    if json:
        emit({"deleted": names})
    else:
        say(f"deleted: {', '.join(names)}")
    return Exit.OK


def _agreed(names: list[str], *, json: bool) -> bool:
    if json or not sys.stdin.isatty():
        raise ConfigError(f"{', '.join(names)} would be gone for good: add --yes")
    return typer.confirm(f"delete {', '.join(names)} for good?", err=True)


def _watch(runner: LocalRunner | CloudRunner, name: str, *, json: bool) -> int:
    from stockstream.cli.progress import watch
    from stockstream.cli.runs_view import show_status

    status = watch(runner, name, name)
    if json:
        emit(status.to_dict())
    else:
        show_status(status, runner.study(name), runner.runs / name)
    return _exit_of(status)


def _exit_of(status: RunStatus) -> int:
    if status.state in {"stopped", "cancelled"}:
        return Exit.ERROR
    return Exit.PARTIAL if status.failed else Exit.OK


def _tell(told: list[RunStatus], *, json: bool) -> None:
    from stockstream.cli.runs_view import in_one_line

    if json:
        emit({"runs": [status.to_dict() for status in told]})
        return
    for status in told:
        say(in_one_line(status))


def _place(runs: str | None) -> Path:
    return Path(options.runs_place(runs))


def _runner(
    name: str, place: Path, lake: str | None = None, workers: int | None = None
) -> LocalRunner | CloudRunner:
    from stockstream.runners.choice import runner_of

    return runner_of(name, place, lake, workers)


def _named(run: str, place: Path) -> str:
    from stockstream.cli.kept import LATEST, latest_run
    from stockstream.study.runs.store import demand_run_name

    return latest_run(place) if run == LATEST else demand_run_name(run)


def _sweep(run: str, place: Path) -> str:
    """The name of a sweep.

    Raises:
        ConfigError: it is the name of a single backtest.
    """
    from stockstream.cli.kept import LATEST, latest_run

    if run == LATEST:
        return latest_run(place, kinds="s")
    name = _named(run, place)
    if name.startswith("r-"):
        raise ConfigError(
            f"{name} is a single backtest, which is over at once: name a sweep, s-..."
        )
    return name


_COMMANDS: tuple[tuple[str, str, Callable[..., int | None]], ...] = (
    (LOOK, "list", list_runs),
    (LOOK, "show", show),
    (LOOK, "compare", compare),
    (STEER, "follow", follow),
    (STEER, "cancel", cancel),
    (STEER, "resume", resume),
    (STEER, "delete", delete),
)
for _panel, _name, _function in _COMMANDS:
    runs_app.command(_name, cls=HelpCommand, epilog=EPILOG, rich_help_panel=_panel)(_function)
