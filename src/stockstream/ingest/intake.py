"""From what a provider sent to what the lake keeps: check, count, merge."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import polars as pl

from stockstream.errors import NoDataError
from stockstream.ingest.sessions import plan_calendars
from stockstream.ingest.stamps import foreign_stamps
from stockstream.ingest.summary import ImportSummary
from stockstream.lake.admission import SIMULATED
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.market.bars import BAR_SCHEMA
from stockstream.market.calendars import get_calendar
from stockstream.market.check import CheckedBars, check_bars

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.ingest.sessions import CalendarChoice, Plan
    from stockstream.lake.descriptor import CalendarName
    from stockstream.lake.store import MergeSummary
    from stockstream.providers.base import FetchResult

__all__ = ["take_in"]


def take_in(
    result: FetchResult,
    lake: Lake | str | Path,
    *,
    calendar: CalendarChoice = "auto",
    source: str,
) -> ImportSummary:
    """Check what a provider sent and merge it into a lake.

    Args:
        result: bars, events and failures.
        lake: a lake, or where one is or will be; it is made when there is something to put in.
        calendar: sessions to check against; ``"auto"`` goes by the symbols and the lake.
        source: what it came from, for the lake's history and, where a row does not say, quarantine.

    Raises:
        NoDataError: the provider sent no bars.
        DataError: nothing was written, because the bars do not go together with the lake's.
        LakeError: the lake cannot be read or written.
    """
    if result.bars.is_empty():
        reasons = "; ".join(str(failure) for failure in result.failures[:3])
        raise NoDataError(f"{source} gave no bars{reasons and ': '}{reasons}")
    place = lake.location if isinstance(lake, Lake) else Location.of(lake)
    existing = Lake.open(place) if Lake.exists(place) else None
    symbols = result.bars["symbol"].unique().drop_nulls().to_list()
    plan = plan_calendars(symbols, calendar, existing.calendar if existing else None)
    checked = _check(result, plan, existing)
    simulated = bool(result.bars["provider"].eq_missing(SIMULATED).any())
    target = existing or Lake.create(place, calendar=plan.main, simulated=simulated)
    merged = target.merge(
        checked.bars,
        result.actions.with_columns(pl.col("first_seen").fill_null(dt.datetime.now(dt.UTC).date())),
        _with_source(checked.quarantine, result.bars, source),
        checked.findings,
        result.listings,
        source=source,
    )
    return _summary(result, plan, checked, merged, str(place))


def _summary(
    result: FetchResult, plan: Plan, checked: CheckedBars, merged: MergeSummary, place: str
) -> ImportSummary:
    dates = checked.bars["date"]
    return ImportSummary(
        rows=len(result.bars),
        added=merged.added,
        updated=merged.updated,
        unchanged=merged.unchanged,
        quarantined=checked.rejected,
        findings=checked.noted,
        symbols=checked.bars["symbol"].n_unique(),
        first=cast("dt.date | None", dates.min()),
        last=cast("dt.date | None", dates.max()),
        actions_added=merged.actions_added,
        failures=result.failures,
        version_before=merged.before,
        version_after=merged.after,
        calendar=plan.reason,
        basis=result.basis_reason,
        lake=place,
    )


def _check(result: FetchResult, plan: Plan, lake: Lake | None) -> CheckedBars:
    """Check each part of the bars against its calendar, with all splits that are known."""
    actions = result.actions
    if lake is not None:
        known = lake.actions().join(actions, on=("symbol", "date", "kind"), how="anti")
        actions = pl.concat([actions, known])
    parts = [
        _check_part(rows, name, actions)
        for name, condition in plan.calendars
        if len(rows := result.bars.filter(condition))
    ]
    findings = pl.concat([part.findings for part in parts])
    return CheckedBars(
        pl.concat([part.bars for part in parts]),
        pl.concat([part.quarantine for part in parts]),
        _one_each(findings) if len(parts) > 1 else findings,
    )


def _one_each(findings: pl.DataFrame) -> pl.DataFrame:
    """Two calendars may note the same about one day of the market: keep both in one row."""
    key = ("symbol", "date", "rule")
    both = pl.col("detail").unique(maintain_order=True).str.join("; ")
    return findings.group_by(key, maintain_order=True).agg(pl.col("severity").first(), both)


def _check_part(rows: pl.DataFrame, name: CalendarName, actions: pl.DataFrame) -> CheckedBars:
    if name == "none":
        return check_bars(rows, None, actions)
    calendar = get_calendar(name)
    checked = check_bars(rows, calendar, actions)
    foreign = foreign_stamps(rows, calendar)
    return replace(checked, findings=pl.concat([checked.findings, foreign]))


def _with_source(quarantine: pl.DataFrame, bars: pl.DataFrame, source: str) -> pl.DataFrame:
    """Each rejected row once, with the file it came from."""
    rows = quarantine.unique(maintain_order=True)
    if "source" not in bars.columns or rows.is_empty():
        return rows.with_columns(source=pl.lit(source))
    names = BAR_SCHEMA.names()
    dates = rows["date"].unique().implode()
    candidates = bars.filter(pl.col("date").is_in(dates) | pl.col("date").is_null())
    origins = candidates.select(*names, "source").unique(names, keep="first", maintain_order=True)
    return rows.join(origins, on=names, how="left", nulls_equal=True, maintain_order="left")
