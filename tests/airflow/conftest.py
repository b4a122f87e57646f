"""A real Airflow in environments of its own, for every test of the DAG bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.airflow.environment import NEWEST, VERSIONS, environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session", params=[NEWEST])
def airflow_python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of an environment that holds Airflow and not the engine.

    It is the reference version; with both versions a test is marked
    ``@pytest.mark.parametrize("airflow_python", VERSIONS, indirect=True)``.
    """
    return _made(str(request.param))


@pytest.fixture(scope="session", params=VERSIONS)
def every_airflow_python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of each version in turn: a test that asks for it runs with both."""
    return _made(str(request.param))


def _made(version: str) -> Path:
    try:
        return environment(version)
    except RuntimeError as error:
        pytest.skip(f"no environment with Airflow {version}: {error}")
