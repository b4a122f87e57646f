"""Full disks, read-only ones, files that may not grow: one clear line, and nothing is lost."""

from __future__ import annotations

import resource
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import LakeError
from stockstream.lake.maintenance.verify import verify_lake

if TYPE_CHECKING:
    from tests.ingest.update.conftest import Rehearsal, TinyDisk

FRIDAY, MONDAY = "2024-05-03", "2024-05-06"
KILO = 1024


@pytest.fixture
def on_disk(rehearsal: Rehearsal, tiny_disk: TinyDisk) -> Rehearsal:
    """A lake of Friday on a small disk."""
    rehearsal.place = tiny_disk.place / "lake"
    rehearsal.begin(FRIDAY)
    return rehearsal


def demand_unharmed(rehearsal: Rehearsal, before: dict[str, str]) -> None:
    """Every file that was there is there, byte for byte, and the lake can be read."""
    after = rehearsal.contents()
    assert {name: after.get(name) for name in before} == before
    report = verify_lake(rehearsal.lake)
    assert report.is_sound, report.problems


@pytest.mark.slow
@pytest.mark.parametrize("spare", [0, 4, 8, 16, 24, 32, 48])
def test_a_disk_that_gets_full(on_disk: Rehearsal, tiny_disk: TinyDisk, spare: int) -> None:
    """There is room for the list, for some batches, for some of the commits."""
    before = on_disk.contents()
    fill = tiny_disk.fill(spare * KILO)
    with pytest.raises(LakeError, match=r"No space left.*free some space, then run the command"):
        on_disk.run(MONDAY)
    demand_unharmed(on_disk, before)
    fill.unlink()
    assert on_disk.run(MONDAY).state in {"complete", "nothing to do"}
    on_disk.demand_truth(MONDAY)


@pytest.mark.slow
def test_a_disk_that_is_read_only(on_disk: Rehearsal, tiny_disk: TinyDisk) -> None:
    before = on_disk.contents()
    tiny_disk.mount("remount", "ro")
    done = on_disk.command(MONDAY)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: cannot write")
    assert line.endswith("nothing was done; choose a folder that you may write to (--lake DIR)")
    assert on_disk.contents() == before
    tiny_disk.mount("remount", "rw")
    done = on_disk.command(MONDAY)
    assert done.returncode == 0, done.stderr
    on_disk.demand_truth(MONDAY)


@pytest.mark.slow
@pytest.mark.parametrize("limit", [100, 1000, 3000, 6000])
def test_files_that_may_not_grow(rehearsal: Rehearsal, limit: int) -> None:
    """For any user on any disk: the kernel refuses longer files."""
    rehearsal.begin(FRIDAY)
    before = rehearsal.contents()
    done = rehearsal.command(
        MONDAY, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    (error,) = said or [line for line in done.stdout.splitlines() if "! batch 0 failed: " in line]
    assert "too large" in error.lower()
    assert "raise the limit on file sizes (ulimit -f)" in error
    demand_unharmed(rehearsal, before)
    done = rehearsal.command(MONDAY)
    assert done.returncode == 0, done.stderr
    rehearsal.demand_truth(MONDAY)
