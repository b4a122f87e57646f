"""``stockstream indicators``: bars of the lake with columns of indicators, as a file."""

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, note, say, show_table
from stockstream.cli.figures import count
from stockstream.cli.request import open_lake
from stockstream.errors import ConfigError, NoDataError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["indicators"]


def indicators(
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Where to write: a name in .parquet or .csv."),
    ] = None,
    add: Annotated[
        str | None,
        typer.Option(
            metavar="NAME:VALUE,...",
            help="What to add, such as sma:20,macd:12:26:9 or mine.py:Mine. Values that are left "
            "out have their defaults.  [default: the documented columns, sma_20 to atr_14]",
        ),
    ] = None,
    adjust: Annotated[
        Literal["split", "total_return", "none"],
        typer.Option(
            help="Prices that everything is made of: adjusted for splits as signals are, for "
            "dividends too, or as they came.",
        ),
    ] = "split",
    list_: Annotated[
        bool, typer.Option("--list", help="List every indicator instead, and write nothing.")
    ] = False,
    lake: options.LakePlace = None,
    symbols: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Symbols to write; BHP finds BHP.AX.  [default: every symbol of the lake]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    start_date: Annotated[
        dt.date | None,
        typer.Option(
            parser=options.parse_date,
            metavar="YYYY-MM-DD",
            help="First day to write; earlier bars warm indicators up.  [default: the first bar]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    end_date: Annotated[
        dt.date | None,
        typer.Option(
            parser=options.parse_date,
            metavar="YYYY-MM-DD",
            help="Last day to write, included.  [default: the last bar]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Write bars with indicator columns to a file.

    The lake itself is left as it is: indicators are cheap to make and would go stale there.

    stockstream indicators --symbols BHP,CBA --output f.parquet
    stockstream indicators --add sma:20,rsi:14,bollinger:20:2.5 --output f.csv
    stockstream indicators --list
    """
    from stockstream.market.table_file import demand_suffix, write_table

    if list_:
        _list(json=json)
        return
    if output is None:
        raise ConfigError("say where to write with --output FILE.parquet, or look with --list")
    demand_suffix(output)
    bars = open_lake(lake).bars(options.split_names(symbols), end=end_date, adjust=adjust)
    if bars.is_empty():
        raise NoDataError("the lake has no bars of these symbols and days")
    made, added = _with_indicators(bars, options.split_names(add))
    if start_date is not None:
        made = made.filter(made["date"] >= start_date)
    write_table(made, output, "the indicators")
    if json:
        emit({"output": str(output), "rows": made.height, "columns": added, "adjust": adjust})
        return
    note(f"prices: {_BASES[adjust]}")
    say(
        f"{count(made.height, 'row')} of {count(made['symbol'].n_unique(), 'symbol')} "
        f"with {', '.join(added)}: {output}"
    )


_BASES = {
    "split": "adjusted for splits",
    "total_return": "adjusted for splits and dividends",
    "none": "as they came",
}


def _with_indicators(
    bars: "pl.DataFrame", names: list[str] | None
) -> "tuple[pl.DataFrame, list[str]]":
    """The bars with columns added, and which ones."""
    from stockstream.indicators.batch import add_indicators
    from stockstream.indicators.named import DOCUMENTED, DOCUMENTED_COLUMNS, indicator_named

    plain = bars.select("symbol", "date", "open", "high", "low", "close", "volume")
    made = add_indicators(plain, [indicator_named(name) for name in names or DOCUMENTED])
    if names is None:
        made = made.select(*plain.columns, *DOCUMENTED_COLUMNS)
    return made, [name for name in made.columns if name not in plain.columns]


def _list(*, json: bool) -> None:
    from stockstream.indicators.registry import INDICATORS

    if json:
        rows = {
            name: {
                "inputs": spec.inputs,
                "parameters": dict(zip(spec.parameters, spec.defaults, strict=True)),
                "columns": spec.columns(spec.defaults),
            }
            for name, spec in INDICATORS.items()
        }
        emit({"indicators": rows})
        return
    cells = []
    for name, spec in INDICATORS.items():
        given = ", ".join(f"{p}={d}" for p, d in zip(spec.parameters, spec.defaults, strict=True))
        cells.append((name, ", ".join(spec.inputs), given, ", ".join(spec.columns(spec.defaults))))
    show_table(("name", "reads", "parameters", "columns"), cells, align="llll")
