"""An Airflow whose workers read the lake in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.aws.sweeps import local_digest
from tests.runners.airflow.small_airflow import USER
from tests.runners.airflow.studies.working_airflow import WorkingAirflow

from stockstream.runners.airflow.service import AirflowService
from stockstream.runners.cloud import CloudRunner
from stockstream.settings import AirflowSettings, Settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.runners.conftest import Cloud

PASSWORD = "open sesame"  # noqa: S105 - of the small one


@pytest.mark.slow
def test_a_run_beside_a_lake_in_a_bucket(cloud: Cloud, tmp_path: Path) -> None:
    study = cloud.study("on Airflow")
    airflow = WorkingAirflow(PASSWORD, cloud.lake)
    try:
        settings = Settings(airflow=AirflowSettings(airflow.url, USER, PASSWORD))
        service = AirflowService.of(settings, tmp_path, at_once=2)
        runner = CloudRunner(tmp_path, cloud.lake, service, every=0.2)
        run = runner.submit(study)
        *_, status = runner.follow(run)
        assert (status.state, status.done) == ("done", study.trials), status.error
        assert runner.result(run).digest == local_digest(study, cloud.lake)
        assert len(cloud.keys(f"runs/{run}/chunks/")) == len(study.chunks)
        runner.delete(run)
        assert not cloud.keys(f"runs/{run}/")
    finally:
        airflow.stop()
