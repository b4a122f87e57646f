"""Deploy and trigger in every state, and addresses that lead nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.app.workflow.conftest import keys, said, ways

from stockstream.app.tasks.progress import Teller
from stockstream.study.runs.ledger.liveness import this_process

if TYPE_CHECKING:
    from pathlib import Path

    from tests.app.workflow.conftest import Ask, Show

pytestmark = pytest.mark.slow


def lose(folder: Path, task: str) -> None:
    """A task whose process has gone without a word."""
    tell = Teller(folder, task)
    tell("working")
    tell.hand_on(this_process()._replace(started="never"))


def test_this_machine_needs_nothing(show: Show, ask: Ask) -> None:
    page = show(request=ask().name)
    assert "2. Deploy: this machine needs nothing" in said(page)
    assert "3. Trigger" in said(page)
    assert "1 min 15 s" not in said(page)  # it is in the table
    assert "**4 trials**" in said(page)


@pytest.mark.parametrize(
    ("runner", "words"),
    [("airflow", "leaves the DAG paused"), ("aws-batch", "Asks whether aws-batch is there")],
)
def test_deploy_waits_for_a_click(
    show: Show, ask: Ask, started: list[str], runner: str, words: str
) -> None:
    asked = ask(runner=runner)
    page = show(request=asked.name)
    assert words in said(page)
    assert ":gray[3. Trigger]" in said(page)
    page.button(key="deploy").click().run()
    assert started == ["deploy"]
    assert [one.key for one in page.button] == ["change"]
    assert len(page.get("progress")) == 1
    assert show(request=asked.name).get("progress")[0].proto.text == "Starting"


def test_deploy_says_why_it_failed_and_can_be_tried_again(
    show: Show, ask: Ask, started: list[str], runs: Path
) -> None:
    asked = ask(runner="airflow")
    Teller(asked.folder, "deploy").fail(f"no **Airflow** at {runs}")
    page = show(request=asked.name)
    assert "no **Airflow** at runs" in said(page)
    page.button(key="deploy").click().run()
    assert started == ["deploy"]
    lose(asked.folder, "deploy")
    page = show(request=asked.name)
    assert "ended without a word" in said(page)
    assert page.button(key="deploy").label == "Deploy again"


def test_what_was_deployed_is_shown(show: Show, ask: Ask) -> None:
    asked = ask(runner="airflow")
    Teller(asked.folder, "deploy").end("the Airflow has read the DAGs", dags={"mine": True})
    page = show(request=asked.name)
    assert "2. Deploy: the Airflow has read the DAGs" in said(page)
    assert "mine: paused" in said(page)
    assert "trigger" in keys(page)


def test_two_clicks_start_one_run(show: Show, ask: Ask, started: list[str]) -> None:
    asked = ask()
    first, second = show(request=asked.name), show(request=asked.name)
    first.button(key="trigger").click().run()
    second.button(key="trigger").click().run()
    assert started == ["trigger"]
    for page in (first, second, show(request=asked.name)):
        assert page.get("progress")[0].proto.text == "Starting"
        assert ":gray[4. Monitor]" in said(page)


def test_trigger_says_why_it_failed_and_can_be_tried_again(
    show: Show, ask: Ask, started: list[str]
) -> None:
    asked = ask()
    Teller(asked.folder, "trigger").fail("there was no room")
    page = show(request=asked.name)
    assert "there was no room" in said(page)
    assert page.button(key="trigger").label == "Run again"
    lose(asked.folder, "trigger")
    page = show(request=asked.name)
    assert "ended without a word" in said(page)
    page.button(key="trigger").click().run()
    assert started == ["trigger"]


def test_a_run_that_was_deleted_can_be_started_again(
    show: Show, ask: Ask, started: list[str]
) -> None:
    asked = ask()
    Teller(asked.folder, "trigger").end("4 trials", run="s-0123456789ab")
    page = show(request=asked.name)
    assert "the run s-0123456789ab was deleted" in said(page)
    page.button(key="trigger").click().run()
    assert started == ["trigger"]


def test_an_estimate_that_failed_hinders_nobody(show: Show, ask: Ask) -> None:
    asked = ask()
    Teller(asked.folder, "estimate").fail("no bars on these days")
    page = show(request=asked.name)
    assert "no bars on these days" in page.warning[0].value
    assert not page.button(key="trigger").disabled


def test_a_task_that_cannot_be_started_says_so(show: Show, ask: Ask) -> None:
    asked = ask()
    (asked.folder / "trigger.lock").mkdir()
    page = show(request=asked.name)
    page.button(key="trigger").click().run()
    assert not page.exception
    assert "trigger cannot be started" in said(page)
    assert "trigger" in keys(page)


def test_a_progress_file_that_cannot_be_read_says_what_to_do(show: Show, ask: Ask) -> None:
    asked = ask()
    (asked.folder / "trigger.json").write_text("{")
    page = show(request=asked.name)
    assert "remove trigger.json from its folder" in said(page)
    assert ways(page) == ["Start a backtest", "Look at kept runs"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("q-0123456789ab", "there is no request q-0123456789ab"),
        ("../../etc", "is no name of a request"),
        ("q-<script>", "is no name of a request"),
    ],
)
def test_an_address_of_no_request(show: Show, name: str, words: str) -> None:
    page = show(request=name)
    assert words in said(page)
    assert len(page.error) == 1
    assert ways(page)


@pytest.mark.parametrize("text", ["{", "[]", '{"draft": {"x": 1}, "lake": "", "version": ""}'])
def test_a_request_that_cannot_be_read(show: Show, ask: Ask, text: str) -> None:
    asked = ask()
    (asked.folder / "request.json").write_text(text)
    page = show(request=asked.name)
    assert len(page.error) == 1
    assert str(asked.folder.parent) not in said(page)


def test_a_lake_that_is_not_there(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(tmp_path / "nowhere"))
    page = show()
    assert len(page.error) == 1
    assert "nowhere" in said(page)
    assert str(tmp_path) not in said(page)
    assert "3. Trigger" in said(show(request=ask().name))  # what was asked for can still be seen


def test_an_empty_lake(show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stockstream.lake.store import Lake

    Lake.create(tmp_path / "empty")
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(tmp_path / "empty"))
    page = show()
    assert len(page.error) == 1
    assert str(tmp_path) not in said(page)


def test_settings_that_cannot_be_read(show: Show, tmp_path: Path) -> None:
    (tmp_path / "stockstream.toml").write_text("lake = [")
    page = show()
    assert len(page.error) == 1
    assert str(tmp_path) not in said(page)
