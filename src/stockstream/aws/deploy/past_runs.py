"""What ran last in a stack, how it ended, and about what it cost."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.aws.functions import FUNCTIONS
from stockstream.runners.account import asking
from stockstream.runners.prices import PRICES, fargate_hour

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from stockstream.runners.account import Account
    from stockstream.runners.prices import Prices

__all__ = ["PastRun", "past_executions", "past_jobs"]

ENDED = ("SUCCEEDED", "FAILED")
CHUNKS = "run-chunk"
"""The function that the children of a Distributed Map call."""


@dataclass(frozen=True)
class PastRun:
    """An execution of a state machine, or a job.

    Attributes:
        what: name of the state machine or queue.
        name: of the execution or job.
        status: as the service says it.
        started: UTC.
        seconds: that it took; None while it runs.
        dollars: what it cost, about; None if that cannot be told.
    """

    what: str
    name: str
    status: str
    started: dt.datetime
    seconds: float | None
    dollars: float | None


class _Call(NamedTuple):
    """A call of a function: its name, and when it began and ended."""

    function: str
    began: dt.datetime
    ended: dt.datetime


def past_executions(account: Account, machine: str, prefix: str, count: int) -> list[PastRun]:
    """The newest executions of a state machine.

    Args:
        account: where it is.
        machine: its ARN.
        prefix: of the stack.
        count: at most so many.
    """
    client = account.client("stepfunctions")
    prices = PRICES.get(account.region)
    with asking("Step Functions"):
        found = client.list_executions(stateMachineArn=machine, maxResults=count)["executions"]
        return [
            PastRun(
                what=machine.rpartition(":")[2],
                name=one["name"],
                status=one["status"],
                started=one["startDate"],
                seconds=_seconds(one["startDate"], one.get("stopDate")),
                dollars=_execution_cost(client, one["executionArn"], prefix, prices),
            )
            for one in found
        ]


def past_jobs(account: Account, queue: str, count: int) -> list[PastRun]:
    """The newest jobs of a queue that have ended; a job of many children is one."""
    client = account.client("batch")
    prices = PRICES.get(account.region)
    with asking("AWS Batch"):
        jobs = [job for status in ENDED for job in _jobs(client, jobQueue=queue, jobStatus=status)]
        newest = sorted(jobs, key=lambda job: -job["createdAt"])[:count]
        return [
            PastRun(
                what=queue.rpartition("/")[2],
                name=job["jobName"],
                status=job["status"],
                started=_moment(job.get("startedAt", job["createdAt"])),
                seconds=_ran(job),
                dollars=_job_cost(client, job, prices),
            )
            for job in newest
        ]


def _execution_cost(
    client: Any, execution: str, prefix: str, prices: Prices | None
) -> float | None:
    """US dollars of its steps and of the functions that it called, of the children too."""
    if prices is None:
        return None
    events = _history(client, execution)
    steps = sum(event["type"].endswith("StateEntered") for event in events)
    spent = sum(_memory(call.function, prefix) * _length(call) for call in _calls(events))
    for map_run in _map_runs(events):
        children = client.get_paginator("list_executions").paginate(mapRunArn=map_run)
        for child in (one for page in children for one in page["executions"]):
            steps += 1
            took = _seconds(child["startDate"], child.get("stopDate"))
            spent += (took or 0.0) * FUNCTIONS[CHUNKS].memory / 1024
    return float(steps * prices.transition + spent * prices.lambda_gb_second)


def _history(client: Any, execution: str) -> list[dict[str, Any]]:
    pages = client.get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event for page in pages for event in page["events"]]


def _calls(events: Sequence[Mapping[str, Any]]) -> Iterator[_Call]:
    """The calls of functions in a history: what was scheduled, and the event that ended it."""
    by_id = {event["id"]: event for event in events}
    ends = {"TaskSucceeded", "TaskFailed", "TaskTimedOut"}
    for event in events:
        if event["type"] not in ends:
            continue
        first = event
        while first["type"] != "TaskScheduled" and first.get("previousEventId") in by_id:
            first = by_id[first["previousEventId"]]
        function = _function(first.get("taskScheduledEventDetails", {}))
        if function is not None:
            yield _Call(function, first["timestamp"], event["timestamp"])


def _function(scheduled: Mapping[str, Any]) -> str | None:
    """The function that a task calls; None of another task."""
    if scheduled.get("resourceType") != "lambda":
        return None
    try:
        name = str(json.loads(scheduled.get("parameters", "{}")).get("FunctionName", ""))
    except ValueError:
        return None
    return name.partition(":function:")[2].partition(":")[0] or name


def _map_runs(events: Iterable[Mapping[str, Any]]) -> list[str]:
    details = (event.get("mapRunStartedEventDetails", {}) for event in events)
    return [one["mapRunArn"] for one in details if one.get("mapRunArn")]


def _memory(function: str, prefix: str) -> float:
    """Gigabytes of a function."""
    known = FUNCTIONS.get(function.removeprefix(prefix))
    return known.memory / 1024 if known else 0.0


def _length(call: _Call) -> float:
    return (call.ended - call.began).total_seconds()


def _jobs(client: Any, **asked: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_jobs").paginate(**asked)
    return [job for page in pages for job in page["jobSummaryList"]]


def _job_cost(client: Any, job: Mapping[str, Any], prices: Prices | None) -> float | None:
    """US dollars of a job, or of all its children."""
    if prices is None:
        return None
    [detail] = client.describe_jobs(jobs=[job["jobId"]])["jobs"]
    parts = [job]
    if "arrayProperties" in job:
        parts = [
            child
            for status in ENDED
            for child in _jobs(client, arrayJobId=job["jobId"], jobStatus=status)
        ]
    needs = detail.get("container", {}).get("resourceRequirements", ())
    sizes = {need["type"]: float(need["value"]) for need in needs}
    memory, vcpus = sizes.get("MEMORY", 4096.0) / 1024, sizes.get("VCPU", 1.0)
    hours = sum(_ran(part) or 0.0 for part in parts) / 3600.0
    return hours * (fargate_hour(prices, memory, vcpus) + prices.address_hour)


def _ran(job: Mapping[str, Any]) -> float | None:
    if not job.get("stoppedAt"):
        return None
    return float(job["stoppedAt"] - job.get("startedAt", job["stoppedAt"])) / 1000.0


def _moment(milliseconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(milliseconds / 1000.0, dt.UTC)


def _seconds(began: dt.datetime, ended: dt.datetime | None) -> float | None:
    return None if ended is None else (ended - began).total_seconds()
