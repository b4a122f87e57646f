"""A panel that processes share: the same data, once in memory, spoilt by nobody."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockstream.lake.store import Lake
from stockstream.runners.cluster.panels import SharedLake, forget_panel, panels_folder, shared
from stockstream.study.chunk import run_chunk
from stockstream.study.runs.pinned import PinnedLake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.study.runs.conftest import Plan

    from stockstream.market.panel import Panel
    from stockstream.study.study import Study

READER = """
import sys
from pathlib import Path
from stockstream.runners.cluster.panels import shared

def nobody():
    raise AssertionError("the file is there")

panel = shared(Path(sys.argv[1]), nobody)
panel.close[:] = 0.0
print(panel.close.any(), flush=True)
"""


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for temporary files that nobody else uses."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def panel(plan: Plan, market: Path) -> Panel:
    return read(plan(), Lake.open(market))


def read(study: Study, lake: Lake | PinnedLake) -> Panel:
    """The panel of a study."""
    config = study.config
    assert config.universe is not None
    assert config.warmup_start is not None
    return lake.panel(config.universe, config.start_date, config.end_date, config.warmup_start)


def refuse() -> Panel:
    raise AssertionError("the file is there")


def test_all_of_a_panel_comes_back_as_it_was(panel: Panel, tmp_path: Path) -> None:
    cells = panel.cells
    file = tmp_path / "a.panel"
    for found in (shared(file, lambda: panel), shared(file, refuse)):
        assert found.digest == panel.digest
        assert (found.symbols, found.version, found.flags) == (
            panel.symbols,
            panel.version,
            panel.flags,
        )
        assert np.array_equal(found.__dict__["cells"], cells, equal_nan=True)
        for name in ("bar", "open", "close", "volume", "offsets"):
            array = getattr(found, name)  # what is compiled for the one fits the other
            assert array.flags.carray
            assert array.ctypes.data % 64 == 0


def test_who_writes_spoils_his_own_copy_alone(panel: Panel, tmp_path: Path) -> None:
    file = tmp_path / "a.panel"
    first, second = shared(file, lambda: panel), shared(file, refuse)
    first.close[:] = -1.0
    assert (second.close > 0.0).all()
    done = subprocess.run(
        [sys.executable, "-c", READER, str(file)], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False"
    assert np.array_equal(second.close, panel.close)


def test_of_many_who_come_at_once_one_reads(panel: Panel, tmp_path: Path) -> None:
    readers: list[int] = []
    together = threading.Barrier(4)

    def slow() -> Panel:
        readers.append(threading.get_ident())
        return panel

    def come() -> None:
        together.wait()
        assert shared(tmp_path / "a.panel", slow).digest == panel.digest

    threads = [threading.Thread(target=come) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(readers) == 1


def test_strays_go_and_what_is_in_use_stays(panel: Panel, tmp_path: Path) -> None:
    used, stray = tmp_path / "used.panel", tmp_path / "stray.panel"
    held = shared(used, lambda: panel)
    stray.write_bytes(b"of a worker that was killed")
    draft = tmp_path / "draft-1"
    with draft.open("wb") as writing:
        fcntl.flock(writing, fcntl.LOCK_EX)
        shared(tmp_path / "next.panel", lambda: panel)
        assert draft.exists()
    assert used.exists()
    assert not stray.exists()
    del held
    shared(tmp_path / "last.panel", lambda: panel)
    assert not used.exists()
    assert not draft.exists()


def test_a_study_gives_the_same_rows_and_leaves_no_file(plan: Plan, market: Path) -> None:
    study = plan()
    lake, alone = SharedLake.of(study, market), PinnedLake.of(study, market)
    expected = run_chunk(study.chunks[1], alone)
    assert run_chunk(study.chunks[1], lake).equals(expected)
    folder = panels_folder()
    assert folder is not None
    [file] = folder.glob("*.panel")
    assert folder.stat().st_mode & 0o777 == 0o700
    assert file.stat().st_mode & 0o777 == 0o600
    assert "cells" in read(study, lake).__dict__  # the study is not cut: all trials need them
    forget_panel(study)
    assert not folder.exists()
    assert run_chunk(study.chunks[1], lake).equals(expected)  # it is mapped still


@pytest.mark.parametrize("spoilt", ["others may write", "a link", "a file"])
def test_a_folder_of_somebody_else_is_not_trusted(
    spoilt: str, plan: Plan, market: Path, tmp_path: Path
) -> None:
    folder = tmp_path / f"stockstream-panels-{os.getuid()}"
    if spoilt == "a link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    elif spoilt == "a file":
        folder.write_text("")
    else:
        folder.mkdir(mode=0o777)
        folder.chmod(0o777)
    assert panels_folder() is None
    study = plan()
    found = read(study, SharedLake.of(study, market))
    assert found.digest == study.identity.data_digest
    if spoilt != "a file":
        assert not any(folder.iterdir())
    forget_panel(study)


def test_without_room_each_process_reads_for_itself(
    panel: Panel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    assert shared(tmp_path / "a.panel", lambda: panel) is panel
    assert [path.name for path in tmp_path.glob("*")] == ["a.lock"]
    assert shared(tmp_path / "no folder" / "a.panel", lambda: panel) is panel
