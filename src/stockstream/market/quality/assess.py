"""Everything that is known against some bars, counted by rule, by symbol and by session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.market.bars import KEY
from stockstream.market.check import find
from stockstream.market.coverage import symbols_by_day
from stockstream.market.findings import FINDING_SCHEMA, FINDINGS, SEVERITIES
from stockstream.market.quality.adjusted import compare_adjusted
from stockstream.market.rules import QUARANTINE_SCHEMA, RULES

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection

    from stockstream.market.calendars import Calendar
    from stockstream.market.findings import Severity
    from stockstream.settings import QualitySettings

__all__ = ["Quality", "assess"]

LOST_IN_STORE: Final = ("foreign_time_zone", "missing_volume", "repeated_row")
"""Findings about rows as they came, which stored bars do not show any more."""

WORST: Final = 3
"""Symbols named for each rule."""


@dataclass(frozen=True, eq=False)
class Quality:
    """What is known against some bars.

    Attributes:
        bars: how many bars were looked at.
        rules: rule, severity, count, symbols, first and last day, ``worst`` symbols with their
            counts; one row for each rule with a finding, the severest first.
        quarantine: the same of rows that were set aside, and how many of them were ``replaced``: a
            sound bar of the same symbol and date is in the lake by now.
        sessions: date, symbols with a bar, the usual number, ``share`` of it (null before there is
            a usual one), ``state``: ``ok``, ``short``, or ``missing`` with no symbol at all.
        symbols: symbol, first, last, bars, ``coverage`` (bars over the days between first and last
            on which anything has a bar), findings by severity, rows ``set_aside``; the worst first.
        findings: frame of :data:`~stockstream.market.findings.FINDING_SCHEMA`.
        adjusted: frame of :data:`~stockstream.market.quality.adjusted.ADJUSTED_SCHEMA`.
        thresholds: what decided it.
    """

    bars: int
    rules: pl.DataFrame
    quarantine: pl.DataFrame
    sessions: pl.DataFrame
    symbols: pl.DataFrame
    findings: pl.DataFrame
    adjusted: pl.DataFrame
    thresholds: QualitySettings

    @property
    def counts(self) -> dict[Severity, int]:
        """Findings by severity, every severity."""
        found = dict(self.findings.group_by("severity").len().iter_rows())
        return {severity: found.get(severity, 0) for severity in SEVERITIES}

    @property
    def set_aside(self) -> int:
        """Rows in quarantine."""
        return int(self.quarantine["count"].sum())


def assess(
    bars: pl.DataFrame,
    actions: pl.DataFrame,
    calendar: Calendar | None,
    thresholds: QualitySettings,
    *,
    start: dt.date | None = None,
    symbols: Collection[str] | None = None,
    quarantine: pl.DataFrame | None = None,
    noted: pl.DataFrame | None = None,
) -> Quality:
    """Look at bars as they are stored.

    Args:
        bars: sound bars, sorted by and unique on symbol and date.
        actions: frame of :data:`~stockstream.market.actions.ACTION_SCHEMA`.
        calendar: sessions and price steps, or None.
        thresholds: from where on something is odd.
        start: bars before this day only say what was usual.
        symbols: bars of other symbols only say what is usual; None asks about all.
        quarantine: rejected rows of the same days, in
            :data:`~stockstream.market.rules.QUARANTINE_SCHEMA`.
        noted: findings of when the bars came in; those that stored bars do not show are kept.
    """
    asked = pl.lit(value=True) if start is None else pl.col("date") >= start
    named = pl.lit(value=True) if symbols is None else pl.col("symbol").is_in(list(symbols))
    marked = bars.with_columns(fresh=asked)
    fresh = bars.filter(asked, named)
    rejected = QUARANTINE_SCHEMA.to_frame() if quarantine is None else quarantine.filter(named)
    found = _findings(marked, calendar, actions, thresholds, start, noted)
    of_these = found.filter(named | pl.col("symbol").is_null())
    return Quality(
        bars=len(fresh),
        rules=_by_rule(of_these, FINDINGS),
        quarantine=_by_rule(_with_replaced(rejected, bars), RULES),
        sessions=_sessions(marked, found, thresholds),
        symbols=_symbols(fresh, of_these, rejected),
        findings=of_these,
        adjusted=compare_adjusted(fresh, actions),
        thresholds=thresholds,
    )


def _findings(
    marked: pl.DataFrame,
    calendar: Calendar | None,
    actions: pl.DataFrame,
    thresholds: QualitySettings,
    start: dt.date | None,
    noted: pl.DataFrame | None,
) -> pl.DataFrame:
    found = find(marked, calendar, actions, thresholds)
    if start is not None:  # who left before is not missing in the days that are asked about
        found = found.filter((pl.col("rule") != "tail_gap") | (pl.col("date") >= start))
    if noted is not None:
        lost = noted.filter(pl.col("rule").is_in(LOST_IN_STORE))
        found = pl.concat([found, lost.select(FINDING_SCHEMA.names())])
    return found.sort("date", "symbol", "rule", "detail")


def _by_rule(rows: pl.DataFrame, known: dict[str, str]) -> pl.DataFrame:
    """One row for each rule: the severest first, then in the order in which rules are listed."""
    order = pl.Series("rule", list(known)).to_frame().with_row_index("place")
    replaced = [pl.col("replaced").sum()] if "replaced" in rows.columns else []
    return (
        rows.group_by("rule", "severity")
        .agg(
            *replaced,
            count=pl.len(),
            symbols=pl.col("symbol").drop_nulls().n_unique(),
            first=pl.col("date").min(),
            last=pl.col("date").max(),
        )
        .join(_worst_of(rows), on="rule", how="left")
        .join(order, on="rule", how="left")
        .sort(pl.col("severity").cast(pl.Enum(SEVERITIES[::-1])), "place", nulls_last=True)
        .drop("place")
    )


def _worst_of(rows: pl.DataFrame) -> pl.DataFrame:
    """For each rule the symbols that break it most, as ``BHP.AX (12), CBA.AX (3)``."""
    return (
        rows.drop_nulls("symbol")
        .group_by("rule", "symbol")
        .len()
        .sort("len", "symbol", descending=[True, False])
        .group_by("rule", maintain_order=True)
        .head(WORST)
        .group_by("rule", maintain_order=True)
        .agg(worst=pl.format("{} ({})", "symbol", "len").str.join(", "))
    )


def _with_replaced(rejected: pl.DataFrame, bars: pl.DataFrame) -> pl.DataFrame:
    kept = bars.select(*KEY, replaced=pl.lit(value=True))
    replaced = pl.col("replaced").fill_null(value=False)
    return rejected.join(kept, on=KEY, how="left").with_columns(replaced)


def _sessions(
    marked: pl.DataFrame, found: pl.DataFrame, thresholds: QualitySettings
) -> pl.DataFrame:
    state = pl.when("short").then(pl.lit("short")).otherwise(pl.lit("ok"))
    by_day = symbols_by_day(marked, thresholds).filter("fresh")
    missing = found.filter(pl.col("rule") == "missing_session").select(
        "date", symbols=pl.lit(0, pl.UInt32), state=pl.lit("missing")
    )
    days = [by_day.select("date", "symbols", "usual", state=state), missing]
    return (
        pl.concat(days, how="diagonal")
        .sort("date")
        .with_columns(pl.col("usual").forward_fill())
        .with_columns(share=pl.col("symbols") / pl.col("usual"))
        .select("date", "symbols", "usual", "share", "state")
    )


def _symbols(bars: pl.DataFrame, found: pl.DataFrame, rejected: pl.DataFrame) -> pl.DataFrame:
    days = bars["date"].unique().sort()
    spans = bars.group_by("symbol").agg(
        first=pl.col("date").min(), last=pl.col("date").max(), bars=pl.len()
    )
    between = days.search_sorted(spans["last"]) - days.search_sorted(spans["first"]) + 1
    severities = [(pl.col("severity") == name).sum().alias(name) for name in SEVERITIES]
    noted = found.drop_nulls("symbol").group_by("symbol").agg(severities)
    aside = rejected.drop_nulls("symbol").group_by("symbol").agg(set_aside=pl.len())
    counts = (*SEVERITIES, "set_aside")
    return (
        spans.with_columns(coverage=pl.col("bars") / between)
        .join(noted, on="symbol", how="full", coalesce=True)
        .join(aside, on="symbol", how="full", coalesce=True)
        .with_columns(pl.col("bars", *counts).fill_null(0))
        .sort(
            *("error", "warning", "set_aside", "coverage", "symbol"),
            descending=[True, True, True, False, False],
            nulls_last=True,
        )
    )
