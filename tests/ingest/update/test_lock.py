"""One run at a time, and a lock that nobody has to remove by hand."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import LakeError
from stockstream.ingest.lock import FILE, only_run
from stockstream.lake.location import Location

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ingest.update.conftest import TinyDisk

HOLDER = """
import sys
from stockstream.ingest.lock import only_run
from stockstream.lake.location import Location

with only_run(Location.of(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_one_is_told_who_the_first_one_is(tmp_path: Path) -> None:
    place = Location.of(tmp_path / "lake")
    with (
        only_run(place),
        pytest.raises(LakeError, match=rf"at {place} \(process {os.getpid()}\); wait until"),
        only_run(place),
    ):
        pass
    with only_run(place):
        assert (tmp_path / "lake" / FILE).read_text() == f"{os.getpid()}\n"
    assert (tmp_path / "lake" / FILE).read_text() == ""


def test_a_killed_run_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, stdin=pipe, stdout=pipe) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(LakeError, match=rf"process {holder.pid}\)"),
            only_run(Location.of(tmp_path)),
        ):
            pass
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with only_run(Location.of(tmp_path)):
        pass


def test_an_error_of_the_run_goes_through(tmp_path: Path) -> None:
    with pytest.raises(KeyError), only_run(Location.of(tmp_path)):
        raise KeyError
    assert (tmp_path / FILE).read_text() == ""
    with only_run(Location.of(tmp_path)):
        pass


def test_a_bucket_has_no_lock() -> None:
    with only_run(Location.of("s3://nowhere/lake")), only_run(Location.of("s3://nowhere/lake")):
        pass


def test_a_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with (
        pytest.raises(LakeError, match=r"Not a directory.*nothing was done; choose a folder whose"),
        only_run(Location.of(tmp_path / "file" / "lake")),
    ):
        pass


def test_a_disk_that_is_full_or_read_only(tiny_disk: TinyDisk) -> None:
    place = Location.of(tiny_disk.place)
    tiny_disk.fill()
    with (
        pytest.raises(LakeError, match=r"No space left.*; nothing was done; free some"),
        only_run(place),
    ):
        pass
    tiny_disk.mount("remount,ro")
    with (
        pytest.raises(LakeError, match=r"Read-only file system.*; nothing was done; choose a fold"),
        only_run(Location.of(tiny_disk.place / "lake")),
    ):
        pass
