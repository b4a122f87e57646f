"""``stockstream symbols``: the list of the exchange, the first step of the daily run."""

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say, warn
from stockstream.cli.exits import Exit
from stockstream.cli.figures import count
from stockstream.cli.sources import settings_with
from stockstream.cli.update_view import show_changes
from stockstream.ingest.sources import list_source

__all__ = ["symbols"]


def symbols(
    lake: options.LakePlace = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Take the symbols and the market from this file, such as config/symbols.json.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    session: Annotated[
        dt.date | None,
        typer.Option(
            parser=options.parse_date,
            metavar="YYYY-MM-DD",
            help="The session whose list it is.  [default: the newest one whose bars are final]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    json: options.Json = False,
) -> int:
    """Get the list of symbols of a session, and say what changed.

    The list is left beside the lake (symbols/DATE-symbols.csv), once for each session; a list that
    cannot be believed is refused and the one before stays. --json prints the symbols and the
    batches in which they will be fetched.

    stockstream symbols
    stockstream symbols --config config/symbols.json --json
    """
    from stockstream.ingest.symbols import update_symbols
    from stockstream.ingest.update import session_to_run

    settings, source = list_source(settings_with({}), config)
    day = session_to_run(settings, session)
    listed = update_symbols(options.lake_place(lake), day, source, settings)
    refused = [event for event in listed.events if event.kind == "list_refused"]
    if json:
        emit(listed.result)
    else:
        facts = listed.result["metadata"]
        say(f"{count(facts['total_symbols'], 'symbol')} of session {day}: {facts['s3_key']}")
        show_changes(facts["changes"])
        for event in listed.events:
            if event.level != "info":
                warn(f"{event.kind}: {event.subject}: {event.detail}")
    return Exit.PARTIAL if refused else Exit.OK
