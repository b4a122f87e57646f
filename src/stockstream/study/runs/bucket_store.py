"""A run in a bucket, where workers know nothing of each other: only files say what has happened.

It is laid out like the folder of a run, file by file and byte by byte, so that both can be copied
into each other. Beside the results there is what was given up, in
``failures/<digest of the chunk>.json``.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from stockstream.errors import DataError
from stockstream.lake.location import Location
from stockstream.study.runs.file_store import (
    STUDY,
    FileStore,
    chunk_file,
    encoded,
    read_study,
    reading,
    write_study,
    writing,
)
from stockstream.study.runs.run_status import FailedChunk

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from stockstream.study.chunk import Chunk
    from stockstream.study.study import Study

__all__ = ["RUNS", "BucketStore", "runs_of"]

RUNS: Final = "runs"
FAILURES: Final = "failures"

TOGETHER: Final = 16
"""Requests side by side that remove a run."""

AT_A_TIME: Final = 256
"""Files that one query reads: their reasons, mostly none, fit into little memory."""


def runs_of(lake: str | Path | Location) -> Location:
    """Where the runs are that were planned on a lake in a bucket: beside its tables."""
    return Location.of(lake).child(RUNS)


class BucketStore(FileStore):
    """Keeps results in a bucket, and what was given up; a folder does as well.

    Args:
        place: of the run, such as ``s3://bucket/runs/s-0123456789ab``.
        study: whose results they are.
    """

    @classmethod
    def create(cls, runs: Location, study: Study) -> BucketStore:
        """The store of a study below the place of all runs, whether it is new or not.

        Raises:
            DataError: it cannot be written.
        """
        store = cls(runs.child(study.name), study)
        write_study(store)
        return store

    @classmethod
    def open(cls, place: Location) -> BucketStore:
        """The store of a run that was started before.

        Raises:
            NoDataError: there is no study at the place.
            DataError: it cannot be read.
        """
        return cls(place, read_study(place))

    def missing(self) -> list[Chunk]:
        """The chunks whose results are not there, in their order.

        Raises:
            DataError: the bucket cannot be looked into.
        """
        there = {chunk.number for chunk in self.done()}
        return [chunk for chunk in self.study.chunks if chunk.number not in there]

    def failed(self, chunks: Sequence[Chunk]) -> int:
        """How many trials of all these chunks together say why they failed.

        Raises:
            DataError: a file is damaged.
        """
        files = self.paths(chunks)
        parts = range(0, len(files), AT_A_TIME)
        return sum(self.count_failed(files[first : first + AT_A_TIME]) for first in parts)

    def failing(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Those of some chunks that are there in which a trial says why it failed.

        Raises:
            DataError: a file is damaged.
        """
        if not self.failed(chunks):
            return []
        with ThreadPoolExecutor(TOGETHER) as pool:
            counts = pool.map(self.count_failed, ([path] for path in self.paths(chunks)))
            return [chunk for chunk, failed in zip(chunks, counts, strict=True) if failed]

    def improve(self, chunk: Chunk, frame: pl.DataFrame) -> None:
        """Keep the result of a chunk in place of one in which more trials failed.

        Raises:
            DataError: it cannot be written; what was there is safe.
            NoDataError: the run was deleted while the chunk was running.
        """
        if self.failed([chunk]) > frame["error"].count():
            self.demand_run()
            with writing(self.place):
                self.place.replace(chunk_file(chunk), encoded(frame))

    def give_up(self, chunk: Chunk, error: str) -> None:
        """Note why a chunk is not tried again; what was noted before stays.

        Raises:
            DataError: it cannot be written.
        """
        noted = {"chunk": chunk.number, "trials": chunk.trials, "error": error}
        with writing(self.place):
            self.place.create(_failure_file(chunk), json.dumps(noted).encode())

    def given_up(self, chunks: Sequence[Chunk]) -> list[Chunk]:
        """Those of some chunks that were given up, whether anybody has run them after all or not.

        Raises:
            DataError: the bucket cannot be looked into.
        """
        with reading(self.place):
            noted = {file.name for file in self.place.files(FAILURES)}
        return [chunk for chunk in chunks if _failure_file(chunk) in noted]

    def failures(self) -> list[FailedChunk]:
        """The chunks that were given up and that nobody has run after all, in their order.

        Raises:
            DataError: they cannot be read.
        """
        return self.reasons(self.missing())

    def reasons(self, chunks: Sequence[Chunk], most: int | None = None) -> list[FailedChunk]:
        """Why those of some chunks were given up that were, the first of them if there are more.

        One that somebody forgives in the meantime is left out.

        Raises:
            DataError: they cannot be read.
        """
        found = map(self._reason, self.given_up(chunks)[:most])
        return [failed for failed in found if failed is not None]

    def _reason(self, chunk: Chunk) -> FailedChunk | None:
        file = _failure_file(chunk)
        try:
            error = json.loads(self.place.read(file))["error"]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise DataError(f"cannot read {self.place.path(file)}: {problem}") from problem
        return FailedChunk(chunk.number, chunk.trials, str(error))

    def erase(self) -> None:
        """Remove the run; from the first moment on it is no run, and workers at it leave.

        Raises:
            DataError: something of it cannot be removed.
        """
        with writing(self.place), ThreadPoolExecutor(TOGETHER) as pool:
            self.place.remove(STUDY)
            while names := [file.name for file in self.place.files()]:
                list(pool.map(self.place.remove, names))

    def forgive(self, chunks: Sequence[Chunk]) -> None:
        """Forget that chunks were given up, so that they are tried again.

        Raises:
            DataError: the notes cannot be removed.
        """
        for chunk in self.given_up(chunks):
            with writing(self.place):
                self.place.remove(_failure_file(chunk))


def _failure_file(chunk: Chunk) -> str:
    return f"{FAILURES}/{chunk.name}.json"
