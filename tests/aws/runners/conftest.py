"""A stack on the emulation, made from the tables that Terraform reads, and runners on it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from tests.aws.sweeps import EVENT

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.local import ACCOUNT, REGION
from stockstream.aws.machines import MACHINES, render
from stockstream.backtest.config import BacktestConfig
from stockstream.lake.copying import copy_lake
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.runners.aws_batch import AwsBatchService
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.jobs.names import MODULE
from stockstream.runners.step_functions import StepFunctionsService
from stockstream.study.plan import plan_study
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from stockstream.aws.local import LocalAws
    from stockstream.study.study import Study

CONFIGURED = ("strategy_class", "parameters", "param_grid")
SERVICES: dict[str, type[StepFunctionsService | AwsBatchService]] = {
    one.kind: one for one in (StepFunctionsService, AwsBatchService)
}
KINDS = tuple(SERVICES)
MACHINE, JOBS = "backtest-workflow", "stockstream-backtest"
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/stockstream:rehearsal"
RETRY = {
    "attempts": 5,
    "evaluateOnExit": [
        {"action": "EXIT", "onExitCode": "2"},
        {"action": "RETRY", "onReason": "*"},
    ],
}


@dataclass
class Cloud:
    """A stack with three companies in its bucket, for all tests of a session.

    Attributes:
        local: the emulation that it is on.
        prefix: of its names.
    """

    local: LocalAws
    prefix: str = field(default_factory=lambda: f"t{uuid4().hex[:8]}-")
    is_made: bool = False
    kinds: tuple[str, ...] = KINDS

    @property
    def bucket(self) -> str:
        return f"{self.prefix}stockstream"

    @property
    def lake(self) -> str:
        return f"s3://{self.bucket}"

    @property
    def role(self) -> str:
        return f"arn:aws:iam::{ACCOUNT}:role/{self.prefix}stack"

    def make(self) -> None:
        """Make what Terraform makes of the part that runs backtests."""
        place = {"LocationConstraint": REGION}
        self.local.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration=place)
        self.local.client("iam").create_role(
            RoleName=f"{self.prefix}stack", AssumeRolePolicyDocument="{}"
        )
        self._machine()
        self._jobs()
        years = dt.date(2019, 1, 1), dt.date(2020, 12, 31)
        copy_lake(simulated_lake(3, *years), Location.of(self.lake))
        self.is_made = True

    def study(self, name: str, chunk_trials: int = 20, **options: Any) -> Study:
        """A study of this name, so that no other test has it: 37 points on 3 symbols."""
        given = {field: value for field, value in EVENT.items() if field != "config"}
        fields = {field: options.pop(field) for field in CONFIGURED if field in options}
        config = BacktestConfig(**{**EVENT["config"], **fields})
        study = plan_study(config, self.open(), **{**given, **options})
        return replace(study, chunk_trials=chunk_trials, flags=(name,))

    def open(self) -> Lake:
        """The lake in the bucket."""
        return Lake.open(self.lake)

    def runner(self, kind: str, runs: Path) -> CloudRunner:
        """A runner of this stack."""
        return CloudRunner(runs, self.lake, SERVICES[kind](self.prefix, at_once=4), every=0.3)

    def keys(self, prefix: str) -> list[str]:
        """Keys in the bucket."""
        found = self.local.client("s3").list_objects_v2(Bucket=self.bucket, Prefix=prefix)
        return [one["Key"] for one in found.get("Contents", ())]

    def _machine(self) -> None:
        machine = MACHINES[MACHINE]
        functions = {name: f for name, f in FUNCTIONS.items() if f.part == "backtest"}
        arns = {}
        for name, function in functions.items():
            made = self.local.client("lambda").create_function(
                FunctionName=self.prefix + name,
                PackageType="Image",
                Role=self.role,
                Code={"ImageUri": IMAGE},
                ImageConfig={"Command": [function.handler]},
                Timeout=function.timeout,
                MemorySize=function.memory,
                Environment={"Variables": {"S3_BUCKET_NAME": self.bucket}},
            )
            arns[name.replace("-", "_")] = made["FunctionArn"]
        values = {**arns, "bucket": self.bucket, "map_state_concurrency": 4}
        self.local.client("stepfunctions").create_state_machine(
            name=self.prefix + MACHINE, definition=render(machine, values), roleArn=self.role
        )

    def _jobs(self) -> None:
        batch, name = self.local.client("batch"), self.prefix + JOBS
        environment = batch.create_compute_environment(
            computeEnvironmentName=name, type="UNMANAGED", serviceRole=self.role
        )["computeEnvironmentArn"]
        batch.create_job_queue(
            jobQueueName=name,
            state="ENABLED",
            priority=1,
            computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
        )
        batch.register_job_definition(
            jobDefinitionName=name,
            type="container",
            retryStrategy=RETRY,
            containerProperties={
                "image": IMAGE,
                "command": ["python", "-m", MODULE, "item"],
                "environment": [{"name": "S3_BUCKET_NAME", "value": self.bucket}],
                "resourceRequirements": [
                    {"type": "VCPU", "value": "1"},
                    {"type": "MEMORY", "value": "4096"},
                ],
            },
        )


@pytest.fixture(scope="session")
def unmade(local_aws: LocalAws) -> Cloud:
    """A stack that is yet to be made: a fixture of a session has no network."""
    return Cloud(local_aws)


@pytest.fixture
def cloud(unmade: Cloud, aws_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The stack, which the environment names."""
    if not unmade.is_made:
        unmade.make()
    monkeypatch.setenv("STOCKSTREAM__AWS__PREFIX", unmade.prefix)
    monkeypatch.setenv("STOCKSTREAM__AWS__AT_ONCE", "4")
    return unmade


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """Each service."""
    return str(request.param)


@pytest.fixture
def runner_in(cloud: Cloud, kind: str) -> Callable[..., CloudRunner]:
    """Makes a runner with a folder of runs: another folder is another laptop."""

    def make(runs: Path) -> CloudRunner:
        return cloud.runner(kind, runs)

    return make


@pytest.fixture
def runner(runner_in: Callable[..., CloudRunner], tmp_path: Path) -> CloudRunner:
    """A runner of each service."""
    return runner_in(tmp_path / "runs")
