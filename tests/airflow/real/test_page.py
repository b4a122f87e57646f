"""The whole workflow on the page, with a real Airflow: a form becomes DAGs, a run and numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.airflow.real.conftest import SWEEP, settings_of
from tests.app.server import serving
from tests.app.steps import deploy, hand_in, run_of, text_of, trigger, wait_for_the_end
from tests.aws.sweeps import local_digest

from stockstream.app.tasks import read_progress
from stockstream.runners.choice import runner_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.real.conftest import Airflow
    from tests.app.visits import Visit

    from stockstream.lake.store import Lake

pytestmark = pytest.mark.browser

FORM = {
    "strategy": "MovingAverageCrossover",
    "start_date": "2019-01-02",
    "end_date": "2020-12-31",
    "p_fast_period": "5:20:4",
    "p_slow_period": "30, 40, 50",
    "runner": "airflow",
}


def test_from_the_form_to_the_numbers(
    airflow: Airflow, lake: Lake, visitor: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        **settings_of(airflow.server),
        "STOCKSTREAM__AIRFLOW__DAGS": str(airflow.server.dags),
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    airflow.set_variable("stockstream_lake", str(lake.location))
    airflow.server.call("PATCH", f"/dags/{SWEEP}", {"is_paused": True}, update_mask="is_paused")
    runs = tmp_path / "runs"
    with serving(tmp_path, str(lake.location), runs) as server:
        seen = visitor(server.address)
        request = hand_in(seen, **FORM)
        deploy(seen)
        dag = read_progress(runs / "requests" / request, "deploy").found["dag"]
        seen.page.locator(".st-key-section-deploy summary").click()
        seen.page.get_by_text(f"{dag}: paused").wait_for()
        seen.page.get_by_text(f"{SWEEP}: paused").wait_for()
        seen.keep("airflow-deployed")
        assert airflow.server.call("GET", f"/dags/{dag}")["is_paused"]
        trigger(seen)
        seen.open(f"/?request={request}")
        wait_for_the_end(seen)
        seen.keep("airflow-done")
        assert "12 of 12" in text_of(seen.page, "monitor")
        seen.is_well()
        run = run_of(runs, request)
        result = runner_of(run, runs).result(run)
        assert result.digest == local_digest(result.study, str(lake.location))
        found = airflow.server.call("GET", f"/dags/{SWEEP}/dagRuns", limit=100)["dag_runs"]
        [name] = [one["dag_run_id"] for one in found if run in one["dag_run_id"]]
        assert airflow.ended(SWEEP, name)["state"] == "success"
