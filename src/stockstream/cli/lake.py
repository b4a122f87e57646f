"""``stockstream lake``: what is in the lake."""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, heading, say, show_table
from stockstream.cli.exits import EPILOG
from stockstream.cli.figures import count, size
from stockstream.cli.help import HelpCommand, HelpGroup
from stockstream.cli.request import open_lake
from stockstream.errors import ConfigError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

__all__ = ["lake_app"]

Rule: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only rows of this rule.")
]
Rows: TypeAlias = Annotated[
    int, typer.Option(min=0, metavar="N", help="How many rows of each rule to show.")
]

lake_app = typer.Typer(
    cls=HelpGroup, rich_markup_mode=None, invoke_without_command=True, epilog=EPILOG
)


@lake_app.callback()
def lake_command(
    context: typer.Context, lake: options.LakePlace = None, json: options.Json = False
) -> None:
    """Look into the lake: symbols, quarantine, findings, history."""
    if context.invoked_subcommand is None:
        info(lake, json)
    elif lake is not None or json:
        raise ConfigError(
            f"options come behind the subcommand: stockstream lake {context.invoked_subcommand} ..."
        )


@lake_app.command("info", cls=HelpCommand, epilog=EPILOG)
def info(lake: options.LakePlace = None, json: options.Json = False) -> None:
    """Say what the lake holds, and which version of it."""
    known = open_lake(lake).info()
    if json:
        emit(dict(vars(known)))
        return
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
            ("rows set aside", count(known.quarantined)),
            ("findings", count(known.findings)),
            ("size", size(known.size)),
        ],
        align="ll",
    )


@lake_app.command("symbols", cls=HelpCommand, epilog=EPILOG)
def symbols(lake: options.LakePlace = None, json: options.Json = False) -> None:
    """List every symbol with its first and last session."""
    import polars as pl

    source = open_lake(lake)
    found = (
        source.scan_bars()
        .group_by("symbol")
        .agg(first=pl.col("date").min(), last=pl.col("date").max(), bars=pl.len())
        .sort("symbol")
        .collect()
        .join(source.listings().select("symbol", "name"), on="symbol", how="left")
    )
    if json:
        emit({"symbols": found.to_dicts()})
        return
    rows = [
        [symbol, str(first), str(last), count(bars), name or ""]
        for symbol, first, last, bars, name in found.iter_rows()
    ]
    show_table(("symbol", "first", "last", "bars", "name"), rows, align="lllrl")


@lake_app.command("quarantine", cls=HelpCommand, epilog=EPILOG)
def quarantine(
    lake: options.LakePlace = None,
    rule: Rule = None,
    rows: Rows = 5,
    json: options.Json = False,
) -> None:
    """List the rows that were set aside, by the rule they broke."""
    from stockstream.market.rules import RULES

    columns = ("symbol", "date", "open", "high", "low", "close", "volume", "source")
    found = open_lake(lake).quarantine()
    _show_by_rule(found, RULES, columns, rule=rule, rows=rows, json=json)


@lake_app.command("findings", cls=HelpCommand, epilog=EPILOG)
def findings(
    lake: options.LakePlace = None,
    rule: Rule = None,
    rows: Rows = 5,
    json: options.Json = False,
) -> None:
    """List what is odd about rows that were kept."""
    from stockstream.market.findings import FINDINGS

    found = open_lake(lake).findings()
    _show_by_rule(found, FINDINGS, ("symbol", "date", "detail"), rule=rule, rows=rows, json=json)


@lake_app.command("history", cls=HelpCommand, epilog=EPILOG)
def history(lake: options.LakePlace = None, json: options.Json = False) -> None:
    """List every change of the lake, the newest first."""
    commits = [
        {**commit._asdict(), "when": commit.when.isoformat(timespec="seconds")}
        for commit in open_lake(lake).history()
    ]
    if json:
        emit({"commits": commits})
        return
    heads = ("version", "when", "source")
    show_table(heads, [list(commit.values()) for commit in commits], align="lll")


def _show_by_rule(
    found: "pl.DataFrame",
    meanings: "Mapping[str, str]",
    columns: "Sequence[str]",
    *,
    rule: str | None,
    rows: int,
    json: bool,
) -> None:
    """Print how many rows each rule has, what it means, and some of the rows."""
    import polars as pl

    if rule is not None:
        if rule not in meanings:
            raise UnknownNameError("rule", rule, meanings)
        found = found.filter(pl.col("rule") == rule)
    counts = dict(found["rule"].value_counts(sort=True).iter_rows())
    samples = {name: found.filter(pl.col("rule") == name).head(rows) for name in counts}
    if json:
        from stockstream.backtest.result import json_ready

        shown = [json_ready(row) for sample in samples.values() for row in sample.to_dicts()]
        emit({"rules": counts, "rows": shown})
        return
    if not counts:
        say("none")
        return
    meant = [(name, count(number), meanings.get(name, "")) for name, number in counts.items()]
    show_table(("rule", "rows", "meaning"), meant, align="lrl")
    for name, sample in samples.items():
        if len(sample):
            heading(f"{name}: {len(sample):,} of {count(counts[name], 'row')}")
            _show_rows(sample.select(columns))


def _show_rows(rows: "pl.DataFrame") -> None:
    align = "".join("r" if dtype.is_numeric() else "l" for dtype in rows.dtypes)
    show_table(rows.columns, [[_cell(value) for value in row] for row in rows.rows()], align=align)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,.6g}" if isinstance(value, float) else str(value)
