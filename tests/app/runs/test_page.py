"""The list of runs: states, filters, and what can be done with each."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest

from stockstream.app.pages.runs import ON_A_PAGE
from stockstream.app.state.kept import delete, details, kept_runs
from stockstream.app.tasks.progress import Teller, read_progress
from stockstream.app.tasks.start import folder_of_deletion, folder_of_run
from stockstream.backtest.archive import save_result
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.errors import ConfigError
from stockstream.runners.cloud_record import CloudRecord
from stockstream.runners.local import LocalRunner
from stockstream.study.plan import plan_study
from stockstream.study.runs.store import FolderStore
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

HOSTILE = "<script>alert(1)</script> **x** [y](javascript:z) =1+1 " + "long " * 400
DAYS = {"start_date": dt.date(2019, 1, 1), "end_date": dt.date(2020, 12, 31)}


def script() -> None:
    from stockstream.app.pages.runs import runs

    runs()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOCKSTREAM__RUNS", str(tmp_path / "runs"))
    (tmp_path / "runs").mkdir()
    return tmp_path / "runs"


def show(**address: str) -> AppTest:
    page = AppTest.from_function(script, default_timeout=60)
    for name, value in address.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def rows(page: AppTest) -> list[str]:
    """Names of the runs that are shown, from the first to the last."""
    keys = [one.key for one in page.button if one.key and one.key.startswith("open-")]
    return [key.removeprefix("open-") for key in keys]


def sweep(folder: Path, *, grid: str = "10,20") -> str:
    """A sweep of which nothing has run."""
    lake = simulated_lake(3)
    points = [int(one) for one in grid.split(",")]
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover", param_grid={"fast_period": points}, **DAYS
    )
    study = plan_study(config, lake)
    store = FolderStore.create(folder, study)
    (store.folder / "run.json").write_text(
        json.dumps({"lake": str(lake.location), "directory": str(folder)})
    )
    return study.name


def backtest(folder: Path, fast: int = 10) -> str:
    """A backtest that is done."""
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover", parameters={"fast_period": fast}, **DAYS
    )
    return save_result(run_backtest(config, simulated_lake(3)), folder).name


def age(folder: Path, run: str, seconds: float) -> None:
    """Make a run older."""
    then = time.time() - seconds
    for file in (folder / run).glob("*.json"):
        os.utime(file, (then, then))


def test_no_runs(folder: Path) -> None:
    assert "No run is kept yet" in show().info[0].value
    folder.rmdir()
    assert "No run is kept yet" in show().info[0].value


def test_runs_are_listed_newest_first_and_filtered(folder: Path) -> None:
    old, new = backtest(folder), sweep(folder)
    age(folder, old, 3_600)
    page = show()
    assert rows(page) == [new, old]
    assert rows(show(kind="backtests")) == [old]
    assert rows(show(filter=new[:6].upper())) == [new]
    assert rows(show(filter="nothing like it")) == []


def test_a_backtest_that_is_done_can_be_deleted_after_a_question(folder: Path) -> None:
    run = backtest(folder)
    page = show()
    page.button(key=f"delete-{run}").click().run()
    assert (folder / run).is_dir()
    page.button(key="delete-for-good").click().run()
    assert not page.exception
    assert not (folder / run).exists()
    assert "No run is kept yet" in page.info[0].value


def test_a_sweep_that_nobody_works_on_can_be_resumed(folder: Path) -> None:
    run = sweep(folder)
    page = show()
    assert "stopped" in _texts(page)
    page.button(key=f"resume-{run}").click().run()
    assert not page.exception
    _until(lambda: read_progress(folder_of_run(folder, run), "resume").is_over)
    _until(lambda: LocalRunner(folder).status(run).state == "done")
    [one] = details(folder, kept_runs(folder))
    assert (one.state, one.done, one.trials) == ("done", 2, 2)
    assert not one.can_be_resumed


@pytest.mark.slow
def test_a_run_that_works_is_shown_and_deleted_by_a_task(folder: Path) -> None:
    run = sweep(folder, grid=",".join(map(str, range(2, 2_000))))
    runner = LocalRunner(folder, workers=1)
    runner.resume(run)
    try:
        page = show()
        assert not page.button(key=f"cancel-{run}").disabled
        assert "running" in _texts(page)
        delete(folder, run)
        _until(lambda: not (folder / run).exists())
    finally:
        if (folder / run).exists():
            runner.delete(run)
    _until(lambda: read_progress(folder_of_deletion(folder, run), "delete").state == "done")
    assert "No run is kept yet" in show().info[0].value


def test_a_run_elsewhere_is_shown_as_it_was_noted(folder: Path) -> None:
    run = sweep(folder)
    CloudRecord("aws-batch", "s3://prices", {"region": "eu-north-1"}).write(folder / run)
    page = show()
    assert "aws\\-batch" in _texts(page)
    noted = folder_of_run(folder, run)
    noted.mkdir()
    tell = Teller(noted, "watch")
    tell("running", status={"state": "running", "done": 1, "failed": 0, "total": 2})
    page = show()
    assert not page.button(key=f"cancel-{run}").disabled
    assert "1 of 2 trials" in _texts(page)


def test_a_failed_deletion_says_why(folder: Path) -> None:
    run = sweep(folder)
    noted = folder_of_deletion(folder, run)
    noted.mkdir(parents=True)
    Teller(noted, "delete").fail(f"{HOSTILE} at {folder}/x")
    page = show()
    assert "could not be deleted" in _texts(page)
    assert str(folder) not in _texts(page)
    assert "<script>" not in _texts(page)


def test_runs_that_cannot_be_read(folder: Path) -> None:
    for name, text in (("s-000000000001", "{"), ("r-000000000002", '{"config": 3}')):
        (folder / name).mkdir()
        file = "study.json" if name.startswith("s") else "result.json"
        (folder / name / file).write_text(text)
    page = show()
    assert len(rows(page)) == 2
    assert all(page.button(key=f"open-{run}").disabled for run in rows(page))
    for run in rows(page):
        delete(folder, run)
    assert not list(folder.glob("*-*"))


def test_hostile_strategies_are_text(folder: Path) -> None:
    run = backtest(folder)
    file = folder / run / "result.json"
    document = json.loads(file.read_text())
    document["config"]["strategy_class"] = HOSTILE
    file.write_text(json.dumps(document))
    page = show()
    assert rows(page) == [run]
    assert "<script>" not in _texts(page)
    assert "\\<script\\>" in _texts(page)


def test_many_runs_have_pages(folder: Path) -> None:
    for number in range(ON_A_PAGE + 2):
        (folder / f"r-{number:012x}").mkdir()
        (folder / f"r-{number:012x}" / "result.json").write_text("{}")
    assert len(rows(show())) == ON_A_PAGE
    assert len(rows(show(page="2"))) == 2


@pytest.mark.parametrize("name", ["../x", "s-1", "r-00000000000g", ""])
def test_only_runs_are_deleted(folder: Path, name: str) -> None:
    with pytest.raises(ConfigError):
        delete(folder, name)


def _texts(page: AppTest) -> str:
    kinds = ("markdown", "caption", "error", "badge")
    found = [one for kind in kinds for one in page.get(kind)]
    return "\n".join(str(getattr(one, "value", None) or getattr(one, "label", "")) for one in found)


def _until(holds: object) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if holds():  # type: ignore[operator]
            return
        os.sched_yield()
    pytest.fail("it did not come")
