"""``stockstream backtest``: one strategy, one run."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from stockstream.cli import options
from stockstream.cli.console import command, emit, say
from stockstream.cli.request import config_of, open_lake

__all__ = ["backtest"]


def backtest(
    strategy: options.StrategyName,
    param: options.Parameters = None,
    start_date: options.StartDate = None,
    end_date: options.EndDate = None,
    symbols: options.Symbols = None,
    lake: options.LakePlace = None,
    initial_capital: options.Capital = 100_000.0,
    fill: options.Fill = "next_open",
    size_at: options.SizeAt = "order",
    fractional: options.Fractional = False,
    commission_bps: options.CommissionBps = 0.0,
    commission_minimum: options.CommissionMinimum = 0.0,
    commission_per_share: options.CommissionPerShare = 0.0,
    slippage_bps: options.SlippageBps = 0.0,
    borrow_bps: options.BorrowBps = 0.0,
    periods_per_year: options.PeriodsPerYear = 252,
    risk_free: options.RiskFree = 0.0,
    seed: options.Seed = 0,
    engine: Annotated[
        Literal["auto", "compiled", "event"],
        typer.Option(
            help="compiled takes rules at full speed, event goes bar by bar; the numbers are the "
            "same. auto takes the fastest that can run the strategy."
        ),
    ] = "auto",
    save: Annotated[bool, typer.Option("--save/--no-save", help="Keep the run, or do not.")] = True,
    runs: options.Runs = None,
    report: Annotated[
        Path | None,
        typer.Option(metavar="FILE.html", help="Write the tear sheet of the run to this file."),
    ] = None,
    json: options.Json = False,
) -> None:
    r"""Run a strategy once over some symbols and days.

    Orders work in the bar after the one that decided. Trading is free unless you give costs, and
    the result says so.

    stockstream backtest --strategy MovingAverageCrossover --symbols BHP,CBA \
      --start-date 2019-01-01 --end-date 2023-12-31 --initial-capital 100000
    """
    from stockstream.backtest.archive import run_id, save_result
    from stockstream.backtest.run import run_backtest
    from stockstream.cli.result_view import show_result

    source = open_lake(lake)
    config = config_of(
        source,
        strategy=strategy,
        start_date=start_date,
        end_date=end_date,
        symbols=symbols,
        param=param,
        costs={
            "commission_bps": commission_bps,
            "commission_minimum": commission_minimum,
            "commission_per_share": commission_per_share,
            "slippage_bps": slippage_bps,
            "borrow_bps": borrow_bps,
        },
        initial_capital=initial_capital,
        fill=fill,
        size_at=size_at,
        fractional=fractional,
        periods_per_year=periods_per_year,
        risk_free=risk_free,
        seed=seed,
    )
    result = run_backtest(config, source, engine=engine)
    folder = save_result(result, Path(options.runs_place(runs))) if save else None
    if report is not None:
        from stockstream.report.tearsheet import write_tear_sheet

        write_tear_sheet(result, report)
    if json:
        emit({"run": run_id(result), "saved": folder, "report": report, **result.to_dict()})
        return
    show_result(result)
    if folder is not None:
        say(f"kept in {folder}")
    if report is not None:
        say(f"tear sheet: {report}")
    elif folder is not None:
        say(f"tear sheet: {command(_report_words(folder, runs))}")


def _report_words(folder: Path, runs: str | None) -> str:
    return f"report {folder.name}" + (f" --runs {runs}" if runs else "")
