"""The real state machine with the real functions on the emulation, and everything going wrong."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from polars.testing import assert_frame_equal

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.local import Faults
from stockstream.aws.machines.document import MACHINES, render
from stockstream.testing.source_server import FaultPlan, Poison

if TYPE_CHECKING:
    from tests.aws.handlers.pipeline.conftest import Cloud, Laptop

    from stockstream.aws.local import LocalAws

pytestmark = pytest.mark.slow

IMAGE = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/stockstream:1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
BEFORE, DAY = "2024-05-06", "2024-05-07"
LAST = tuple(f"S{number}.AX" for number in range(32, 43))
"""The symbols of the last of four batches."""


@dataclass
class Pipeline:
    """The machine, its functions and its topic.

    Attributes:
        local: where they are.
        cloud: their sources and their lake.
        machine: ARN.
        queue: URL of a queue that hears what the topic says.
    """

    local: LocalAws
    cloud: Cloud
    machine: str
    queue: str

    def run(self, day: str) -> dict[str, Any]:
        """An execution that succeeds: its output."""
        ended = self.execute(day)
        assert ended["status"] == "SUCCEEDED", ended
        return dict(json.loads(ended["output"]))

    def complete(self, day: str, most: int = 4) -> None:
        """Run until everything is there, as a person would who hears what is missing."""
        for _ in range(most):
            ended = self.execute(day)
            if json.loads(ended.get("output", "{}")).get("summary", {}).get("state") == "complete":
                return
        pytest.fail(f"{day} was not completed by {most} executions; the last was {ended}")

    def execute(self, day: str) -> dict[str, Any]:
        """An execution to its end, whatever that is."""
        self.cloud.today(day)
        client = self.local.client("stepfunctions")
        arn = client.start_execution(
            stateMachineArn=self.machine, name=uuid4().hex, input=json.dumps({"date": day})
        )["executionArn"]
        while (found := client.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.05)
        return dict(found)

    def heard(self) -> list[str]:
        """Subjects of the messages since the last question."""
        found = self.local.client("sqs").receive_message(
            QueueUrl=self.queue, MaxNumberOfMessages=10
        )
        return [json.loads(message["Body"])["Subject"] for message in found.get("Messages", [])]


@pytest.fixture
def emulated(
    cloud: Cloud,
    local_aws: LocalAws,
    aws_bucket: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> Pipeline:
    """The pipeline as Terraform deploys it, with a bucket of its own."""
    monkeypatch.delenv("STOCKSTREAM__LAKE")
    cloud.place, stack = aws_bucket[1], f"t{uuid4().hex[:8]}"
    settings = {n: v for n, v in os.environ.items() if n.startswith("STOCKSTREAM__")}
    environment = {**settings, "S3_BUCKET_NAME": aws_bucket[0], "ENVIRONMENT": "test"}
    iam, functions = local_aws.client("iam"), local_aws.client("lambda")
    role = iam.create_role(RoleName=stack, AssumeRolePolicyDocument=TRUST)["Role"]["Arn"]
    places = {
        name.replace("-", "_"): functions.create_function(
            FunctionName=f"{stack}-{name}",
            Role=role,
            PackageType="Image",
            Code={"ImageUri": IMAGE},
            ImageConfig={"Command": [function.handler]},
            Timeout=function.timeout,
            MemorySize=function.memory,
            Environment={"Variables": environment},
        )["FunctionArn"]
        for name, function in FUNCTIONS.items()
        if function.part == "pipeline"
    }
    topic = local_aws.client("sns").create_topic(Name=stack)["TopicArn"]
    queue = local_aws.client("sqs").create_queue(QueueName=stack)["QueueUrl"]
    endpoint = f"arn:aws:sqs:ap-southeast-2:123456789012:{stack}"
    local_aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint)
    definition = render(MACHINES["stock-data-pipeline"], {**places, "alerts_topic": topic})
    made = local_aws.client("stepfunctions").create_state_machine(
        name=stack, definition=definition, roleArn=role
    )
    return Pipeline(local_aws, cloud, made["stateMachineArn"], queue)


def test_a_poison_batch_is_told_of_and_made_good_by_the_next_run(emulated: Pipeline) -> None:
    cloud = emulated.cloud
    output = emulated.run(BEFORE)
    assert {"symbols", "symbolBatches", "metadata", "batchResults"} < {*output}
    assert (output["summary"]["state"], emulated.heard()) == ("complete", [])
    cloud.server.plan(FaultPlan(poison=(Poison("server_error", LAST),)))
    summary = emulated.run(DAY)["summary"]
    assert (summary["state"], [*summary["batches_failed"]]) == ("partial", ["3"])
    assert summary["batches_failed"]["3"].startswith("TransientError: nothing was written")
    assert (summary["symbols_fetched"], summary["batches_processed"]) == (33, 3)
    assert emulated.heard() == ["Stock Stream Pipeline Partly Done"]
    cloud.server.plan(FaultPlan())
    before = cloud.asked()
    assert emulated.run(DAY)["summary"]["state"] == "complete"
    assert cloud.asked() - before == dict.fromkeys(LAST, 1)
    assert emulated.heard() == []


def test_the_metrics_reach_cloudwatch(emulated: Pipeline) -> None:
    emulated.run(DAY)
    found = emulated.local.client("cloudwatch").list_metrics(Namespace="StockStream")["Metrics"]
    compactor = emulated.machine.rpartition(":")[2] + "-table-compactor"
    mine = [m for m in found if {"Name": "FunctionName", "Value": compactor} in m["Dimensions"]]
    assert sorted(metric["MetricName"] for metric in mine) == [
        "BatchesFailed",
        "BatchesProcessed",
        "SymbolsFailed",
        "SymbolsFetched",
        "TotalSymbols",
    ]


def test_calls_that_come_again_and_functions_that_are_lost(
    emulated: Pipeline, laptop: Laptop
) -> None:
    """And S3 that asks to slow down, and batches in any order: the lake of a quiet laptop."""
    trouble = Faults(
        seed=5, deliveries=(1, 3), shuffle=True, kill_workers=0.15, s3_errors=0.02, s3_delay=0.01
    )
    with emulated.local.faults(trouble) as injected:
        for day in (BEFORE, DAY):
            emulated.complete(day)
    assert injected["deliveries"] > 0
    assert injected["s3_errors"] > 0
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("S3_BUCKET_NAME")
        for day in (BEFORE, DAY):
            laptop.run(day)
    there = laptop.rows()
    for name, rows in emulated.cloud.rows().items():
        if name != "health":  # whose numbers are those of the call that ended the run
            assert_frame_equal(rows, there[name])
