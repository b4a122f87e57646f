"""Factors on the screen: what an import did, and what the lake has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.cli.console import heading, say, show_table, warn
from stockstream.cli.figures import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

    from stockstream.ingest.factors import FactorSummary
    from stockstream.lake.store import Lake

__all__ = ["factor_spans", "show_import", "show_spans"]

SHOWN = 20


def show_import(summary: FactorSummary) -> None:
    """Print what was added, what stayed out and why."""
    from stockstream.ingest.factors.check import NOTES, RULES

    show_table(
        ("", "", ""),
        [
            ("values read", count(summary.values), ""),
            ("values added", count(summary.added), ""),
            ("values unchanged", count(summary.unchanged), ""),
            ("values left out", count(sum(summary.rejected.values())), "they break a rule"),
            ("empty places", count(summary.empty), "no value there"),
            ("symbols", count(summary.symbols), f"{summary.first} to {summary.last}"),
            ("factors", count(len(summary.names)), ", ".join(summary.names)),
        ],
        align="lrl",
    )
    _show_counts("Left out, by rule", summary.rejected, RULES, summary.examples)
    _show_counts("Noted", summary.noted, NOTES, summary.examples)
    say()
    say(f"lake: {summary.lake}", indent="  ")
    if summary.unknown:
        shown = ", ".join(summary.unknown[:SHOWN])
        more = f" and {count(len(summary.unknown) - SHOWN)} more" * (len(summary.unknown) > SHOWN)
        warn(f"{count(len(summary.unknown), 'symbol')} the lake does not have: {shown}{more}")
    for failure in summary.failures[:SHOWN]:
        warn(f"not read: {failure.reason}")
    if len(summary.failures) > SHOWN:
        warn(f"and {count(len(summary.failures) - SHOWN)} more (--json lists them all)")


def factor_spans(lake: Lake) -> pl.DataFrame:
    """One row for each factor.

    Returns:
        name, symbols, values, restated (values that replace an earlier one), first and last date,
        lag_least, lag_median and lag_most (days from the date to ``known_at``).
    """
    import polars as pl

    from stockstream.lake.factor_panel import factor_rows

    lag = (pl.col("known_at") - pl.col("date")).dt.total_days()
    return (
        factor_rows(lake)
        .group_by("name")
        .agg(
            symbols=pl.col("symbol").n_unique(),
            values=pl.len(),
            restated=pl.len() - pl.struct("symbol", "date").n_unique(),
            first=pl.col("date").min(),
            last=pl.col("date").max(),
            lag_least=lag.min(),
            lag_median=lag.median(),
            lag_most=lag.max(),
        )
        .sort("name")
    )


def show_spans(spans: pl.DataFrame) -> None:
    """Print :func:`factor_spans`."""
    if spans.is_empty():
        say("no factors yet; `stockstream factors import FILE` brings some")
        return
    rows = [
        [
            row["name"],
            str(row["first"]),
            str(row["last"]),
            f"{row['lag_median']:,.0f} days ({row['lag_least']:,} to {row['lag_most']:,})",
            *(count(row[name]) for name in ("symbols", "values", "restated")),
        ]
        for row in spans.iter_rows(named=True)
    ]
    heads = ("factor", "first", "last", "known after", "symbols", "values", "restated")
    show_table(heads, rows, align="llll")


def _show_counts(
    title: str, counts: Mapping[str, int], meaning: Mapping[str, str], examples: Mapping[str, str]
) -> None:
    if counts:
        heading(title)
        rows = [
            (
                rule,
                count(number),
                f"{meaning[rule]}; {examples[rule]}" if rule in examples else meaning[rule],
            )
            for rule, number in counts.items()
        ]
        show_table(("", "", ""), rows, align="lrl")
