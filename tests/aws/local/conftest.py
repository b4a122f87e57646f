"""Small functions, machines and jobs on the emulation."""

from __future__ import annotations

import io
import json
import textwrap
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from stockstream.aws.local import LocalAws

ROLE = "arn:aws:iam::123456789012:role/any"
TRUST = {"Version": "2012-10-17", "Statement": []}
PATIENCE = 60.0


@dataclass
class Account:
    """What the tests do in an account."""

    local: LocalAws

    def function(self, source: str, **options: Any) -> str:
        """Deploy ``handler(event, context)`` of a source text as a zip; its name."""
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("code.py", textwrap.dedent(source))
        return self._create(
            Runtime="python3.12",
            Handler="code.handler",
            Code={"ZipFile": packed.getvalue()},
            **options,
        )

    def image_function(self, command: str, **options: Any) -> str:
        """Deploy a function whose image is this environment; its name."""
        image = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/stockstream:1"
        return self._create(
            PackageType="Image",
            Code={"ImageUri": image},
            ImageConfig={"Command": [command]},
            **options,
        )

    def _create(self, **options: Any) -> str:
        name = f"f-{uuid4().hex[:8]}"
        self.local.client("lambda").create_function(
            FunctionName=name, Role=self.role(), **{"Timeout": 10, **options}
        )
        return name

    def role(self) -> str:
        """An ARN of a role that exists."""
        iam = self.local.client("iam")
        name = f"r-{uuid4().hex[:8]}"
        created = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        return str(created["Role"]["Arn"])

    def call(self, name: str, event: Any = None) -> Any:
        """The answer of a function; the failure's document if it failed."""
        answer = self.local.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event))
        return json.loads(answer["Payload"].read())

    def machine(self, start: str, **states: dict[str, Any]) -> str:
        """Create a state machine; its ARN."""
        created = self.local.client("stepfunctions").create_state_machine(
            name=f"m-{uuid4().hex[:8]}",
            definition=json.dumps({"StartAt": start, "States": states}),
            roleArn=ROLE,
        )
        return str(created["stateMachineArn"])

    def execute(self, machine: str, event: Any, **options: Any) -> dict[str, Any]:
        """Run an execution to its end; its description, with the output as a value."""
        client = self.local.client("stepfunctions")
        arn = client.start_execution(stateMachineArn=machine, input=json.dumps(event), **options)
        return self.finished(arn["executionArn"])

    def finished(self, execution: str) -> dict[str, Any]:
        """The description of an execution, once it has ended."""
        client = self.local.client("stepfunctions")

        def ended() -> Any:
            found = client.describe_execution(executionArn=execution)
            return None if found["status"] == "RUNNING" else found

        found: dict[str, Any] = until(ended)
        return {**found, "output": json.loads(found.get("output") or "null")}

    def queue(self) -> str:
        """A queue for jobs."""
        batch, name = self.local.client("batch"), f"q-{uuid4().hex[:8]}"
        environment = batch.create_compute_environment(
            computeEnvironmentName=name, type="UNMANAGED", serviceRole=self.role()
        )["computeEnvironmentArn"]
        order = [{"order": 1, "computeEnvironment": environment}]
        batch.create_job_queue(
            jobQueueName=name, state="ENABLED", priority=1, computeEnvironmentOrder=order
        )
        return name

    def definition(self, command: Sequence[str], **options: Any) -> str:
        """A job definition; its name."""
        name = f"d-{uuid4().hex[:8]}"
        needs = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "2048"}]
        environment = options.pop("environment", {})
        variables = [{"name": name, "value": value} for name, value in environment.items()]
        self.local.client("batch").register_job_definition(
            jobDefinitionName=name,
            type="container",
            containerProperties={
                "image": "stockstream",
                "command": list(command),
                "resourceRequirements": needs,
                "environment": variables,
            },
            **options,
        )
        return name

    def submit(self, queue: str, definition: str, **options: Any) -> str:
        """Submit a job; its id."""
        batch = self.local.client("batch")
        options.setdefault("jobName", "job")
        answer = batch.submit_job(jobQueue=queue, jobDefinition=definition, **options)
        return str(answer["jobId"])

    def job(self, identity: str) -> dict[str, Any]:
        """What Batch says of a job."""
        found: dict[str, Any] = self.local.client("batch").describe_jobs(jobs=[identity])["jobs"][0]
        return found

    def ended_job(self, identity: str) -> dict[str, Any]:
        """What Batch says of a job, once it has ended."""

        def ended() -> Any:
            found = self.job(identity)
            return found if found["status"] in {"SUCCEEDED", "FAILED"} else None

        found: dict[str, Any] = until(ended)
        return found

    def log(self, group: str) -> list[str]:
        """All lines of a log group."""
        logs = self.local.client("logs")
        streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
        return [
            event["message"]
            for stream in streams
            for event in logs.get_log_events(
                logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
            )["events"]
        ]


def until(found: Callable[[], Any]) -> Any:
    """What comes, asked for again and again."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := found():
            return answer
        time.sleep(0.02)
    pytest.fail("it did not come")


@pytest.fixture
def account(local_aws: LocalAws, aws_environment: dict[str, str]) -> Account:
    """An account on the emulation."""
    return Account(local_aws)


@pytest.fixture
def account_of() -> Callable[[LocalAws], Account]:
    """An account on another emulation."""
    return Account


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], Any]:
    """Asks until something comes."""
    return until
