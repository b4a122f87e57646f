"""Rows of the health table."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from stockstream.ingest.health import KINDS, HealthEvent, health_rows
from stockstream.ingest.notes import Failed, Notes
from stockstream.lake.store import Lake
from stockstream.lake.tables import HEALTH

if TYPE_CHECKING:
    from pathlib import Path

SESSION = dt.date(2024, 6, 28)
AT = dt.datetime(2024, 6, 29, 6, tzinfo=dt.timezone(dt.timedelta(hours=10)))


def test_events_become_rows() -> None:
    events = [
        HealthEvent("warning", "symbol_failed", "B.AX", 4, "transient: HTTP 503"),
        HealthEvent("info", "symbol_failed", "A.AX", 1, "not_found: no such symbol"),
        HealthEvent("error", "batch_failed"),
    ]
    rows = health_rows(events, SESSION, "morning", AT)
    assert rows.schema == HEALTH.schema
    assert rows.select("date", "run", "at").unique().rows() == [
        (SESSION, "morning", "2024-06-28T20:00:00+00:00")
    ]
    assert rows.select("kind", "subject", "count").rows() == [
        ("batch_failed", "", 1),
        ("symbol_failed", "A.AX", 1),
        ("symbol_failed", "B.AX", 4),
    ]
    assert health_rows([], SESSION, "morning", AT).schema == HEALTH.schema


def test_the_same_twice_is_one_row() -> None:
    first = HealthEvent("error", "symbol_failed", "A.AX", 4, "transient: HTTP 503")
    second = HealthEvent("warning", "symbol_failed", "A.AX", 1, "not_found: unknown")
    [row] = health_rows([first, second], SESSION, "r", AT).rows(named=True)
    assert (row["level"], row["count"], row["detail"]) == ("error", 5, "not_found: unknown")


def test_a_lake_takes_them(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake", calendar="XASX")
    rows = health_rows([HealthEvent("info", "symbol_skipped", "A.AX")], SESSION, "r", AT)
    lake.record_health(rows)
    assert lake.health(start=SESSION).equals(rows)


def test_notes_tell_everything_that_happened() -> None:
    notes = Notes(
        "fake",
        ".AX",
        ("A", "B", "C", "D", "E", "F"),
        skipped=["A.AX"],
        failed={"B.AX": Failed("not_found", "HTTP 404"), "C.AX": Failed("transient", "x", 4)},
        recovered={"D.AX": ("transient", "rate_limited")},
        incomplete={"D.AX": "3 rows"},
        corrected=["E.AX"],
        refetched={"E.AX": 2.0, "F.AX": None},
        pending=["C.AX"],
        foreign={"F.AX": "dated in UTC-04:00"},
    )
    events = notes.events()
    assert {event.kind for event in events} <= {*KINDS, "foreign_time_zone"}
    told = {(event.kind, event.subject): event for event in events}
    assert len(told) == len(events) == 10
    assert told["symbol_failed", "B.AX"].detail == "not_found: HTTP 404"
    assert told["symbol_failed", "C.AX"].count == 4
    assert told["symbol_recovered", "D.AX"].detail == "after transient, rate_limited"
    assert "2 times" in told["restated", "E.AX"].detail
    assert ("no_common_day", "F.AX") in told
    assert ("restatement_pending", "C.AX") in told
