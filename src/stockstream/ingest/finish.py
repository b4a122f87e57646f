"""The last step of a daily run: what was fetched becomes the lake's, and the run says how it went.

It works from the raw zone alone, so that it does not matter who fetched the batches, in which
order, or how often.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from stockstream.ingest.compact import compact
from stockstream.ingest.delist import find_delisted
from stockstream.ingest.health import HealthEvent
from stockstream.ingest.notes import RETRYABLE
from stockstream.ingest.run_record import RunRecord
from stockstream.ingest.run_summary import UpdateSummary
from stockstream.ingest.tally import Tally
from stockstream.lake.raw import RawZone
from stockstream.market.bars import empty_bars
from stockstream.market.calendars import get_calendar

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Mapping

    from stockstream.ingest.compact import Compaction
    from stockstream.ingest.health import Level
    from stockstream.ingest.run_summary import State
    from stockstream.ingest.symbols import ListUpdate
    from stockstream.lake.store import Lake
    from stockstream.settings import Settings

__all__ = ["finish"]

LEVELS: Final[Mapping[State, Level]] = {"complete": "info", "partial": "warning", "failed": "error"}


def finish(
    lake: Lake,
    session: dt.date,
    answers: Iterable[Mapping[str, Any]],
    listed: ListUpdate,
    settings: Settings,
) -> UpdateSummary:
    """Merge the batches of a session, find delistings, and record the run.

    Batches of earlier sessions whose run was killed before this step go in first.

    Args:
        lake: where the batches are.
        session: the as-of session.
        answers: of the batches; those that left no file are counted as failed.
        listed: the list of the session.
        settings: thresholds of the check.

    Raises:
        LakeError: the lake cannot be read or written.
    """
    record, before = RunRecord.next(lake, session), lake.version()
    tally = Tally.read(RawZone(lake.location), session, answers)
    merged = compact(lake, record.unmerged(), session, settings.quality)
    events = [*listed.events, *_fetch_events(tally, record), *merged.events]
    record.tell(events)
    delisted = _delist(lake, session)
    state = _state(lake, tally, merged)
    events += delisted
    total = len(listed.result["symbols"])
    summary = UpdateSummary(
        session,
        record.run,
        state,
        total,
        symbols_fetched=len(tally.fetched),
        symbols_failed=tally.reasons,
        symbols_skipped=tuple(tally.skipped),
        batches_processed=len(tally.notes),
        batches_failed=dict(tally.missing),
        added=merged.added,
        updated=merged.updated,
        unchanged=merged.unchanged,
        actions_added=merged.actions_added,
        quarantined=merged.quarantined,
        findings=merged.findings,
        pending=tuple(tally.pending),
        delisted=tuple(event.subject for event in delisted),
        changes=listed.result["metadata"]["changes"],
        notices=tuple(
            _notice(event) for event in (*listed.events, *merged.events) if _is_news(event)
        ),
        version_before=before,
        version_after=lake.version(),
        lake=str(lake.location),
    )
    detail = {
        **summary.counters,
        "state": state,
        "batches": sorted(tally.notes),
        "total": total,
        "version": summary.version_after,
    }
    record.end(events, LEVELS[state], summary.symbols_fetched, detail)
    return summary


def _delist(lake: Lake, session: dt.date) -> list[HealthEvent]:
    if lake.calendar == "none":
        return []
    found = find_delisted(lake, get_calendar(lake.calendar))
    if found.is_empty():
        return []
    dated = found.with_columns(first_seen=pl.lit(session))
    lake.merge(empty_bars(), dated, source=f"session {session}: delistings")
    return [
        HealthEvent("warning", "delisted", symbol, 1, f"last close {close:g}, gone from {date}")
        for symbol, date, close in found.select("symbol", "date", "value").iter_rows()
    ]


def _fetch_events(tally: Tally, record: RunRecord) -> list[HealthEvent]:
    """Of the batches that no earlier run has told of."""
    fresh = [notes for number, notes in tally.notes.items() if number not in record.told]
    failed = [
        HealthEvent("error", "batch_failed", f"{record.session}-batch-{number}", 1, reason)
        for number, reason in tally.missing.items()
    ]
    return [*(event for notes in fresh for event in notes.events()), *failed]


def _state(lake: Lake, tally: Tally, merged: Compaction) -> State:
    """Partial if something is missing that should be there.

    A source never has every symbol of a list. So a symbol that it does not know, or has nothing
    of, is missing only if the lake has bars of it.
    """
    if tally.missing and not tally.notes:
        return "failed"
    known = set(lake.symbols())
    amiss = any(why.kind in RETRYABLE or name in known for name, why in tally.failed.items())
    held = any(event.level == "error" for event in merged.events)
    return "partial" if amiss or held or tally.missing or tally.pending else "complete"


def _is_news(event: HealthEvent) -> bool:
    return event.level == "error" or event.kind == "list_refused"


def _notice(event: HealthEvent) -> str:
    return ": ".join(part for part in (event.kind, event.subject, event.detail) if part)
