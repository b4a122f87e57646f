"""The client's questions to a real Airflow, and to the small one that other tests ask instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from tests.airflow.server import USER
from tests.runners.airflow.small_airflow import SmallAirflow

from stockstream.errors import CloudError, UnknownNameError
from stockstream.runners.airflow.bundle import DAGS
from stockstream.runners.airflow.client import AirflowRefusedError, api_path
from stockstream.runners.airflow.dags import (
    dag_run,
    failed_tasks,
    find_dag,
    import_faults,
    last_run,
    list_dags,
    missing_variables,
    set_paused,
    trigger,
)
from stockstream.runners.airflow.token_api import TokenApi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.airflow.real.conftest import Airflow

FILE = "framework_backtest_simple_example_dag"
REAL_DAG = "framework_backtest_simple_example"
"""One without a schedule; the small one names DAGs by their files."""


@dataclass(frozen=True)
class Asked:
    """An Airflow that is asked.

    Attributes:
        url: of its API.
        password: of the user.
        dag: that it has, paused.
    """

    url: str
    password: str
    dag: str

    @property
    def api(self) -> TokenApi:
        """A way to it that has not logged in yet."""
        return TokenApi(self.url, USER, self.password)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[SmallAirflow]:
    """The small one, with what is deployed as far as it looks at it."""
    modules = tmp_path / "stockstream" / "v_0123456789ab"
    modules.mkdir(parents=True)
    (modules / "errors.py").touch()
    (modules.parent / "__init__.py").write_text('__path__ = [f"{x}/v_0123456789ab"]')
    (tmp_path / DAGS).mkdir()
    (tmp_path / DAGS / f"{FILE}.py").write_text("# a DAG of airflow")
    server = SmallAirflow("open sesame", tmp_path)
    yield server
    server.stop()


@pytest.fixture(params=["small", pytest.param("real", marks=pytest.mark.story)])
def asked(request: pytest.FixtureRequest) -> Asked:
    """Each of the two."""
    if request.param == "small":
        found: SmallAirflow = request.getfixturevalue("small")
        return Asked(found.url, found.password, FILE)
    real: Airflow = request.getfixturevalue("airflow")
    return Asked(real.server.url, real.server.password, REAL_DAG)


def test_the_connection(asked: Asked) -> None:
    found = asked.api.check()
    assert found.version == "3.3.1"
    assert found.dags > 0
    assert (found.ill, set(found.parts.values())) == ([], {"healthy"})
    with pytest.raises(CloudError, match="does not let the user 'admin' in"):
        TokenApi(asked.url, USER, "wr0ng-word").check()
    with pytest.raises(CloudError, match="does not accept the token"):
        TokenApi(asked.url, token="e30.e30.e30").call("GET", "/dags")  # noqa: S106


def test_dags(asked: Asked) -> None:
    api = asked.api
    found = find_dag(api, asked.dag)
    assert asked.dag in {dag.id for dag in list_dags(api)}
    assert (found.id, found.paused, found.broken) == (asked.dag, True, False)
    assert found.file == f"{DAGS}/{FILE}.py"
    assert found.parsed > "2026"
    assert found.tags
    assert import_faults(api) == []
    for paused in (False, True):
        set_paused(api, asked.dag, paused=paused)
        assert find_dag(api, asked.dag).paused is paused
    with pytest.raises(UnknownNameError, match=asked.dag):
        find_dag(api, "nobody")


def test_runs(asked: Asked) -> None:
    """The DAG is paused, so that nothing of them is started."""
    api, name = asked.api, f"asked-{uuid4().hex[:8]}"
    assert dag_run(api, asked.dag, name) is None
    assert trigger(api, asked.dag, run=name) == name
    for found in (dag_run(api, asked.dag, name), last_run(api, asked.dag)):
        assert found is not None
        assert (found["dag_run_id"], found["state"]) == (name, "queued")
    assert failed_tasks(api, asked.dag, name) == []
    with pytest.raises(AirflowRefusedError, match="there is one of this name already") as twice:
        trigger(api, asked.dag, run=name)
    assert twice.value.status == 409
    path = api_path("dags", asked.dag, "dagRuns", name)
    api.call("PATCH", path, {"state": "failed"}, {"update_mask": "state"})
    ended = dag_run(api, asked.dag, name)
    assert ended is not None
    assert ended["state"] == "failed"


def test_what_is_refused(asked: Asked) -> None:
    api = asked.api
    with pytest.raises(AirflowRefusedError) as unknown:
        trigger(api, "nobody")
    assert unknown.value.status == 404
    with pytest.raises(AirflowRefusedError) as incomplete:
        api.call("POST", api_path("dags", asked.dag, "dagRuns"), {"conf": {}})
    assert incomplete.value.status == 422
    assert "logical_date" in incomplete.value.detail


def test_variables(asked: Asked, request: pytest.FixtureRequest) -> None:
    if asked.dag == FILE:
        small: SmallAirflow = request.getfixturevalue("small")
        small.variables = {"stockstream_lake": "/lake"}
    else:
        request.getfixturevalue("airflow").set_variable("stockstream_lake", "/lake")
    assert missing_variables(asked.api, "local") == []
