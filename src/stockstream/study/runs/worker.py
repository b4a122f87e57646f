"""One worker of a run: ``python -m stockstream.study.runs.worker FOLDER``.

It leases a chunk, runs it, writes its file and says so, until nothing is left. It may be killed at
any moment: the chunk it was at is run again by another. SIGTERM makes it give its chunk back and
leave.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stockstream.errors import DataError, LakeError, StockstreamError
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.blame import blame, trouble
from stockstream.study.runs.detached import Surroundings, start_worker
from stockstream.study.runs.ledger import Ledger
from stockstream.study.runs.pinned import PinnedLake
from stockstream.study.runs.store import FolderStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from stockstream.backtest.run import Source
    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.ledger import Turn

__all__ = ["Worker", "main"]

IDLE = 0.5
"""Seconds until a worker without a chunk looks again: others may die over theirs."""

_log = logging.getLogger("stockstream.worker")


class _Stopped(BaseException):
    """Somebody asked the worker to leave in the middle of a chunk."""


class Worker:
    """A worker of one run in this process.

    Args:
        store: of the run.
        ledger: of the folder of runs.
        lake: where the bars of the study are.
    """

    def __init__(self, store: FolderStore, ledger: Ledger, lake: Source) -> None:
        self.store, self.ledger, self.lake = store, ledger, lake
        self.study = store.study
        self.run = store.study.name
        self._asked_to_stop = threading.Event()
        self._busy = False

    def stop(self, *_: object) -> None:
        """Leave at once; may be called by a signal."""
        self._asked_to_stop.set()
        if self._busy:
            raise _Stopped

    def work(self) -> None:
        """Run chunks until none is left.

        Raises:
            DataError: a result cannot be kept.
            LakeError: the data cannot be read.
        """
        with self.ledger.attend(self.run):
            while not self._asked_to_stop.is_set():
                turn = self.ledger.lease(self.run)
                if turn.over:
                    return
                if turn.vacant:
                    start = partial(start_worker, self.store.folder, turn.vacant + 1)
                    self.ledger.replace(self.run, start)
                if turn.chunk is None:
                    self._asked_to_stop.wait(IDLE)
                else:
                    self._take(self.study.chunks[turn.chunk], turn)
            self.ledger.retire(self.run, None)

    def _take(self, chunk: Chunk, turn: Turn) -> None:
        """Do what is to be done with a chunk that is leased."""
        try:
            if self.store.has(chunk):  # by one who was killed before it could say so
                (failed,) = self.store.failed_trials([chunk])
                self.ledger.finish(self.run, chunk.number, failed, 0.0)
            else:
                self._run(chunk, turn)
        except _Stopped:
            self.ledger.retire(self.run, chunk.number)
            _log.info("stopped; chunk %d is given back", chunk.number)
        except (DataError, LakeError) as error:
            with suppress(DataError):  # a full disk may refuse the ledger too
                self.ledger.retire(self.run, chunk.number, str(error))
            raise

    def _run(self, chunk: Chunk, turn: Turn) -> None:
        began = time.perf_counter()
        try:
            frame = self._interruptible(chunk)
        except (_Stopped, LakeError):
            raise
        except BaseException as error:  # noqa: BLE001 - one bad chunk never ends a run
            why = trouble(chunk, error) if not turn.last_try else self._blame(chunk, error)
            _log.warning("chunk %d failed: %s", chunk.number, why)
            self.ledger.fail(self.run, chunk.number, why)
            return
        self.store.put(chunk, frame)
        seconds = time.perf_counter() - began
        failed = int(frame["error"].count())
        self.ledger.finish(self.run, chunk.number, failed, seconds)

    def _interruptible(self, chunk: Chunk) -> pl.DataFrame:
        self._busy = True
        try:
            if self._asked_to_stop.is_set():
                raise _Stopped
            return run_chunk(chunk, self.lake)
        finally:
            self._busy = False

    def _blame(self, chunk: Chunk, error: BaseException) -> str:
        return blame(chunk, error, self._interruptible, (_Stopped, LakeError))


def main(arguments: Sequence[str] | None = None) -> int:
    """Work on the run whose folder is named; returns the exit code of the process."""
    (folder,) = map(Path, sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(
        level="INFO", format="%(asctime)s %(process)d %(message)s", stream=sys.stderr
    )
    try:
        with Ledger(folder.parent) as ledger:
            _work(folder, ledger)
    except StockstreamError as error:
        _log.error("%s", " ".join(str(error).split()))
        return 1
    return 0


def _work(folder: Path, ledger: Ledger) -> None:
    store = FolderStore.open(folder)
    worker: Any = None
    leave = threading.Event()

    def stop(*_: object) -> None:
        leave.set()
        if worker is not None:
            worker.stop()

    signal.signal(signal.SIGTERM, stop)
    try:
        lake = _lake(folder, store)
    except (StockstreamError, OSError) as error:
        ledger.retire(store.study.name, None, str(error))
        raise
    worker = Worker(store, ledger, lake)
    if leave.is_set():
        ledger.retire(store.study.name, None)
        return
    _log.info("working on %s: %d chunks", store.study.name, len(store.study.chunks))
    worker.work()
    _log.info("nothing left to do")


def _lake(folder: Path, store: FolderStore) -> PinnedLake:
    """The lake of a run, read from the directory that it was started in."""
    around = Surroundings.read(folder)
    if Path(around.directory).is_dir():
        os.chdir(around.directory)
    return PinnedLake.of(store.study, around.lake)


if __name__ == "__main__":
    sys.exit(main())
