"""Where the results of chunks are: in memory, or in a folder, a Parquet file for each.

A chunk is done if and only if its file is there. A file is written aside, flushed and given its
name in one step, so that neither ``kill -9`` nor a power failure leaves half of one; the same chunk
gives the same bytes, so that a second writer changes nothing.
"""

from __future__ import annotations

import errno
import io
import re
import shutil
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.lake.disk import create_file, find_drafts
from stockstream.study.study import Study

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import polars as pl

    from stockstream.study.chunk import Chunk

__all__ = [
    "STUDY",
    "FolderStore",
    "MemoryStore",
    "Store",
    "delete_folder",
    "demand_run_name",
]

STUDY: Final = "study.json"
CHUNKS: Final = "chunks"
SUFFIX: Final = ".parquet"
TAIL: Final = b"PAR1"
"""What a Parquet file that is whole ends with."""

FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_NAME = re.compile(r"[rs]-[0-9a-f]{12}")


class Store(Protocol):
    """Keeps the results of chunks; threads may use it side by side."""

    def has(self, chunk: Chunk) -> bool:
        """Whether the result of a chunk is there."""

    def put(self, chunk: Chunk, frame: pl.DataFrame) -> None:
        """Keep the result of a chunk; the same again changes nothing.

        Raises:
            DataError: it cannot be kept.
        """

    def read(self, chunk: Chunk) -> pl.DataFrame:
        """The result of a chunk.

        Raises:
            NoDataError: it is not there.
            DataError: it cannot be read.
        """

    def scan(self) -> pl.LazyFrame:
        """The results that are there, in the order of their trials.

        Raises:
            NoDataError: there are none.
        """

    def collect(self, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of :meth:`scan`, in memory."""


class MemoryStore:
    """Keeps results in this process: about 450 bytes for each trial."""

    def __init__(self) -> None:
        self._frames: dict[int, pl.DataFrame] = {}
        self._lock = threading.Lock()

    def has(self, chunk: Chunk) -> bool:
        """Whether the result of a chunk is there."""
        return chunk.first in self._frames

    def put(self, chunk: Chunk, frame: pl.DataFrame) -> None:
        """Keep the result of a chunk."""
        with self._lock:
            self._frames[chunk.first] = frame

    def read(self, chunk: Chunk) -> pl.DataFrame:
        """The result of a chunk.

        Raises:
            NoDataError: it is not there.
        """
        try:
            return self._frames[chunk.first]
        except KeyError:
            raise NoDataError(_not_run(chunk)) from None

    def scan(self) -> pl.LazyFrame:
        """The results that are there, in the order of their trials.

        Raises:
            NoDataError: there are none.
        """
        import polars as pl

        return pl.concat(self._ordered(), rechunk=False).lazy()

    def collect(self, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of :meth:`scan`, without a query: small studies wait for nothing else."""
        import polars as pl

        return pl.concat([frame[list(columns)] for frame in self._ordered()], rechunk=False)

    def _ordered(self) -> list[pl.DataFrame]:
        with self._lock:
            frames = [self._frames[first] for first in sorted(self._frames)]
        if not frames:
            raise NoDataError("no chunk of the study has run yet: run it first")
        return frames


class FolderStore:
    """Keeps results in the folder of a run: ``study.json`` and ``chunks/<digest>.parquet``.

    Args:
        folder: of the run; made when something is put there.
        study: whose results they are.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        self.folder, self.study = folder, study

    @classmethod
    def create(cls, runs: Path, study: Study) -> FolderStore:
        """The store of a study below the folder of runs, whether it is new or not.

        Raises:
            DataError: it cannot be written.
        """
        store = cls(runs / study.name, study)
        with _writing(store.folder):
            create_file(store.folder / STUDY, study.to_json().encode())
        return store

    @classmethod
    def open(cls, folder: Path) -> FolderStore:
        """The store of a run that was started before.

        Raises:
            NoDataError: there is no study in the folder.
            DataError: it cannot be read.
        """
        try:
            text = (folder / STUDY).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            raise NoDataError(_no_study(folder)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot read {folder / STUDY}: {error}") from error
        study = Study.from_json(text)
        if study.name != folder.name:
            raise DataError(
                f"{folder / STUDY} is the study {study.name}: it was changed, or stands in "
                "another's folder; remove the folder, or give it that name"
            )
        return cls(folder, study)

    def has(self, chunk: Chunk) -> bool:
        """Whether the result of a chunk is there."""
        return self.file(chunk).exists()

    def put(self, chunk: Chunk, frame: pl.DataFrame) -> None:
        """Keep the result of a chunk, whole or not at all; what is there stays.

        Raises:
            DataError: it cannot be written; what was done before is safe.
        """
        content = io.BytesIO()
        frame.write_parquet(content, compression="zstd", compression_level=1)
        if not (self.folder / STUDY).exists():
            raise NoDataError(_no_study(self.folder))  # deleted while this chunk was running
        with _writing(self.folder):
            create_file(self.file(chunk), content.getvalue())

    def read(self, chunk: Chunk) -> pl.DataFrame:
        """The result of a chunk.

        Raises:
            NoDataError: it is not there.
            DataError: it cannot be read.
        """
        import polars as pl

        try:
            return pl.read_parquet(self.file(chunk), glob=False)
        except FileNotFoundError:
            raise NoDataError(_not_run(chunk)) from None
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"run {self.folder.name}: {_damaged(error)}") from error

    def scan(self) -> pl.LazyFrame:
        """The results that are there, in the order of their trials.

        Raises:
            NoDataError: there are none.
        """
        import polars as pl

        files = [self.file(chunk) for chunk in self.done()]
        if not files:
            raise NoDataError(f"no chunk of run {self.folder.name} is done yet: run it first")
        return pl.scan_parquet(files, glob=False)

    def collect(self, columns: Sequence[str]) -> pl.DataFrame:
        """Some columns of :meth:`scan`, in memory."""
        return self.scan().select(columns).collect()

    def file(self, chunk: Chunk) -> Path:
        """Where the result of a chunk is, or will be."""
        return self.folder / CHUNKS / f"{chunk.name}{SUFFIX}"

    def done(self) -> list[Chunk]:
        """The chunks whose results are there, in their order."""
        with suppress(FileNotFoundError):
            names = {path.name for path in (self.folder / CHUNKS).iterdir()}
            return [c for c in self.study.chunks if f"{c.name}{SUFFIX}" in names]
        return []

    def failed_trials(self, chunks: Sequence[Chunk]) -> list[int]:
        """How many trials of each chunk say why they failed.

        Raises:
            DataError: a file is damaged.
        """
        import polars as pl

        try:
            return [
                pl.scan_parquet(self.file(chunk)).select(pl.col("error").count()).collect().item()
                for chunk in chunks
            ]
        except (OSError, pl.exceptions.PolarsError) as error:
            raise DataError(f"run {self.folder.name}: {_damaged(error)}") from error

    def mend(self) -> list[Chunk]:
        """Remove the files that a broken disk damaged, and what killed writers left.

        Only while nobody works on the run. Returns the chunks that must run again.
        """
        broken = [chunk for chunk in self.done() if not _is_whole(self.file(chunk))]
        for chunk in broken:
            self.file(chunk).unlink(missing_ok=True)
        for draft in find_drafts(self.folder):
            draft.unlink(missing_ok=True)
        return broken


def delete_folder(folder: Path) -> None:
    """Remove the folder of a run; from the first moment on it is no run any more.

    Raises:
        DataError: it cannot be removed.
    """
    doomed = folder.with_name(f".{folder.name}.deleted")
    try:
        shutil.rmtree(doomed, ignore_errors=True)
        folder.rename(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise DataError(f"cannot remove {folder}: {error.strerror or error}") from error


def demand_run_name(name: str) -> str:
    """The name, if it is one of a run: it becomes a path.

    Raises:
        ConfigError: it is none.
    """
    if _NAME.fullmatch(name) is None:
        raise ConfigError(
            f"{name[:60]!r} is no name of a run; one looks like s-0123456789ab (a sweep) or "
            "r-0123456789ab (a backtest); see `stockstream runs list`"
        )
    return name


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        advice = (
            "free some space, then `stockstream runs resume` goes on"
            if error.errno in FULL
            else "choose another folder with --runs"
        )
        raise DataError(
            f"cannot write to {folder}: {error.strerror or error}; what was done before is safe; "
            f"{advice}"
        ) from error


def _is_whole(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            opened.seek(-len(TAIL), io.SEEK_END)
            return opened.read() == TAIL
    except OSError:
        return False


def _not_run(chunk: Chunk) -> str:
    return f"chunk {chunk.number} of study {chunk.study.name} has not run yet: run it first"


def _damaged(error: Exception) -> str:
    return f"a chunk cannot be read: {error}; `stockstream runs resume` runs it again"


def _no_study(folder: Path) -> str:
    kept = sorted(path.parent.name for path in folder.parent.glob(f"s-*/{STUDY}"))
    known = f"; sweeps there: {', '.join(kept[-8:])}" if kept else ""
    return f"no sweep in {folder}{known}; start one with `stockstream sweep`"
