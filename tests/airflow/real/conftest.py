"""One Airflow with AWS Batch beside it, lakes to run on, and a deployed bundle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.airflow.real.market import Engine, fill_factors, real_lake, simulated_lake
from tests.airflow.real.user_dags import USER_DAGS
from tests.airflow.server import running_airflow, wait_until
from tests.postgres import running_postgres

from stockstream.aws.local import ACCOUNT, REGION, LocalAws
from stockstream.lake.copying import copy_lake
from stockstream.lake.location import Location
from stockstream.runners.jobs.names import MODULE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.airflow.server import AirflowServer
    from tests.postgres import Postgres

    from stockstream.lake.store import Lake

JOBS = "stockstream-backtest"
SECRET = "stockstream/factors"  # noqa: S105 - its name
OVER = frozenset({"success", "failed"})
SWEEP = "stockstream_sweep"
BUCKET = "us-lake"
HERE = "tests/airflow/real/"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put these tests first: with pytest-xdist one worker gets all, and starts one Airflow."""
    for item in items:
        if HERE in item.nodeid:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.enable_socket)
    items.sort(key=lambda item: HERE not in item.nodeid)


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """AWS on this machine."""
    with LocalAws.start(tmp_path_factory.mktemp("aws"), hurry=0.001) as local:
        yield local


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for Airflow's own tables and for the factors."""
    with running_postgres(connections=60) as server:
        yield server


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    """What runs jobs: an interpreter that also has the strategy in trouble."""
    return Engine(tmp_path_factory.mktemp("engine"))


@pytest.fixture(scope="session")
def factors(postgres: Postgres) -> Postgres:
    """The database of factors, still empty."""
    return postgres.create("factors")


class Airflow(NamedTuple):
    """A real Airflow with the bundle.

    Attributes:
        server: its processes and its API.
        deployed: what ``stockstream deploy airflow --json`` said.
    """

    server: AirflowServer
    deployed: dict[str, Any]

    def run(self, dag: str, run: str, **conf: Any) -> dict[str, Any]:
        """Unpause a DAG, trigger it, and follow the run until it is over."""
        self.trigger(dag, run, **conf)
        return self.ended(dag, run)

    def unpause(self, dag: str) -> None:
        """Let a DAG run, as soon as it was parsed."""
        wait_until(lambda: self._has(dag), f"{dag} is parsed")
        path = f"/dags/{dag}"
        self.server.call("PATCH", path, {"is_paused": False}, update_mask="is_paused")

    def trigger(self, dag: str, run: str, **conf: Any) -> None:
        """Unpause a DAG and trigger it."""
        self.unpause(dag)
        body = {"logical_date": None, "dag_run_id": run, "conf": conf}
        self.server.call("POST", f"/dags/{dag}/dagRuns", body)

    def ended(self, dag: str, run: str, seconds: float = 600.0) -> dict[str, Any]:
        """The run when it is over."""

        def over() -> dict[str, Any] | None:
            found = self.server.call("GET", f"/dags/{dag}/dagRuns/{run}")
            return found if found["state"] in OVER else None

        found: dict[str, Any] = wait_until(over, f"{dag} {run} is over", seconds)
        return found

    def tasks(self, dag: str, run: str) -> list[dict[str, Any]]:
        """The task instances of a run, as the API shows them."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances"
        found: list[dict[str, Any]] = self.server.call("GET", path, limit=100)["task_instances"]
        return found

    def failure(self, dag: str, run: str, task: str) -> str:
        """What the task of a run raised at its first try."""
        folder = self.server.home / "logs" / f"dag_id={dag}" / f"run_id={run}"
        lines = (folder / f"task_id={task}" / "attempt=1.log").read_text(encoding="utf-8")
        details = [json.loads(line).get("error_detail", ()) for line in lines.splitlines()]
        return "\n".join(str(one["exc_value"]) for found in details for one in found)

    def jobs(self, local: LocalAws, name: str) -> list[dict[str, Any]]:
        """The jobs of AWS Batch with such names, which may end with ``*``."""
        pages = local.client("batch").get_paginator("list_jobs")
        wanted = [{"name": "JOB_NAME", "values": [name]}]
        found = pages.paginate(jobQueue=JOBS, filters=wanted)
        return [job for page in found for job in page["jobSummaryList"]]

    def returned(self, dag: str, run: str, task: str) -> Any:
        """What the task of a run returned."""
        path = f"/dags/{dag}/dagRuns/{run}/taskInstances/{task}/xcomEntries/return_value"
        found = self.server.call("GET", path)["value"]
        return json.loads(found) if isinstance(found, str) else found

    def _has(self, dag: str) -> bool:
        found = self.server.call("GET", "/dags", dag_id_pattern=dag)
        return dag in {one["dag_id"] for one in found["dags"]}

    def set_variable(self, key: str, value: str) -> None:
        """Set an Airflow Variable."""
        try:
            self.server.call("PATCH", f"/variables/{key}", {"key": key, "value": value})
        except OSError:
            self.server.call("POST", "/variables", {"key": key, "value": value})


@pytest.fixture(scope="session")
def airflow(
    airflow_python: Path,
    postgres: Postgres,
    factors: Postgres,
    local_aws: LocalAws,
    engine: Engine,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Airflow]:
    """Airflow with everything deployed to it by the command, and DAGs of a user."""
    home = tmp_path_factory.mktemp("airflow")
    connection = {
        "conn_type": "postgres",
        "host": factors.host,
        "port": factors.port,
        "login": factors.user,
        "password": factors.password,
        "schema": factors.database,
    }
    environment = {**local_aws.environment, "AIRFLOW_CONN_FACTORS": json.dumps(connection)}
    database = postgres.create("airflow")
    with running_airflow(airflow_python, home, database, environment) as server:
        said = engine.run(
            *("-m", "stockstream", "deploy", "airflow", "--examples", "--yes", "--json"),
            *("--dags", str(server.dags)),
            **settings_of(server),
        )
        (server.dags / "user_dags.py").write_text(
            USER_DAGS.replace("@BUCKET@", BUCKET), encoding="utf-8"
        )
        found = Airflow(server, json.loads(said))
        found.set_variable("stockstream_python", str(engine.python))
        found.set_variable("batch_job_queue", JOBS)
        found.set_variable("batch_job_definition", JOBS)
        yield found


def settings_of(server: AirflowServer) -> dict[str, str]:
    """Variables by which the commands find an Airflow."""
    return {
        "STOCKSTREAM__AIRFLOW__URL": server.url,
        "STOCKSTREAM__AIRFLOW__USERNAME": "admin",
        "STOCKSTREAM__AIRFLOW__PASSWORD": server.password,
    }


@pytest.fixture(scope="session")
def lake(
    request: pytest.FixtureRequest, factors: Postgres, tmp_path_factory: pytest.TempPathFactory
) -> Lake:
    """Twenty companies, American ones where that data is; their factors are in PostgreSQL only."""
    folder = tmp_path_factory.mktemp("market")
    try:
        found = real_lake(request.getfixturevalue("shared_data"), folder / "us")
    except pytest.skip.Exception:
        found = simulated_lake(folder / "simulated")
    fill_factors(factors, sorted(found.symbols()))
    return found


@pytest.fixture(scope="session")
def bucket_lake(lake: Lake, local_aws: LocalAws, factors: Postgres, engine: Engine) -> str:
    """The same lake in a bucket, a queue of AWS Batch, and the secret that leads to the factors."""
    place = make_bucket(local_aws, BUCKET, lake)
    secret = {
        "engine": "postgres",
        "host": factors.host,
        "port": factors.port,
        "dbname": factors.database,
        "username": factors.user,
        "password": factors.password,
    }
    local_aws.client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps(secret))
    make_queue(local_aws, {"PYTHONPATH": engine.path})
    return place


def make_bucket(local: LocalAws, name: str, lake: Lake) -> str:
    """A bucket with a copy of a lake; gives its URL."""
    where = {"LocationConstraint": REGION}
    local.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=where)
    with pytest.MonkeyPatch.context() as patch:
        for variable, value in local.environment.items():
            patch.setenv(variable, value)
        copy_lake(lake, Location.of(f"s3://{name}"))
    return f"s3://{name}"


def make_queue(local: LocalAws, environment: dict[str, str]) -> None:
    """A queue and a job definition, as Terraform makes them."""
    role = f"arn:aws:iam::{ACCOUNT}:role/jobs"
    local.client("iam").create_role(RoleName="jobs", AssumeRolePolicyDocument="{}")
    batch = local.client("batch")
    made = batch.create_compute_environment(
        computeEnvironmentName=JOBS, type="UNMANAGED", serviceRole=role
    )
    order = [{"order": 1, "computeEnvironment": made["computeEnvironmentArn"]}]
    batch.create_job_queue(
        jobQueueName=JOBS, state="ENABLED", priority=1, computeEnvironmentOrder=order
    )
    batch.register_job_definition(
        jobDefinitionName=JOBS,
        type="container",
        containerProperties={
            "image": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/stockstream:rehearsal",
            "command": ["python", "-m", MODULE, "item"],
            "environment": [{"name": key, "value": value} for key, value in environment.items()],
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "4096"},
            ],
        },
    )
