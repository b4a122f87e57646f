"""The sidebar: names, tests on demand, the check of the configuration; never a path or a secret."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from streamlit.testing.v1 import AppTest
from tests.app.connections.conftest import CANARY

from stockstream.app.discretion import discreet, place_name
from stockstream.app.state.connections import TITLES, given, last_test, runners
from stockstream.app.tasks.progress import Teller
from stockstream.app.tasks.start import folder_of_connection
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path


def script() -> None:
    from stockstream.app.parts.connections import sidebar

    sidebar()


@pytest.fixture
def page(runs: Path) -> AppTest:
    found = AppTest.from_function(script, default_timeout=30)
    found.run()
    assert not found.exception
    return found


def words(page: AppTest) -> str:
    kinds = (page.markdown, page.caption, page.error, page.dataframe)
    parts = [str(one.value) for kind in kinds for one in kind]
    return "\n".join(parts).replace("\\", "")


def test_nothing_was_tested_yet(page: AppTest, tmp_path: Path) -> None:
    assert "tested" not in words(page)
    assert words(page).count("radio_button_unchecked") == len(TITLES)
    assert "**Lake** lake" in words(page)
    assert str(tmp_path) not in words(page)
    assert CANARY not in words(page)


@pytest.mark.slow
def test_a_press_tests_once_and_the_page_says_when(page: AppTest, runs: Path) -> None:
    page.button(key="test-lake").click().run()
    until = time.monotonic() + 60
    while last_test(runs, "lake").progress.state == "running" and time.monotonic() < until:
        os.sched_yield()
    page.run()
    assert "does not work, tested" in words(page)
    assert str(runs.parent) not in words(page)
    assert "**lake**" not in words(page)


def test_old_and_hostile_answers(runs: Path) -> None:
    folder = folder_of_connection(runs, "s3")
    folder.mkdir(parents=True)
    Teller(folder, "connect").fail(f"**x** [y](javascript:z) {CANARY}-token at {runs}/a")
    old = time.time() - 200
    os.utime(folder / "connect.json", (old, old))
    (folder_of_connection(runs, "batch")).mkdir()
    (folder_of_connection(runs, "batch") / "connect.json").write_text("{")
    page = AppTest.from_function(script, default_timeout=30).run()
    assert not page.exception
    assert last_test(runs, "s3").when == "tested 3 min ago"
    assert "tested 3 min ago" in words(page)
    assert "\\*\\*x\\*\\*" in page.error[-1].value or "\\*\\*x\\*\\*" in page.error[0].value
    assert CANARY not in words(page)
    assert str(runs) not in words(page)


def test_settings_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch, runs: Path) -> None:
    monkeypatch.setenv("STOCKSTREAM__FETCH__RATE", "fast")
    page = AppTest.from_function(script, default_timeout=30).run()
    assert not page.exception
    assert "fetch.rate" in words(page)


def test_the_configuration_by_names(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("S3_BUCKET_NAME", "prices")
    monkeypatch.delenv("STOCKSTREAM__LAKE")
    monkeypatch.setenv("MWAA_ENVIRONMENT_NAME", "ours")
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__PASSWORD", CANARY)
    settings = load_settings()
    known = {one.name: one for one in given(settings)}
    assert known["aws.region"].is_set
    assert known["aws.region"].variable == "AWS_REGION"
    assert known["airflow.password"].is_set
    assert not known["cluster.address"].is_set
    assert CANARY not in str(known)
    enabled = {one.name for one in runners(settings) if one.is_named}
    assert {"local", "step-functions", "aws-batch", "airflow"} <= enabled


def test_places_by_their_last_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert place_name("s3://bucket/some/folder") == "s3://bucket"
    assert place_name("s3://user:word@bucket/x") == "s3://bucket"
    assert place_name(tmp_path / "my lake") == "my lake"
    monkeypatch.chdir(tmp_path)
    assert discreet(f"cannot read {tmp_path}/a b/c.json: gone") == "cannot read a b/c.json: gone"
    assert discreet("see /tmp/x/y, GET /api/v2/dags") == "see y, GET /api/v2/dags"
    assert discreet("https://me:word@host/p?X-Signature=abc") == "https://host/p"
