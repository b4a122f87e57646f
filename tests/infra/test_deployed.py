"""A stack by real Terraform on the emulation, from nothing to nothing."""

from __future__ import annotations

import json
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.aws.functions import FUNCTIONS
from stockstream.aws.machines import MACHINES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.infra.conftest import Deployed

    from stockstream.aws.local import LocalAws

RECORD = re.compile(r"\n(?=\d{4}-\d\d-\d\dT\S+ \[)")
SERVICE = re.compile(r"/\d{8}/[\w-]+/([\w-]+)/aws4_request")
METHOD = re.compile(r"rpc\.method=(\w+)")

ACTIONS = {
    "s3:DeleteBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:DeleteBucketLifecycle": "s3:PutLifecycleConfiguration",
    "s3:DeleteBucketOwnershipControls": "s3:PutBucketOwnershipControls",
    "s3:DeletePublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutBucketEncryption": "s3:PutEncryptionConfiguration",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
}
"""Requests of which the permission has another name."""


@pytest.mark.slow
def test_a_stack_from_nothing_to_nothing(deployed: Deployed, infra: Path) -> None:
    local, terraform = deployed.local, deployed.terraform
    assert set(deployed.outputs["functions"]) == {name.replace("-", "_") for name in FUNCTIONS}
    check_functions(local)
    check_machines(local, deployed.outputs)
    check_batch(local, deployed.outputs)
    check_watching(local, deployed.outputs)
    check_tags(terraform.state())
    assert terraform.run("plan", "-input=false", "-detailed-exitcode") == []  # no drift

    lake = {"Bucket": deployed.outputs["bucket"], "Key": "lake.json"}
    version = local.client("s3").put_object(**lake, Body=b"{}")["VersionId"]
    local.client("s3").delete_object(**lake, VersionId=version)
    terraform.run("destroy", "-auto-approve", "-input=false", "-parallelism=40")
    assert left_in(local) == []
    check_permissions(deployed.log, infra)


def check_functions(local: LocalAws) -> None:
    """All are there, and one from the zip runs."""
    client = local.client("lambda")
    names = {one["FunctionName"] for one in client.list_functions()["Functions"]}
    assert names == set(FUNCTIONS)
    params = {"strategy": "MovingAverageCrossover"}
    event = {"startYear": 2000, "endYear": 2002, "additionalParams": params}
    answer = client.invoke(FunctionName="date-range-splitter", Payload=json.dumps(event))
    assert json.loads(answer["Payload"].read())["years"] == [2000, 2001, 2002]


def check_machines(local: LocalAws, outputs: dict[str, Any]) -> None:
    """Both are there, the schedule starts one of them, and bad input is refused by it."""
    client = local.client("stepfunctions")
    machines = {
        one["name"]: one["stateMachineArn"] for one in client.list_state_machines()["stateMachines"]
    }
    assert set(machines) == set(MACHINES)
    assert {outputs["pipeline"], outputs["backtest"]} == set(machines.values())
    schedule = local.client("scheduler").get_schedule(Name=outputs["schedule"])
    assert schedule["ScheduleExpressionTimezone"] == "Australia/Sydney"
    assert json.loads(schedule["Target"]["Input"])["StateMachineArn"] == outputs["pipeline"]


def check_batch(local: LocalAws, outputs: dict[str, Any]) -> None:
    """The queue is open, and jobs run what they should."""
    client = local.client("batch")
    [queue] = client.describe_job_queues(jobQueues=[outputs["job_queue"]])["jobQueues"]
    assert (queue["state"], queue["status"]) == ("ENABLED", "VALID")
    [definition] = client.describe_job_definitions(
        jobDefinitionName=outputs["job_definition"], status="ACTIVE"
    )["jobDefinitions"]
    container = definition["containerProperties"]
    assert container["command"] == ["python", "-m", "stockstream.runners.jobs", "item"]
    variables = {one["name"]: one["value"] for one in container["environment"]}
    assert variables["S3_BUCKET_NAME"] == outputs["bucket"]


def check_watching(local: LocalAws, outputs: dict[str, Any]) -> None:
    """Alarms, dashboard and the mail to whom it concerns."""
    client = local.client("cloudwatch")
    alarms = client.describe_alarms()["MetricAlarms"]
    assert sorted(one["AlarmName"] for one in alarms) == sorted(outputs["alarms"])
    assert {tuple(one["AlarmActions"]) for one in alarms} == {(outputs["alerts_topic"],)}
    body = client.get_dashboard(DashboardName=outputs["dashboard"])["DashboardBody"]
    assert len(json.loads(body)["widgets"]) == 6
    [subscription] = local.client("sns").list_subscriptions()["Subscriptions"]
    assert subscription["Endpoint"] == "me@example.com"


def check_tags(state: dict[str, Any]) -> None:
    """Everything that can have tags says whose it is."""
    tags = [
        (f"{one['type']}.{one['name']}", instance["attributes"]["tags_all"])
        for one in state["resources"]
        for instance in one["instances"]
        if one["mode"] == "managed" and "tags_all" in instance["attributes"]
    ]
    assert len(tags) > 50
    for address, given in tags:
        assert (given["project"], given["stack"]) == ("stockstream", "stockstream"), address


def left_in(local: LocalAws) -> list[str]:
    """What an account still has after everything was destroyed."""
    client = local.client
    found = {
        "functions": client("lambda").list_functions()["Functions"],
        "roles": client("iam").list_roles(PathPrefix="/stockstream/")["Roles"],
        "logs": client("logs").describe_log_groups()["logGroups"],
        "buckets": client("s3").list_buckets()["Buckets"],
        "topics": client("sns").list_topics()["Topics"],
        "subscriptions": client("sns").list_subscriptions()["Subscriptions"],
        "machines": client("stepfunctions").list_state_machines()["stateMachines"],
        "schedules": client("scheduler").list_schedules()["Schedules"],
        "queues": client("batch").describe_job_queues()["jobQueues"],
        "environments": client("batch").describe_compute_environments()["computeEnvironments"],
        "jobs": client("batch").describe_job_definitions(status="ACTIVE")["jobDefinitions"],
        "images": client("ecr").describe_repositories()["repositories"],
        "alarms": client("cloudwatch").describe_alarms()["MetricAlarms"],
        "dashboards": client("cloudwatch").list_dashboards()["DashboardEntries"],
        "networks": [one for one in client("ec2").describe_vpcs()["Vpcs"] if not one["IsDefault"]],
        "gateways": client("ec2").describe_internet_gateways()["InternetGateways"],
        "endpoints": [
            one
            for one in client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
            if one["State"] != "deleted"
        ],
    }
    return [f"{kind}: {one}" for kind, rows in found.items() for one in rows]


def check_permissions(log: Path, infra: Path) -> None:
    """The policies for an administrator allow every request that Terraform made."""
    allowed = [
        action
        for name in ("deployer-policy.json", "deployer-network-policy.json")
        for statement in json.loads((infra / name).read_text(encoding="utf-8"))["Statement"]
        for action in statement["Action"]
    ]
    asked = requests_in(log)
    assert len(asked) > 100
    refused = {
        request
        for request in asked
        if not any(fnmatchcase(ACTIONS.get(request, request), action) for action in allowed)
    }
    assert refused == set()


def requests_in(log: Path) -> set[str]:
    """Service and method of every request that the provider logged, as permissions write them."""
    found = set()
    for record in RECORD.split(log.read_text(encoding="utf-8")):
        service, method = SERVICE.search(record), METHOD.search(record)
        if "HTTP Request Sent" in record and service and method:
            name = {"monitoring": "cloudwatch"}.get(service[1], service[1])
            found.add(f"{name}:{method[1]}")
    return found
