"""How far a run is, from what the ledger says."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from stockstream.errors import NoDataError
from stockstream.study.runs.run_status import FailedChunk, RunStatus

if TYPE_CHECKING:
    import sqlite3

    from stockstream.study.runs.run_status import RunState

__all__ = ["read_status"]

LATELY = 50
"""Chunks, the newest, from which the rate is taken."""

SHOWN_FAILURES = 20


class _Chunks(NamedTuple):
    """Chunks of one state together."""

    chunks: int = 0
    trials: int = 0
    failed: int = 0


def read_status(db: sqlite3.Connection, run: str) -> RunStatus:
    """How far a run is.

    Args:
        db: the ledger, with the workers that live.
        run: its name.

    Raises:
        NoDataError: the ledger has no such run.
    """
    row = db.execute(
        "SELECT strategy, trials, created, cancelled, error FROM runs WHERE name = ?", (run,)
    ).fetchone()
    if row is None:
        raise NoDataError(f"the ledger has no run {run}; see `stockstream runs list`")
    strategy, total, created, cancelled, error = row
    by_state = {
        state: _Chunks(*sums)
        for state, *sums in db.execute(
            "SELECT state, count(*), sum(trials), sum(failed) FROM chunks WHERE run = ? "
            "GROUP BY state",
            (run,),
        )
    }
    done, given_up = by_state.get("done", _Chunks()), by_state.get("failed", _Chunks())
    workers = db.execute("SELECT pid, threads FROM workers WHERE run = ?", (run,)).fetchall()
    missing = total - done.trials - given_up.trials
    state = _state(missing, given_up.chunks, len(workers), cancelled=bool(cancelled))
    rate = _rate(db, run, sum(threads for _, threads in workers)) if state == "running" else None
    return RunStatus(
        run=run,
        state=state,
        strategy=strategy,
        done=total - missing,
        failed=done.failed + given_up.trials,
        total=total,
        chunks_done=done.chunks,
        chunks_total=sum(chunks.chunks for chunks in by_state.values()),
        workers=tuple(pid for pid, _ in workers),
        rate=rate,
        seconds_left=missing / rate if rate else None,
        created=created,
        error=error,
        failures=_failures(db, run),
    )


def _state(missing: int, given_up: int, workers: int, *, cancelled: bool) -> RunState:
    if not missing:
        return "partial" if given_up else "done"
    if workers:
        return "running"
    return "cancelled" if cancelled else "stopped"


def _rate(db: sqlite3.Connection, run: str, threads: int) -> float | None:
    """Trials a second: seconds of work are counted, so that no clock and no pause matters."""
    trials, seconds = db.execute(
        "SELECT total(trials), total(seconds) FROM (SELECT trials, seconds FROM chunks "
        "WHERE run = ? AND state = 'done' AND seconds > 0 ORDER BY ended DESC LIMIT ?)",
        (run, LATELY),
    ).fetchone()
    return threads * trials / seconds if seconds else None


def _failures(db: sqlite3.Connection, run: str) -> tuple[FailedChunk, ...]:
    rows = db.execute(
        "SELECT number, trials, error FROM chunks WHERE run = ? AND state = 'failed' "
        "ORDER BY number LIMIT ?",
        (run, SHOWN_FAILURES),
    )
    return tuple(FailedChunk(*row) for row in rows)
