"""``stockstream report``: the tear sheet of a kept backtest or sweep."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say
from stockstream.cli.kept import LATEST, find_run, latest_run

if TYPE_CHECKING:
    from stockstream.backtest.result import BacktestResult
    from stockstream.study.result import StudyResult

__all__ = ["report"]


def report(
    run: Annotated[
        str,
        typer.Argument(
            help="Name of a kept backtest (r-...) or sweep (s-...), its folder, or 'latest'."
        ),
    ] = LATEST,
    runs: options.Runs = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Where to write the page.  [default: tearsheet.html in the folder of the run]",
        ),
    ] = None,
    png: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.png",
            help="Write a picture of the whole page too; it needs Chromium or Chrome on this "
            "machine.",
        ),
    ] = None,
    browser: Annotated[
        str | None,
        typer.Option(
            metavar="PROGRAM",
            help="The browser that takes the picture.  [default: the first Chromium, Chrome or "
            "Edge that is found]",
        ),
    ] = None,
    select: Annotated[
        str,
        typer.Option(
            metavar="NAME", help="Of a sweep: what its combinations are ranked by, as in `sweep`."
        ),
    ] = "deflated_sharpe",
    json: options.Json = False,
) -> None:
    """Write the tear sheet of a kept backtest or sweep.

    One HTML page that holds everything it needs and asks no server for anything.

    stockstream report latest --output tearsheet.html --png tearsheet.png
    """
    runs_folder = Path(options.runs_place(runs))
    folder = runs_folder / latest_run(runs_folder) if run == LATEST else find_run(run, runs_folder)
    page = output or folder / "tearsheet.html"
    result = _write(folder, page, select)
    if png is not None:
        from stockstream.report.picture import write_picture

        write_picture(page, png, browser=browser)
    if json:
        emit({"run": folder.name, "report": page, "png": png, **result.to_dict()})
        return
    say(f"{folder.name}: {page}")
    if png is not None:
        say(f"picture: {png}")


def _write(folder: Path, page: Path, select: str) -> "BacktestResult | StudyResult":
    """Write the page of what a folder holds."""
    from stockstream.study.runs.store import STUDY

    if (folder / STUDY).is_file():
        from stockstream.report.study.page import write_study_page
        from stockstream.runners.choice import runner_of

        study = runner_of(folder.name, folder.parent).result(folder.name)
        write_study_page(study, page, select=select)
        return study
    from stockstream.backtest.archive import load_result
    from stockstream.report.tearsheet import write_tear_sheet

    backtest = load_result(folder)
    write_tear_sheet(backtest, page)
    return backtest
