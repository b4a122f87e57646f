"""Studies on a service: the run is beside the lake, and what is done is copied to this machine.

What differs between the services is only how an attempt at a run is started, looked at and stopped,
see :class:`stockstream.runners.service.Service`.
"""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from stockstream.errors import CloudError, ConfigError, DataError, NoDataError
from stockstream.lake.location import Location
from stockstream.runners.cloud_record import Attempt, CloudRecord
from stockstream.runners.cloud_status import cloud_status
from stockstream.runners.copies import Copies
from stockstream.runners.jobs.names import stop_file
from stockstream.runners.local import LocalRunner
from stockstream.runners.service import Begun, Look
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.file_store import reading, writing
from stockstream.study.runs.ledger import Ledger
from stockstream.study.runs.plans import last_attempt
from stockstream.study.runs.store import FolderStore, delete_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stockstream.runners.service import Service
    from stockstream.study.chunk import Chunk
    from stockstream.study.result import StudyResult
    from stockstream.study.runs.run_status import RunStatus
    from stockstream.study.study import Study

__all__ = ["CloudRunner"]

SOON, SLOWER = 0.2, 1.3
"""Seconds until the second look at a run that is followed, and how much longer each wait is."""

PATIENCE: Final = 300.0
"""Seconds without a word of the service and without a new result after which nobody waits on."""


class _Seen(NamedTuple):
    """A look at a run.

    Attributes:
        status: from its files, and from the service if it answers.
        trouble: why the service does not.
    """

    status: RunStatus
    trouble: CloudError | ConfigError | None = None


class CloudRunner:
    """Runs studies on a service; see :class:`stockstream.runners.protocol.Runner`.

    Args:
        runs: the folder of runs on this machine.
        lake: folder or URL of the lake, for studies that are submitted.
        service: that starts the workers.
        every: seconds between two looks at a run that is followed, at most.
        patience: seconds without a word and without a result after which following ends.
    """

    def __init__(
        self,
        runs: Path | str,
        lake: str | None,
        service: Service,
        *,
        every: float = 3.0,
        patience: float = PATIENCE,
    ) -> None:
        self.runs, self.service = Path(runs), service
        self._lake = lake and str(Location.of(lake))
        self._every, self._patience = every, patience
        self._here = LocalRunner(self.runs)
        self._copies = Copies()

    @property
    def kind(self) -> str:
        """Name of the service."""
        return self.service.kind

    def ready(self) -> None:
        """Find out whether a study can be submitted, before one is planned.

        Raises:
            ConfigError: the service cannot reach the lake, or is not there.
            CloudError: the service refused.
        """
        self.service.ready(self._demanded_lake())

    def submit(self, study: Study) -> str:
        """Start a study, or join the run of it that there is; returns its name at once.

        Raises:
            ConfigError: the service cannot reach the lake, is not there, or another one is at it.
            CloudError: the service refused.
            DataError: the folder of runs or the lake cannot be written to.
        """
        self.ready()
        lake, where = self._demanded_lake(), self.service.where
        fresh = CloudRecord(self.kind, lake, dict(where))
        here = FolderStore.create(self.runs, study)
        self._register(here)
        record = CloudRecord.read(here.folder) or fresh
        if record.lake != lake or not record.is_on(self.kind, where):
            self._demand_idle(study.name, record)
            record = fresh
        store = BucketStore.create(runs_of(record.lake), study)
        record = self._newest(record, store)
        record.write(here.folder)
        missing = store.missing()
        if missing and not self._is_settled(record, store, missing):
            last = _last(record, store)
            self._begin(record, store, max(1, last) if record.last is None else last + 1)
        return study.name

    def study(self, run: str) -> Study:
        """What a run is about."""
        return self._here.study(run)

    def status(self, run: str) -> RunStatus:
        """How far a run is; results that are new are copied to this machine.

        What is done is what files say. If the service cannot be asked, the state is
        ``unreachable``, and the reason is its error.
        """
        return self._see(run).status

    def follow(self, run: str) -> Iterator[RunStatus]:
        """How far a run is, again and again until it has ended.

        Raises:
            CloudError: the service has not answered for long, and nothing new was done.
            ConfigError: the service cannot be asked with these settings.
        """
        pause, done, heard = min(SOON, self._every), -1, time.monotonic()
        while True:
            status, trouble = self._see(run)
            yield status
            if status.has_ended:
                return
            if trouble is None or status.chunks_done != done:
                done, heard = status.chunks_done, time.monotonic()
            elif isinstance(trouble, ConfigError) or time.monotonic() - heard > self._patience:
                raise trouble
            time.sleep(pause)
            pause = min(pause * SLOWER, self._every)

    def cancel(self, run: str) -> RunStatus:
        """Stop a run. Workers that are at a chunk may finish it.

        Raises:
            CloudError: the service could not be told; workers that look for the stop file of the
                attempt leave all the same.
        """
        here = self._folder(run)
        record = self._record(here.folder)
        if record.last and len(here.done()) < len(here.study.chunks):
            self._stopped(record, here.study).with_cancelled().write(here.folder)
        return self.status(run)

    def resume(self, run: str) -> RunStatus:
        """Run what is missing of a run, and again what was given up, as its next attempt.

        An attempt that was started elsewhere and still runs is joined.
        """
        here = self._folder(run)
        here.mend()
        status, trouble = self._see(run)
        if trouble is not None:
            raise trouble
        if status.state not in {"running", "done"}:
            record = self._record(here.folder)
            self.service.ready(record.lake)
            store = BucketStore.create(runs_of(record.lake), here.study)
            self._begin(record, store, _last(record, store) + 1)
            status = self.status(run)
        return status

    def result(self, run: str) -> StudyResult:
        """What a run has given so far."""
        self.status(run)
        self._register(self._folder(run))
        return self._here.result(run)

    def delete(self, run: str) -> None:
        """Stop a run and remove all that it gave, beside the lake too."""
        here = self._folder(run)
        record = self._record(here.folder)
        try:
            record = self._stopped(record, here.study)
        except (CloudError, ConfigError):
            if len(here.done()) < len(here.study.chunks):  # else nobody has anything to do
                raise
        self._erase(record, self._store(record, here.study))
        if here.folder.exists():  # it may be the same as beside the lake
            delete_folder(here.folder)
        with Ledger(self.runs) as ledger:
            ledger.forget(run)

    def _see(self, run: str) -> _Seen:
        here = self._folder(run)
        there = here.done()
        if len(there) == len(here.study.chunks):
            failed = self._copies.failed(here, there)
            return _Seen(cloud_status(here.study, Look("ended"), there, failed, here.folder))
        record = self._record(here.folder)
        store = self._store(record, here.study)
        trouble: CloudError | ConfigError | None = None
        try:
            look = self._looked(record, store)  # before the files: what has ended is all there
            if look.state == "unknown":
                trouble = CloudError(look.error)
        except (CloudError, ConfigError) as error:
            look, trouble = Look("unknown", str(error)), error
        try:
            return _Seen(self._counted(store, here, look, there), trouble)
        except DataError:
            if trouble is None:
                raise
            raise trouble from None

    def _counted(
        self, store: BucketStore, here: FolderStore, look: Look, there: list[Chunk]
    ) -> RunStatus:
        times = self._copies.copy(store, here, {chunk.number for chunk in there})
        there = here.done()
        known = {chunk.number for chunk in there}
        missing = [chunk for chunk in here.study.chunks if chunk.number not in known]
        return cloud_status(
            here.study,
            look,
            there,
            self._copies.failed(here, there),
            here.folder,
            times=times,
            failures=store.reasons(missing),
        )

    def _begin(self, record: CloudRecord, store: BucketStore, attempt: int) -> None:
        """Start an attempt, or join it; after one that ended before its time the next one."""
        while True:
            while _is_stopped(record, store.study.name, attempt):  # its workers would leave
                attempt += 1
            found = self.service.find(store, attempt)
            begun = Begun(found, is_new=False) if found else self.service.start(store, attempt)
            record = record.with_attempt(Attempt(attempt, begun.id))
            record.write(self.runs / store.study.name)
            if begun.is_new or self.service.look(begun.id).state == "running":
                return
            missing = store.missing()
            if len(store.given_up(missing)) == len(missing):
                return
            attempt += 1

    def _is_settled(self, record: CloudRecord, store: BucketStore, missing: list[Chunk]) -> bool:
        """Whether the newest attempt is at work, or has given up all that is missing."""
        if record.last is None:
            return False
        look = self._look(record, store.study.name, record.last)
        return look.state == "running" or len(store.given_up(missing)) == len(missing)

    def _stopped(self, record: CloudRecord, study: Study) -> CloudRecord:
        """Stop the newest attempt, and those that its workers have planned after it."""
        store = self._store(record, study)
        record = self._newest(record, store)
        last = record.last
        if last is None or not last.id:
            return record
        lake = Location.of(record.lake)
        with writing(lake):
            for attempt in range(last.attempt, _last(record, store) + 1):
                lake.create(stop_file(study.name, str(attempt)), b"")
        if self.service.look(last.id).state == "running":
            self.service.stop(last.id)
        return record

    def _erase(self, record: CloudRecord, store: BucketStore) -> None:
        """Remove a run from beside its lake, and what its attempts have left there."""
        runs = runs_of(record.lake)
        store.erase()
        if store.place.is_local:
            shutil.rmtree(store.place.address, ignore_errors=True)  # folders without files
        with writing(runs):
            for attempt in record.attempts:
                for prefix in self.service.beside(store.study.name, attempt.attempt):
                    for file in list(runs.files(prefix.rpartition("/")[0])):
                        if file.name.startswith(prefix):
                            runs.remove(file.name)

    def _looked(self, record: CloudRecord, store: BucketStore) -> Look:
        """What is known of the newest attempt."""
        run, look = store.study.name, Look("failed", "it was never started: resume it")
        if record.last is not None:
            look = self._look(record, run, record.last)
        if look.state == "running":
            return look
        newest = self._newest(record, store)
        if newest.last is None or newest.last == record.last:
            return look
        newest.write(self.runs / run)
        return self._look(newest, run, newest.last)

    def _look(self, record: CloudRecord, run: str, attempt: Attempt) -> Look:
        if attempt.cancelled:
            return Look("cancelled")
        look = self.service.look(attempt.id) if attempt.id else Look("ended")
        return Look("cancelled") if _is_stopped(record, run, attempt.attempt) else look

    def _newest(self, record: CloudRecord, store: BucketStore) -> CloudRecord:
        """The record with the newest attempt that anybody has started, be it from elsewhere."""
        started = record.last.attempt if record.last else 0
        for attempt in range(last_attempt(store), started, -1):
            if found := self.service.find(store, attempt):
                return record.with_attempt(Attempt(attempt, found))
        return record

    def _demand_idle(self, run: str, record: CloudRecord) -> None:
        """Refuse to run what another runner may be at."""
        if record.last and not record.last.cancelled:
            raise ConfigError(
                f"{run} is with {record.runner} on {record.lake}: `stockstream runs follow {run}` "
                f"shows how far it is; to go on elsewhere, `stockstream runs cancel {run}` first"
            )

    def _demanded_lake(self) -> str:
        if self._lake is None:
            raise ConfigError(f"a study is submitted to {self.kind} with its lake: name it")
        return self._lake

    def _record(self, folder: Path) -> CloudRecord:
        record = CloudRecord.read(folder)
        if record is None:
            raise NoDataError(f"{folder.name} is a run of this machine: see `stockstream runs`")
        if not record.is_on(self.kind, self.service.where):
            raise ConfigError(
                f"{folder.name} is with {record.runner} ({_named(record.where)}), and this is "
                f"{self.kind} ({_named(self.service.where)}): take the runner that "
                "stockstream.runners.choice.runner_of gives"
            )
        return record

    def _store(self, record: CloudRecord, study: Study) -> BucketStore:
        return BucketStore(runs_of(record.lake).child(study.name), study)

    def _folder(self, run: str) -> FolderStore:
        return FolderStore(self.runs / run, self._here.study(run))

    def _register(self, store: FolderStore) -> None:
        with Ledger(self.runs) as ledger:
            ledger.register(store)


def _last(record: CloudRecord, store: BucketStore) -> int:
    """The number of the last attempt that anybody has planned or started; 0 before the first."""
    started = record.last.attempt if record.last else 0
    return max(started, last_attempt(store))


def _is_stopped(record: CloudRecord, run: str, attempt: int) -> bool:
    """Whether somebody has stopped an attempt, be it from elsewhere."""
    lake = Location.of(record.lake)
    with reading(lake):
        return lake.has(stop_file(run, str(attempt)))


def _named(where: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in where.items())
