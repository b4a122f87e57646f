"""``stockstream lake log | restore``: the versions of the lake."""

from typing import Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say, show_table
from stockstream.cli.request import open_lake

__all__ = ["log", "restore"]


def log(lake: options.LakePlace = None, json: options.Json = False) -> None:
    """List every change of the lake, the newest first."""
    lines = [
        {**vars(line), "when": line.when.isoformat(timespec="seconds")}
        for line in open_lake(lake).log()
    ]
    if json:
        emit({"commits": lines})
        return
    rows = [[line["version"], line["when"], line["data"] or "", line["source"]] for line in lines]
    show_table(("version", "when", "data version", "source"), rows, align="llll")


def restore(
    version: Annotated[
        str,
        typer.Option(
            "--version",
            metavar="'bars@N actions@N'",
            help="The data version; `stockstream lake log` lists them.",
        ),
    ],
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> None:
    """Make the content of an older data version the latest again.

    It becomes a new version. Nothing is lost: the versions in between stay readable.

    stockstream lake restore --version 'bars@3 actions@1'
    """
    from stockstream.lake.maintenance.restore import restore as restore_version

    source = open_lake(lake)
    before, after = source.version(), restore_version(source, version)
    if json:
        emit({"restored": version, "before": before, "after": after})
    elif before == after:
        say(f"nothing to do: {before} has the content of {version}")
    else:
        say(f"{after} has the content of {version}; before it was {before}")
