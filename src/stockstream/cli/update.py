"""``stockstream update``: the daily run."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.batch_progress import batch_progress
from stockstream.cli.console import complain, emit
from stockstream.cli.exits import Exit
from stockstream.cli.sources import settings_with
from stockstream.cli.update_view import show_update
from stockstream.errors import StockstreamError
from stockstream.ingest.sources import list_source, opened

if TYPE_CHECKING:
    from stockstream.ingest.notify import Message
    from stockstream.settings import Settings

__all__ = ["update"]

SOURCE = "Source"


def update(
    lake: options.LakePlace = None,
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Where bars come from.  [default: the setting fetch.provider, else yahoo]",
            rich_help_panel=SOURCE,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Take the symbols and the market from this file, such as config/symbols.json, and "
            "not from the list of the exchange.",
            rich_help_panel=SOURCE,
        ),
    ] = None,
    session: Annotated[
        dt.date | None,
        typer.Option(
            parser=options.parse_date,
            metavar="YYYY-MM-DD",
            help="The session to bring the lake up to.  [default: the newest one whose bars are "
            "final]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    again: Annotated[
        bool,
        typer.Option(
            "--again",
            help="Fetch the session once more though it is complete: a second pass for sources "
            "that correct the newest bars in the hours after the close.",
            rich_help_panel=options.DATA,
        ),
    ] = False,
    rate: Annotated[
        float | None,
        typer.Option(
            metavar="N",
            help="Most requests a second, all batches together.  [default: the setting "
            "fetch.rate, else what the source bears]",
            rich_help_panel=SOURCE,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Symbols of a batch; 0 lets their number decide.  [default: the setting "
            "fetch.batch_size]",
            rich_help_panel=SOURCE,
        ),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--no-notify", help="Send no message, whatever the settings say.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Bring the lake up to date: list, fetch, check, merge.

    Can be run at any time and as often as you like: a run that was cut off is completed, failed
    symbols are tried again, and where nothing is missing nothing is written.

    stockstream update
    stockstream update --config config/symbols.json --lake data/mine
    """
    from stockstream.ingest.notify import describe_error, describe_run, import_apprise
    from stockstream.ingest.update import session_to_run
    from stockstream.ingest.update import update as bring_up_to_date

    changes = {"provider": provider, "rate": rate, "batch_size": batch_size}
    settings, lists = list_source(settings_with(changes), config)
    if settings.notify.urls and not quiet:
        import_apprise()  # better to know now than after the run
    day = session_to_run(settings, session)
    place = options.lake_place(lake)
    try:
        with opened(settings) as source, batch_progress(f"session {day}") as tell:
            summary = bring_up_to_date(
                place,
                source,
                lists,
                settings=settings,
                session=day,
                again=again,
                progress=tell,
            )
    except StockstreamError as error:
        _alert(settings, describe_error(error, f"session {day}, lake {place}"), quiet=quiet)
        raise
    if summary.state in {"partial", "failed"}:
        _alert(settings, describe_run(summary), quiet=quiet)
    if json:
        emit(summary.as_dict())
    else:
        show_update(summary, lake)
    return {"failed": Exit.ERROR, "partial": Exit.PARTIAL}.get(summary.state, Exit.OK)


def _alert(settings: "Settings", message: "Message", *, quiet: bool) -> None:
    """Send a message to the channels of the settings; one that does not take it is named."""
    if quiet or not settings.notify.urls:
        return
    from stockstream.ingest.notify import notify

    for failure in notify(settings.notify.urls, *message):
        complain(f"no message sent: {failure}", label="warning")
