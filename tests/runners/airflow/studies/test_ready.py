"""What is known before a study is planned, and which Airflow a run is with."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.runners.airflow.small_airflow import USER, Fault
from tests.runners.airflow.studies.conftest import PASSWORD

from stockstream.errors import CloudError, ConfigError
from stockstream.runners.airflow.service import SWEEP, AirflowService
from stockstream.runners.choice import runner_of
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cloud_record import Attempt, CloudRecord
from stockstream.settings import AirflowSettings, AwsSettings, Settings
from stockstream.study.runs.store import FolderStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.runners.airflow.studies.working_airflow import WorkingAirflow

    from stockstream.study.study import Study


@pytest.mark.parametrize(
    ("change", "error", "reason"),
    [
        ({"dags": {}}, ConfigError, f"has no DAG {SWEEP}: `stockstream deploy airflow` brings"),
        ({"row": {"is_stale": True}}, ConfigError, f"has no DAG {SWEEP}"),
        ({"row": {"has_import_errors": True}}, ConfigError, "`stockstream airflow status` says"),
        ({"row": {"is_paused": True}}, ConfigError, f"`stockstream airflow unpause {SWEEP}`"),
        ({"health": {"scheduler": "unhealthy"}}, CloudError, "its scheduler does not work"),
        ({"variables": {"stockstream_lake": "/else"}}, ConfigError, "works on the lake /else"),
        (
            {"variables": {"trading_strategies_bucket": "mine"}},
            ConfigError,
            "give --lake s3://mine, or set the Airflow Variable stockstream_lake",
        ),
        ({"version": "2.10.1"}, CloudError, "version 3.0 or newer is needed"),
        ({"password": "another"}, CloudError, "does not let the user 'admin' in"),
    ],
)
def test_what_keeps_a_study_from_running_is_said_before_it_is_planned(
    runner: CloudRunner,
    working: WorkingAirflow,
    change: dict[str, Any],
    error: type[Exception],
    reason: str,
    lake: Path,
) -> None:
    working.dags[SWEEP].update(change.pop("row", {}))
    for name, value in change.items():
        setattr(working, name, {**working.health, **value} if name == "health" else value)
    with pytest.raises(error) as raised:
        runner.ready()
    assert reason in str(raised.value)
    assert not (lake / "runs").exists()
    assert not runner.runs.exists()


def test_variables_that_this_user_may_not_see_are_no_hindrance(
    runner: CloudRunner, working: WorkingAirflow
) -> None:
    working.faults.append(Fault("/api/v2/variables", 403, {"detail": "Forbidden"}))
    runner.ready()
    working.faults.clear()
    working.variables.clear()  # they may be in its environment
    runner.ready()


def test_jobs_of_aws_batch_need_a_bucket_and_the_triggerer(
    working: WorkingAirflow, settings: Settings, lake: Path, tmp_path: Path
) -> None:
    batch = replace(settings, airflow=replace(settings.airflow, mode="batch"))
    service = AirflowService.of(batch, tmp_path)
    assert service.at_once == batch.aws.at_once
    with pytest.raises(ConfigError, match="read a lake in a bucket"):
        service.ready(str(lake))
    working.health["triggerer"] = "not running"
    with pytest.raises(CloudError, match="its triggerer does not work"):
        service.ready("s3://bucket")
    AirflowService.of(settings, tmp_path).ready(str(lake))


def test_nobody_listens(lake: Path, tmp_path: Path, socket_enabled: None) -> None:
    airflow = AirflowSettings("http://127.0.0.1:9", USER, PASSWORD)
    service = AirflowService.of(Settings(airflow=airflow), tmp_path)
    service.api.pauses = ()
    with pytest.raises(CloudError, match=r"127\.0\.0\.1:9 does not answer: nothing listens there"):
        CloudRunner(tmp_path / "runs", str(lake), service).ready()


def test_a_password_goes_to_no_other_airflow(tmp_path: Path) -> None:
    airflow = AirflowSettings("http://127.0.0.1:8080/", USER, PASSWORD)
    where = {"url": "http://elsewhere.invalid:8080"}
    service = AirflowService.of(Settings(airflow=airflow), tmp_path, None, where)
    assert service.where == where
    with pytest.raises(ConfigError, match="is with the Airflow at http://elsewhere"):
        service.look("s-0123456789ab-1")
    with pytest.raises(ConfigError, match="no Airflow was named"):
        AirflowService.of(Settings(), tmp_path, None, where).look("s-0123456789ab-1")


def test_an_environment_of_mwaa_is_found_again_whatever_the_settings_say(tmp_path: Path) -> None:
    asked = Settings(
        airflow=AirflowSettings(environment="mine"), aws=AwsSettings(region="us-east-1")
    )
    where = AirflowService.of(asked, tmp_path).where
    assert where == {"environment": "mine", "region": "us-east-1"}
    again = AirflowService.of(
        Settings(airflow=AirflowSettings("http://127.0.0.1:8080")), tmp_path, None, where
    )
    assert again.api.name == "the MWAA environment mine in us-east-1"


def test_as_many_workers_as_this_machine_has_processors(tmp_path: Path) -> None:
    assert AirflowService.of(Settings(), tmp_path).at_once == os.cpu_count()
    assert AirflowService.of(Settings(), tmp_path, at_once=7).at_once == 7


def test_files_are_shown_though_the_settings_name_no_airflow(
    study: Callable[..., Study], lake: Path, tmp_path: Path
) -> None:
    planned = study()
    store = FolderStore.create(tmp_path / "runs", planned)
    where = {"url": "http://127.0.0.1:8080"}
    record = CloudRecord("airflow", str(lake), where).with_cancelled()
    record.write(store.folder)
    assert runner_of(planned.name, tmp_path / "runs").status(planned.name).state == "stopped"
    record.with_attempt(Attempt(1, f"{planned.name}-1")).write(store.folder)
    status = runner_of(planned.name, tmp_path / "runs").status(planned.name)
    assert (status.state, status.total) == ("unreachable", 6)
    assert "no Airflow was named" in status.error
