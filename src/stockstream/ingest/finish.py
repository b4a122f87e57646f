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
from stockstream.ingest.order import full_name
from stockstream.ingest.run_record import RunRecord
from stockstream.ingest.run_summary import UpdateSummary
from stockstream.ingest.tally import Tally
from stockstream.lake.raw import RawZone
from stockstream.market.bars import empty_bars
from stockstream.market.calendars import get_calendar
from stockstream.market.markets import MARKETS

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stockstream.ingest.compact import Compaction
    from stockstream.ingest.health import Level
    from stockstream.ingest.run_summary import State
    from stockstream.ingest.symbols import ListUpdate
    from stockstream.lake.store import Lake
    from stockstream.settings import Settings

__all__ = ["finish", "told_before"]

KEPT: Final = (
    "state",
    "symbols_expected",
    "added",
    "updated",
    "unchanged",
    "actions_added",
    "quarantined",
    "findings",
    "pending",
    "delisted",
    "notices",
    "version_before",
)
"""Fields of a summary that nothing but the record of the run knows afterwards."""

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
    amiss = _amiss(lake, tally)
    pending = sorted({*tally.pending, *_waiting(merged)})
    state = _state(tally, merged, amiss, pending)
    events += delisted
    summary = UpdateSummary.of_batches(
        session,
        tally,
        listed,
        run=record.run,
        state=state,
        symbols_expected=_expected(tally, amiss, listed, settings),
        added=merged.added,
        updated=merged.updated,
        unchanged=merged.unchanged,
        actions_added=merged.actions_added,
        quarantined=merged.quarantined,
        findings=merged.findings,
        pending=tuple(pending),
        delisted=tuple(event.subject for event in delisted),
        changes=listed.result["metadata"]["changes"],
        notices=tuple(
            _notice(event) for event in (*listed.events, *merged.events) if _is_news(event)
        ),
        version_before=before,
        version_after=lake.version(),
        lake=str(lake.location),
    )
    record.end(events, LEVELS[state], summary.symbols_fetched, _detail(summary, tally))
    return summary


def told_before(
    lake: Lake, session: dt.date, answers: Iterable[Mapping[str, Any]], listed: ListUpdate
) -> UpdateSummary | None:
    """The summary of a session's last run, if since then nothing came that it did not know.

    So the last step can be done again, by whoever lost its answer, and the run is counted once.

    Args:
        lake: where the batches are.
        session: the as-of session.
        answers: see :func:`finish`.
        listed: the list of the session.

    Raises:
        LakeError: the lake cannot be read.
    """
    record = RunRecord.next(lake, session)
    tally = Tally.read(RawZone(lake.location), session, answers)
    is_news = {*tally.notes} - record.told or {*tally.missing} - {*record.last.get("missing", ())}
    if not record.ended or is_news:
        return None
    last = {name: record.last[name] for name in ("run", *KEPT) if name in record.last}
    for name in ("pending", "delisted", "notices"):
        last[name] = tuple(last.get(name, ()))
    return UpdateSummary.of_batches(
        session,
        tally,
        listed,
        **last,
        changes=listed.result["metadata"]["changes"],
        version_after=record.last["version"],
        lake=str(lake.location),
    )


def _detail(summary: UpdateSummary, tally: Tally) -> dict[str, Any]:
    """What the record keeps of a run."""
    return {
        **summary.counters,
        **{name: getattr(summary, name) for name in KEPT},
        "batches": sorted(tally.notes),
        "missing": sorted(tally.missing),
        "total": summary.total_symbols,
        "version": summary.version_after,
    }


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


def _amiss(lake: Lake, tally: Tally) -> list[str]:
    """Symbols that failed and should have come.

    A source never has every symbol of a list. So a symbol that it does not know, or has nothing
    of, is missing only if the lake has bars of it.
    """
    known = set(lake.symbols())
    return [n for n, why in tally.failed.items() if why.kind in RETRYABLE or n in known]


def _expected(tally: Tally, amiss: Iterable[str], listed: ListUpdate, settings: Settings) -> int:
    """How many symbols should have come: of the list, all but those that nobody could get."""
    suffix = MARKETS[settings.symbols.market].suffix
    names = {full_name(name, suffix) for name in listed.result["symbols"]}
    asked = {symbol for notes in tally.notes.values() for symbol in notes.symbols}
    return len({*tally.fetched, *names.intersection(amiss), *(names - asked)})


def _waiting(merged: Compaction) -> Iterator[str]:
    """Symbols that were left out, because their history is to come first."""
    return (event.subject for event in merged.events if event.kind == "restatement_pending")


def _state(tally: Tally, merged: Compaction, amiss: Sequence[str], pending: Sequence[str]) -> State:
    """Partial if something is missing that should be there."""
    if tally.missing and not tally.notes:
        return "failed"
    held = any(event.level == "error" for event in merged.events)
    return "partial" if amiss or held or tally.missing or pending else "complete"


def _is_news(event: HealthEvent) -> bool:
    return event.level == "error" or event.kind == "list_refused"


def _notice(event: HealthEvent) -> str:
    return ": ".join(part for part in (event.kind, event.subject, event.detail) if part)
