"""Where the results of chunks are on this machine: in memory, or in the folder of a run."""

from __future__ import annotations

import io
import re
import shutil
import threading
from typing import TYPE_CHECKING, Final, Protocol

from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.lake.disk import find_drafts
from stockstream.lake.location import Location
from stockstream.study.runs.file_store import (
    STUDY,
    FileStore,
    chunk_file,
    not_run,
    read_study,
    write_study,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import polars as pl

    from stockstream.study.chunk import Chunk
    from stockstream.study.study import Study

__all__ = [
    "STUDY",
    "FolderStore",
    "MemoryStore",
    "Store",
    "delete_folder",
    "demand_run_name",
]

TAIL: Final = b"PAR1"
"""What a Parquet file that is whole ends with."""

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
            raise NoDataError(not_run(chunk)) from None

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


class FolderStore(FileStore):
    """Keeps results in the folder of a run.

    Args:
        folder: of the run; made when something is put there.
        study: whose results they are.
    """

    def __init__(self, folder: Path, study: Study) -> None:
        super().__init__(Location.of(folder), study)
        self.folder = folder

    @classmethod
    def create(cls, runs: Path, study: Study) -> FolderStore:
        """The store of a study below the folder of runs, whether it is new or not.

        Raises:
            DataError: it cannot be written.
        """
        store = cls(runs / study.name, study)
        write_study(store)
        return store

    @classmethod
    def open(cls, folder: Path) -> FolderStore:
        """The store of a run that was started before.

        Raises:
            NoDataError: there is no study in the folder.
            DataError: it cannot be read.
        """
        return cls(folder, read_study(Location.of(folder)))

    def file(self, chunk: Chunk) -> Path:
        """Where the result of a chunk is, or will be."""
        return self.folder / chunk_file(chunk)

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


def _is_whole(file: Path) -> bool:
    try:
        with file.open("rb") as opened:
            opened.seek(-len(TAIL), io.SEEK_END)
            return opened.read() == TAIL
    except OSError:
        return False
