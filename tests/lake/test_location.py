"""Files that are made once, whole, and to last."""

from __future__ import annotations

import datetime as dt
import errno
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from stockstream.lake import disk
from stockstream.lake.location import Location

if TYPE_CHECKING:
    from tests.lake.conftest import Fill, Remount


@pytest.fixture
def place(tmp_path: Path) -> Location:
    return Location.of(tmp_path / "deep" / "place")


def test_a_file_is_made_once(place: Location) -> None:
    assert place.create("a/b/c", b"one")
    assert not place.create("a/b/c", b"two")
    assert place.read("a/b/c") == b"one"
    assert (place.has("a/b/c"), place.has("a/b"), place.has("x")) == (True, False, False)
    [file] = place.files()
    assert (file.name, file.size) == ("a/b/c", 3)
    assert abs(file.modified - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert stat.S_IMODE(Path(place.path("a/b/c")).stat().st_mode) & stat.S_IRUSR


def test_of_many_that_make_the_same_file_one_does(place: Location) -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda n: place.create("f", bytes([n]) * 9999), range(32)))
    assert made.count(True) == 1
    assert place.read("f") == bytes([made.index(True)]) * 9999
    assert [file.name for file in place.files()] == ["f"]
    assert list(place.drafts()) == []


def test_everything_is_flushed_before_it_has_its_name(
    place: Location, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First the bytes, then the name, then the folder that holds the name."""
    steps: list[str] = []
    flush, link = os.fsync, os.link

    def flushed(descriptor: int) -> None:
        steps.append(Path(f"/proc/self/fd/{descriptor}").readlink().name.partition("#")[0])
        flush(descriptor)

    def linked(source: Path, target: Path) -> None:
        steps.append(f"-> {target.name}")
        link(source, target)

    Path(place.address).mkdir(parents=True)
    monkeypatch.setattr("os.fsync", flushed)
    monkeypatch.setattr("os.link", linked)
    place.create("folder/file", b"content")
    assert steps == ["place", "file", "-> file", "folder"]
    steps.clear()
    place.flush("folder/file")
    assert steps == ["file", "folder", "place", "deep"]


def test_the_flush_of_the_drive(place: Location, monkeypatch: pytest.MonkeyPatch) -> None:
    """macOS: fsync leaves the bytes in the drive. A file system may not have the better one."""
    asked: list[int] = []

    def control(descriptor: int, command: int) -> None:
        asked.append(command)
        raise OSError(errno.ENOTSUP, "not here")

    monkeypatch.setattr(disk, "_DRIVE_FLUSH", 51)
    monkeypatch.setattr("fcntl.fcntl", control)
    assert place.create("f", b"content")
    assert asked == [51]


@pytest.mark.parametrize(
    ("error", "passes"), [(errno.EINVAL, True), (errno.ENOTSUP, True), (errno.EIO, False)]
)
def test_a_folder_that_cannot_be_flushed(
    place: Location, monkeypatch: pytest.MonkeyPatch, error: int, *, passes: bool
) -> None:
    """A network drive has no such thing, and that is no failure; a broken disk is one."""
    place.create("first", b"")
    flush = os.fsync

    def refused(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(error, "refused")
        flush(descriptor)

    monkeypatch.setattr("os.fsync", refused)
    if passes:
        assert place.create("second", b"content")
    else:
        with pytest.raises(OSError, match="refused"):
            place.create("second", b"content")


def test_what_a_killed_writer_leaves_is_a_draft(place: Location) -> None:
    place.create("raw-data/batch", b"whole")
    for name in ("raw-data/batch#1", "raw-data/other#123", "raw-data/notes#x"):
        Path(place.path(name)).write_bytes(b"half")
    assert {draft.name: draft.size for draft in place.drafts()} == {
        "raw-data/batch#1": 4,
        "raw-data/other#123": 4,
    }
    assert {draft.name for draft in place.drafts("raw-data")} == {
        "raw-data/batch#1",
        "raw-data/other#123",
    }
    listed = {file.name for file in place.files()}
    assert listed == {"raw-data/batch", "raw-data/notes#x"}


def test_a_full_disk_leaves_nothing(tiny_disk: Path, fill: Fill) -> None:
    place = Location.of(tiny_disk / "place")
    place.create("f", b"content")
    filled = fill()
    with pytest.raises(OSError, match="No space left"):
        place.create("g", bytes(100_000))
    assert [file.name for file in place.files()] == ["f"]
    assert list(place.drafts()) == []
    filled.unlink()
    assert place.create("g", bytes(100_000))


def test_a_read_only_disk(tiny_disk: Path, remount: Remount) -> None:
    place = Location.of(tiny_disk)
    place.create("f", b"content")
    remount("ro")
    with pytest.raises(OSError, match="Read-only file system"):
        place.create("g", b"content")
    with pytest.raises(OSError, match="Read-only file system"):
        place.remove("f")
    place.delete("f")
    assert place.read("f") == b"content"


def test_a_file_is_replaced_whole(place: Location) -> None:
    place.replace("a/x", b"one")
    place.replace("a/x", b"the other")
    assert place.read("a/x") == b"the other"
    assert [file.name for file in place.files()] == ["a/x"]
    assert list(place.drafts()) == []


def test_a_file_in_a_bucket_is_replaced(bucket: str) -> None:
    place = Location.of(bucket)
    assert place.create("a/x", b"one")
    place.replace("a/x", b"the other")
    assert place.read("a/x") == b"the other"
    assert not place.create("a/x", b"a third")


def test_a_full_disk_leaves_what_was_to_be_replaced(tiny_disk: Path, fill: Fill) -> None:
    place = Location.of(tiny_disk / "place")
    place.replace("x", b"what was there")
    fill()
    with pytest.raises(OSError, match="No space left"):
        place.replace("x", bytes(100_000))
    assert place.read("x") == b"what was there"
    assert list(place.drafts()) == []


def test_removing(place: Location) -> None:
    place.create("f", b"content")
    for _ in range(2):
        place.remove("f")
    assert list(place.files()) == []


def test_a_path_below_a_file(place: Location) -> None:
    place.create("f", b"content")
    with pytest.raises(NotADirectoryError):
        place.create("f/g", b"content")
