"""From what a provider sent to what the lake keeps: check, count, merge."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Final, cast

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
    from stockstream.lake.store import MergeSummary
    from stockstream.providers.base import FetchResult
    from stockstream.settings import QualitySettings

__all__ = ["take_in"]

LATELY: Final = dt.timedelta(days=60)
WITNESSES: Final = 50


def take_in(
    result: FetchResult,
    lake: Lake | str | Path,
    *,
    calendar: CalendarChoice = "auto",
    source: str,
    thresholds: QualitySettings | None = None,
    noted: pl.DataFrame | None = None,
    incremental: bool = False,
    origin: str | None = None,
) -> ImportSummary:
    """Check what a provider sent and merge it into a lake.

    Args:
        result: bars, events and failures.
        lake: a lake, or where one is or will be; it is made when there is something to put in.
        calendar: sessions to check against; ``"auto"`` goes by the symbols and the lake.
        source: what it came from, for the lake's history and, where a row does not say, quarantine.
        thresholds: of the check.
        noted: more findings about the bars.
        incremental: a part of a history that grows: there need not be a bar, and adjusted closes
            are checked and not kept, for the next dividend changes those of every older bar.
        origin: what quarantine and findings name, where it is not ``source``: what they say again
            of the same bar and origin is no news.

    Raises:
        NoDataError: the provider sent no bars, and the history does not only grow.
        DataError: nothing was written, because the bars do not go together with the lake's.
        LakeError: the lake cannot be read or written.
    """
    result = replace(result, bars=_final(result.bars))
    if result.bars.is_empty() and not incremental:
        reasons = "; ".join(str(failure) for failure in result.failures[:3])
        raise NoDataError(f"{source} gave no bars{reasons and ': '}{reasons}")
    place = lake.location if isinstance(lake, Lake) else Location.of(lake)
    existing = Lake.open(place) if Lake.exists(place) else None
    symbols = result.bars["symbol"].unique().drop_nulls().to_list()
    plan = plan_calendars(symbols, calendar, existing.calendar if existing else None)
    history = _lately(existing, result.bars) if existing and incremental else None
    checked = _check(result, plan, existing, thresholds, history)
    simulated = bool(result.bars["provider"].eq_missing(SIMULATED).any())
    target = existing or Lake.create(place, calendar=plan.main, simulated=simulated)
    if incremental:
        checked = replace(checked, bars=checked.bars.with_columns(adjusted_close=None))
    if noted is not None:
        checked = replace(checked, findings=pl.concat([checked.findings, noted]))
    merged = target.merge(
        checked.bars,
        result.actions.with_columns(pl.col("first_seen").fill_null(dt.datetime.now(dt.UTC).date())),
        _with_source(checked.quarantine, result.bars, origin or source),
        checked.findings.with_columns(source=pl.lit(origin or source)),
        source=source,
    )
    if result.listings is not None:
        target.record_universe(_listed(result.listings), source)
    return _summary(result, plan, checked, merged, str(place))


def _final(bars: pl.DataFrame) -> pl.DataFrame:
    """The bars that will not change by themselves."""
    if "is_final" not in bars.columns:
        return bars
    return bars.filter(pl.col("is_final").fill_null(value=True)).drop("is_final")


def _listed(listings: pl.DataFrame) -> pl.DataFrame:
    """Who the symbols are, as rows of the universe; without a first day there is no row."""
    known = listings.drop_nulls("listing_date")
    return known.with_columns(valid_from="listing_date", valid_to="delisting_date")


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


def _lately(lake: Lake, bars: pl.DataFrame) -> pl.DataFrame | None:
    """The market around some days of bars: what tells a collapsed day from a quiet one.

    Of days long before the newest ones a few symbols tell that, besides those of the bars.
    """
    if bars.is_empty():
        return None
    first, last = cast("tuple[dt.date, dt.date]", (bars["date"].min(), bars["date"].max()))
    date, recent = pl.col("date"), last - LATELY
    around = date.is_between(max(first, recent) - LATELY, last)
    if first < recent:
        older = bars.filter(date < recent)["symbol"].unique()
        telling = pl.concat([older, _witnesses(lake)])
        around |= date.is_between(first - LATELY, last) & pl.col("symbol").is_in(telling.implode())
    return lake.scan_bars().filter(around).collect()


def _witnesses(lake: Lake) -> pl.Series:
    """The symbols that have the most bars."""
    counted = lake.scan_bars().group_by("symbol").len().collect()
    return counted.sort(-pl.col("len").cast(pl.Int64), "symbol")["symbol"].head(WITNESSES)


def _check(
    result: FetchResult,
    plan: Plan,
    lake: Lake | None,
    thresholds: QualitySettings | None,
    history: pl.DataFrame | None,
) -> CheckedBars:
    """Check each part of the bars against its calendar, with all splits that are known."""
    actions = result.actions
    if lake is not None:
        known = lake.actions().join(actions, on=("symbol", "date", "kind"), how="anti")
        actions = pl.concat([actions, known])
    parts = []
    for name, condition in plan.calendars:
        rows = result.bars.filter(condition)
        if rows.is_empty():
            continue
        calendar = None if name == "none" else get_calendar(name)
        around = None if history is None else history.filter(condition)
        part = check_bars(rows, calendar, actions, thresholds=thresholds, history=around)
        foreign = [] if calendar is None else [foreign_stamps(rows, calendar)]
        parts.append(replace(part, findings=pl.concat([part.findings, *foreign])))
    if not parts:
        return check_bars(result.bars, None)
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
