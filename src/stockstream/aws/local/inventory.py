"""What is in an emulation: functions, machines, executions, jobs, metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.aws.local.emulation import LocalAws

__all__ = ["inventory"]

LATEST = 10
"""Executions of a machine, and jobs of a queue, that are listed."""

NAMESPACE = "StockStream"


def inventory(local: LocalAws) -> dict[str, list[dict[str, Any]]]:
    """JSON values: ``buckets``, ``functions``, ``machines``, ``executions``, ``jobs``, ``metrics``.

    Memory and peak of a function in megabytes, its timeout in seconds. Of executions and jobs the
    latest of each machine and queue, newest first; of metrics the sum of all values.
    """
    machines = local.client("stepfunctions").list_state_machines()["stateMachines"]
    return {
        "buckets": [
            {"name": bucket["Name"]} for bucket in local.client("s3").list_buckets()["Buckets"]
        ],
        "functions": sorted(_functions(local), key=lambda row: str(row["name"])),
        "machines": [{"name": machine["name"]} for machine in machines],
        "executions": [
            row for machine in machines for row in _executions(local, machine["stateMachineArn"])
        ],
        "jobs": [*_jobs(local)],
        "metrics": [*_metrics(local)],
    }


def _functions(local: LocalAws) -> Iterator[dict[str, Any]]:
    peaks = local.ask("state")["peaks"]
    pages = local.client("lambda").get_paginator("list_functions").paginate()
    for page in pages:
        for function in page["Functions"]:
            yield {
                "name": function["FunctionName"],
                "package": function["PackageType"].lower(),
                "memory": function["MemorySize"],
                "timeout": function["Timeout"],
                "peak": peaks.get(function["FunctionName"], 0),
            }


def _executions(local: LocalAws, machine: str) -> Iterator[dict[str, Any]]:
    client = local.client("stepfunctions")
    for row in client.list_executions(stateMachineArn=machine, maxResults=LATEST)["executions"]:
        stopped = row.get("stopDate")
        yield {
            "machine": machine.rpartition(":")[2],
            "name": row["name"],
            "status": row["status"],
            "started": row["startDate"].isoformat(),
            "stopped": stopped.isoformat() if stopped else None,
        }


def _jobs(local: LocalAws) -> Iterator[dict[str, Any]]:
    client = local.client("batch")
    for queue in client.describe_job_queues()["jobQueues"]:
        listed = client.list_jobs(
            jobQueue=queue["jobQueueArn"], filters=[{"name": "JOB_NAME", "values": ["*"]}]
        )["jobSummaryList"]
        newest = sorted(listed, key=lambda job: -int(job["createdAt"]))
        for job in newest[:LATEST]:
            yield {
                "queue": queue["jobQueueName"],
                "name": job["jobName"],
                "id": job["jobId"],
                "status": job["status"],
                "children": job.get("arrayProperties", {}).get("size", 0),
            }


def _metrics(local: LocalAws) -> Iterator[dict[str, Any]]:
    import datetime as dt

    client, today = local.client("cloudwatch"), dt.datetime.now(dt.UTC)
    sums: dict[str, float] = {}
    for metric in client.list_metrics(Namespace=NAMESPACE)["Metrics"]:
        points = client.get_metric_statistics(
            Namespace=NAMESPACE,
            MetricName=metric["MetricName"],
            Dimensions=metric["Dimensions"],
            StartTime=today - dt.timedelta(days=1),
            EndTime=today + dt.timedelta(hours=1),
            Period=86_400,
            Statistics=["Sum"],
        )["Datapoints"]
        sums[metric["MetricName"]] = sum(point["Sum"] for point in points)
    for name in sorted(sums):
        yield {"name": name, "sum": sums[name]}
