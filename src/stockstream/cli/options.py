"""The options that several commands share: one name, one meaning, one help text."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import typer

from stockstream.errors import ConfigError
from stockstream.settings import load_settings

__all__ = [
    "COSTS",
    "DATA",
    "BenchmarkName",
    "BorrowBps",
    "CalendarOption",
    "Capital",
    "CommissionBps",
    "CommissionFixed",
    "CommissionMinimum",
    "CommissionPerShare",
    "CommissionTiers",
    "EndDate",
    "Fill",
    "FinancingBps",
    "FirstDay",
    "Fractional",
    "Impact",
    "Json",
    "LakePlace",
    "LastDay",
    "Leverage",
    "Lot",
    "Maintenance",
    "MaxVolumeShare",
    "MinimumParcel",
    "Parameters",
    "PeriodsPerYear",
    "RiskFree",
    "Rules",
    "Runs",
    "Seed",
    "SizeAt",
    "SlippageBps",
    "SpreadBps",
    "StartDate",
    "StrategiesFile",
    "StrategyName",
    "Suffix",
    "Symbols",
    "Tick",
    "lake_place",
    "parse_assignments",
    "runs_place",
    "split_names",
]

DATA, TRADING, COSTS, METRICS = "Data", "Orders", "Costs", "Metrics"


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
Capital: TypeAlias = Annotated[
    float,
    typer.Option(
        "--initial-capital",
        metavar="MONEY",
        help="Cash at the start.",
        rich_help_panel=TRADING,
    ),
]
Fill: TypeAlias = Annotated[
    Literal["next_open", "next_close", "same_close"],
    typer.Option(
        help="When an order fills. same_close trades at the very close that decided, which nobody "
        "can; it is flagged.",
        rich_help_panel=TRADING,
    ),
]
SizeAt: TypeAlias = Annotated[
    Literal["order", "fill"],
    typer.Option(
        help="Where the number of shares comes from: the close when the order is placed, or the "
        "price at which it fills (flagged).",
        rich_help_panel=TRADING,
    ),
]
Fractional: TypeAlias = Annotated[
    bool,
    typer.Option("--fractional", help="Trade fractions of shares.", rich_help_panel=TRADING),
]
CommissionBps: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="BPS",
        help="Commission on the value of a fill, in basis points: 10 is 0.1 %.",
        rich_help_panel=COSTS,
    ),
]
CommissionMinimum: TypeAlias = Annotated[
    float,
    typer.Option(
        "--commission-minimum",
        "--commission-min",
        metavar="MONEY",
        help="The least commission of a fill.",
        rich_help_panel=COSTS,
    ),
]
CommissionPerShare: TypeAlias = Annotated[
    float,
    typer.Option(metavar="MONEY", help="Commission for each share.", rich_help_panel=COSTS),
]
SlippageBps: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="BPS",
        help="How far a fill is worse than the price, in basis points.",
        rich_help_panel=COSTS,
    ),
]
BorrowBps: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="BPS",
        help="Fee for shares sold short, in basis points a year.",
        rich_help_panel=COSTS,
    ),
]
CommissionFixed: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="MONEY",
        help="Commission of every fill, whatever its size.",
        rich_help_panel=COSTS,
    ),
]
CommissionTiers: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="FROM:BPS,...",
        help="Commission by the value of a fill: 0:10,10000:8 is 10 basis points, and 8 on the "
        "whole of a fill worth 10,000 or more. In place of --commission-bps.",
        rich_help_panel=COSTS,
    ),
]
SpreadBps: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="BPS",
        help="Distance of bid and ask, in basis points; a fill pays half of it.",
        rich_help_panel=COSTS,
    ),
]
Impact: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="FACTOR",
        help="How far a fill moves the price: by FACTOR times the square of its part of the bar's "
        "volume; 0.1 is usual.",
        rich_help_panel=COSTS,
    ),
]
FinancingBps: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="BPS",
        help="Interest on borrowed cash, in basis points a year.",
        rich_help_panel=COSTS,
    ),
]
Leverage: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="TIMES",
        help="Largest sum of all positions, long and short, as a multiple of equity.",
        rich_help_panel=TRADING,
    ),
]
Maintenance: TypeAlias = Annotated[
    float,
    typer.Option(
        "--maintenance-margin",
        metavar="FRACTION",
        help="Least equity as a share of that sum; below it positions are cut.",
        rich_help_panel=TRADING,
    ),
]
Rules: TypeAlias = Annotated[
    Literal["none", "asx"],
    typer.Option(
        "--market-rules",
        help="Rules of an exchange. asx: parcels of 500 dollars at least, and its price steps. The "
        "four options below change one of them.",
        rich_help_panel=TRADING,
    ),
]
Lot: TypeAlias = Annotated[
    int | None,
    typer.Option(
        metavar="SHARES",
        help="Shares are traded in multiples of this many.",
        rich_help_panel=TRADING,
    ),
]
MinimumParcel: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="MONEY",
        help="Least value of a purchase that opens a position.",
        rich_help_panel=TRADING,
    ),
]
Tick: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="MONEY",
        help="Price step: asx, or an amount such as 0.01.",
        rich_help_panel=TRADING,
    ),
]
MaxVolumeShare: TypeAlias = Annotated[
    float | None,
    typer.Option(
        metavar="FRACTION",
        help="Largest part of a bar's volume that an order may fill; the rest waits.",
        rich_help_panel=TRADING,
    ),
]
BenchmarkName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--benchmark",
        metavar="NAME",
        help="What to hold the result against: buy_and_hold, equal_weight, none, or a symbol of "
        "the lake.  [default: buy_and_hold]",
        rich_help_panel=METRICS,
    ),
]
PeriodsPerYear: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N", help="Sessions in a year, for yearly figures.", rich_help_panel=METRICS
    ),
]
RiskFree: TypeAlias = Annotated[
    float,
    typer.Option(
        metavar="FRACTION",
        help="Return of cash per year that Sharpe and Sortino subtract; 0.04 is 4 %.",
        rich_help_panel=METRICS,
    ),
]
Seed: TypeAlias = Annotated[
    int,
    typer.Option(
        metavar="N", help="Seed of a strategy that draws random numbers.", rich_help_panel=METRICS
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


def runs_place(given: str | None) -> str:
    """The folder of runs that was asked for, else that of the settings."""
    return given or load_settings().runs


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
