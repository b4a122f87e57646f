"""Copies of remote files: sound or fetched again, never more than the limit, never in the way."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import pytest

from stockstream.errors import ConfigError
from stockstream.lake.cache import FileCache
from stockstream.lake.location import Location

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.lake.location import StoredFile

SIZE = 1_000
"""Bytes of a file, with the digest that its copy carries."""


class Origin(Location):
    """A folder that stands for a remote one and counts what is fetched from it."""

    fetched: ClassVar[list[str]] = []

    def read(self, name: str) -> bytes:
        self.fetched.append(name)
        return super().read(name)


@pytest.fixture
def origin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Origin:
    monkeypatch.setattr(Origin, "fetched", [])
    place = Origin(str(tmp_path / "origin"))
    for number in range(20):
        place.create(f"file-{number:02}", bytes([number]) * (SIZE - 32))
    return place


@pytest.fixture
def files(origin: Origin) -> list[StoredFile]:
    return sorted(origin.files())


@pytest.fixture
def copies(tmp_path: Path) -> Callable[[], list[Path]]:
    return lambda: sorted((tmp_path / "copies").iterdir())


def test_a_file_is_fetched_once(tmp_path: Path, origin: Origin, files: list[StoredFile]) -> None:
    cache = FileCache(tmp_path / "copies")
    for _ in range(2):
        assert cache.read(origin, files[3]) == bytes([3]) * (SIZE - 32)
    assert FileCache(tmp_path / "copies").read(origin, files[3]) == bytes([3]) * (SIZE - 32)
    assert origin.fetched == ["file-03"]


def test_another_content_is_another_file(
    tmp_path: Path, origin: Origin, files: list[StoredFile]
) -> None:
    cache = FileCache(tmp_path / "copies")
    cache.read(origin, files[0])
    for changed in (files[0]._replace(tag="changed"), files[0]._replace(size=7)):
        cache.read(origin, changed)
    cache.read(Origin(f"{origin.address}/."), files[0])
    assert len(origin.fetched) == 4
    shutil.rmtree(origin.address)
    with pytest.raises(FileNotFoundError):
        cache.read(origin, files[0]._replace(tag="gone"))


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "longer"])
def test_a_damaged_copy_is_fetched_again(
    damage: str,
    tmp_path: Path,
    origin: Origin,
    files: list[StoredFile],
    copies: Callable[[], list[Path]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache = FileCache(tmp_path / "copies")
    content = cache.read(origin, files[1])
    [copy] = copies()
    stored = copy.read_bytes()
    middle = len(stored) // 2
    flipped = stored[:middle] + bytes([stored[middle] ^ 1]) + stored[middle + 1 :]
    damaged = {"cut": stored[:-1], "flip": flipped, "empty": b"", "longer": stored + b"x"}
    copy.write_bytes(damaged[damage])
    assert cache.read(origin, files[1]) == content
    assert copy.read_bytes() == stored
    assert "is damaged and is fetched again" in caplog.text
    assert cache.read(origin, files[1]) == content
    assert len(origin.fetched) == 2


def test_the_copies_that_were_not_read_for_longest_go(
    tmp_path: Path, origin: Origin, files: list[StoredFile], copies: Callable[[], list[Path]]
) -> None:
    cache = FileCache(tmp_path / "copies", limit=10 * SIZE)
    for age, file in enumerate(files[:9]):
        before = set(copies()) if age else set()
        cache.read(origin, file)
        [copy] = set(copies()) - before
        os.utime(copy, ns=(age, age))  # file 0 was read longest ago
    cache.read(origin, files[0])  # and now it was read last
    for file in files[9:12]:
        cache.read(origin, file)
    kept = [files[0], *files[4:12]]
    origin.fetched.clear()
    for file in kept:
        cache.read(origin, file)
    assert origin.fetched == []
    for file in files[1:4]:
        cache.read(origin, file)
    assert origin.fetched == ["file-01", "file-02", "file-03"]


def test_the_limit_holds_whatever_is_read(
    tmp_path: Path, origin: Origin, files: list[StoredFile], copies: Callable[[], list[Path]]
) -> None:
    cache = FileCache(tmp_path / "copies", limit=5 * SIZE)
    for file in files:
        cache.read(origin, file)
        assert sum(copy.stat().st_size for copy in copies()) <= 5 * SIZE
    # What an earlier program left counts too.
    small = FileCache(tmp_path / "copies", limit=2 * SIZE)
    small.read(origin, files[0])
    assert sum(copy.stat().st_size for copy in copies()) <= 2 * SIZE


def test_a_file_larger_than_the_limit_is_not_kept(
    tmp_path: Path, origin: Origin, files: list[StoredFile]
) -> None:
    for limit in (0, SIZE - 1):
        cache = FileCache(tmp_path / "copies", limit)
        assert cache.read(origin, files[2]) == bytes([2]) * (SIZE - 32)
    assert not (tmp_path / "copies").exists()
    with pytest.raises(ConfigError, match="cannot hold -1 bytes; give 0 or more"):
        FileCache(tmp_path / "copies", -1)


def test_other_files_in_the_folder_are_left_alone(
    tmp_path: Path, origin: Origin, files: list[StoredFile]
) -> None:
    folder = tmp_path / "copies"
    (folder / "holiday").mkdir(parents=True)
    mine = folder / "thesis.parquet"
    mine.write_bytes(b"x" * 10 * SIZE)
    os.utime(mine, ns=(0, 0))
    left = folder / f"{'0' * 64}.abc_1234.draft"  # of a program that was killed
    left.write_bytes(b"x" * 10 * SIZE)
    os.utime(left, ns=(0, 0))
    FileCache(folder, limit=2 * SIZE).read(origin, files[0])
    assert mine.stat().st_size == 10 * SIZE
    assert not left.exists()


def test_a_place_that_cannot_be_written_to(
    tmp_path: Path, origin: Origin, files: list[StoredFile], caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    cache = FileCache(tmp_path / "file" / "copies")
    with caplog.at_level(logging.WARNING):
        for file in files:
            assert cache.read(origin, file) == origin.read(file.name)
    [warning] = caplog.messages
    assert "(Not a directory); files are read remotely each time" in warning


def test_a_full_disk(
    tmp_path: Path,
    origin: Origin,
    files: list[StoredFile],
    copies: Callable[[], list[Path]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    cache = FileCache(tmp_path / "copies")
    cache.read(origin, files[0])

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        assert cache.read(origin, files[1]) == bytes([1]) * (SIZE - 32)
    assert "(No space left on device); files are read remotely each time" in caplog.text
    assert len(copies()) == 1
    assert cache.read(origin, files[0]) == bytes([0]) * (SIZE - 32)
    assert origin.fetched == ["file-00", "file-01"]


def test_threads_share_a_cache(tmp_path: Path, origin: Origin, files: list[StoredFile]) -> None:
    cache = FileCache(tmp_path / "copies", limit=4 * SIZE)
    with ThreadPoolExecutor(8) as pool:
        contents = list(pool.map(lambda file: cache.read(origin, file), files * 20))
    assert contents == [bytes([number]) * (SIZE - 32) for number in range(20)] * 20


@pytest.mark.slow
def test_processes_share_a_folder(
    tmp_path: Path, origin: Origin, copies: Callable[[], list[Path]]
) -> None:
    script = textwrap.dedent(
        """
        import random, sys
        from stockstream.lake.cache import FileCache
        from stockstream.lake.location import Location

        origin, folder, seed = sys.argv[1:]
        place = Location.of(origin)
        files = sorted(place.files())
        cache = FileCache(folder, limit=6_000)
        chance = random.Random(int(seed))
        for _ in range(400):
            number = chance.randrange(len(files))
            assert cache.read(place, files[number]) == bytes([number]) * 968
        """
    )
    command = [sys.executable, "-c", script, origin.address, str(tmp_path / "copies")]
    readers = [
        subprocess.Popen([*command, str(seed)], stderr=subprocess.PIPE, text=True)
        for seed in range(4)
    ]
    for reader in readers:
        _, said = reader.communicate()
        assert (reader.returncode, said) == (0, "")
    total = sum(copy.stat().st_size for copy in copies())
    assert SIZE <= total <= 6 * SIZE + 4 * SIZE  # each may write one more before it counts
