"""``stockstream import``: files into the lake."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stockstream.cli import options
from stockstream.cli.console import emit
from stockstream.cli.exits import Exit
from stockstream.settings import load_settings

__all__ = ["import_files"]


def import_files(
    paths: Annotated[
        list[Path], typer.Argument(help="CSV and Parquet files, and folders of them.")
    ],
    lake: options.LakePlace = None,
    calendar: options.CalendarOption = "auto",
    basis: Annotated[
        Literal["auto", "raw", "split"],
        typer.Option(
            help="What the prices are: raw, as traded, or split, already adjusted for splits. auto "
            "finds it out from the splits in the file and its layout.",
            rich_help_panel="Layout",
        ),
    ] = "auto",
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="What the columns are, in order, for CSV files without a header line, such as "
            "symbol,date,open,high,low,close,volume; - leaves one out.",
            rich_help_panel="Layout",
        ),
    ] = None,
    date_format: Annotated[
        str | None,
        typer.Option(
            metavar="FORMAT",
            help="How dates are written, where they can be read in two ways, such as %d/%m/%Y.",
            rich_help_panel="Layout",
        ),
    ] = None,
    symbol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The symbol of one file that has no such column.  [default: the file's name]",
            rich_help_panel="Layout",
        ),
    ] = None,
    suffix: options.Suffix = "",
    json: options.Json = False,
) -> int:
    """Import daily bars from CSV and Parquet files into the lake.

    The layout is found from the headers. Rows that cannot be true (a high below the low, a price
    of zero) are set aside in quarantine with the rule they broke, never dropped; what is odd is
    noted. Importing the same files again changes nothing. The lake is made if there is none.

    stockstream import prices/ --suffix .AX
    """
    from stockstream.cli.intake_view import show_intake
    from stockstream.cli.progress import progress
    from stockstream.ingest.importer import import_files as bring_in

    with progress("reading", "files") as update:
        summary = bring_in(
            paths,
            options.lake_place(lake),
            calendar=calendar,
            basis=basis,
            columns=options.split_names(columns),
            symbol=symbol,
            suffix=suffix,
            date_format=date_format,
            thresholds=load_settings().quality,
            progress=update,
        )
    if json:
        emit(summary.as_dict())
    else:
        show_intake(summary, lake)
    return Exit.PARTIAL if summary.failures or summary.quarantined else Exit.OK
