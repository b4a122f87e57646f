"""A real Airflow in environments of its own, for every test of the DAG bundle."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from tests.airflow.batch_queue import cloud_stage, queue
from tests.airflow.environment import NEWEST, VERSIONS, environment
from tests.airflow.stage import Stage, environment_of, made_home
from tests.airflow.warm import WarmPython
from tests.aws.conftest import aws_bucket, aws_environment, local_aws
from tests.aws.sweeps import make_lake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

__all__ = ["aws_bucket", "aws_environment", "cloud_stage", "local_aws", "queue"]


@pytest.fixture(scope="session")
def airflow_python() -> Path:
    """The interpreter of an environment that holds the newest Airflow and not the engine."""
    return _made(NEWEST)


@pytest.fixture(scope="session", params=VERSIONS)
def every_airflow_python(request: pytest.FixtureRequest) -> Path:
    """The interpreter of each version in turn: a test that asks for it runs with both."""
    return _made(str(request.param))


def _made(version: str) -> Path:
    try:
        return environment(version)
    except RuntimeError as error:
        pytest.skip(f"no environment with Airflow {version}: {error}")


@pytest.fixture(scope="session")
def warm_python(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], WarmPython]]:
    """Gives the one warm Python of an environment, started when first asked for."""
    started: dict[Path, WarmPython] = {}

    def started_once(python: Path) -> WarmPython:
        if python not in started:
            home = tmp_path_factory.mktemp("warm")
            started[python] = WarmPython(python, home, environment_of(home))
        return started[python]

    yield started_once
    for one in started.values():
        one.close()


@pytest.fixture
def stage_for(tmp_path: Path, warm_python: Callable[[Path], WarmPython]) -> Callable[[Path], Stage]:
    """Makes a stage for an interpreter; jobs run with this one, which has the engine."""

    def make(python: Path) -> Stage:
        home = tmp_path / "airflow"
        shutil.copytree(made_home(python), home)
        variables = {"stockstream_python": sys.executable}
        return Stage(home, variables, {}, warm_python(python))

    return make


@pytest.fixture
def stage(stage_for: Callable[[Path], Stage], airflow_python: Path) -> Stage:
    """A stage with the reference version."""
    return stage_for(airflow_python)


@pytest.fixture
def every_stage(stage_for: Callable[[Path], Stage], every_airflow_python: Path) -> Stage:
    """A stage with each version in turn."""
    return stage_for(every_airflow_python)


@pytest.fixture(scope="session")
def three_companies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated lake that nobody writes to."""
    place = tmp_path_factory.mktemp("lake") / "lake"
    make_lake(place)
    return place


@pytest.fixture
def lake(three_companies: Path, tmp_path: Path) -> Path:
    """A lake of one's own."""
    place = tmp_path / "lake"
    shutil.copytree(three_companies, place)
    return place
