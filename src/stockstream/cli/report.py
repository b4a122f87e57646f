"""``stockstream report``: the tear sheet of a kept run."""

from pathlib import Path
from typing import Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say
from stockstream.errors import NoDataError

__all__ = ["report"]

LATEST = "latest"


def report(
    run: Annotated[
        str,
        typer.Argument(help="Name of a kept run, such as r-0123456789ab, its folder, or 'latest'."),
    ] = LATEST,
    runs: options.Runs = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Where to write the page.  [default: tearsheet.html in the folder of the run]",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Write the tear sheet of a kept run.

    One HTML page that holds everything it needs and asks no server for anything.

    stockstream report latest --output tearsheet.html
    """
    from stockstream.backtest.archive import load_result
    from stockstream.report.tearsheet import write_tear_sheet

    folder = _find(run, Path(options.runs_place(runs)))
    page = output or folder / "tearsheet.html"
    result = load_result(folder)
    write_tear_sheet(result, page)
    if json:
        emit({"run": folder.name, "report": page, **result.to_dict()})
    else:
        say(f"{folder.name}: {page}")


def _find(run: str, runs: Path) -> Path:
    """The folder of a run.

    Raises:
        NoDataError: the newest run was asked for and there is none.
    """
    if run != LATEST:
        return Path(run) if Path(run).is_dir() else runs / run
    kept = sorted(runs.glob("r-*/result.json"), key=lambda path: path.stat().st_mtime)
    if not kept:
        raise NoDataError(f"no run is kept in {runs}; make one with `stockstream backtest`")
    return kept[-1].parent
