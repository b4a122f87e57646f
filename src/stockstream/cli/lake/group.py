"""The group of commands."""

from collections.abc import Callable

import typer

from stockstream.cli import options
from stockstream.cli.exits import EPILOG
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.cli.lake.contents import info, symbols, universe
from stockstream.cli.lake.copy import copy
from stockstream.cli.lake.records import findings, health, quarantine
from stockstream.cli.lake.upkeep import repair, vacuum, verify
from stockstream.cli.lake.versions import log, restore

__all__ = ["lake_app"]

CONTENT, UPKEEP = "What is there", "Versions and upkeep"

lake_app = typer.Typer(
    cls=HelpGroup, rich_markup_mode=None, invoke_without_command=True, epilog=EPILOG
)


@lake_app.callback()
def lake_command(
    context: typer.Context, lake: options.LakePlace = None, json: options.Json = False
) -> None:
    """Look into the lake and look after it: versions, repair."""
    if context.invoked_subcommand is None:
        info(lake, json)
    else:
        options.demand_none_before(context, lake, json)


_COMMANDS: tuple[tuple[str, Callable[..., int | None]], ...] = (
    (CONTENT, info),
    (CONTENT, symbols),
    (CONTENT, universe),
    (CONTENT, quarantine),
    (CONTENT, findings),
    (CONTENT, health),
    (UPKEEP, log),
    (UPKEEP, restore),
    (UPKEEP, copy),
    (UPKEEP, verify),
    (UPKEEP, repair),
    (UPKEEP, vacuum),
)
for _panel, _function in _COMMANDS:
    lake_app.command(_function.__name__, cls=HelpCommand, epilog=EPILOG, rich_help_panel=_panel)(
        _function
    )
