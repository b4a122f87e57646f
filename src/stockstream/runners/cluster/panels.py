"""One panel for all processes of a machine: a file that each of them maps into its memory.

The first process that needs a panel reads the lake and writes the file, the others wait for it. The
system keeps its pages once, however many processes look at them. A page that a process writes to
becomes its own, so nobody can spoil the data of another.

A process holds a lock on the file for as long as it has the panel. Files that nobody has locked are
removed by the next one to make a file, so a machine that lost its power has a stray at most once.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import pickle
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stockstream.lake.store import Lake
from stockstream.study.runs.pinned import PinnedLake, demand_same_code

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence
    from typing import BinaryIO, Self

    from stockstream.lake.location import Location
    from stockstream.market.panel import Panel
    from stockstream.study.study import Study

__all__ = ["SharedLake", "forget_panel", "panels_folder", "shared"]

ALIGNED: Final = 64
"""Bytes: compiled code has one form for arrays that are aligned, and another one for the others."""

_HEAD: Final = 8
"""Bytes of each of the numbers in front: how long the pickle is, how many buffers, their sizes."""

ENDING, LOCK = ".panel", ".lock"


class SharedLake(PinnedLake):
    """The lake of a study, whose panel the processes of this machine share.

    Args:
        lake: that still has the version.
        study: that was planned on it.
    """

    def __init__(self, lake: Lake, study: Study) -> None:
        super().__init__(lake, study.identity)
        self._study = study

    @classmethod
    def of(cls, study: Study, place: str | Path | Location) -> Self:
        """The lake of a study; see :class:`stockstream.study.runs.pinned.PinnedLake`."""
        demand_same_code(study)
        return cls(Lake.open(place), study)

    def panel(
        self,
        symbols: Sequence[str],
        start: dt.date,
        end: dt.date,
        warmup: int | dt.date = 0,
        *,
        columns: Sequence[str] = (),
    ) -> Panel:
        """The panel of the study."""

        def read() -> Panel:
            panel = super(SharedLake, self).panel(symbols, start, end, warmup, columns=columns)
            if self._study.pieces[0].cut(panel) is panel:  # trials run on it as it is
                _ = panel.cells  # so what they make of it first is shared too
            return panel

        folder = panels_folder()
        if folder is None:
            return read()
        return shared(folder / _name(self._study), read)


def forget_panel(study: Study) -> None:
    """Remove the file of the panel of a study from this machine; who has it mapped keeps it."""
    folder = panels_folder()
    if folder is not None:
        file = folder / _name(study)
        with suppress(OSError):
            file.unlink(missing_ok=True)
            file.with_suffix(LOCK).unlink(missing_ok=True)
            folder.rmdir()  # if it was the last one


def panels_folder() -> Path | None:
    """The folder of panels of this user on this machine; None if it cannot be had or trusted."""
    folder = Path(tempfile.gettempdir()) / f"stockstream-panels-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        facts = folder.lstat()
    except OSError:
        return None
    ours = folder.is_dir() and not folder.is_symlink() and facts.st_uid == os.getuid()
    return folder if ours and not facts.st_mode & 0o077 else None


def shared(file: Path, read: Callable[[], Panel]) -> Panel:
    """The panel in a file, which is made if it is not there.

    Where there is no room for the file, the panel is only in the memory of this process.

    Args:
        file: below the folder of panels; its name is a digest of the data.
        read: reads the panel from the lake.
    """
    try:
        lock = file.with_suffix(LOCK).open("wb")
    except OSError:
        return read()
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        panel = _mapped(file)
        if panel is not None:
            return panel
        made = read()
        _remove_strays(file.parent)
        try:
            _write(file, made)
        except OSError:
            return made
        return _mapped(file) or made


def _name(study: Study) -> str:
    """Of the same data, cut in the same way or not at all."""
    return f"{study.identity.data_digest[:32]}-{study.split.kind}{ENDING}"


def _write(file: Path, panel: Panel) -> None:
    """Write a panel, whole or not at all: the object, and behind it the arrays as they are."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(panel, protocol=5, buffer_callback=buffers.append)
    raws = [buffer.raw() for buffer in buffers]
    numbers = [len(head), len(raws), *(raw.nbytes for raw in raws)]
    descriptor, name = tempfile.mkstemp(prefix="draft-", dir=file.parent)
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            fcntl.flock(opened, fcntl.LOCK_EX)  # it is no stray
            opened.write(b"".join(number.to_bytes(_HEAD, "little") for number in numbers))
            opened.write(head)
            for raw in raws:
                opened.write(bytes(-opened.tell() % ALIGNED))
                opened.write(raw)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)


def _mapped(file: Path) -> Panel | None:
    """The panel in a file, its arrays in pages that all processes share; None without a file."""
    try:
        opened = file.open("rb")
    except FileNotFoundError:
        return None
    with opened:
        fcntl.flock(opened, fcntl.LOCK_SH)  # the map keeps it, until the last array is gone
        whole = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_COPY))
    place = 2 * _HEAD
    size, count = (_number(whole, i) for i in range(2))
    sizes = [_number(whole, 2 + i) for i in range(count)]
    place += count * _HEAD
    head, place = whole[place : place + size], place + size
    buffers = []
    for nbytes in sizes:
        place += -place % ALIGNED
        buffers.append(whole[place : place + nbytes])
        place += nbytes
    found: Panel = pickle.loads(head, buffers=buffers)  # noqa: S301 - our own file, see the folder
    return found


def _number(whole: memoryview, index: int) -> int:
    return int.from_bytes(whole[index * _HEAD : (index + 1) * _HEAD], "little")


def _remove_strays(folder: Path) -> None:
    """Remove the files that no living process has."""
    for file in folder.iterdir():
        with suppress(OSError), file.open("rb") as opened:
            if _is_free(opened):
                file.unlink()


def _is_free(opened: BinaryIO) -> bool:
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
