"""``stockstream report``: the tear sheet of a kept run."""

from pathlib import Path
from typing import Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say
from stockstream.cli.kept import LATEST, find_run

__all__ = ["report"]


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
    json: options.Json = False,
) -> None:
    """Write the tear sheet of a kept run.

    One HTML page that holds everything it needs and asks no server for anything.

    stockstream report latest --output tearsheet.html --png tearsheet.png
    """
    from stockstream.backtest.archive import load_result
    from stockstream.report.tearsheet import write_tear_sheet

    folder = find_run(run, Path(options.runs_place(runs)))
    page = output or folder / "tearsheet.html"
    result = load_result(folder)
    write_tear_sheet(result, page)
    if png is not None:
        from stockstream.report.picture import write_picture

        write_picture(page, png, browser=browser)
    if json:
        emit({"run": folder.name, "report": page, "png": png, **result.to_dict()})
        return
    say(f"{folder.name}: {page}")
    if png is not None:
        say(f"picture: {png}")
