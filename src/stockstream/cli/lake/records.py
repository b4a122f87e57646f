"""``stockstream lake quarantine | findings | health``: what was noted, about rows and runs."""

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from stockstream.cli import options
from stockstream.cli.console import emit, heading, say, show_table
from stockstream.cli.figures import count
from stockstream.cli.lake.cells import show_rows
from stockstream.cli.request import open_lake
from stockstream.errors import UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

__all__ = ["findings", "health", "quarantine"]

Rule: TypeAlias = Annotated[
    str | None, typer.Option(metavar="NAME", help="Only rows of this rule.")
]
Rows: TypeAlias = Annotated[
    int, typer.Option(min=0, metavar="N", help="How many rows of each rule to show.")
]


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


def health(
    run: Annotated[
        str | None, typer.Option(metavar="ID", help="Only this run.  [default: the newest]")
    ] = None,
    level: Annotated[
        Literal["info", "warning", "error"] | None,
        typer.Option(help="Only this level, of every run."),
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only this kind, of every run.")
    ] = None,
    rows: Annotated[
        int, typer.Option(min=0, metavar="N", help="How many rows to show, the newest first.")
    ] = 50,
    lake: options.LakePlace = None,
    json: options.Json = False,
) -> None:
    """List what the newest run had to say, or those asked for."""
    chosen = _of_runs(open_lake(lake).health(), {"run": run, "level": level, "kind": kind})
    if json:
        emit({"total": len(chosen), "rows": chosen.head(rows).to_dicts()})
    elif chosen.is_empty():
        say("none")
    else:
        columns = ("date", "run", "level", "kind", "subject", "count", "detail")
        show_rows(chosen.head(rows).select(columns))
        if len(chosen) > rows:
            say(f"{rows:,} of {count(len(chosen), 'row')}; show more with --rows N")


def _of_runs(found: "pl.DataFrame", asked: "Mapping[str, str | None]") -> "pl.DataFrame":
    """The rows that were asked for, else those of the newest run; the newest first."""
    import polars as pl

    order = ("at", "run", "kind", "subject")
    rows = found.sort(order, descending=[True, False, False, False])
    wanted = {name: value for name, value in asked.items() if value is not None}
    runs = found["run"].unique().to_list()
    if "run" in wanted and wanted["run"] not in runs:
        raise UnknownNameError("run", wanted["run"], runs)
    if not wanted and runs:
        wanted = {"run": rows["run"][0]}
    for name, value in wanted.items():
        rows = rows.filter(pl.col(name) == value)
    return rows


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
            show_rows(sample.select(columns))
