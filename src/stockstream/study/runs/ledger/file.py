"""The file of the ledger: a SQLite database in WAL mode that may be lost at any time.

Nothing is only in it that costs work to find again: what is done is in the folders of the runs. A
file that is missing, damaged or of another release is made anew, under a lock, by whoever comes
first; a process that has the old one open notices and opens the new one.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, TypeVar

from stockstream.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["LedgerFile"]

T = TypeVar("T")

FILE: Final = "ledger.sqlite"
LOCK: Final = ".ledger.lock"
BROKEN: Final = "ledger.sqlite.broken"
BESIDE: Final = ("-wal", "-shm")

RELEASE: Final = 1
"""Of the schema: a ledger of another one is made anew."""

SCHEMA: Final = """
CREATE TABLE runs (
    name TEXT PRIMARY KEY,
    created REAL NOT NULL,
    wanted INTEGER NOT NULL DEFAULT 0,
    finished INTEGER NOT NULL DEFAULT 0,
    restarts INTEGER NOT NULL DEFAULT 0,
    cancelled INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    strategy TEXT NOT NULL,
    points INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    symbols TEXT NOT NULL,
    first_day TEXT NOT NULL,
    last_day TEXT NOT NULL
);
CREATE TABLE chunks (
    run TEXT NOT NULL,
    number INTEGER NOT NULL,
    trials INTEGER NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting',
    owner TEXT,
    attempts INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    seconds REAL NOT NULL DEFAULT 0,
    ended INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE INDEX chunks_by_turn ON chunks (run, state, attempts + deaths, number);
CREATE TABLE workers (
    run TEXT NOT NULL,
    id TEXT NOT NULL,
    machine TEXT NOT NULL,
    pid INTEGER NOT NULL,
    started TEXT NOT NULL,
    threads INTEGER NOT NULL,
    lease_until REAL NOT NULL,
    PRIMARY KEY (run, id)
);
"""

_LOST = frozenset({"SQLITE_CORRUPT", "SQLITE_NOTADB"})
_MOVED = "SQLITE_READONLY_DBMOVED"


class LedgerFile:
    """A connection that threads share, one at a time.

    Args:
        runs: the folder of runs; made if it is missing.
        fill: writes what the folders tell into a new ledger.
        patience: seconds to wait while another process writes.
    """

    def __init__(
        self, runs: Path, fill: Callable[[sqlite3.Connection], None], patience: float
    ) -> None:
        self.path = runs / FILE
        self._fill, self._patience = fill, patience
        self._turn = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._inode = -1

    def change(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Do something with the database, all of it or nothing, alone.

        Raises:
            DataError: the ledger cannot be read or written.
        """
        with self._turn:
            try:
                return self._transaction(work)
            except sqlite3.DatabaseError as error:
                if not _is_lost(error):
                    raise self._explained(error) from error
            self.close()
            try:
                return self._transaction(work)
            except sqlite3.DatabaseError as error:
                raise self._explained(error) from error

    def close(self) -> None:
        """Let go of the file; the next change opens it again."""
        with self._turn:
            if self._database is not None:
                with suppress(sqlite3.Error):
                    self._database.close()
            self._database = None

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        database = self._opened()
        database.execute("BEGIN IMMEDIATE")
        try:
            done = work(database)
            database.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                database.execute("ROLLBACK")
            raise
        return done

    def _opened(self) -> sqlite3.Connection:
        """The connection, to the file that is there now."""
        try:
            inode = self.path.stat().st_ino
        except OSError:
            inode = -1
        if self._database is not None and inode == self._inode:
            return self._database
        self.close()
        with self._only_one():
            database = self._connected()
            if database is None:
                self._set_aside()
                database = self._made()
        self._database, self._inode = database, self.path.stat().st_ino
        return database

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        """Nobody else opens or makes the file meanwhile."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path.with_name(LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        except OSError as error:
            raise DataError(
                f"cannot write to the folder of runs {self.path.parent}: "
                f"{error.strerror or error}; choose another one with --runs"
            ) from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _connected(self) -> sqlite3.Connection | None:
        """A connection to the file that is there; None if it is none of ours, or damaged."""
        if not self.path.exists():
            return None
        database = self._connect()
        try:
            (release,) = database.execute("PRAGMA user_version").fetchone()
            (sound,) = database.execute("PRAGMA quick_check(1)").fetchone()
            if (release, sound) == (RELEASE, "ok"):
                return database
        except sqlite3.DatabaseError as error:
            if not _is_lost(error):
                database.close()
                raise
        database.close()
        return None

    def _made(self) -> sqlite3.Connection:
        """A new ledger, with what the folders tell in it."""
        database = self._connect()
        try:
            database.execute("BEGIN IMMEDIATE")
            for statement in SCHEMA.split(";"):
                database.execute(statement)
            self._fill(database)
            database.execute(f"PRAGMA user_version = {RELEASE}")
            database.execute("COMMIT")
        except BaseException:
            database.close()
            raise
        return database

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(
            self.path, timeout=self._patience, isolation_level=None, check_same_thread=False
        )
        with suppress(sqlite3.DatabaseError):  # a damaged file is found out by who reads it
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("PRAGMA synchronous = NORMAL")
        return database

    def _set_aside(self) -> None:
        """Keep a damaged file for whoever wants to look; what stands beside it goes with it."""
        with suppress(FileNotFoundError):
            self.path.replace(self.path.with_name(BROKEN))
        for ending in BESIDE:
            self.path.with_name(FILE + ending).unlink(missing_ok=True)

    def _explained(self, error: sqlite3.DatabaseError) -> DataError:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            advice = (
                f"another program has held it for {self._patience:g} s; close what has it open, "
                "then try again"
            )
        elif name.startswith(("SQLITE_FULL", "SQLITE_IOERR")):
            advice = "free some space, then try again: what was done before is safe"
        else:
            advice = "look at the folder's permissions, or choose another one with --runs"
        return DataError(f"cannot use the ledger of runs {self.path}: {error}; {advice}")


def _is_lost(error: sqlite3.DatabaseError) -> bool:
    name = getattr(error, "sqlite_errorname", "")
    return name in _LOST or name == _MOVED or name.startswith("SQLITE_CORRUPT")
