"""The options that several commands share: one name, one meaning, one help text."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

from stockstream.errors import ConfigError
from stockstream.settings import load_settings

__all__ = [
    "DATA",
    "CalendarOption",
    "EndDate",
    "FirstDay",
    "Json",
    "LakePlace",
    "LastDay",
    "Parameters",
    "Runs",
    "StartDate",
    "StrategiesFile",
    "StrategyName",
    "Suffix",
    "Symbols",
    "demand_none_before",
    "lake_place",
    "parse_assignments",
    "runs_place",
    "split_names",
]

DATA = "Data"


def parse_date(text: str) -> dt.date:
    """A day as people type it."""
    try:
        return dt.date.fromisoformat(text.strip())
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a date ({error}); write it as 2019-01-31"
        ) from None


def _day(*names: str, help: str) -> Any:  # noqa: A002 - Typer's own word
    return typer.Option(
        *names, parser=parse_date, metavar="YYYY-MM-DD", help=help, rich_help_panel=DATA
    )


LakePlace: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--lake",
        metavar="DIR",
        help="The lake: a folder or a URL.  [default: the setting 'lake', else data/lake]",
        rich_help_panel=DATA,
    ),
]
Symbols: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="A,B,...",
        help="Symbols to trade; BHP finds BHP.AX.  [default: every symbol of the lake]",
        rich_help_panel=DATA,
    ),
]
StartDate: TypeAlias = Annotated[
    dt.date | None,
    _day(
        "--start-date",
        help="First day of trading; earlier bars warm indicators up.  [default: the first bar]",
    ),
]
EndDate: TypeAlias = Annotated[
    dt.date | None,
    _day("--end-date", help="Last day of trading, included.  [default: the last bar]"),
]
FirstDay: TypeAlias = Annotated[
    dt.date | None,
    _day("--start-date", "--start", help="First day.  [default: ten years before the last]"),
]
LastDay: TypeAlias = Annotated[
    dt.date | None, _day("--end-date", "--end", help="Last day, included.  [default: today]")
]
StrategyName: TypeAlias = Annotated[
    str,
    typer.Option(
        "--strategy",
        metavar="NAME",
        help="A strategy by its name, or one of your own as path/to/file.py:ClassName.",
        rich_help_panel="Strategy",
    ),
]
StrategiesFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--strategies",
        metavar="FILE.yaml",
        help="A file of named strategies and books; --strategy may name one of them.",
        rich_help_panel="Strategy",
    ),
]
Parameters: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--param",
        metavar="NAME=VALUE",
        help="A parameter of the strategy, such as fast_period=10; give it once for each.",
        rich_help_panel="Strategy",
    ),
]
Runs: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="Folder of kept runs.  [default: the setting 'runs', else data/runs]",
    ),
]
CalendarOption: TypeAlias = Annotated[
    Literal["auto", "XASX", "XNYS", "none"],
    typer.Option(
        help="Sessions to check dates against. auto takes XASX for .AX symbols, else the lake's "
        "calendar.",
        rich_help_panel=DATA,
    ),
]
Suffix: TypeAlias = Annotated[
    str,
    typer.Option(
        metavar="TEXT",
        help="Put behind every symbol that does not end in it, such as .AX.",
        rich_help_panel=DATA,
        show_default=False,
    ),
]
Json: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON document and nothing else on standard output: fractions, not percent; "
        "null where a number is not defined.",
    ),
]


def lake_place(given: str | None) -> str:
    """The lake that was asked for, else that of the settings.

    Raises:
        ConfigError: its address holds a password or a key, which messages and files would show.
    """
    place = given or load_settings().lake
    _, is_url, rest = place.partition("://")
    if is_url and ("?" in rest or "@" in rest.partition("/")[0]):
        raise ConfigError(
            "the address of a lake cannot hold a user, a password or a query; leave them out, and "
            "set AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN"
        )
    return place


def demand_none_before(context: typer.Context, *given: object) -> None:
    """Refuse options of a group that stand before the subcommand, where they would do nothing.

    Raises:
        ConfigError: one was given.
    """
    if any(one is not None and one is not False for one in given):
        words = f"{context.info_name} {context.invoked_subcommand}"
        raise ConfigError(f"options come behind the subcommand: stockstream {words} ...")


def runs_place(given: str | None) -> str:
    """The folder of runs that was asked for, else that of the settings.

    Raises:
        ConfigError: an address in its place.
    """
    place = given or load_settings().runs
    if "://" in place:
        raise ConfigError(
            f"runs are kept in a folder of this machine, not at {place}: give another"
        )
    return place


def split_names(text: str | None) -> list[str] | None:
    """``"BHP, CBA"`` as its parts; None stays None.

    Raises:
        ConfigError: there is nothing in it.
    """
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    named = [part for part in parts if part]
    if not named:
        raise ConfigError(f"{text!r} names nothing; write names with commas, such as BHP,CBA")
    return named


def parse_assignments(given: list[str] | None, option: str) -> dict[str, str]:
    """``["fast_period=10"]`` as a dictionary.

    Raises:
        ConfigError: one is no assignment, or a name is given twice.
    """
    values: dict[str, str] = {}
    for text in given or ():
        name, sign, value = (part.strip() for part in text.partition("="))
        if not (name and sign and value):
            raise ConfigError(f"{option} {text!r} is not NAME=VALUE, such as fast_period=10")
        if name in values:
            raise ConfigError(f"{option} gives {name} twice ({values[name]} and {value}); give one")
        values[name] = value
    return values
