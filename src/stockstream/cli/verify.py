"""``stockstream verify``: can the numbers of a strategy be believed?"""

from typing import TYPE_CHECKING, Annotated

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, note, say
from stockstream.cli.exits import Exit
from stockstream.cli.request import config_of, open_lake

if TYPE_CHECKING:
    from stockstream.backtest.verify import VerifyReport

__all__ = ["verify"]

MOST_SYMBOLS = 10
"""Verified on where no symbols are named: each cut is a run of its own."""


def verify(
    strategy: options.StrategyName,
    param: options.Parameters = None,
    start_date: options.StartDate = None,
    end_date: options.EndDate = None,
    symbols: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help=f"Symbols to verify on.  [default: the first {MOST_SYMBOLS} of the lake]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    lake: options.LakePlace = None,
    cuts: Annotated[
        int,
        typer.Option(min=1, metavar="N", help="Days at which the future is taken away."),
    ] = 20,
    json: options.Json = False,
) -> int:
    """Check that a strategy cannot see the future.

    The run is repeated with the future cut off, and with a made-up future, at many days: what was
    decided before each day must stay. Both engines must give the same fills. Exit code 1 where a
    check fails. Of a book each strategy is checked alone.

    stockstream verify --strategy my_strategy.py:Mine --symbols BHP,CBA
    """
    from stockstream.backtest import verify as checks
    from stockstream.backtest.run import panel_for, prepare

    source = open_lake(lake)
    if symbols is None:
        symbols = ",".join(source.symbols()[:MOST_SYMBOLS])
    asked = config_of(
        source,
        strategy=strategy,
        start_date=start_date,
        end_date=end_date,
        symbols=symbols,
        param=param,
    )
    managers, config = prepare(asked, source)
    panel = panel_for(managers, config, source)
    note(f"verifying on {', '.join(panel.symbols)}, {panel.sessions - panel.first:,} sessions ...")
    found = [checks.verify(each.strategy, panel, config, cuts=cuts) for each in managers]
    passed = all(report.passed for report in found)
    if json:
        told = [report.to_dict() for report in found]
        whole = told[0] if len(told) == 1 else {"passed": passed, "strategies": told}
        emit({**whole, "symbols": panel.symbols, "data_version": panel.version})
    else:
        for report in found:
            _show(report)
    return Exit.OK if passed else Exit.ERROR


def _show(found: "VerifyReport") -> None:
    typer.secho(found.strategy, bold=True)
    for check in found.checks:
        word, color = ("ok  ", "green") if check.passed else ("FAIL", "red")
        say(f" {check.name}: {check.detail}", indent="     ", mark=word, color=color)
    if not found.passed:
        say()
        say(
            "Do not believe the numbers of this strategy: what it decided in the past changes with "
            "the future, or its engines disagree."
        )
