"""Studies in the cloud: the run is in the bucket, and what is done is copied to this machine.

What differs between the services is only how an attempt at a run is started, looked at and stopped.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final, Literal, NamedTuple

from stockstream.errors import ConfigError, NoDataError
from stockstream.lake.location import Location
from stockstream.runners.cloud_record import Attempt, CloudRecord
from stockstream.runners.cloud_status import cloud_status
from stockstream.runners.local import LocalRunner
from stockstream.runners.stack import Stack, demand_bucket
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.file_store import chunk_file, reading, writing
from stockstream.study.runs.ledger import Ledger
from stockstream.study.runs.plans import AT_ONCE, last_attempt
from stockstream.study.runs.store import FolderStore, delete_folder

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from stockstream.study.chunk import Chunk
    from stockstream.study.result import StudyResult
    from stockstream.study.runs.run_status import RunStatus
    from stockstream.study.study import Study

__all__ = ["Begun", "CloudRunner", "Look", "attempt_name"]

TOGETHER: Final = 16
"""Files that are copied side by side."""

SOON, SLOWER = 0.2, 1.3
"""Seconds until the second look at a run that is followed, and how much longer each wait is."""

MAPS: Final = "map"
"""Folder of what the Distributed Map of each execution had to say, beside the runs."""


class Look(NamedTuple):
    """What a service says of an attempt.

    Attributes:
        state: ``ended`` on its own, whatever it has done; ``failed`` for a reason.
        error: the reason.
    """

    state: Literal["running", "ended", "cancelled", "failed"]
    error: str = ""


class Begun(NamedTuple):
    """An attempt that was started.

    Attributes:
        id: ARN of the execution, or id of the job; empty if nothing was missing.
        is_new: whether nobody had started it before.
    """

    id: str
    is_new: bool


@dataclass
class _Copied:
    """How many trials of the chunks that are here failed."""

    chunks: frozenset[int] = frozenset()
    failed: int = 0


class CloudRunner(ABC):
    """Runs studies on a stack; see :class:`stockstream.runners.protocol.Runner`.

    Args:
        runs: the folder of runs on this machine.
        lake: URL of the stack's bucket, for studies that are submitted.
        prefix: of the stack that they are submitted to.
        region: of that stack; None takes that of the environment.
        at_once: workers that a study is divided for.
        every: seconds between two looks at a run that is followed, at most.
    """

    kind: ClassVar[str]

    def __init__(
        self,
        runs: Path | str,
        lake: str | None = None,
        *,
        prefix: str = "",
        region: str | None = None,
        at_once: int = AT_ONCE,
        every: float = 3.0,
    ) -> None:
        self.runs, self.at_once = Path(runs), at_once
        self._lake = lake and str(Location.of(lake))
        self._prefix, self._region, self._every = prefix, region, every
        self._here = LocalRunner(self.runs)
        self._stacks: dict[tuple[str, str], Stack] = {}
        self._copied: dict[str, _Copied] = {}

    @abstractmethod
    def start(self, stack: Stack, store: BucketStore, attempt: int) -> Begun:
        """Start an attempt at a run, or join it if somebody has."""

    @abstractmethod
    def look(self, stack: Stack, identity: str) -> Look:
        """What the service says of an attempt."""

    @abstractmethod
    def stop(self, stack: Stack, identity: str) -> None:
        """Stop an attempt; one that has ended is no error."""

    def ready(self) -> None:
        """Find out whether a study can be submitted, before one is planned.

        Raises:
            ConfigError: the lake is not that of the stack, or there is no stack.
            CloudError: the account refused.
        """
        lake = self._demanded_lake()
        self._stack(self._prefix, self._region).demand_lake(lake)

    def submit(self, study: Study) -> str:
        """Start a study, or join the run of it that there is; returns its name at once.

        Raises:
            ConfigError: the lake is not that of the stack, there is no stack, or another runner is
                at it.
            CloudError: the account refused.
            DataError: the folder of runs or the bucket cannot be written to.
        """
        self.ready()
        lake, stack = self._demanded_lake(), self._stack(self._prefix, self._region)
        fresh = CloudRecord(self.kind, lake, stack.prefix, stack.region)
        here = FolderStore.create(self.runs, study)
        self._register(here)
        record = CloudRecord.read(here.folder) or fresh
        if (record.runner, record.lake, record.prefix) != (fresh.runner, lake, stack.prefix):
            self._demand_idle(study.name, record)
            record = fresh
        record.write(here.folder)
        store = BucketStore.create(runs_of(lake), study)
        if store.missing():
            self._begin(record, stack, store, max(1, _last(record, store)))
        return study.name

    def study(self, run: str) -> Study:
        """What a run is about."""
        return self._here.study(run)

    def status(self, run: str) -> RunStatus:
        """How far a run is; results that are new are copied to this machine."""
        here = self._folder(run)
        there = here.done()
        if len(there) == len(here.study.chunks):
            failed = self._count_failed(here, there)
            return cloud_status(here.study, Look("ended"), there, failed, here.folder)
        record = self._record(here.folder)
        look = self._looked(record)
        store = BucketStore(runs_of(record.lake).child(run), here.study)
        times = self._copy(store, here, {chunk.number for chunk in there})
        there = here.done()
        known = {chunk.number for chunk in there}
        given_up = store.given_up([c for c in here.study.chunks if c.number not in known])
        return cloud_status(
            here.study,
            look,
            there,
            self._count_failed(here, there),
            here.folder,
            times=times,
            failures=[store.failure(chunk) for chunk in given_up],
        )

    def follow(self, run: str) -> Iterator[RunStatus]:
        """How far a run is, again and again until it has ended."""
        pause = min(SOON, self._every)
        while True:
            status = self.status(run)
            yield status
            if status.has_ended:
                return
            time.sleep(pause)
            pause = min(pause * SLOWER, self._every)

    def cancel(self, run: str) -> RunStatus:
        """Stop a run. Functions and jobs that are at a chunk may finish it."""
        here = self._folder(run)
        record = self._record(here.folder)
        last = record.last
        if last and len(here.done()) < len(here.study.chunks):
            self._stop_running(record)
            record.with_attempt(last._replace(cancelled=True)).write(here.folder)
        return self.status(run)

    def resume(self, run: str) -> RunStatus:
        """Run what is missing of a run, and again what was given up, as its next attempt."""
        here = self._folder(run)
        here.mend()
        status = self.status(run)
        if status.state not in {"running", "done"}:
            record = self._record(here.folder)
            stack = self._stack(record.prefix, record.region)
            stack.demand_lake(record.lake)
            store = BucketStore.create(runs_of(record.lake), here.study)
            self._begin(record, stack, store, _last(record, store) + 1)
            status = self.status(run)
        return status

    def result(self, run: str) -> StudyResult:
        """What a run has given so far."""
        self.status(run)
        self._register(self._folder(run))
        return self._here.result(run)

    def delete(self, run: str) -> None:
        """Stop a run and remove all that it gave, in the bucket too."""
        here = self._folder(run)
        record = self._record(here.folder)
        self._stop_running(record)
        runs = runs_of(record.lake)
        BucketStore(runs.child(run), here.study).erase()
        with writing(runs):
            for attempt in record.attempts:
                maps = runs.child(f"{MAPS}/{attempt_name(run, attempt.attempt)}")
                for file in maps.files():
                    maps.remove(file.name)
        delete_folder(here.folder)
        with Ledger(self.runs) as ledger:
            ledger.forget(run)

    def _begin(self, record: CloudRecord, stack: Stack, store: BucketStore, attempt: int) -> None:
        """Start an attempt, or join it; one that has ended before its time is followed by more."""
        while True:
            begun = self.start(stack, store, attempt)
            record = record.with_attempt(Attempt(attempt, begun.id))
            record.write(self.runs / store.study.name)
            if begun.is_new or self.look(stack, begun.id).state == "running":
                return
            missing = store.missing()
            if len(store.given_up(missing)) == len(missing):
                return
            attempt += 1

    def _stop_running(self, record: CloudRecord) -> None:
        if record.last and self._looked(record).state == "running":
            self.stop(self._stack(record.prefix, record.region), record.last.id)

    def _looked(self, record: CloudRecord) -> Look:
        last = record.last
        if last is None:
            return Look("failed", "it was never started: resume it")
        if last.cancelled:
            return Look("cancelled")
        if not last.id:
            return Look("ended")
        return self.look(self._stack(record.prefix, record.region), last.id)

    def _copy(self, store: BucketStore, here: FolderStore, known: set[int]) -> list[_Written]:
        """Copy what is new; says when everything that is in the bucket was written."""
        written = store.written()
        new = [chunk for chunk in here.study.chunks if chunk.number in written.keys() - known]

        def copy(chunk: Chunk) -> None:
            file = chunk_file(chunk)
            with reading(store.place):
                content = store.place.read(file)
            with writing(here.place):
                here.place.create(file, content)

        with ThreadPoolExecutor(TOGETHER) as pool:
            list(pool.map(copy, new))
        chunks = here.study.chunks
        return [(moment, chunks[number].trials) for number, moment in written.items()]

    def _count_failed(self, here: FolderStore, there: Sequence[Chunk]) -> int:
        """Failed trials of chunks; those that were counted before are not read again."""
        before = self._copied.get(here.study.name, _Copied())
        now = frozenset(chunk.number for chunk in there)
        if not before.chunks <= now:
            before = _Copied()
        new = [chunk for chunk in there if chunk.number not in before.chunks]
        failed = before.failed + (here.count_failed(here.paths(new)) if new else 0)
        self._copied[here.study.name] = _Copied(now, failed)
        return failed

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
        demand_bucket(self._lake, self.kind)
        return self._lake

    def _stack(self, prefix: str, region: str | None) -> Stack:
        stack = Stack.of(prefix, region)
        return self._stacks.setdefault((prefix, stack.region), stack)

    def _record(self, folder: Path) -> CloudRecord:
        record = CloudRecord.read(folder)
        if record is None:
            raise NoDataError(f"{folder.name} does not run in the cloud: see `stockstream runs`")
        return record

    def _folder(self, run: str) -> FolderStore:
        return FolderStore(self.runs / run, self._here.study(run))

    def _register(self, store: FolderStore) -> None:
        with Ledger(self.runs) as ledger:
            ledger.register(store)


def attempt_name(run: str, attempt: int) -> str:
    """Name of the execution or job of an attempt."""
    return f"{run}-{attempt}"


def _last(record: CloudRecord, store: BucketStore) -> int:
    """The number of the last attempt that anybody has planned or started; 0 before the first."""
    started = record.last.attempt if record.last else 0
    return max(started, last_attempt(store))


if TYPE_CHECKING:
    _Written = tuple[dt.datetime, int]
