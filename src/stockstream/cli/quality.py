"""``stockstream quality``: what is known against the bars of a lake."""

import datetime as dt
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, heading, note, say, show_table
from stockstream.cli.exits import Exit
from stockstream.cli.request import open_lake
from stockstream.errors import NoDataError
from stockstream.settings import QualitySettings, load_settings

if TYPE_CHECKING:
    from stockstream.lake.store import Lake
    from stockstream.market.quality import Quality
    from stockstream.report.quality.view import QualitySheet, Source, Table

__all__ = ["quality"]


def quality(
    lake: options.LakePlace = None,
    symbols: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Symbols to look at; BHP finds BHP.AX.  [default: every symbol of the lake]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    start_date: Annotated[
        dt.date | None,
        typer.Option(
            *("--start-date", "--start"),
            parser=options.parse_date,
            metavar="YYYY-MM-DD",
            help="First day.  [default: the first bar]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    end_date: Annotated[
        dt.date | None,
        typer.Option(
            *("--end-date", "--end"),
            parser=options.parse_date,
            metavar="YYYY-MM-DD",
            help="Last day, included.  [default: the last bar]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    rows: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many rows of each table to show.")
    ] = 10,
    html: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.html",
            help="Write the whole report as one HTML page that asks no server for anything.",
        ),
    ] = None,
    fail_on: Annotated[
        Literal["warning", "error"] | None,
        typer.Option(help="Exit with 1 if anything of this severity, or worse, was found."),
    ] = None,
    json: options.Json = False,
) -> int:
    """Report how good the data of a lake is.

    Findings by rule, coverage by session, gaps, rows that were set aside, and adjusted closes that
    events do not explain. The section [quality] of the settings has the thresholds. Bars are read
    and judged as they are stored; nothing is changed.

    stockstream quality --html quality.html
    stockstream quality --start-date 2024-01-01 --fail-on error
    """
    from stockstream.report.quality.view import quality_sheet

    store = open_lake(lake)
    names = options.split_names(symbols)
    found = _look_at(store, names, start_date, end_date, load_settings().quality)
    source = _source(store, names, start_date, end_date)
    if html is not None:
        from stockstream.report.quality import write_quality

        note(f"wrote {write_quality(found, source, html)}")
    if json:
        emit(_document(found, source, rows))
    else:
        _show(quality_sheet(found, source), rows)
    counts = found.counts
    bad = counts["error"] + (counts["warning"] if fail_on == "warning" else 0)
    return Exit.ERROR if fail_on is not None and bad else Exit.OK


def _look_at(
    lake: "Lake",
    names: list[str] | None,
    start: dt.date | None,
    end: dt.date | None,
    thresholds: QualitySettings,
) -> "Quality":
    import polars as pl

    from stockstream.lake.records import demand_order
    from stockstream.market.calendars import get_calendar
    from stockstream.market.quality import assess

    demand_order(start, end)
    wanted = None if names is None else lake.resolve(names)
    last = lake.last_session()
    # what was usual before the window; two weekdays in seven have no session
    context = max(thresholds.trailing, thresholds.stale_run, thresholds.long_gap) * 2
    since = None if start is None else start - dt.timedelta(days=context)
    bars = lake.bars(start=since, end=end)
    asked = pl.col("date").is_between(start or dt.date.min, end or dt.date.max)
    if not bars.select(asked.any()).item():
        raise NoDataError(f"there is no bar from {start} to {end}; the lake's last is of {last}")
    return assess(
        bars,
        lake.actions(),
        None if lake.calendar == "none" else get_calendar(lake.calendar),
        thresholds,
        start=start,
        symbols=wanted,
        quarantine=lake.quarantine().filter(asked),
        noted=lake.findings().filter(asked),
    )


def _source(
    lake: "Lake", names: list[str] | None, start: dt.date | None, end: dt.date | None
) -> "Source":
    from stockstream.report.quality.view import Source

    asked = [", ".join(names or ())]
    asked += [f"{word} {day}" for word, day in (("from", start), ("to", end)) if day is not None]
    return Source(
        place=str(lake.location),
        version=lake.version(),
        calendar=lake.calendar,
        simulated=lake.simulated,
        asked=" ".join(filter(None, asked)),
    )


def _show(sheet: "QualitySheet", rows: int) -> None:
    from stockstream.cli.figures import plain

    say(plain(sheet.subtitle))
    _show_table("Findings by rule", sheet.rules)
    _show_table("Set aside, by rule", sheet.quarantine)
    _show_table("Gaps of the whole market", sheet.market_gaps, rows)
    _show_table("Long gaps of a symbol", sheet.symbol_gaps, rows)
    _show_table("Suspended or delisted?", sheet.ends, rows)
    _show_table("Symbols, the worst first", sheet.symbols, rows)
    _show_table("Adjusted closes that events do not explain", sheet.adjusted, rows)
    heading("Thresholds")
    say(", ".join(f"{fact.label} {fact.value}" for fact in sheet.thresholds))


def _show_table(title: str, table: "Table", rows: int | None = None) -> None:
    from stockstream.cli.figures import count, plain

    heading(title)
    if not table.rows:
        say("none")
        return
    shown = [[plain(cell.text) for cell in row] for row in table.rows[:rows]]
    align = "".join("l" if head.startswith("<") else "r" for head in table.heads)
    if shown:
        show_table([head.removeprefix("<") for head in table.heads], shown, align=align)
    if table.total > len(shown):
        say(f"{count(len(shown))} of {count(table.total, 'row')}; --rows N and --json show more")


def _document(found: "Quality", source: "Source", rows: int) -> dict[str, Any]:
    import polars as pl

    from stockstream.backtest.result import json_ready

    def rows_of(frame: pl.DataFrame) -> list[dict[str, Any]]:
        return [json_ready(row) for row in frame.to_dicts()]

    gaps = {
        name: rows_of(found.findings.filter(pl.col("rule") == rule).drop("rule", "severity"))
        for name, rule in (("symbol_gaps", "long_gap"), ("ends", "tail_gap"))
    }
    off = (pl.col("off") > 0) | pl.col("reason").is_not_null()
    return {
        **asdict(source),
        "bars": found.bars,
        "symbols": len(found.symbols),
        "counts": found.counts,
        "set_aside": found.set_aside,
        "thresholds": asdict(found.thresholds),
        "rules": rows_of(found.rules),
        "quarantine": rows_of(found.quarantine),
        "sessions": rows_of(found.sessions),
        **gaps,
        "worst_symbols": rows_of(found.symbols.head(rows)),
        "adjusted": {
            "compared": len(found.adjusted),
            "off": rows_of(found.adjusted.filter(off)),
        },
    }
