"""Studies on this machine, by processes that go on when the terminal closes."""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stockstream.errors import DataError, NoDataError
from stockstream.lake.location import Location
from stockstream.study.result import StudyResult
from stockstream.study.runs.detached import Surroundings, reap, start_worker
from stockstream.study.runs.ledger import Ledger
from stockstream.study.runs.ledger.liveness import is_alive
from stockstream.study.runs.store import STUDY, FolderStore, delete_folder, demand_run_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import polars as pl

    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.ledger.liveness import Process
    from stockstream.study.runs.run_status import RunStatus
    from stockstream.study.study import Study

__all__ = ["LocalRunner"]

GRACE: Final = 10.0
"""Seconds that workers are given to leave before they are killed."""

LOOK: Final = 0.05


class LocalRunner:
    """Runs studies in processes of their own on this machine.

    Args:
        runs: the folder of runs.
        lake: folder or URL of the lake; by default the one that the run was started with.
        workers: processes for a run; as many as there are processors by default.
        every: seconds between two looks at a run that is followed.
    """

    def __init__(
        self,
        runs: Path | str,
        lake: Path | str | None = None,
        workers: int | None = None,
        every: float = 0.5,
    ) -> None:
        self.runs = Path(runs)
        self._lake = None if lake is None else str(Location.of(lake))
        self._workers = workers or os.cpu_count() or 1
        self._every = every

    def submit(self, study: Study) -> str:
        """Start a study, or join the run of it that there is; returns its name at once.

        Raises:
            DataError: the folder of runs cannot be written to.
        """
        self._start(FolderStore.create(self.runs, study), again=False)
        return study.name

    @contextmanager
    def attending(self, study: Study, threads: int = 1) -> Iterator[FolderStore]:
        """Work on a run in this very process, and let others see how far it is.

        Args:
            study: of the run.
            threads: chunks that are run at once.

        Yields:
            The store to put chunks into.

        Raises:
            DataError: the folder of runs cannot be written to.
        """
        folder = FolderStore.create(self.runs, study).folder
        Surroundings(self._lake_of(folder), str(Path.cwd())).write(folder)
        with Ledger(self.runs) as ledger:
            store = _WatchedStore(folder, study, ledger, threads)
            ledger.reopen(store, again=False)
            with ledger.attend(study.name, threads):
                yield store

    def names(self) -> list[str]:
        """The runs of studies that there are, the oldest first."""
        folders = {path.parent.name for path in self.runs.glob(f"s-*/{STUDY}")}
        if not folders:
            return []
        with Ledger(self.runs) as ledger:
            known = ledger.names()
            for name in set(known) - folders:
                ledger.forget(name)
            for name in folders.difference(known):
                with suppress(DataError):  # it is listed all the same
                    ledger.register(FolderStore.open(self.runs / name))
            known = ledger.names()
        return [*known, *sorted(folders.difference(known))]

    def study(self, run: str) -> Study:
        """What a run is about."""
        return FolderStore.open(self._folder(run)).study

    def status(self, run: str) -> RunStatus:
        """How far a run is."""
        reap()
        folder = self._folder(run)
        with Ledger(self.runs) as ledger:
            with suppress(NoDataError):  # the folder may know a run that the ledger does not
                status = ledger.status(run)
                if status.state in {"running", "done"}:
                    return status
            ledger.register(FolderStore.open(folder))
            return ledger.status(run)

    def follow(self, run: str) -> Iterator[RunStatus]:
        """How far a run is, again and again until it has ended."""
        while True:
            status = self.status(run)
            yield status
            if status.has_ended:
                return
            time.sleep(self._every)

    def cancel(self, run: str) -> RunStatus:
        """Stop the workers of a run on this machine; those of others leave after their chunk."""
        self.status(run)
        with Ledger(self.runs) as ledger:
            workers = [worker for worker in ledger.cancel(run) if worker.pid != os.getpid()]
        _end(workers, signal.SIGTERM)
        if not _gone(workers, GRACE):
            _end(workers, signal.SIGKILL)
            _gone(workers, GRACE)
        return self.status(run)

    def resume(self, run: str) -> RunStatus:
        """Run what is missing of a run, and again what was given up."""
        store = FolderStore.open(self._folder(run))
        if not self.status(run).workers:
            store.mend()
        self._start(store, again=True)
        return self.status(run)

    def result(self, run: str) -> StudyResult:
        """What a run has given so far."""
        store = FolderStore.open(self._folder(run))
        with Ledger(self.runs) as ledger:
            other_trials = ledger.trials_on(store.study)
        return StudyResult(store.study, store, other_trials=other_trials)

    def delete(self, run: str) -> None:
        """Stop a run and remove its folder."""
        folder = self._folder(run)
        if (folder / STUDY).is_file():
            with suppress(DataError):  # a folder that cannot be read has no worker either
                self.cancel(run)
        delete_folder(folder)
        with Ledger(self.runs) as ledger:
            ledger.forget(run)

    def _start(self, store: FolderStore, *, again: bool) -> None:
        around = Surroundings(self._lake_of(store.folder), str(Path.cwd()))
        if self._lake is not None:
            around.write(store.folder)
        start = partial(start_worker, store.folder, self._workers)
        with Ledger(self.runs) as ledger:
            ledger.reopen(store, again=again)
            ledger.hire(store.study.name, self._workers, start)

    def _lake_of(self, folder: Path) -> str:
        return self._lake or Surroundings.read(folder).lake

    def _folder(self, run: str) -> Path:
        """The folder of a run that is there."""
        folder = self.runs / demand_run_name(run)
        if not folder.is_dir():
            kept = sorted(path.parent.name for path in self.runs.glob(f"*-*/{STUDY}"))
            known = f"; sweeps there: {', '.join(kept[-8:])}" if kept else ""
            raise NoDataError(f"no run {run} in {self.runs}{known}")
        return folder


class _WatchedStore(FolderStore):
    """Tells the ledger of what is put into the folder."""

    def __init__(self, folder: Path, study: Study, ledger: Ledger, threads: int) -> None:
        super().__init__(folder, study)
        self._ledger, self._threads = ledger, threads
        self._last = time.perf_counter()

    def put(self, chunk: Chunk, frame: pl.DataFrame) -> None:
        super().put(chunk, frame)
        now = time.perf_counter()
        seconds, self._last = (now - self._last) * self._threads, now
        failed = int(frame["error"].count())
        self._ledger.finish(self.study.name, chunk.number, failed, seconds)


def _end(workers: Sequence[Process], how: signal.Signals) -> None:
    for worker in workers:
        if is_alive(worker):
            with suppress(ProcessLookupError):
                os.kill(worker.pid, how)


def _gone(workers: Sequence[Process], seconds: float) -> bool:
    """Wait until processes have ended, for some time."""
    until = time.monotonic() + seconds
    while any(is_alive(worker) for worker in workers):
        if time.monotonic() > until:
            return False
        time.sleep(LOOK)
    return True
