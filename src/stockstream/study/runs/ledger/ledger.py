"""The ledger of runs: who works on which chunk, what went wrong, and what was tried before.

Workers of any number of processes lease chunks from it, one at a time. A lease is its worker's:
it holds as long as that process lives, which every process of the same machine can see for itself;
for those of other machines it holds for a minute after their last beat. That two
workers run one chunk is never more than wasteful, because both write the same bytes.

The folders of the runs are the truth about what is done; see
:mod:`stockstream.study.runs.ledger.file`.
"""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from stockstream.errors import DataError
from stockstream.study.runs.ledger.entry import tried_on, write_run
from stockstream.study.runs.ledger.file import LedgerFile
from stockstream.study.runs.ledger.liveness import is_alive, this_process
from stockstream.study.runs.ledger.status import read_status
from stockstream.study.runs.ledger.workers import (
    LEASE,
    bury,
    count_chunks,
    dismiss,
    enlist,
    one_row,
    vacant_places,
    workers_of,
)
from stockstream.study.runs.store import FolderStore

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Self

    from stockstream.study.runs.ledger.liveness import Process
    from stockstream.study.runs.run_status import RunStatus
    from stockstream.study.study import Study

__all__ = ["BEAT", "MOST_ATTEMPTS", "Ledger", "Turn"]

BEAT: Final = 5.0
"""Seconds between two beats."""

MOST_ATTEMPTS: Final = 3
"""Times a chunk may raise an error before it is given up."""

SPARE_RESTARTS: Final = 20
"""Workers that may be started in place of dead ones, beyond one for each chunk that was done."""

PATIENCE: Final = 30.0


class Turn(NamedTuple):
    """What a worker does next.

    Attributes:
        chunk: number of the chunk it has the lease of; None if none is free now.
        last_try: whether the chunk is given up if it fails once more.
        over: nothing is left to do, or the run was cancelled.
        vacant: workers that died and may be replaced.
    """

    chunk: int | None
    last_try: bool
    over: bool
    vacant: int


class Ledger:
    """The ledger of one folder of runs.

    Args:
        runs: the folder.
        clock: seconds since 1970; only leases of other machines rest on it.
        patience: seconds to wait while another process writes.
    """

    def __init__(
        self, runs: Path, *, clock: Callable[[], float] = time.time, patience: float = PATIENCE
    ) -> None:
        self.runs, self._clock = runs, clock
        self._file = LedgerFile(runs, self._fill, patience)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def register(self, store: FolderStore) -> None:
        """Write a run down, and what its folder says of it; again changes nothing.

        Raises:
            DataError: the ledger cannot be written.
        """
        self._file.change(lambda db: write_run(db, store, self._clock()))

    def reopen(self, store: FolderStore, *, again: bool) -> None:
        """Make a run ready to go on, though it was cancelled.

        Args:
            store: of the run.
            again: try chunks again that were given up.

        Raises:
            DataError: the ledger cannot be written.
        """

        def change(db: sqlite3.Connection) -> None:
            run = store.study.name
            write_run(db, store, self._clock())
            db.execute(
                "UPDATE runs SET cancelled = 0, error = '', restarts = 0 WHERE name = ?", (run,)
            )
            if again:
                db.execute(
                    "UPDATE chunks SET state = 'waiting', attempts = 0, deaths = 0, error = '' "
                    "WHERE run = ? AND state IN ('failed', 'waiting')",
                    (run,),
                )

        self._file.change(change)

    def hire(self, run: str, workers: int, start: Callable[[], Process]) -> int:
        """Start as many workers as a run lacks, and no more, whoever else does the same now.

        Args:
            run: its name.
            workers: how many it should have.
            start: starts one.

        Returns:
            How many were started.
        """

        def change(db: sqlite3.Connection) -> int:
            bury(db, run, self._clock())
            db.execute("UPDATE runs SET wanted = ? WHERE name = ?", (workers, run))
            vacant = min(vacant_places(db, run), count_chunks(db, run, "waiting"))
            for _ in range(vacant):
                enlist(db, run, start(), self._lease_until())
            return max(vacant, 0)

        return self._file.change(change)

    def replace(self, run: str, start: Callable[[], Process]) -> int:
        """Start workers in place of those that died, as long as the run still gets on."""

        def change(db: sqlite3.Connection) -> int:
            allowed = count_chunks(db, run, "done") + SPARE_RESTARTS
            (restarts,) = one_row(db, "SELECT restarts FROM runs WHERE name = ?", run)
            vacant = min(
                vacant_places(db, run), count_chunks(db, run, "waiting"), allowed - restarts
            )
            for _ in range(vacant):
                enlist(db, run, start(), self._lease_until())
            if vacant > 0:
                db.execute("UPDATE runs SET restarts = restarts + ? WHERE name = ?", (vacant, run))
            return max(vacant, 0)

        return self._file.change(change)

    @contextmanager
    def attend(self, run: str, threads: int = 1) -> Iterator[None]:
        """Be a worker of a run for as long as the block lasts, and say so every few seconds.

        Args:
            run: its name.
            threads: chunks that are run at once.
        """
        me, leaving = this_process(), threading.Event()

        def beat() -> None:
            self._file.change(lambda db: enlist(db, run, me, self._lease_until(), threads))

        def keep_beating() -> None:
            while not leaving.wait(BEAT):
                try:
                    beat()
                except DataError:  # who needs the ledger finds out; the lease lasts for a while
                    continue

        beat()
        thread = threading.Thread(target=keep_beating, daemon=True)
        thread.start()
        try:
            yield
        finally:
            leaving.set()
            thread.join()
            with suppress(DataError):  # a process that has ended is noticed in any case
                self._file.change(lambda db: dismiss(db, run, me))

    def lease(self, run: str) -> Turn:
        """The next chunk for this process; those that failed before come last."""
        me = this_process()

        def change(db: sqlite3.Connection) -> Turn:
            bury(db, run, self._clock())
            enlist(db, run, me, self._lease_until())
            (cancelled,) = one_row(db, "SELECT cancelled FROM runs WHERE name = ?", run)
            found = db.execute(
                "SELECT number, attempts FROM chunks WHERE run = ? AND state = 'waiting' "
                "ORDER BY attempts + deaths, number LIMIT 1",
                (run,),
            ).fetchone()
            if cancelled or found is None:
                over = bool(cancelled) or not count_chunks(db, run, "leased")
                return Turn(None, last_try=False, over=over, vacant=0)
            number, attempts = found
            db.execute(
                "UPDATE chunks SET state = 'leased', owner = ? WHERE run = ? AND number = ?",
                (str(me), run, number),
            )
            last_try = attempts + 1 >= MOST_ATTEMPTS
            return Turn(number, last_try, over=False, vacant=vacant_places(db, run))

        return self._file.change(change)

    def finish(self, run: str, number: int, failed: int, seconds: float) -> None:
        """A chunk is done, whoever has its lease by now.

        Args:
            run: its name.
            number: of the chunk.
            failed: trials of it that gave an error.
            seconds: that it took; 0 if it was there already.
        """

        def change(db: sqlite3.Connection) -> None:
            db.execute("UPDATE runs SET finished = finished + 1, error = '' WHERE name = ?", (run,))
            db.execute(
                "UPDATE chunks SET state = 'done', owner = NULL, error = '', failed = ?, "
                "seconds = ?, ended = (SELECT finished FROM runs WHERE name = run) "
                "WHERE run = ? AND number = ?",
                (failed, seconds, run, number),
            )

        self._file.change(change)

    def fail(self, run: str, number: int, error: str) -> None:
        """A chunk raised an error: it is tried again later, or given up."""

        def change(db: sqlite3.Connection) -> None:
            db.execute(
                "UPDATE chunks SET owner = NULL, attempts = attempts + 1, error = ?, state = "
                "CASE WHEN attempts + 1 >= ? THEN 'failed' ELSE 'waiting' END "
                "WHERE run = ? AND number = ? AND state != 'done'",
                (error, MOST_ATTEMPTS, run, number),
            )

        self._file.change(change)

    def retire(self, run: str, number: int | None, error: str = "") -> None:
        """This worker leaves of its own will: its place is not filled again.

        Args:
            run: its name.
            number: of a chunk it did not finish and that is not to blame.
            error: why it leaves, if something went wrong that others will meet too.
        """

        def change(db: sqlite3.Connection) -> None:
            me = this_process()
            db.execute(
                "UPDATE chunks SET state = 'waiting', owner = NULL "
                "WHERE run = ? AND number = ? AND owner = ? AND state = 'leased'",
                (run, number, str(me)),
            )
            db.execute(
                "UPDATE runs SET wanted = max(wanted - 1, 0), "
                "error = CASE WHEN ? = '' THEN error ELSE ? END WHERE name = ?",
                (error, error, run),
            )
            dismiss(db, run, me)

        self._file.change(change)

    def cancel(self, run: str) -> list[Process]:
        """Let nobody lease chunks of a run any more.

        Returns:
            The workers of this machine that are still there.
        """

        def change(db: sqlite3.Connection) -> list[Process]:
            bury(db, run, self._clock())
            db.execute("UPDATE runs SET cancelled = 1 WHERE name = ?", (run,))
            return [worker for worker in workers_of(db, run) if is_alive(worker)]

        return self._file.change(change)

    def forget(self, run: str) -> None:
        """Take a run out of the ledger."""

        def change(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM chunks WHERE run = ?", (run,))
            db.execute("DELETE FROM workers WHERE run = ?", (run,))
            db.execute("DELETE FROM runs WHERE name = ?", (run,))

        self._file.change(change)

    def status(self, run: str) -> RunStatus:
        """How far a run is.

        Raises:
            NoDataError: the ledger has no such run.
        """

        def change(db: sqlite3.Connection) -> RunStatus:
            bury(db, run, self._clock())
            return read_status(db, run)

        return self._file.change(change)

    def names(self) -> list[str]:
        """Runs that are written down, the oldest first."""
        return self._file.change(
            lambda db: [name for (name,) in db.execute("SELECT name FROM runs ORDER BY created")]
        )

    def trials_on(self, study: Study) -> int:
        """How often other studies have tried something on the data of a study.

        A point counts once, on however many pieces it ran: the deflated Sharpe ratio asks among how
        many candidates the best was found. The same data is a symbol and a day in common, at
        whatever version: a day more in the lake does not undo what was tried before.
        """
        return self._file.change(lambda db: tried_on(db, study))

    def _lease_until(self) -> float:
        return self._clock() + LEASE

    def _fill(self, db: sqlite3.Connection) -> None:
        """Write down what the folders tell; a folder that cannot be read tells nothing."""
        for folder in sorted(self.runs.glob("s-*/")):
            try:
                store = FolderStore.open(folder)
                created = (folder / "study.json").stat().st_mtime
            except (DataError, OSError):
                continue
            write_run(db, store, created)
