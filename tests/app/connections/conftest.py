"""Services on loopback, and an environment that is full of secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.aws.conftest import aws_environment, local_aws
from tests.runners.airflow.conftest import PASSWORD, airflow, dags_folder
from tests.runners.airflow.small_airflow import USER

from stockstream.app.tasks import read_progress
from stockstream.app.tasks.start import folder_of_connection
from stockstream.app.work.main import main

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runners.airflow.small_airflow import SmallAirflow

    from stockstream.app.tasks import Progress

__all__ = ["airflow", "aws_environment", "dags_folder", "local_aws"]

CANARY = "canary-1f83d9abfb41bd6b"


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of runs, of a page without a lake, with secrets all around."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOCKSTREAM__RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("STOCKSTREAM__LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("STOCKSTREAM__EODHD__TOKEN", CANARY + "-token")
    monkeypatch.setenv("MY_SECRET_KEY", CANARY + "-environment")
    return tmp_path / "runs"


@pytest.fixture
def connect(runs: Path, tmp_path: Path) -> Callable[[str], Progress]:
    """Tests a connection in this process; nothing that it leaves names a path or a secret."""

    def tested(kind: str) -> Progress:
        folder = folder_of_connection(runs, kind)
        folder.mkdir(parents=True, exist_ok=True)
        main([str(folder), "connect"])
        for file in folder.iterdir():
            text = file.read_text(encoding="utf-8")
            assert CANARY not in text
            assert str(tmp_path) not in text
        return read_progress(folder, "connect")

    return tested


@pytest.fixture
def small_airflow(airflow: SmallAirflow, monkeypatch: pytest.MonkeyPatch) -> SmallAirflow:
    """The small Airflow, named by the settings."""
    monkeypatch.setenv("AIRFLOW_WEBSERVER_URL", airflow.url)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__USERNAME", USER)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__PASSWORD", PASSWORD)
    return airflow
