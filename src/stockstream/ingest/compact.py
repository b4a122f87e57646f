"""From the raw zone to the curated tables: what was fetched becomes bars, events and quarantine.

The raw zone is the truth about what came; this step can be done again at any time and changes
nothing twice. Only final bars go in. A symbol whose stored prices are on another footing than what
came is not mixed with it: it waits until it was fetched in full.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import polars as pl

from stockstream.ingest.health import HealthEvent
from stockstream.ingest.intake import take_in
from stockstream.ingest.restatement import compare_overlap, replacement, rescale_dividends
from stockstream.lake.raw import RAW_SCHEMA, RawZone
from stockstream.market.actions import empty_actions, from_columns
from stockstream.market.bars import KEY, PRICES, conform
from stockstream.providers.base import FetchResult

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stockstream.ingest.restatement import Replacement
    from stockstream.ingest.summary import ImportSummary
    from stockstream.lake.raw import Batch
    from stockstream.lake.store import Lake
    from stockstream.settings import QualitySettings

__all__ = ["Compaction", "compact"]

LARGEST: Final = 100_000
"""Rows merged at once: what a merge holds in memory grows with them."""

LATELY: Final = dt.timedelta(days=60)
"""Most symbols come with days from within this time; of the others more is read of the lake."""


@dataclass(frozen=True)
class Compaction:
    """What came of some batches.

    Attributes:
        added, updated, unchanged: bars, compared with what the lake had.
        actions_added: corporate actions that the lake did not have.
        quarantined: rejected rows by rule.
        findings: what was noted, by rule.
        events: for the health table.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    actions_added: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    findings: dict[str, int] = field(default_factory=dict)
    events: tuple[HealthEvent, ...] = ()

    def plus(self, summary: ImportSummary) -> Compaction:
        """This and one more merge."""
        return Compaction(
            self.added + summary.added,
            self.updated + summary.updated,
            self.unchanged + summary.unchanged,
            self.actions_added + summary.actions_added,
            _sum(self.quarantined, summary.quarantined),
            _sum(self.findings, summary.findings),
            self.events,
        )


@dataclass(frozen=True)
class _Group:
    """Rows of some batches that are merged together, in the order of the batches."""

    rows: pl.DataFrame
    refetched: frozenset[str]
    unreadable: tuple[HealthEvent, ...]

    @classmethod
    def none(cls) -> _Group:
        return cls(RAW_SCHEMA.to_frame(), frozenset(), ())

    def plus(self, other: _Group) -> _Group:
        return _Group(
            pl.concat([self.rows, other.rows]),
            self.refetched | other.refetched,
            self.unreadable + other.unreadable,
        )


def compact(
    lake: Lake, batches: Sequence[Batch], session: dt.date, thresholds: QualitySettings
) -> Compaction:
    """Check the rows of some batches and merge them, as if one batch were merged after the other.

    Args:
        lake: where the batches are and where their rows go.
        batches: of one session or several, in order.
        session: the day on which events that the lake did not have become known.
        thresholds: of the check.

    Raises:
        LakeError: the lake cannot be read or written.
    """
    done, events = Compaction(), []
    waiting: dict[str, None] = {}
    for group in _groups(RawZone(lake.location), batches):
        ready = _ready(lake, group, session)
        events += [*group.unreadable, *_conflicting(ready.conflicts)]
        waiting = {name: None for name in waiting if name not in group.refetched}
        waiting |= dict.fromkeys(ready.waiting)
        if ready.result.bars.is_empty() and ready.result.actions.is_empty():
            continue
        summary = take_in(
            ready.result,
            lake,
            source=f"session {session}",
            thresholds=thresholds,
            noted=ready.findings,
            incremental=True,
            origin=", ".join(sorted(set(ready.result.bars["provider"]))),
        )
        done = done.plus(summary)
    return replace(done, events=(*events, *_pending(waiting)))


def _groups(zone: RawZone, batches: Sequence[Batch]) -> Iterator[_Group]:
    """The batches, some of them together.

    Those of another session, and one with the new history of a symbol whose rows came before, are
    to be compared with a lake that has what came before.
    """
    held = _Group.none()
    session = None
    for batch in batches:
        group = _read(zone, batch)
        is_news = held.rows["symbol"].is_in(list(group.refetched)).any()
        if len(held.rows) and (batch.session != session or is_news or len(held.rows) >= LARGEST):
            yield held
            held = _Group.none()
        held, session = held.plus(group), batch.session
    if len(held.rows) or held.unreadable:
        yield held


def _read(zone: RawZone, batch: Batch) -> _Group:
    found = zone.read([batch])
    if found.failures:
        unreadable = (
            HealthEvent("error", "batch_unreadable", name, 1, reason)
            for name, reason in found.failures.items()
        )
        return replace(_Group.none(), unreadable=tuple(unreadable))
    return _Group(found.rows, frozenset(zone.notes(batch).get("refetched", ())), ())


@dataclass(frozen=True)
class _Ready:
    """What can be merged, what is noted about it, and the symbols that are left out, and why."""

    result: FetchResult
    findings: pl.DataFrame
    waiting: Sequence[str]
    conflicts: Sequence[str]


def _ready(lake: Lake, group: _Group, session: dt.date) -> _Ready:
    """Make the rows fit what is stored: restated symbols whole, or not at all."""
    bars, actions = _bars(group.rows), _actions(group.rows, session)
    conflicts = _on_two_bases(lake, bars)
    known = lake.actions().select("symbol", "date", "kind")
    news = actions.join(known, on=("symbol", "date", "kind"), how="anti")
    verdicts = compare_overlap(_stored(lake, bars), bars, news)
    whole = pl.col("symbol").is_in(sorted(group.refetched))
    moved = verdicts.filter(pl.col("verdict").is_in(["restated", "apart"]))
    waiting = [name for name in moved.filter(~whole)["symbol"] if name not in conflicts]
    held = pl.col("symbol").is_in([*waiting, *conflicts])
    bars, actions = bars.filter(~held), actions.filter(~held)
    swap, dividends = _swapped(lake, bars, actions, verdicts.filter(whole))
    swapped = pl.col("symbol").is_in(swap.bars["symbol"].unique().implode())
    result = FetchResult(
        pl.concat([bars.filter(~swapped), swap.bars]), pl.concat([actions, dividends])
    )
    return _Ready(result, swap.findings, waiting, conflicts)


def _swapped(
    lake: Lake, bars: pl.DataFrame, actions: pl.DataFrame, verdicts: pl.DataFrame
) -> tuple[Replacement, pl.DataFrame]:
    """The new histories of restated symbols, and their dividends that did not come again."""
    restated = verdicts.filter(pl.col("verdict") == "restated")
    ours = pl.col("symbol").is_in(restated["symbol"].implode())
    fetched, history = bars.filter(ours), lake.scan_bars().filter(ours).collect()
    told = actions.select("symbol", "date", "kind")
    untold = lake.actions().filter(ours).join(told, on=("symbol", "date", "kind"), how="anti")
    return (
        replacement(history, fetched, restated),
        rescale_dividends(untold, history, fetched, restated),
    )


def _bars(rows: pl.DataFrame) -> pl.DataFrame:
    """The last final bar of each day. Files of others do not say their basis: as traded."""
    priced = pl.all_horizontal(pl.col(PRICES).is_not_null())
    final = rows.filter(priced, pl.col("is_final").fill_null(value=True))
    named = pl.col("provider").fill_null("files"), pl.col("basis").fill_null("raw")
    return conform(final.unique(KEY, keep="last", maintain_order=True).with_columns(named))


def _actions(rows: pl.DataFrame, session: dt.date) -> pl.DataFrame:
    """The last that was said of each event, beside bars that are final or not."""
    said = [
        rows.filter(pl.col(kind).is_not_null())
        .unique(KEY, keep="last", maintain_order=True)
        .select(*KEY, pl.col("provider").fill_null("files"), kind)
        for kind in ("dividends", "splits")
    ]
    events = pl.concat(said, how="diagonal").partition_by("provider", as_dict=True)
    found = [from_columns(part, provider=name) for (name,), part in events.items()]
    return pl.concat([empty_actions(), *found]).with_columns(first_seen=pl.lit(session))


def _stored(lake: Lake, bars: pl.DataFrame) -> pl.DataFrame:
    """symbol, date and close of stored bars: of the days of some bars, and of more."""
    recent = pl.lit(bars["date"].max(), pl.Date) - pl.lit(LATELY)
    older = bars.filter(pl.col("date") < recent)["symbol"].unique()
    rows = lake.scan_bars().filter(
        pl.col("symbol").is_in(bars["symbol"].unique().implode()),
        (pl.col("date") >= recent) | pl.col("symbol").is_in(older.implode()),
    )
    return rows.select("symbol", "date", "close").collect()


def _on_two_bases(lake: Lake, bars: pl.DataFrame) -> list[str]:
    """Symbols of which some bars, stored or new, are as traded and others split-adjusted."""
    come = bars.select("symbol", "basis").unique()
    have = lake.scan_bars().select("symbol", "basis").unique().collect()
    both = pl.concat([come, have.join(come, on="symbol", how="semi")])
    count = both.group_by("symbol").agg(bases=pl.col("basis").n_unique())
    return count.filter(pl.col("bases") > 1)["symbol"].sort().to_list()


def _pending(symbols: Iterable[str]) -> list[HealthEvent]:
    text = "its stored prices are on another scale; it waits until its whole history came"
    return [HealthEvent("warning", "restatement_pending", name, 1, text) for name in symbols]


def _conflicting(symbols: Iterable[str]) -> list[HealthEvent]:
    text = (
        "the lake has it on another basis (as traded against split-adjusted); nothing of it was "
        "merged: fetch it from the same provider, or into another lake"
    )
    return [HealthEvent("error", "basis_conflict", name, 1, text) for name in symbols]


def _sum(counts: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    return dict(Counter(counts) + Counter(more))
