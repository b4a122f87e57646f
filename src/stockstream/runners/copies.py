"""The results of a run elsewhere, copied to this machine as they come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stockstream.study.runs.file_store import chunk_file, reading, writing

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Sequence

    from stockstream.study.chunk import Chunk
    from stockstream.study.runs.bucket_store import BucketStore
    from stockstream.study.runs.store import FolderStore

__all__ = ["Copies"]

TOGETHER: Final = 16
"""Files that are copied side by side."""


@dataclass
class _Counted:
    chunks: frozenset[int] = frozenset()
    failed: int = 0


class Copies:
    """Copies chunks, and counts their failed trials, each once."""

    def __init__(self) -> None:
        self._counted: dict[str, _Counted] = {}

    def copy(
        self, store: BucketStore, here: FolderStore, known: Collection[int]
    ) -> list[tuple[dt.datetime, int]]:
        """Copy what is new.

        Args:
            store: of the run beside its lake.
            here: of the run on this machine.
            known: numbers of chunks that are here.

        Returns:
            When each chunk that is there was written, and how many trials it has.

        Raises:
            DataError: the one cannot be read, or the other not be written to.
        """
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

    def failed(self, here: FolderStore, there: Sequence[Chunk]) -> int:
        """Failed trials of chunks; those that were counted before are not read again.

        Raises:
            DataError: a file is damaged.
        """
        before = self._counted.get(here.study.name, _Counted())
        now = frozenset(chunk.number for chunk in there)
        if not before.chunks <= now:
            before = _Counted()
        new = [chunk for chunk in there if chunk.number not in before.chunks]
        failed = before.failed + (here.count_failed(here.paths(new)) if new else 0)
        self._counted[here.study.name] = _Counted(now, failed)
        return failed
