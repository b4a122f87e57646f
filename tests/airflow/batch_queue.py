"""AWS Batch on the local emulation, and an Airflow that knows it: fixtures of those who ask."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from stockstream.aws.local import ACCOUNT, REGION
from stockstream.lake.copying import copy_lake
from stockstream.lake.location import Location
from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.stage import Stage

    from stockstream.aws.local import LocalAws

__all__ = ["Queue", "cloud_stage", "queue"]

ENDED = ("SUCCEEDED", "FAILED")
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/stockstream:rehearsal"
RETRY = {
    "attempts": 5,
    "evaluateOnExit": [
        {"action": "EXIT", "onExitCode": "2"},
        {"action": "RETRY", "onReason": "*"},
    ],
}


@dataclass(frozen=True)
class Queue:
    """A queue of the emulation with a job definition of the same name, and a lake in a bucket."""

    local: LocalAws
    name: str
    lake: str

    def jobs(self) -> list[dict[str, Any]]:
        """Every job that was ever submitted, the oldest first."""
        client, found = self.local.client("batch"), []
        for status in ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING", *ENDED):
            pages = client.get_paginator("list_jobs").paginate(jobQueue=self.name, jobStatus=status)
            found += [job for page in pages for job in page["jobSummaryList"]]
        return sorted(found, key=lambda job: int(job["createdAt"]))

    def names(self) -> list[str]:
        """Their names."""
        return [str(job["jobName"]) for job in self.jobs()]

    def submit(self, name: str, environment: dict[str, str], size: int) -> str:
        """Submit a job as a worker does that is killed right after."""
        told = [{"name": key, "value": value} for key, value in environment.items()]
        job = self.local.client("batch").submit_job(
            jobName=name,
            jobQueue=self.name,
            jobDefinition=self.name,
            arrayProperties={"size": size},
            containerOverrides={
                "command": ["python", "-m", "stockstream.runners.jobs", "item"],
                "environment": told,
            },
        )
        return str(job["jobId"])


@pytest.fixture
def queue(local_aws: LocalAws, aws_bucket: tuple[str, str], three_companies: Path) -> Queue:
    """A queue of one's own."""
    name, (bucket, url) = f"q-{uuid4().hex[:8]}", aws_bucket
    batch, role = local_aws.client("batch"), f"role-{name}"
    local_aws.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument="{}")
    place = batch.create_compute_environment(
        computeEnvironmentName=name,
        type="UNMANAGED",
        serviceRole=f"arn:aws:iam::{ACCOUNT}:role/{role}",
    )["computeEnvironmentArn"]
    batch.create_job_queue(
        jobQueueName=name,
        state="ENABLED",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": place}],
    )
    batch.register_job_definition(
        jobDefinitionName=name,
        type="container",
        retryStrategy=RETRY,
        containerProperties={
            "image": IMAGE,
            "command": ["python", "-m", "stockstream.runners.jobs", "item"],
            "environment": [{"name": "S3_BUCKET_NAME", "value": bucket}],
            "resourceRequirements": [
                {"type": "VCPU", "value": "1"},
                {"type": "MEMORY", "value": "4096"},
            ],
        },
    )
    copy_lake(Lake.open(str(three_companies)), Location.of(url))
    return Queue(local_aws, name, url)


@pytest.fixture
def cloud_stage(stage: Stage, queue: Queue, aws_environment: dict[str, str]) -> Stage:
    """An Airflow whose Variables name the queue and the bucket, and that has no interpreter."""
    variables = {
        "batch_job_queue": queue.name,
        "batch_job_definition": queue.name,
        "trading_strategies_bucket": queue.lake.removeprefix("s3://"),
        "stockstream_region": REGION,
    }
    return replace(stage, variables=variables, environment=aws_environment)
