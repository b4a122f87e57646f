"""Functions of a sweep that are lost, delivered twice and refused by S3: the same numbers."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from tests.aws.sweeps import local_digest, make_lake, plan_event

from stockstream.aws.handlers.sweeps import collect_sweep
from stockstream.aws.local import Faults
from stockstream.study.result import StudyResult
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from stockstream.aws.local import LocalAws

pytestmark = pytest.mark.slow

IMAGE = "123456789012.dkr.ecr.ap-southeast-2.amazonaws.com/stockstream:1"
MOST_CALLS = 30


@pytest.fixture
def function(local_aws: LocalAws, aws_bucket: tuple[str, str]) -> str:
    """``run-chunk`` on the emulation, on a bucket with a lake; its name."""
    bucket, url = aws_bucket
    make_lake(url)
    iam, name = local_aws.client("iam"), f"f-{uuid4().hex[:8]}"
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Statement": []}))
    local_aws.client("lambda").create_function(
        FunctionName=name,
        Role=role["Role"]["Arn"],
        Timeout=60,
        PackageType="Image",
        Code={"ImageUri": IMAGE},
        ImageConfig={"Command": ["stockstream.aws.handlers.sweeps.run_chunks"]},
        Environment={"Variables": {"S3_BUCKET_NAME": bucket}},
    )
    return name


def test_faults_change_no_number(
    local_aws: LocalAws, aws_bucket: tuple[str, str], function: str
) -> None:
    _, url = aws_bucket
    study = replace(plan_event(url), chunk_trials=8)
    store = BucketStore.create(runs_of(url), study)
    client = local_aws.client("lambda")

    def deliver(item: dict[str, Any]) -> None:
        """Call until it succeeds, as the state machine does."""
        for _ in range(MOST_CALLS):
            answer = client.invoke(FunctionName=function, Payload=json.dumps(item))
            if "FunctionError" not in answer:
                return
        pytest.fail(f"an item failed {MOST_CALLS} times: {answer['Payload'].read()}")

    plan = make_plan(store, "1", at_once=5)
    wrong = Faults(seed=5, s3_errors=0.1, s3_delay=0.01, kill_workers=0.4, deliveries=(1, 3))
    with local_aws.faults(wrong) as injected, ThreadPoolExecutor(2) as pool:
        list(pool.map(deliver, (item.as_dict() for item in plan.items)))
    assert injected["s3_errors"] > 0
    assert injected["kill_workers"] > 0
    assert injected["deliveries"] > 0
    collected = collect_sweep({"run": study.name})
    assert (collected["state"], collected["failures"]) == ("done", [])
    assert StudyResult(study, store).digest == local_digest(study, url)
