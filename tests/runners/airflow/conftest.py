"""A small Airflow, and the way to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.runners.airflow.small_airflow import USER, SmallAirflow

from stockstream.runners.airflow.token_api import TokenApi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PASSWORD = "open sesame+/&"  # noqa: S105 - of the small one


@pytest.fixture
def dags_folder(tmp_path: Path) -> Path:
    """From which the small Airflow reads its DAGs."""
    folder = tmp_path / "dags"
    folder.mkdir()
    return folder


@pytest.fixture
def airflow(socket_enabled: None, dags_folder: Path) -> Iterator[SmallAirflow]:
    server = SmallAirflow(PASSWORD, dags_folder)
    yield server
    server.stop()


@pytest.fixture
def api(airflow: SmallAirflow) -> TokenApi:
    """Logs in as the user, and does not wait before it asks again."""
    found = TokenApi(airflow.url, USER, PASSWORD)
    found.pauses = (0.0, 0.0)
    return found
