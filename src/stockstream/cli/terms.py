"""On which terms a run trades, as options: orders, margin, exchange rules, costs, metrics."""

from typing import Annotated, Literal, TypeAlias

import typer

__all__ = [
    "COSTS",
    "BenchmarkName",
    "BorrowBps",
    "Capital",
    "CommissionBps",
    "CommissionFixed",
    "CommissionMinimum",
    "CommissionPerShare",
    "CommissionTiers",
    "Fill",
    "FinancingBps",
    "Fractional",
    "Impact",
    "Leverage",
    "Lot",
    "Maintenance",
    "MaxVolumeShare",
    "MinimumParcel",
    "PeriodsPerYear",
    "RiskFree",
    "Rules",
    "Seed",
    "SizeAt",
    "SlippageBps",
    "SpreadBps",
    "Tick",
]

TRADING, COSTS, METRICS = "Orders", "Costs", "Metrics"

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
