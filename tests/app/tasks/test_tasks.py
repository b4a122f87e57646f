"""Tasks are processes: one at a time, that outlive who started them, and can be started again."""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from tests.app.plugin import GATE, NAME, install

from stockstream.app.form import Draft
from stockstream.app.request import Request
from stockstream.app.tasks import read_progress, start
from stockstream.app.tasks.progress import Teller
from stockstream.errors import ConfigError, DataError, NoDataError
from stockstream.runners.local import LocalRunner
from stockstream.study.runs.detached import reap
from stockstream.study.runs.ledger.liveness import Process, this_process
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PATIENCE = 120.0

STUB = """
import os, sys, time
from pathlib import Path
folder, task = Path(sys.argv[1]), sys.argv[2]
with (folder / "began").open("a") as file:
    file.write(f"{os.getpid()}\\n")
while not (folder / "go").exists():
    time.sleep(0.01)
"""


def eventually(holds: Callable[[], object]) -> None:
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until, "what was waited for did not come"
        time.sleep(0.01)


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of runs; none of them outlives its test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(simulated_lake(3).location))
    monkeypatch.setenv("STOCKSTREAM__RUNS", str(tmp_path / "runs"))
    yield tmp_path / "runs"
    for name in LocalRunner(tmp_path / "runs").names():
        LocalRunner(tmp_path / "runs").cancel(name)


def asked(runs: Path, strategy: str = "MovingAverageCrossover", **values: str) -> Path:
    """The folder of a request."""
    lake = simulated_lake(3)
    return Request(
        Draft(strategy=strategy, values=values), str(lake.location), lake.version()
    ).keep(runs)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tasks note that they began, and wait for a file ``go`` in their folder."""
    (tmp_path / "stub_of_tasks.py").write_text(STUB)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(sys.modules["stockstream.app.tasks.start"], "MODULE", "stub_of_tasks")


def began(folder: Path) -> list[int]:
    """Numbers of the processes that began."""
    file = folder / "began"
    return [int(line) for line in file.read_text().splitlines()] if file.exists() else []


@pytest.mark.slow
def test_many_who_start_at_once_start_one_process(runs: Path, stub: None) -> None:
    folder = asked(runs)
    with ThreadPoolExecutor(16) as crowd:
        states = {one.state for one in crowd.map(lambda _: start(folder, "trigger"), range(64))}
    assert states == {"running"}
    eventually(lambda: began(folder))
    assert start(folder, "trigger", again=True).state == "running"
    assert len(began(folder)) == 1
    (folder / "go").touch()
    eventually(lambda: read_progress(folder, "trigger").state == "lost")


@pytest.mark.slow
def test_a_task_that_was_killed_is_lost_and_can_be_started_again(runs: Path, stub: None) -> None:
    folder = asked(runs)
    start(folder, "deploy")
    eventually(lambda: began(folder))
    [first] = began(folder)
    os.kill(first, signal.SIGKILL)
    eventually(lambda: read_progress(folder, "deploy").state == "lost")
    assert "without a word" in read_progress(folder, "deploy").words

    def is_there_again() -> bool:
        reap()
        start(folder, "deploy")
        return len(began(folder)) > 1

    eventually(is_there_again)
    assert read_progress(folder, "deploy").state == "running"
    (folder / "go").touch()


@pytest.mark.slow
def test_a_run_is_joined_by_a_trigger_that_was_killed_before(runs: Path) -> None:
    folder = asked(runs, fast_period="5,10", slow_period="30,60")
    start(folder, "trigger")
    eventually(lambda: read_progress(folder, "trigger").state == "done")
    run = read_progress(folder, "trigger").found["run"]
    runner = LocalRunner(runs)
    eventually(lambda: runner.status(run).state == "done")
    before = runner.status(run)

    # as if it had been killed after it had handed the study over
    tell = Teller(folder, "trigger")
    tell("handing over")
    eventually(lambda: not _is_locked(folder, "trigger"))
    tell.hand_on(this_process()._replace(started="never"))
    assert read_progress(folder, "trigger").state == "lost"
    start(folder, "trigger")
    eventually(lambda: read_progress(folder, "trigger").state == "done")
    assert read_progress(folder, "trigger").found["run"] == run
    assert runner.names() == [run]
    assert runner.status(run).done == before.done == before.total == 4
    assert runner.result(run).frame().height == 4


def _is_locked(folder: Path, task: str) -> bool:
    import fcntl

    with (folder / f"{task}.lock").open("rb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


@pytest.mark.slow
def test_workers_do_not_hold_the_lock_of_who_started_them(
    runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = runs.parent / "gate"
    monkeypatch.setenv("PYTHONPATH", str(install(runs.parent / "installed")))
    monkeypatch.setenv(GATE, str(gate))
    folder = asked(runs, strategy=NAME, days="5,8")
    start(folder, "trigger")
    eventually(lambda: read_progress(folder, "trigger").state == "done")
    run = read_progress(folder, "trigger").found["run"]
    assert LocalRunner(runs).status(run).workers
    eventually(lambda: not _is_locked(folder, "trigger"))
    assert LocalRunner(runs).status(run).workers
    gate.touch()
    eventually(lambda: LocalRunner(runs).status(run).state == "done")


@pytest.mark.slow
def test_what_nobody_foresaw_is_in_the_log_and_not_on_the_page(runs: Path) -> None:
    folder = asked(runs)
    (folder / "request.json").write_text('{"draft": {"strategy": "Nobody"}, "lake": "x y z"}')
    start(folder, "estimate")
    eventually(lambda: read_progress(folder, "estimate").is_over)
    found = read_progress(folder, "estimate")
    assert found.state == "failed"
    assert str(runs) not in found.words


def test_a_request_is_kept_once(runs: Path) -> None:
    folder = asked(runs, fast_period="5")
    before = (folder / "request.json").stat()
    assert asked(runs, fast_period="5") == folder
    after = (folder / "request.json").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert asked(runs, fast_period="6") != folder
    request = Request.read(folder.name, runs)
    assert request.name == folder.name
    assert request.draft.values == {"fast_period": "5"}


def test_a_folder_in_whose_place_a_file_is_cannot_be_written(runs: Path) -> None:
    runs.mkdir()
    (runs / "requests").write_text("")
    with pytest.raises(DataError, match="is the folder of runs"):
        asked(runs)
    with pytest.raises(DataError, match="trigger cannot be looked at: Not a directory"):
        start(runs / "requests" / "q-0123456789ab", "trigger")


@pytest.mark.parametrize("task", ["trigger", "estimate"])
def test_a_full_disk_is_one_clear_error(
    runs: Path, monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    folder = asked(runs)

    def full(_self: Teller, _progress: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Teller, "_write", full)
    with pytest.raises(DataError, match=f"{task} cannot be started: No space left on device"):
        start(folder, task)  # type: ignore[arg-type]
    monkeypatch.undo()
    assert read_progress(folder, task).state == "idle"


def test_a_request_that_was_removed_is_not_made_again(runs: Path) -> None:
    with pytest.raises(DataError, match="cannot be started"):
        start(runs / "requests" / "q-0123456789ab", "trigger")
    with pytest.raises(NoDataError, match="it was removed"):
        Request.read("q-0123456789ab", runs)
    with pytest.raises(ConfigError, match="no name of a request"):
        Request.read("q-0123456789ab/..", runs)
    assert not runs.exists()


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "3", "null", '{"state": "odd", "found": {}, "process": null}'),
        '{"state": "done", "found": [], "process": null}',
        '{"state": "done", "found": {}, "process": [1]}',
        '{"state": "done", "found": {}, "process": null, "more": 1}',
    ],
)
def test_a_damaged_progress_file_is_one_clear_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "trigger.json").write_text(text)
    with pytest.raises(DataError, match=r"remove trigger\.json from its folder"):
        read_progress(tmp_path, "trigger")


def test_what_a_process_said_is_not_said_over_by_who_started_it(tmp_path: Path) -> None:
    tell = Teller(tmp_path, "trigger")
    tell("starting")
    child = Process("elsewhere/boot/space", 7, "then")
    late = json.loads((tmp_path / "trigger.json").read_text())
    late |= {"state": "done", "words": "it was quick", "process": list(child)}
    (tmp_path / "trigger.json").write_text(json.dumps(late))
    tell.hand_on(child)
    assert read_progress(tmp_path, "trigger").words == "it was quick"


def test_progress_has_a_share(tmp_path: Path) -> None:
    tell = Teller(tmp_path, "trigger")
    tell("a", 1, 4)
    assert read_progress(tmp_path, "trigger").share == 0.25
    tell("b", 9, found_it=True)
    assert read_progress(tmp_path, "trigger").share == 1.0
    tell.end("c")
    found = read_progress(tmp_path, "trigger")
    assert (found.share, found.is_over, found.found) == (1.0, True, {"found_it": True})
