"""``stockstream sweep``: one strategy, every combination of a grid."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockstream.cli import options
from stockstream.cli.bundle import spread
from stockstream.cli.console import emit, note, say
from stockstream.cli.exits import Exit
from stockstream.cli.request import open_lake
from stockstream.cli.run_options import RunOptions
from stockstream.errors import DataError, UnknownNameError

if TYPE_CHECKING:
    from stockstream.backtest.config import BacktestConfig
    from stockstream.lake.store import Lake

__all__ = ["sweep"]

Split = Literal["none", "ticker", "year"]


@spread
def sweep(
    asked: RunOptions,
    grid: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=VALUES",
            help="Values of one parameter: fast_period=5,10,20, or fast_period=5:44:40 for 40 "
            "values from 5 to 44. Give it once for each parameter.",
            rich_help_panel="Strategy",
        ),
    ],
    split: Annotated[
        Split,
        typer.Option(
            help="ticker: each symbol on its own; year: each calendar year on its own; each with "
            "the whole capital. none: all symbols in one portfolio.",
            rich_help_panel=options.DATA,
        ),
    ] = "none",
    metric: Annotated[
        str, typer.Option(metavar="NAME", help="What the best trials are chosen by.")
    ] = "sharpe",
    top: Annotated[
        int, typer.Option(min=1, metavar="N", help="How many of the best to show.")
    ] = 10,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where every trial goes, a row each: a .parquet or .csv file.  "
            "[default: a file in the folder of runs]",
        ),
    ] = None,
    runs: options.Runs = None,
    json: options.Json = False,
) -> int:
    r"""Run a strategy for every combination of parameters of a grid.

    Each trial is an ordinary backtest with fresh capital. Combinations that the strategy refuses
    are listed, and the exit code is then 3.

    stockstream sweep --strategy MovingAverageCrossover --split ticker \
      --grid "fast_period=5:44:40" --grid "slow_period=50,100" --output trials.parquet
    """
    from stockstream.cli.progress import progress
    from stockstream.cli.sweep_view import show_sweep
    from stockstream.metrics.summary import DEFINITIONS
    from stockstream.study.grid import describe, parse_grids
    from stockstream.study.sweep import run_sweep

    if metric not in DEFINITIONS:
        raise UnknownNameError("metric", metric, DEFINITIONS)
    values = parse_grids(grid)
    if output is not None:
        _demand_writable(output)
    source = open_lake(asked.lake)
    config = asked.config(source, values)
    note(f"{describe(values)}{_pieces(split, config, source)}")
    with progress("sweep", "trials") as update:
        result = run_sweep(
            config, source, split=None if split == "none" else split, progress=update
        )
    file = output or Path(options.runs_place(runs)) / f"{result.name}.parquet"
    result.write(file)
    if json:
        emit({"output": file, **result.to_dict()})
    else:
        show_sweep(result, metric, top)
        say(f"every trial: {file}")
    return Exit.PARTIAL if result.failures else Exit.OK


def _pieces(split: Split, config: "BacktestConfig", lake: "Lake") -> str:
    """What the split multiplies the combinations by, in words."""
    if split == "ticker":
        symbols = len(config.universe or lake.symbols())
        return f", each on {symbols:,} symbol{'' if symbols == 1 else 's'} alone"
    if split == "year":
        years = config.end_date.year - config.start_date.year + 1
        return f", each on {years:,} year{'' if years == 1 else 's'} alone"
    return ""


def _demand_writable(file: Path) -> None:
    """Find out before the work that its result has a place to go.

    Raises:
        ConfigError: another kind of file.
        DataError: the folder cannot be written to.
    """
    from stockstream.market.table_file import demand_suffix

    demand_suffix(file)
    nearest = next(folder for folder in file.absolute().parents if folder.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK)):
        raise DataError(f"cannot write to {nearest}; choose another --output")
