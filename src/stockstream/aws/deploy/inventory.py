"""What a stack is made of, and whether it is still there.

Each resource is asked for by its own service. The one list of tagged resources that AWS offers
still names what was deleted, for minutes or hours, and lacks roles and dashboards.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.aws.deploy.messages import short
from stockstream.runners.account import asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from stockstream.runners.account import Account

__all__ = ["Resource", "left_of", "remove_log_groups", "resources_in"]


class Resource(NamedTuple):
    """A resource as Terraform's state has it.

    Attributes:
        kind: type, such as ``aws_s3_bucket``.
        address: its whole name.
        values: its attributes.
    """

    kind: str
    address: str
    values: Mapping[str, Any]

    @property
    def id(self) -> str:
        return str(self.values.get("id", ""))


def resources_in(state: Mapping[str, Any]) -> list[Resource]:
    """The resources of a state, as ``terraform state pull`` writes it."""
    return list(_resources(state))


def _resources(state: Mapping[str, Any]) -> Iterator[Resource]:
    for one in state.get("resources", ()):
        if one["mode"] != "managed":
            continue
        name = ".".join(filter(None, (one.get("module"), one["type"], one["name"])))
        for instance in one["instances"]:
            key = instance.get("index_key")
            place = "" if key is None else f"[{json.dumps(key)}]"
            yield Resource(one["type"], name + place, instance["attributes"])


def left_of(resources: Sequence[Resource], account: Account) -> list[str]:
    """What of some resources is still in the account, in words."""
    found = []
    for one in resources:
        if one.kind in _PROBES:
            service, is_there = _PROBES[one.kind]
            with asking(service):
                if _still(is_there, account.client(service), one):
                    found.append(f"{short(one.address)}: {one.id}")
    return found


def remove_log_groups(resources: Sequence[Resource], account: Account) -> list[str]:
    """Delete log groups that last lines of functions brought back; returns their names."""
    client = account.client("logs")
    names = {one.values["name"] for one in resources if one.kind == "aws_cloudwatch_log_group"}
    names |= {
        f"/aws/lambda/{one.values['function_name']}"
        for one in resources
        if one.kind == "aws_lambda_function"
    }
    removed = []
    with asking("CloudWatch Logs"):
        for name in sorted(names):
            if _has_group(client, name):
                client.delete_log_group(logGroupName=name)
                removed.append(name)
    return removed


def _still(is_there: Callable[[Any, Resource], bool], client: Any, one: Resource) -> bool:
    """Whether it is there; that a service does not find it is an answer."""
    from botocore.exceptions import ClientError

    try:
        return is_there(client, one)
    except ClientError as error:
        code = str(error.response["Error"]["Code"])
        if any(sign in code for sign in ("NotFound", "NoSuch", "DoesNotExist", "404")):
            return False
        raise


def _has_group(client: Any, name: str) -> bool:
    found = client.describe_log_groups(logGroupNamePrefix=name)["logGroups"]
    return any(group["logGroupName"] == name for group in found)


def _bucket(client: Any, one: Resource) -> bool:
    client.head_bucket(Bucket=one.id)
    return True


def _function(client: Any, one: Resource) -> bool:
    client.get_function(FunctionName=one.values["function_name"])
    return True


def _machine(client: Any, one: Resource) -> bool:
    status = client.describe_state_machine(stateMachineArn=one.id)["status"]
    return bool(status != "DELETING")


def _topic(client: Any, one: Resource) -> bool:
    client.get_topic_attributes(TopicArn=one.id)
    return True


def _queue(client: Any, one: Resource) -> bool:
    found = client.describe_job_queues(jobQueues=[one.values["name"]])["jobQueues"]
    return any(queue["status"] != "DELETED" for queue in found)


def _environment(client: Any, one: Resource) -> bool:
    names = [one.values["compute_environment_name"]]
    found = client.describe_compute_environments(computeEnvironments=names)
    return any(entry["status"] != "DELETED" for entry in found["computeEnvironments"])


def _definition(client: Any, one: Resource) -> bool:
    found = client.describe_job_definitions(jobDefinitionName=one.values["name"], status="ACTIVE")
    return bool(found["jobDefinitions"])


def _repository(client: Any, one: Resource) -> bool:
    return bool(client.describe_repositories(repositoryNames=[one.values["name"]])["repositories"])


def _group(client: Any, one: Resource) -> bool:
    return _has_group(client, one.values["name"])


def _alarm(client: Any, one: Resource) -> bool:
    return bool(client.describe_alarms(AlarmNames=[one.values["alarm_name"]])["MetricAlarms"])


def _dashboard(client: Any, one: Resource) -> bool:
    client.get_dashboard(DashboardName=one.values["dashboard_name"])
    return True


def _role(client: Any, one: Resource) -> bool:
    client.get_role(RoleName=one.values["name"])
    return True


def _schedule(client: Any, one: Resource) -> bool:
    client.get_schedule(Name=one.values["name"], GroupName=one.values["group_name"])
    return True


def _network(client: Any, one: Resource) -> bool:
    return bool(client.describe_vpcs(VpcIds=[one.id])["Vpcs"])


_PROBES: Mapping[str, tuple[str, Callable[[Any, Resource], bool]]] = {
    "aws_batch_compute_environment": ("batch", _environment),
    "aws_batch_job_definition": ("batch", _definition),
    "aws_batch_job_queue": ("batch", _queue),
    "aws_cloudwatch_dashboard": ("cloudwatch", _dashboard),
    "aws_cloudwatch_log_group": ("logs", _group),
    "aws_cloudwatch_metric_alarm": ("cloudwatch", _alarm),
    "aws_ecr_repository": ("ecr", _repository),
    "aws_iam_role": ("iam", _role),
    "aws_lambda_function": ("lambda", _function),
    "aws_s3_bucket": ("s3", _bucket),
    "aws_scheduler_schedule": ("scheduler", _schedule),
    "aws_sfn_state_machine": ("stepfunctions", _machine),
    "aws_sns_topic": ("sns", _topic),
    "aws_vpc": ("ec2", _network),
}
"""By type: the service that is asked, and how. Parts of these, such as policies, go with them."""
