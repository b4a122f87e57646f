"""``stockstream lake info | symbols | universe``: the catalogue."""

import datetime as dt
from typing import Annotated, TypeAlias

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say, show_table, warn
from stockstream.cli.figures import count, size
from stockstream.cli.lake.cells import cell
from stockstream.cli.request import open_lake

__all__ = ["info", "symbols", "universe"]

OnDay: TypeAlias = Annotated[
    dt.date | None,
    typer.Option(
        "--on",
        parser=options.parse_date,
        metavar="YYYY-MM-DD",
        help="Only what was listed on this day.",
    ),
]
KnownDay: TypeAlias = Annotated[
    dt.date | None,
    typer.Option(
        "--known",
        parser=options.parse_date,
        metavar="YYYY-MM-DD",
        help="As far as was known on this day.  [default: today]",
    ),
]


def info(lake: options.LakePlace = None, json: options.Json = False) -> None:
    """Say what the lake holds, and which version of it."""
    from stockstream.lake.raw import RawZone

    source = open_lake(lake)
    known, batches = source.info(), RawZone(source.location).batches()
    if json:
        emit({**vars(known), "raw_batches": len(batches)})
        return
    raw = f", the newest for {batches[-1].session}" if batches else ""
    lists = f", known since {known.universe_since}" if known.universe_since else ""
    show_table(
        ("", ""),
        [
            ("lake", known.address),
            ("version", known.version),
            ("market", "simulated" if known.simulated else "real"),
            ("calendar", known.calendar),
            ("sessions", f"{known.first} to {known.last}" if known.first else "none yet"),
            ("symbols", count(known.symbols)),
            ("bars", count(known.bars)),
            ("splits, dividends", count(known.actions)),
            ("listings", count(known.universe) + lists),
            ("factors", count(known.factors)),
            ("rows set aside", count(known.quarantined)),
            ("findings", count(known.findings)),
            ("health", count(known.health)),
            ("raw batches", count(len(batches)) + raw),
            ("size", size(known.size)),
        ],
        align="ll",
    )


def symbols(lake: options.LakePlace = None, json: options.Json = False) -> None:
    """List every symbol with its first and last session."""
    import polars as pl

    source = open_lake(lake)
    names = source.universe().sort("valid_from").unique("symbol", keep="last")
    found = (
        source.scan_bars()
        .group_by("symbol")
        .agg(first=pl.col("date").min(), last=pl.col("date").max(), bars=pl.len())
        .sort("symbol")
        .collect()
        .join(names.select("symbol", "name"), on="symbol", how="left", maintain_order="left")
    )
    if json:
        emit({"symbols": found.to_dicts()})
        return
    rows = [
        [symbol, str(first), str(last), count(bars), name or ""]
        for symbol, first, last, bars, name in found.iter_rows()
    ]
    show_table(("symbol", "first", "last", "bars", "name"), rows, align="lllrl")


def universe(
    on: OnDay = None,
    known: KnownDay = None,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> None:
    """List who was listed when, as far as was known when."""
    source = open_lake(lake)
    found, since = source.universe(on, known).sort("symbol", "valid_from"), source.universe_since()
    if json:
        emit({"on": on, "known": known, "known_since": since, "rows": found.to_dicts()})
        return
    if found.is_empty():
        say("none")
        return
    columns = ("symbol", "valid_from", "valid_to", "known_from", "sector", "name")
    heads = ("symbol", "listed", "until", "known since", "sector", "name")
    rows = [[cell(value) for value in row] for row in found.select(columns).rows()]
    show_table(heads, rows, align="llllll")
    if on is not None and since is not None and on < since:
        warn(
            f"the first list is of {since}: a company that had left by then is missing, unless its "
            "provider told of it"
        )
