"""``stockstream reproduce``: a kept run, made again and compared."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say
from stockstream.cli.exits import Exit
from stockstream.cli.kept import LATEST, find_run
from stockstream.cli.request import open_lake

if TYPE_CHECKING:
    from stockstream.backtest.reproduction import Reproduction

__all__ = ["reproduce"]

MEANINGS = {
    "data_version": "version of the lake's tables",
    "data_digest": "the data that is read",
    "config_digest": "the configuration",
    "code_version": "the code",
    "lock_digest": "the installed dependencies",
    "seed": "the seed",
}


def reproduce(
    run: Annotated[
        str,
        typer.Argument(help="Name of a kept run, such as r-0123456789ab, its folder, or 'latest'."),
    ] = LATEST,
    runs: options.Runs = None,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> int:
    """Make a kept run again and compare every number.

    The data is read at the version that the run names, though the lake may have gone on since.
    Exit code 1 where a number differs.

    stockstream reproduce latest
    """
    from stockstream.backtest.archive import load_result
    from stockstream.backtest.reproduction import reproduce as again

    folder = find_run(run, Path(options.runs_place(runs)))
    found = again(load_result(folder), open_lake(lake))
    if json:
        emit({"run": folder.name, **found.to_dict()})
    else:
        _show(folder.name, found)
    return Exit.OK if found.same else Exit.ERROR


def _show(name: str, found: "Reproduction") -> None:
    if found.same:
        fills, days = found.run.fills.height, len(found.run.dates)
        typer.secho(f"{name}: the same, to the last bit", bold=True)
        say(f"{days:,} days of equity, {fills:,} fills and every metric")
    else:
        typer.secho(f"{name}: NOT the same", fg="red", bold=True)
        for difference in found.differences:
            say(difference, indent="  ")
    for part, kept, now in found.changed:
        say(f"another now: {MEANINGS.get(part, part)} ({kept[:24]} was kept, {now[:24]} now)")
