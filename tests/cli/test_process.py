"""The command as a process: pipes that close, disks that are full."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from stockstream.lake.store import Lake

STOCKSTREAM = (sys.executable, "-m", "stockstream")
FULL = Path("/dev/full")


def test_a_reader_that_has_seen_enough_is_no_error(lake: Path) -> None:
    command = [*STOCKSTREAM, "lake", "findings", "--rows", "100000", "--lake", str(lake)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
        assert process.wait() == 1
    assert said == b""


@pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")
def test_output_that_finds_no_room_is_one_clear_line(lake: Path) -> None:
    with FULL.open("wb") as full:
        done = subprocess.run(
            [*STOCKSTREAM, "lake", "info", "--lake", str(lake)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr == "error: No space left on device\n"


def test_a_full_disk_leaves_the_lake_as_it_was(lake: Path, tmp_path: Path) -> None:
    bars = Lake.open(lake).bars()
    bars.write_csv(tmp_path / "bars.csv")
    place = tmp_path / "lake"
    Lake.create(place, simulated=True)
    done = subprocess.run(
        [*STOCKSTREAM, "import", str(tmp_path / "bars.csv"), "--lake", str(place)],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, 8_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "nothing was committed" in done.stderr
    assert "Traceback" not in done.stderr
    assert Lake.open(place).info().bars == 0
