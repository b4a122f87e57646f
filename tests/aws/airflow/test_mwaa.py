"""MWAA, as the SDK asks for it: an environment by its name, and the Airflow behind it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.runners.airflow.small_airflow import Fault

from stockstream.aws.local import REGION, MwaaEnvironment
from stockstream.cli import main
from stockstream.errors import CloudError, UnknownNameError
from stockstream.runners.account import Account
from stockstream.runners.airflow import dags
from stockstream.runners.airflow.api import AirflowRefusedError, api_path
from stockstream.runners.airflow.bundle import build_bundle
from stockstream.runners.airflow.client import connect
from stockstream.runners.airflow.deploy import Deployment, demand_place, deployed_at
from stockstream.runners.airflow.mwaa_api import MwaaApi
from stockstream.runners.airflow.rollout import roll_out
from stockstream.settings import AirflowSettings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.aws.airflow.conftest import Managed

    from stockstream.aws.local import LocalAws


@pytest.fixture
def api(managed: Managed) -> MwaaApi:
    found = MwaaApi(managed.name, Account(REGION))
    found.pauses = (0.0,)
    return found


def test_the_check_says_what_it_found(managed: Managed, api: MwaaApi) -> None:
    found = api.check()
    assert (found.version, found.ill, found.place) == ("3.3.1", [], managed.place)
    assert found.name == f"the MWAA environment {managed.name} in {REGION}"


def test_the_settings_lead_to_it(managed: Managed) -> None:
    found = connect(AirflowSettings(environment=managed.name))
    assert found.check().place == managed.place


def test_runs_are_started_and_refusals_have_a_status(managed: Managed, api: MwaaApi) -> None:
    managed.airflow.dags = {"one": managed.airflow._row("one", "one.py", "now")}
    dags.set_paused(api, "one", paused=False)
    assert not dags.find_dag(api, "one").paused
    assert dags.trigger(api, "one", {"x": [1, None]}, "r-1") == "r-1"
    assert managed.airflow.bodies[-1]["conf"] == {"x": [1, None]}
    assert dags.dag_run(api, "one", "r-2") is None
    with pytest.raises(
        AirflowRefusedError, match=r"violation \(409\); there is one of this"
    ) as caught:
        dags.trigger(api, "one", run="r-1")
    assert caught.value.status == 409
    managed.airflow.faults = [Fault("/api/v2/dags", 500, {"detail": "Internal Server Error"})]
    with pytest.raises(AirflowRefusedError, match=r"Internal Server Error \(500\)") as caught:
        api.call("GET", api_path("dags", "one"))
    assert caught.value.status == 500


def test_an_environment_that_is_not_there(managed: Managed) -> None:
    with pytest.raises(UnknownNameError, match=f"did you mean '{managed.name}'.*aws.region choose"):
        MwaaApi(f"{managed.name}x", Account(REGION)).check()


def test_an_environment_that_is_not_ready_or_too_old(local_aws: LocalAws, managed: Managed) -> None:
    one = MwaaEnvironment(
        "making",
        managed.airflow.url,
        "admin",
        "x",
        "nowhere",
        str(managed.folder),
        status="CREATING",
    )
    local_aws.add_mwaa(one)
    with pytest.raises(CloudError, match=r"making in .* is CREATING and not AVAILABLE: wait"):
        MwaaApi("making", Account(REGION)).check()
    local_aws.add_mwaa(replace(one, status="AVAILABLE", version="2.10.3"))
    with pytest.raises(CloudError, match=r"is Airflow 2\.10\.3"):
        MwaaApi("making", Account(REGION)).check()
    local_aws.add_mwaa(replace(one, status="DELETED"))


def test_deploying_to_its_bucket(managed: Managed, api: MwaaApi) -> None:
    place = demand_place(api.place())
    bundle = build_bundle({})
    deployment = Deployment(bundle, place)
    managed.airflow.paused_at_creation = False
    seen = roll_out(deployment, api, every=0.1)
    assert seen
    assert len(seen.dags) == 3
    assert all(dag.paused for dag in seen.dags.values())
    assert all(place.read(name) == content for name, content in bundle.files.items())
    assert deployed_at(managed.place).bundle == bundle.digest
    assert Deployment(bundle, place).changes.written == ()


def test_what_it_cannot_read_is_taken_out_of_the_bucket(managed: Managed, api: MwaaApi) -> None:
    place = demand_place(api.place())
    managed.airflow.unreadable = {"bundle": "ImportError: no name 'x'"}
    with pytest.raises(CloudError, match=r"no name 'x'.*put back as it was before"):
        roll_out(Deployment(build_bundle({}), place), api, settling=0.2, every=0.1)
    assert list(place.files()) == []
    seen = roll_out(Deployment(build_bundle({}), place), api, patience=0.0)
    assert seen is None


def test_a_bucket_that_is_not_there(aws_environment: dict[str, str]) -> None:
    with pytest.raises(CloudError, match="cannot be read: there is no such bucket; make it"):
        deployed_at("s3://no-such-bucket/dags")


def test_the_command_needs_no_more_than_the_name_of_the_environment(
    managed: Managed,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__ENVIRONMENT", managed.name)
    assert main(["deploy", "airflow", "--examples", "--yes", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["place"] == managed.place
    assert document["read"]
    assert len(document["dags"]) == 5
    assert document["paused"] == document["dags"]
    assert main(["deploy", "airflow", "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["bundle"] == document["bundle"]
