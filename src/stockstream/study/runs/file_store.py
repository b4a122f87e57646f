"""What a run is below a folder or a URL: its study, and a Parquet file for each chunk that is done.

A chunk is done if and only if its file is there. On a disk a file is written aside, flushed and
given its name in one step, in a bucket it is created by one request, so that neither ``kill -9``
nor a power failure leaves half of one; the same chunk gives the same bytes, so that a second writer
changes nothing.
"""

from __future__ import annotations

import errno
import io
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stockstream.errors import DataError, NoDataError
from stockstream.study.study import Study

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    import polars as pl

    from stockstream.lake.location import Location
    from stockstream.study.chunk import Chunk

__all__ = [
    "STUDY",
    "FileStore",
    "chunk_file",
    "encoded",
    "not_run",
    "read_study",
    "reading",
    "write_study",
    "writing",
]

STUDY: Final = "study.json"
CHUNKS: Final = "chunks"
SUFFIX: Final = ".parquet"

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class FileStore:
    """Keeps results below a location: ``study.json`` and ``chunks/<digest>.parquet``.

    Args:
        place: of the run; it is called like its study.
        study: whose results they are.
    """

    def __init__(self, place: Location, study: Study) -> None:
        self.place, self.study = place, study

    def has(self, chunk: Chunk) -> bool:
        """Whether the result of a chunk is there."""
        with reading(self.place):
            return self.place.has(chunk_file(chunk))

    def put(self, chunk: Chunk, frame: pl.DataFrame) -> None:
        """Keep the result of a chunk, whole or not at all; what is there stays.

        Raises:
            DataError: it cannot be written; what was done before is safe.
            NoDataError: the run was deleted while the chunk was running.
        """
        content = encoded(frame)
        with writing(self.place):
            there = self.place.has(STUDY)
            if there:
                self.place.create(chunk_file(chunk), content)
        if not there:
            raise NoDataError(_no_study(self.place))

    def demand_run(self) -> None:
        """Refuse to write into what is no run any more.

        Raises:
            NoDataError: it was deleted.
        """
        with writing(self.place):
            there = self.place.has(STUDY)
        if not there:
            raise NoDataError(_no_study(self.place))

    def read(self, chunk: Chunk) -> pl.DataFrame:
        """The result of a chunk.

        Raises:
            NoDataError: it is not there.
            DataError: it cannot be read.
        """
        import polars as pl

        try:
            return pl.read_parquet(io.BytesIO(self.place.read(chunk_file(chunk))))
        except FileNotFoundError:
            raise NoDataError(not_run(chunk)) from None
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"run {self.study.name}: {_damaged(error)}") from error

    def scan(self) -> pl.LazyFrame:
        """The results that are there, in the order of their trials.

        Raises:
            NoDataError: there are none.
        """
        files = self.paths(self.done())
        if not files:
            raise NoDataError(f"no chunk of run {self.study.name} is done yet: run it first")
        return _scanned(files)

    def collect(self, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of :meth:`scan`, in memory."""
        return self.scan().select(columns).collect()

    def done(self) -> list[Chunk]:
        """The chunks whose results are there, in their order.

        Raises:
            DataError: the place cannot be looked into.
        """
        written = self.written()
        return [chunk for chunk in self.study.chunks if chunk.number in written]

    def written(self) -> dict[int, dt.datetime]:
        """When the results that are there were written, by the number of the chunk.

        Raises:
            DataError: the place cannot be looked into.
        """
        with reading(self.place):
            times = {file.name: file.modified for file in self.place.files(CHUNKS)}
        named = ((chunk.number, chunk_file(chunk)) for chunk in self.study.chunks)
        return {number: times[name] for number, name in named if name in times}

    def failed_trials(self, chunks: Sequence[Chunk]) -> list[int]:
        """How many trials of each chunk say why they failed.

        Raises:
            DataError: a file is damaged.
        """
        return [self.count_failed([path]) for path in self.paths(chunks)]

    def count_failed(self, files: Sequence[str]) -> int:
        """How many trials in these files say why they failed.

        Raises:
            DataError: a file is damaged.
        """
        import polars as pl

        try:
            return int(_scanned(files).select(pl.col("error").count()).collect().item())
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"run {self.study.name}: {_damaged(error)}") from error

    def paths(self, chunks: Sequence[Chunk]) -> list[str]:
        """Paths or URLs of the files of chunks."""
        return [self.place.path(chunk_file(chunk)) for chunk in chunks]


def encoded(frame: pl.DataFrame) -> bytes:
    """The rows of a chunk as the content of its file.

    Snappy takes two thirds of the time of the fastest zstd for a sixth more bytes, and in a large
    sweep of cheap trials that time counts.
    """
    content = io.BytesIO()
    frame.write_parquet(content, compression="snappy")
    return content.getvalue()


def chunk_file(chunk: Chunk) -> str:
    """Name of the file of a chunk below the place of its run."""
    return f"{CHUNKS}/{chunk.name}{SUFFIX}"


def write_study(store: FileStore) -> None:
    """Say what a run is about; what is there stays.

    Raises:
        DataError: it cannot be written.
    """
    with writing(store.place):
        store.place.create(STUDY, store.study.to_json().encode())


def read_study(place: Location) -> Study:
    """The study of a run that was started before.

    Raises:
        NoDataError: there is no study at the place.
        DataError: it cannot be read, or is another one.
    """
    try:
        text = place.read(STUDY).decode()
    except (FileNotFoundError, NotADirectoryError):
        raise NoDataError(_no_study(place)) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot read {place.path(STUDY)}: {error}") from error
    study = Study.from_json(text)
    if study.name != place.address.rpartition("/")[2]:
        raise DataError(
            f"{place.path(STUDY)} is the study {study.name}: it was changed, or stands in "
            "another's folder; remove the folder, or give it that name"
        )
    return study


@contextmanager
def writing(place: Location) -> Iterator[None]:
    """Turn what a place says into an error of ours, with advice.

    Raises:
        DataError: it cannot be written to.
    """
    try:
        yield
    except OSError as error:
        advice = "choose another folder with --runs"
        if error.errno in FULL:
            advice = "free some space, then `stockstream runs resume` goes on"
        elif not place.is_local:
            advice = "`stockstream runs resume` goes on"
        raise DataError(
            f"cannot write to {place}: {error.strerror or error}; what was done before is safe; "
            f"{advice}"
        ) from error


@contextmanager
def reading(place: Location) -> Iterator[None]:
    """Turn what a place says into an error of ours.

    Raises:
        DataError: it cannot be read.
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"cannot read {place}: {error.strerror or error}") from error


def _scanned(files: Sequence[str]) -> pl.LazyFrame:
    import polars as pl

    return pl.scan_parquet(list(files), glob=False)


def not_run(chunk: Chunk) -> str:
    """That the result of a chunk is not there, in words."""
    return f"chunk {chunk.number} of study {chunk.study.name} has not run yet: run it first"


def _damaged(error: Exception) -> str:
    return f"a chunk cannot be read: {error}; `stockstream runs resume` runs it again"


def _no_study(place: Location) -> str:
    known = ""
    if place.is_local:
        kept = sorted(path.parent.name for path in Path(place.address).parent.glob(f"s-*/{STUDY}"))
        known = f"; sweeps there: {', '.join(kept[-8:])}" if kept else ""
    return f"no sweep in {place}{known}; start one with `stockstream sweep`"
