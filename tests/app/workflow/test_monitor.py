"""Monitor: every state of a run, and what can be asked of it."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.app.tables import tables
from tests.app.workflow.conftest import keys, said, ways

from stockstream.app.sections import monitor
from stockstream.app.tasks.progress import Teller
from stockstream.app.tasks.start import folder_of_run
from stockstream.backtest.archive import save_result
from stockstream.backtest.config import BacktestConfig
from stockstream.backtest.run import run_backtest
from stockstream.runners.cloud_record import CloudRecord
from stockstream.study.plan import plan_study
from stockstream.study.runs.detached import LOG
from stockstream.study.runs.run_status import FailedChunk, RunStatus
from stockstream.study.runs.store import FolderStore
from stockstream.study.sweep import run_study
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from pathlib import Path

    from streamlit.testing.v1 import AppTest
    from tests.app.workflow.conftest import Ask, Show

    from stockstream.study.runs.run_status import RunState

pytestmark = pytest.mark.slow

DAYS = {"start_date": dt.date(2019, 1, 1), "end_date": dt.date(2020, 12, 31)}


@pytest.fixture
def sweep(runs: Path) -> str:
    """A sweep of which nothing has run."""
    lake = simulated_lake(3)
    grid = {"fast_period": (5, 10), "slow_period": (30, 60)}
    config = BacktestConfig(strategy_class="MovingAverageCrossover", param_grid=grid, **DAYS)
    study = plan_study(config, lake)
    store = FolderStore.create(runs, study)
    around = {"lake": str(lake.location), "directory": str(runs)}
    (store.folder / "run.json").write_text(json.dumps(around))
    return study.name


def status(run: str, state: RunState, **changed: object) -> RunStatus:
    """How far a run is: two of four trials, one of which failed."""
    known = RunStatus(run, state, "", 2, 1, 4, 1, 2, (), 12.5, 190.0, 0.0, "", ())
    return replace(known, **changed)  # type: ignore[arg-type]


def pretend(monkeypatch: pytest.MonkeyPatch, found: RunStatus) -> None:
    monkeypatch.setattr(monitor, "status_of", lambda _runs, _run: found)


def numbers(page: AppTest) -> dict[str, str]:
    """The numbers of the run by their labels."""
    return {one.label: str(one.value) for one in page.metric}


def test_a_run_that_works(show: Show, sweep: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, status(sweep, "running"))
    page = show(run=sweep)
    assert numbers(page) == {
        "Trials done": "2 of 4",
        "Failed": "1",
        "Trials a second": "12",
        "Time left": "3 min 10 s",
    }
    assert [one.key for one in page.button] == ["cancel"]
    pretend(monkeypatch, status(sweep, "running", rate=None, seconds_left=None))
    assert numbers(show(run=sweep))["Time left"] == "not known yet"


def test_a_run_is_cancelled_once(
    show: Show, sweep: str, runs: Path, monkeypatch: pytest.MonkeyPatch, started: list[str]
) -> None:
    pretend(monkeypatch, status(sweep, "running"))
    page = show(run=sweep)
    page.button(key="cancel").click().run()
    assert started == ["cancel"]
    page = show(run=sweep)
    assert page.button(key="cancel").label == "Cancelling ..."
    assert page.button(key="cancel").disabled
    Teller(folder_of_run(runs, sweep), "cancel").fail("nobody answered")
    assert "nobody answered" in said(show(run=sweep))


def test_what_was_asked_for_leads_to_the_run(
    show: Show, ask: Ask, sweep: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, status(sweep, "running"))
    asked = ask()
    Teller(asked.folder, "trigger").end("4 trials", run=sweep)
    page = show(request=asked.name)
    assert f"3. Trigger: {sweep}, 4 trials" in said(page)
    assert page.query_params["run"] in (sweep, [sweep])


def test_a_run_that_is_done_shows_its_best_point(show: Show, sweep: str, runs: Path) -> None:
    store = FolderStore.open(runs / sweep)
    run_study(store.study, simulated_lake(3), store, workers=1)
    page = show(run=sweep)
    assert "4 trials have numbers." in said(page)
    assert "The best point by how far it can be believed" in said(page)
    assert len(tables(page)) == 1
    assert ways(page) == ["Look at the study"]
    assert not page.button
    assert not page.warning


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("partial", "but for chunks that were given up"),
        ("cancelled", "cancelled"),
        ("stopped", "nobody works on it"),
    ],
)
def test_a_run_that_ended_early_can_be_resumed(
    show: Show, sweep: str, monkeypatch: pytest.MonkeyPatch, started: list[str], state: RunState,
    words: str,
) -> None:  # fmt: skip
    pretend(monkeypatch, status(sweep, state, rate=None))
    page = show(run=sweep)
    assert words in page.get("progress")[0].proto.text.replace("\\", "")
    assert numbers(page)["Time left"] == "-"
    page.button(key="resume").click().run()
    assert started == ["resume"]
    assert not page.button
    assert len(page.get("progress")) == 2


def test_a_resume_that_failed_says_why(show: Show, sweep: str, runs: Path) -> None:
    folder = folder_of_run(runs, sweep)
    folder.mkdir()
    Teller(folder, "resume").fail("the lake is gone")
    page = show(run=sweep)
    assert "the lake is gone" in said(page)
    assert "resume" in keys(page)


def test_failures_are_counted_and_the_first_are_shown(
    show: Show, sweep: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_up = tuple(FailedChunk(n, 3, f"<b>poison</b> {n} in {runs}") for n in range(8))
    pretend(monkeypatch, status(sweep, "partial", failures=given_up, error=f"died in {runs}"))
    text = said(show(run=sweep))
    assert "8 chunks with 24 trials were given up" in text
    assert "chunk 4: <b>poison</b> 4 in runs" in text
    assert "chunk 5" not in text
    assert "and 3 more" in text
    assert "died in runs" in text
    assert str(runs) not in text


def test_the_log_has_neither_secrets_nor_paths(
    show: Show, sweep: str, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_API_KEY", "canary-of-the-log")
    (runs / sweep / LOG).write_text(f"reads {runs} with canary-of-the-log\n" * 9)
    [log] = show(run=sweep).code
    assert log.value.splitlines() == ["reads runs with ***"] * 9


def test_a_service_that_does_not_answer(
    show: Show, sweep: str, runs: Path, started: list[str]
) -> None:
    CloudRecord("aws-batch", "s3://prices", {"region": "eu-north-1"}).write(runs / sweep)
    assert not show(run=sweep).error
    assert started == ["watch"]
    Teller(folder_of_run(runs, sweep), "watch").fail("nobody signed in")
    page = show(run=sweep)
    assert "out of reach" in page.get("progress")[0].proto.text
    assert "nobody signed in" in said(page)
    page.button(key="watch").click().run()
    assert started == ["watch", "watch"]


def test_a_backtest_that_is_done(show: Show, runs: Path) -> None:
    config = BacktestConfig(strategy_class="MovingAverageCrossover", **DAYS)
    run = save_result(run_backtest(config, simulated_lake(3)), runs).name
    page = show(run=run)
    assert "The backtest is done." in said(page)
    assert ways(page) == ["Look at the result"]


@pytest.mark.parametrize(
    ("run", "words"),
    [("s-0123456789ab", "there is no run"), ("../x", "no name of"), ("r-1", "no name of")],
)
def test_a_run_that_is_not_there(show: Show, run: str, words: str) -> None:
    page = show(run=run)
    assert words in said(page)
    assert ways(page)


def test_a_study_that_cannot_be_read(show: Show, sweep: str, runs: Path) -> None:
    (runs / sweep / "study.json").write_text("{")
    page = show(run=sweep)
    assert len(page.error) == 1
    assert str(runs) not in said(page)
