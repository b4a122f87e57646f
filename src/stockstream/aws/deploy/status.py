"""How a stack is: as it was applied or not, its alarms, what ran last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from stockstream.aws.deploy.past_runs import past_executions, past_jobs
from stockstream.runners.account import asking

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.aws.deploy.inventory import Resource
    from stockstream.aws.deploy.messages import Change
    from stockstream.aws.deploy.past_runs import PastRun
    from stockstream.aws.deploy.stack import Stack

__all__ = ["StackStatus", "stack_status"]


class StackStatus(NamedTuple):
    """How a stack is.

    Attributes:
        resources: how many it has.
        drift: what is no longer as it was applied.
        newer: whether the checkout has newer code than what was applied.
        bucket: its name.
        dashboard: its address for a browser.
        alarms: state of each, ``OK``, ``ALARM`` or ``INSUFFICIENT_DATA``.
        runs: the newest ones.
    """

    resources: int
    drift: list[Change]
    newer: bool
    bucket: str
    dashboard: str
    alarms: Mapping[str, str]
    runs: list[PastRun]


def stack_status(stack: Stack, resources: Sequence[Resource], runs: int) -> StackStatus:
    """Look at a stack.

    Args:
        stack: which.
        resources: what it is made of.
        runs: how many of the newest runs of each state machine and queue.
    """
    account = stack.account
    return StackStatus(
        resources=len(resources),
        drift=stack.drift(),
        newer=stack.is_older_than_checkout(),
        bucket=_first(resources, "aws_s3_bucket", "id"),
        dashboard=_address(
            account.region, _first(resources, "aws_cloudwatch_dashboard", "dashboard_name")
        ),
        alarms=_alarms(stack, resources),
        runs=_runs(stack, resources, runs) if runs else [],
    )


def _runs(stack: Stack, resources: Sequence[Resource], count: int) -> list[PastRun]:
    found: list[PastRun] = []
    for one in resources:
        if one.kind == "aws_sfn_state_machine":
            found += past_executions(stack.account, one.id, stack.prefix, count)
        elif one.kind == "aws_batch_job_queue":
            found += past_jobs(stack.account, one.values["name"], count)
    return sorted(found, key=lambda run: run.started, reverse=True)


def _alarms(stack: Stack, resources: Sequence[Resource]) -> dict[str, str]:
    names = [one.id for one in resources if one.kind == "aws_cloudwatch_metric_alarm"]
    if not names:
        return {}
    with asking("CloudWatch"):
        found = stack.account.client("cloudwatch").describe_alarms(AlarmNames=names)
    return {alarm["AlarmName"]: alarm["StateValue"] for alarm in found["MetricAlarms"]}


def _first(resources: Sequence[Resource], kind: str, value: str) -> str:
    return next((str(one.values[value]) for one in resources if one.kind == kind), "")


def _address(region: str, dashboard: str) -> str:
    if not dashboard:
        return ""
    place = f"https://{region}.console.aws.amazon.com/cloudwatch/home?region={region}"
    return f"{place}#dashboards/dashboard/{quote(dashboard)}"
