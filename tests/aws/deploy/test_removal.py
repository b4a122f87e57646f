"""Emptying a bucket, stopping what runs, and asking each service what is left."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.aws.deploy.conftest import REGION

from stockstream.aws.deploy.emptying import (
    Content,
    content_of,
    empty_bucket,
    stop_executions,
    stop_jobs,
)
from stockstream.aws.deploy.inventory import (
    _PROBES,
    Resource,
    left_of,
    remove_log_groups,
    resources_in,
)
from stockstream.errors import CloudError

if TYPE_CHECKING:
    from stockstream.runners.account import Account

pytestmark = pytest.mark.slow

PLACE = {"LocationConstraint": REGION}
ROLE = "arn:aws:iam::123456789012:role/x"
KEYS = ("lake.json", "runs/manual__2026-11-21T00:00:00+00:00/a", "a b", "\u00fcmlaut/\u00e9")


def resource(kind: str, **values: Any) -> Resource:
    return Resource(kind, f"module.stack.{kind}.this", values)


@pytest.fixture
def versioned(account: Account) -> str:
    """A bucket with versions, markers, awkward names and an upload that was never finished."""
    client = account.client("s3")
    client.create_bucket(Bucket="lake", CreateBucketConfiguration=PLACE)
    client.put_bucket_versioning(Bucket="lake", VersioningConfiguration={"Status": "Enabled"})
    for key in KEYS:
        for body in (b"one", b"second"):
            client.put_object(Bucket="lake", Key=key, Body=body)
    client.delete_object(Bucket="lake", Key="lake.json")
    client.create_multipart_upload(Bucket="lake", Key="half")
    return "lake"


def test_every_version_of_every_object_is_deleted(account: Account, versioned: str) -> None:
    told: list[str] = []
    markers = 1
    assert content_of(account, versioned) == Content(2 * len(KEYS) + markers, len(KEYS) * 9)
    assert empty_bucket(account, versioned, told.append) == 2 * len(KEYS) + markers
    assert told == ["deleted 9 objects and versions of bucket lake"]
    account.client("s3").delete_bucket(Bucket=versioned)  # which only an empty one bears
    assert content_of(account, versioned) == Content(0, 0)


def test_a_bucket_that_is_gone_is_empty(account: Account) -> None:
    assert content_of(account, "nowhere") == Content(0, 0)


@pytest.mark.slow
def test_more_than_a_page_of_objects(account: Account) -> None:
    client = account.client("s3")
    client.create_bucket(Bucket="many", CreateBucketConfiguration=PLACE)
    for number in range(1005):
        client.put_object(Bucket="many", Key=f"{number}", Body=b"x")
    told: list[str] = []
    assert empty_bucket(account, "many", told.append) == 1005
    assert len(told) == 2


def test_what_cannot_be_deleted_is_named(
    account: Account, versioned: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = account.client("s3")
    refused = {"Errors": [{"Key": "lake.json", "Code": "AccessDenied"}] * 5}
    monkeypatch.setattr(client, "delete_objects", lambda **_given: refused)
    monkeypatch.setattr(type(account), "client", lambda _self, _service: client)
    with pytest.raises(CloudError, match=r"5 cannot be deleted: lake\.json \(AccessDenied\)"):
        empty_bucket(account, versioned, print)


def test_what_runs_is_stopped(account: Account) -> None:
    client = account.client("stepfunctions")
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
    machine = client.create_state_machine(
        name="backtest-workflow", definition=json.dumps(definition), roleArn=ROLE
    )["stateMachineArn"]
    for name in ("one", "two"):
        client.start_execution(stateMachineArn=machine, name=name)
    assert stop_executions(account, machine) == 2
    assert stop_executions(account, machine) == 0


@pytest.fixture
def queue(account: Account) -> str:
    """A queue whose jobs wait for ever: nothing runs them."""
    batch, ec2, iam = (account.client(name) for name in ("batch", "ec2", "iam"))
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="g", VpcId=vpc)["GroupId"]
    role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    environment = batch.create_compute_environment(
        computeEnvironmentName="spot",
        type="MANAGED",
        computeResources={
            "type": "FARGATE_SPOT",
            "maxvCpus": 1,
            "subnets": [subnet],
            "securityGroupIds": [group],
        },
        serviceRole=role,
    )["computeEnvironmentArn"]
    batch.create_job_queue(
        jobQueueName="stockstream-backtest",
        priority=1,
        state="ENABLED",
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}],
    )
    return "stockstream-backtest"


def test_an_idle_queue_has_no_jobs_to_end(account: Account, queue: str) -> None:
    assert stop_jobs(account, queue) == 0


def test_log_groups_that_came_back_are_removed(account: Account) -> None:
    client = account.client("logs")
    for name in ("/aws/lambda/split-tickers", "/aws/lambda/split-tickers-other", "/own/group"):
        client.create_log_group(logGroupName=name)
    resources = [
        resource("aws_lambda_function", function_name="split-tickers"),
        resource("aws_cloudwatch_log_group", name="/own/group", id="/own/group"),
        resource("aws_cloudwatch_log_group", name="/own/gone", id="/own/gone"),
    ]
    assert remove_log_groups(resources, account) == ["/aws/lambda/split-tickers", "/own/group"]
    [left] = client.describe_log_groups()["logGroups"]
    assert left["logGroupName"] == "/aws/lambda/split-tickers-other"


NOWHERE = {
    "aws_batch_compute_environment": {"compute_environment_name": "x"},
    "aws_batch_job_definition": {"name": "x"},
    "aws_batch_job_queue": {"name": "x"},
    "aws_cloudwatch_dashboard": {"dashboard_name": "x"},
    "aws_cloudwatch_log_group": {"name": "x"},
    "aws_cloudwatch_metric_alarm": {"alarm_name": "x"},
    "aws_ecr_repository": {"name": "xx"},
    "aws_iam_role": {"name": "x"},
    "aws_lambda_function": {"function_name": "x"},
    "aws_s3_bucket": {},
    "aws_scheduler_schedule": {"name": "x", "group_name": "default"},
    "aws_sfn_state_machine": {
        "id": "arn:aws:states:ap-southeast-2:123456789012:stateMachine:x",
    },
    "aws_sns_topic": {"id": "arn:aws:sns:ap-southeast-2:123456789012:x"},
    "aws_vpc": {"id": "vpc-0123456789abcdef0"},
}


@pytest.mark.slow
def test_every_kind_that_is_asked_for_can_be_gone(account: Account) -> None:
    assert set(NOWHERE) == set(_PROBES)
    resources = [resource(kind, **{"id": "x", **values}) for kind, values in NOWHERE.items()]
    assert left_of([*resources, resource("aws_iam_role_policy", id="x")], account) == []


def test_what_is_left_is_named(account: Account, versioned: str, queue: str) -> None:
    account.client("sns").create_topic(Name="alerts")
    account.client("logs").create_log_group(logGroupName="/g")
    account.client("ecr").create_repository(repositoryName="stockstream")
    account.client("cloudwatch").put_dashboard(DashboardName="d", DashboardBody='{"widgets": []}')
    resources = [
        resource("aws_s3_bucket", id=versioned),
        resource("aws_sns_topic", id=f"arn:aws:sns:{REGION}:123456789012:alerts"),
        resource("aws_cloudwatch_log_group", id="/g", name="/g"),
        resource("aws_ecr_repository", id="stockstream", name="stockstream"),
        resource("aws_cloudwatch_dashboard", id="d", dashboard_name="d"),
        resource("aws_iam_role", id="batch", name="batch"),
        resource("aws_batch_job_queue", id=queue, name=queue),
        resource("aws_batch_compute_environment", id="spot", compute_environment_name="spot"),
        resource("aws_lambda_function", id="f", function_name="f"),
    ]
    *there, _gone = resources
    assert left_of(resources, account) == [f"stack {one.kind}.this: {one.id}" for one in there]


def test_a_service_that_refuses_is_no_answer(account: Account) -> None:
    broken = resource("aws_s3_bucket", id="no bucket's name")
    with pytest.raises(CloudError, match=r"s3: .*name"):
        left_of([broken], account)


def test_resources_of_a_state() -> None:
    def one(name: str, *keys: str | int, mode: str = "managed", module: str = "") -> dict[str, Any]:
        instances = [{"index_key": key, "attributes": {"id": key}} for key in keys]
        known = {"mode": mode, "type": "a", "name": name, "module": module}
        return {**known, "instances": instances or [{"attributes": {"id": name}}]}

    resources = [
        one("b"),
        one("c", mode="data"),
        one("d", 0, module="module.x"),
        one("e", "f", "g"),
    ]
    found = resources_in({"version": 4, "resources": resources})
    assert [(one.address, one.id) for one in found] == [
        ("a.b", "b"),
        ("module.x.a.d[0]", "0"),
        ('a.e["f"]', "f"),
        ('a.e["g"]', "g"),
    ]
    assert resources_in({}) == []
