"""A run in the ledger: what it is, which chunks are done, what others tried on its data."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlite3

    from stockstream.study.runs.store import FolderStore
    from stockstream.study.study import Study

__all__ = ["tried_on", "write_run"]


def write_run(db: sqlite3.Connection, store: FolderStore, created: float) -> None:
    """Write a run down, if it is not, and what its folder says of it.

    Args:
        db: the ledger.
        store: of the run.
        created: seconds since 1970, of a run that is new.
    """
    study = store.study
    config = study.config
    db.execute(
        "INSERT OR IGNORE INTO runs (name, created, strategy, points, trials, symbols, "
        "first_day, last_day) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            study.name,
            created,
            config.strategy_class,
            study.points,
            study.trials,
            "\n".join(config.universe or ()),
            str(config.start_date),
            str(config.end_date),
        ),
    )
    db.executemany(
        "INSERT OR IGNORE INTO chunks (run, number, trials) VALUES (?, ?, ?)",
        ((study.name, chunk.number, chunk.trials) for chunk in study.chunks),
    )
    _follow_folder(db, store)


def tried_on(db: sqlite3.Connection, study: Study) -> int:
    """Points that other studies have tried on a symbol and a day of a study."""
    mine = set(study.config.universe or ())
    days = str(study.config.start_date), str(study.config.end_date)
    rows = db.execute(
        "SELECT symbols, min(points, (SELECT total(trials) FROM chunks "
        "WHERE run = name AND state = 'done')) FROM runs "
        "WHERE name != ? AND last_day >= ? AND first_day <= ?",
        (study.name, *days),
    )
    return int(sum(tried for names, tried in rows if mine & set(names.split("\n"))))


def _follow_folder(db: sqlite3.Connection, store: FolderStore) -> None:
    """What is done is what has a file, whatever the ledger said."""
    run = store.study.name
    there = {chunk.number: chunk for chunk in store.done()}
    rows = db.execute("SELECT number FROM chunks WHERE run = ? AND state = 'done'", (run,))
    known = {number for (number,) in rows}
    new = [chunk for number, chunk in there.items() if number not in known]
    failed = store.failed_trials(new)
    db.executemany(
        "UPDATE chunks SET state = 'done', owner = NULL, error = '', failed = ? "
        "WHERE run = ? AND number = ?",
        ((count, run, chunk.number) for count, chunk in zip(failed, new, strict=True)),
    )
    db.executemany(
        "UPDATE chunks SET state = 'waiting', owner = NULL WHERE run = ? AND number = ?",
        ((run, number) for number in known - there.keys()),
    )
