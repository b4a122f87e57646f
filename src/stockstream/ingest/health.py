"""What happened on a run, as rows of the health table."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, TypeAlias

import polars as pl

from stockstream.lake.tables import HEALTH

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["KINDS", "HealthEvent", "Level", "health_rows"]

Level: TypeAlias = Literal["info", "warning", "error"]

KINDS: Final = {
    "run": "a run came to its end; the detail is JSON with its counters and its state",
    "batch_failed": "a batch was not written: the source did not work, the disk, or this program",
    "batch_unreadable": "the file of a batch cannot be read; the next session brings its symbols",
    "basis_conflict": "the lake has a symbol on another basis; nothing of it was merged",
    "symbol_failed": "the source gave nothing for a symbol; the detail begins with the kind",
    "symbol_incomplete": "a symbol came, and the source said what is missing of it",
    "restated": "a symbol's history is on another scale; it was fetched in full",
    "no_common_day": "what came and what is stored share no day; it was fetched in full",
    "restatement_pending": "the same, and the full history did not come: the symbol waits",
    "foreign_time_zone": "a symbol came with time stamps of another exchange",
    "delisted": "a symbol was found to be delisted",
    "list_refused": "the list could not be believed; the one before stays",
    "list_row_skipped": "lines of the list that are no row",
    "suspected_consolidation": "a temporary symbol came, such as HGODB: a sign of a consolidation",
    "symbol_recovered": "a symbol came after it had failed at first",
    "symbol_skipped": "a symbol was not asked for, because it failed on many runs",
    "corrected": "the source changed some stored prices",
    "removal_pending": "symbols that the list lacks, not yet for long enough",
    "removed": "symbols whose removal is confirmed",
}
"""Everything that a run may have to say, the most serious first."""


class HealthEvent(NamedTuple):
    """Something that happened on a run.

    Attributes:
        level: how bad it is.
        kind: what happened, for programs; see :data:`KINDS`.
        subject: the symbol, batch or file it happened to; empty for the run as a whole.
        count: how often.
        detail: the rest, for people.
    """

    level: Level
    kind: str
    subject: str = ""
    count: int = 1  # type: ignore[assignment] # a tuple's own count() is not missed
    detail: str = ""


def health_rows(
    events: Iterable[HealthEvent], session: dt.date, run: str, at: dt.datetime
) -> pl.DataFrame:
    """Events as rows of :data:`stockstream.lake.tables.HEALTH`.

    The same kind and subject more than once becomes one row with the counts added up, the worst
    level and the last detail.

    Args:
        events: what happened.
        session: the as-of session of the run.
        run: which run of that session.
        at: when, with its time zone.
    """
    worst = ("error", "warning", "info")
    merged: dict[tuple[str, str], HealthEvent] = {}
    for event in events:
        before = merged.get((event.kind, event.subject))
        if before is not None:
            level = min(event.level, before.level, key=worst.index)
            event = event._replace(level=level, count=before.count + event.count)  # noqa: PLW2901
        merged[event.kind, event.subject] = event
    stamp = at.astimezone(dt.UTC).isoformat(timespec="seconds")
    return pl.DataFrame(
        [
            {"date": session, "run": run, "at": stamp, **event._asdict()}
            for event in merged.values()
        ],
        schema=HEALTH.schema,
    ).sort(HEALTH.key)
