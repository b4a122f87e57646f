"""Workers in the ledger: who is there, who is gone, and what becomes of their chunks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stockstream.errors import NoDataError
from stockstream.study.runs.ledger.liveness import Process, is_alive

if TYPE_CHECKING:
    import sqlite3

__all__ = [
    "LEASE",
    "MOST_DEATHS",
    "bury",
    "count_chunks",
    "dismiss",
    "enlist",
    "one_row",
    "vacant_places",
    "workers_of",
]

LEASE: Final = 60.0
"""Seconds after its last beat for which a worker of another machine keeps its chunk."""

MOST_DEATHS: Final = 10
"""Workers that may die over a chunk before it is given up: whatever kills workers may hit one chunk
several times by chance."""

_DEADLY: Final = (
    f"{MOST_DEATHS} workers died over this chunk: a trial of it may need more memory than there "
    "is, or end the process"
)


def enlist(
    db: sqlite3.Connection,
    run: str,
    worker: Process,
    lease_until: float,
    threads: int | None = None,
) -> None:
    """Write down that a worker is there, or still is.

    Args:
        db: the ledger.
        run: it works on.
        worker: its process.
        lease_until: seconds since 1970.
        threads: chunks it runs at once, if that is known.
    """
    db.execute(
        "INSERT INTO workers (run, id, machine, pid, started, threads, lease_until) "
        "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (run, id) DO UPDATE SET "
        "threads = coalesce(?, threads), lease_until = excluded.lease_until",
        (run, str(worker), *worker, threads or 1, lease_until, threads),
    )


def dismiss(db: sqlite3.Connection, run: str, worker: Process) -> None:
    """Write down that a worker is gone."""
    db.execute("DELETE FROM workers WHERE run = ? AND id = ?", (run, str(worker)))


def workers_of(db: sqlite3.Connection, run: str) -> list[Process]:
    """The workers of a run that are written down."""
    rows = db.execute("SELECT machine, pid, started FROM workers WHERE run = ?", (run,))
    return [Process(*row) for row in rows]


def bury(db: sqlite3.Connection, run: str, now: float) -> None:
    """Free the chunks of workers that are gone.

    Args:
        db: the ledger.
        run: whose workers are looked at.
        now: seconds since 1970; asked only about workers of other machines.
    """
    rows = db.execute(
        "SELECT machine, pid, started, lease_until FROM workers WHERE run = ?", (run,)
    ).fetchall()
    for *process, lease_until in rows:
        worker = Process(*process)
        # a lease that ends too late was written by a clock that has gone back since
        current = now <= lease_until <= now + 2 * LEASE
        alive = is_alive(worker)
        if alive or (alive is None and current):
            continue
        db.execute(
            "UPDATE chunks SET owner = NULL, deaths = deaths + 1, "
            "state = CASE WHEN deaths + 1 >= ? THEN 'failed' ELSE 'waiting' END, "
            "error = CASE WHEN deaths + 1 >= ? THEN ? ELSE error END "
            "WHERE run = ? AND state = 'leased' AND owner = ?",
            (MOST_DEATHS, MOST_DEATHS, _DEADLY, run, str(worker)),
        )
        dismiss(db, run, worker)
    db.execute(  # of workers that nobody knows, as in a ledger that was made anew
        "UPDATE chunks SET state = 'waiting', owner = NULL WHERE run = ? AND state = 'leased' "
        "AND owner NOT IN (SELECT id FROM workers WHERE run = ?)",
        (run, run),
    )


def vacant_places(db: sqlite3.Connection, run: str) -> int:
    """How many workers a run lacks; none if it was cancelled."""
    wanted, cancelled = one_row(db, "SELECT wanted, cancelled FROM runs WHERE name = ?", run)
    (there,) = one_row(db, "SELECT count(*) FROM workers WHERE run = ?", run)
    return 0 if cancelled else max(wanted - there, 0)


def count_chunks(db: sqlite3.Connection, run: str, state: str) -> int:
    """Chunks of a run in a state."""
    found = db.execute(
        "SELECT count(*) FROM chunks WHERE run = ? AND state = ?", (run, state)
    ).fetchone()
    return int(found[0])


def one_row(db: sqlite3.Connection, query: str, run: str) -> tuple[int, ...]:
    """The numbers that a question about a run is answered with.

    Raises:
        NoDataError: the ledger has no such run.
    """
    row: tuple[int, ...] | None = db.execute(query, (run,)).fetchone()
    if row is None:
        raise NoDataError(f"the ledger has no run {run}; see `stockstream runs list`")
    return row
