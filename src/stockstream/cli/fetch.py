"""``stockstream fetch``: a provider's bars into the lake, or into files."""

import datetime as dt
from pathlib import Path
from typing import Annotated, Any

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, say, warn
from stockstream.cli.exits import Exit
from stockstream.cli.progress import progress
from stockstream.cli.sources import settings_with
from stockstream.errors import ConfigError
from stockstream.ingest.sources import opened

__all__ = ["fetch"]

YEARS = 10
PROVIDER = "Provider"
WHOLE = ("files", "simulated")
"""Providers that know by themselves which symbols there are."""


def fetch(
    provider: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Where from: yahoo, yfinance, eodhd, files, simulated (a market that never was, "
            "offline), or a plug-in's.  [default: the setting fetch.provider, else yahoo]",
            rich_help_panel=PROVIDER,
        ),
    ] = None,
    path: Annotated[
        list[Path] | None,
        typer.Option(
            help="Files and folders of the provider 'files'; give it once for each.",
            rich_help_panel=PROVIDER,
        ),
    ] = None,
    companies: Annotated[
        int,
        typer.Option(
            metavar="N", help="Companies of the simulated market.", rich_help_panel=PROVIDER
        ),
    ] = 200,
    seed: Annotated[
        int,
        typer.Option(metavar="N", help="Which simulated market.", rich_help_panel=PROVIDER),
    ] = 7,
    symbols: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,...",
            help="Symbols to fetch.  [default: all that the provider has]",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.json",
            help="Take the symbols and the market from this file, such as config/symbols.json.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    suffix: options.Suffix = "",
    start_date: options.FirstDay = None,
    end_date: options.LastDay = None,
    calendar: options.CalendarOption = "auto",
    lake: options.LakePlace = None,
    output: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Leave the bars as raw batches (DIR/raw-data/DATE-batch-N.parquet) instead of "
            "putting them into the lake.",
            rich_help_panel=options.DATA,
        ),
    ] = None,
    json: options.Json = False,
) -> int:
    """Fetch daily bars from a provider.

    Into the lake, checked; or with --output as raw batches, as they came. What does not come is
    listed and deletes nothing.

    stockstream fetch --provider simulated --companies 500 --lake data/simulated
    stockstream fetch --provider files --path prices/ --config config/symbols.json --output data/
    """
    from stockstream.ingest.fetch import ask
    from stockstream.ingest.fetch import fetch as bring_in

    if output is not None and lake is not None:
        raise ConfigError("--output and --lake exclude each other: bars go to one place")
    settings = settings_with({"provider": provider})
    name = settings.fetch.provider
    names = _names(symbols, config, suffix)
    end = end_date or dt.datetime.now(dt.UTC).date()
    start = start_date or end.replace(year=end.year - YEARS, day=1)
    choices = _choices(name, path, companies, seed)
    label = f"fetching from {name}, {start} to {end}"
    with opened(settings, **choices) as source, progress(label, "symbols") as tell:
        _demand_symbols(names, name)
        if output is not None:
            result = ask(source, names, start, end, settings=settings.fetch, progress=tell)
            return _leave_batches(result, output, json=json)
        place = options.lake_place(lake)
        summary = bring_in(
            *(source, names, start, end, place),
            calendar=calendar,
            settings=settings,
            progress=tell,
        )
    if json:
        emit(summary.as_dict())
    else:
        from stockstream.cli.intake_view import show_intake

        show_intake(summary, lake)
    return Exit.PARTIAL if summary.failures or summary.quarantined else Exit.OK


def _demand_symbols(names: list[str], provider: str) -> None:
    if not names and provider not in WHOLE:
        raise ConfigError(
            f"provider {provider!r} needs to know which symbols: give --symbols or --config; "
            "`stockstream update` fetches every symbol of the exchange's list"
        )


def _names(symbols: str | None, config: Path | None, suffix: str) -> list[str]:
    """What to fetch, in full; empty means everything."""
    from stockstream.ingest.symbol_file import SymbolFile

    if symbols is not None and config is not None:
        raise ConfigError("--symbols and --config exclude each other: give the symbols once")
    names = options.split_names(symbols) or []
    if config is not None:
        file = SymbolFile.read(config)
        names, suffix = list(file.symbols), suffix or file.suffix
    return [name if not suffix or "." in name else name.upper() + suffix for name in names]


def _choices(name: str, paths: list[Path] | None, companies: int, seed: int) -> dict[str, Any]:
    """The options of the provider that are options of the command line."""
    if name == "simulated":
        return {"companies": companies, "seed": seed, "first": None, "last": None}
    if name != "files":
        return {}
    if not paths:
        raise ConfigError("provider 'files' needs to know which: give --path FILE or --path FOLDER")
    return {"paths": paths}


def _leave_batches(result: Any, output: Path, *, json: bool) -> int:
    from stockstream.ingest.raw_batches import write_batches

    written = write_batches(result, output)
    failures = [failure._asdict() for failure in result.failures]
    if json:
        emit({"rows": len(result.bars), "batches": written, "failures": failures})
    else:
        for name in written:
            say(f"wrote {output / name}")
        for failure in result.failures:
            warn(f"not fetched: {failure}")
    return Exit.PARTIAL if failures else Exit.OK
