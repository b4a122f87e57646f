"""Checks of the services: functions, roles, bucket, alarms, schedule, metrics.

Each returns what it found in a line, and raises :class:`~stockstream.aws.verification.site.Wrong`
or :class:`~stockstream.aws.verification.site.CannotTell`.
"""

from __future__ import annotations

import datetime as dt
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from stockstream.aws.functions import ALL, FUNCTIONS
from stockstream.aws.verification.site import CannotTell, Wrong, demand

if TYPE_CHECKING:
    from stockstream.aws.verification.site import Site

__all__ = [
    "alarm",
    "create_only",
    "failure",
    "image",
    "metrics",
    "package",
    "private",
    "roles",
    "schedule",
    "spot",
]

NO_SESSION: Final = "1900-01-01"
"""A day for which the daily run refuses to work."""

LATELY: Final = dt.timedelta(days=7)
JOBS_AT_A_TIME: Final = 100
RECLAIMED: Final = "Your Spot Task was interrupted"


def package(site: Site) -> str:
    """The light functions run from their zip."""
    event = {"tickers": ["BHP.AX", "CBA.AX"], "additionalParams": {"strategy": "RSIMeanReversion"}}
    answer, error, _ = site.invoke("split-tickers", event)
    demand(not error and len(answer) == 2, f"split-tickers answered {answer}")
    return f"split-tickers gave {len(answer)} pieces"


def image(site: Site) -> str:
    """The image was built for this processor, starts, and refuses a bad event by our own error."""
    answer, error, log = site.invoke("plan-sweep", {})
    demand(bool(error) and answer.get("errorType") == "ConfigError", f"plan-sweep said {answer}")
    cold = re.search(r"Init Duration: ([\d.]+) ms", log)
    return f"plan-sweep answered; cold start {cold[1]} ms" if cold else "plan-sweep answered, warm"


def roles(site: Site) -> str:
    """Each function may write where the table says, and nowhere else, as IAM itself decides."""
    iam, functions, prefixes = site.client("iam"), site.client("lambda"), (*ALL, "runs/", "other/")
    for name, function in FUNCTIONS.items():
        role = functions.get_function_configuration(FunctionName=site.name(name))["Role"]
        bucket = f"arn:{role.split(':')[1]}:s3:::{site.stack.bucket}"
        keys = {f"{bucket}/{p}{'x' * p.endswith('/')}": p in function.writes for p in prefixes}
        decided = iam.simulate_principal_policy(
            PolicySourceArn=role, ActionNames=["s3:PutObject"], ResourceArns=list(keys)
        )["EvaluationResults"]
        inner = [one for result in decided for one in result.get("ResourceSpecificResults", ())]
        found = {
            **{one["EvalResourceName"]: one["EvalDecision"] for one in decided},
            **{one["EvalResourceName"]: one["EvalResourceDecision"] for one in inner},
        }
        for key, expected in keys.items():
            got = found.get(key) == "allowed"
            demand(got == expected, f"{name} may{'' if got else ' not'} write {key}")
    return f"{len(FUNCTIONS)} roles on {len(prefixes)} prefixes"


def private(site: Site) -> str:
    """Nobody without keys, and nobody without encryption, reads the bucket."""
    import boto3
    from botocore import UNSIGNED
    from botocore.config import Config
    from botocore.exceptions import ClientError

    where = {"region_name": site.stack.region}
    strangers = {
        "without keys": boto3.client("s3", **where, config=Config(signature_version=UNSIGNED)),
        "unencrypted": boto3.client("s3", **where, use_ssl=False),
    }
    for how, client in strangers.items():
        try:
            client.list_objects_v2(Bucket=site.stack.bucket, MaxKeys=1)
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            demand(status == HTTPStatus.FORBIDDEN, f"{how}: {error}")
        else:
            raise Wrong(f"the bucket was read {how}")
    return "refused without keys, and with keys but unencrypted"


def create_only(site: Site) -> str:
    """S3 lets only the first of two writers have a key."""
    place, name = site.runs_there, f"verify-{site.salt}"
    try:
        demand(place.create(name, b"first"), "the first write was refused")
        demand(not place.create(name, b"second"), "the second writer replaced the first")
        demand(place.read(name) == b"first", "the second writer's bytes are there")
    finally:
        place.remove(name)
    return "the second writer was refused"


def failure(site: Site) -> str:
    """A run that fails ends as failed, and its message is taken by the topic."""
    name = f"verify-failure-{site.salt}"
    execution = site.start(site.pipeline, name, {"date": NO_SESSION})
    ended = site.end(execution)
    demand(ended["status"] == "FAILED", f"a run of {NO_SESSION} ended as {ended['status']}")
    events = site.client("stepfunctions").get_execution_history(
        executionArn=execution, reverseOrder=True, maxResults=50
    )["events"]
    took = [one.get("taskSucceededEventDetails", {}).get("resourceType") for one in events]
    demand("sns" in took, "NotifyFailure did not succeed")
    return "message sent; see that it has reached you"


def alarm(site: Site) -> str:
    """A failed run raises the alarm within minutes."""
    began = dt.datetime.now(dt.UTC)
    site.end(site.start(site.pipeline, f"verify-alarm-{site.salt}", {"date": NO_SESSION}))
    name, client = site.name("stock-data-pipeline-executions-failed"), site.client("cloudwatch")
    deadline = time.monotonic() + site.patience
    while time.monotonic() < deadline:
        [found] = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        if found["StateValue"] == "ALARM":
            since = (found["StateUpdatedTimestamp"] - began).total_seconds()
            return f"it went off {since:.0f} s after the start" if since > 0 else "it was on before"
        time.sleep(10 * site.pause)
    raise Wrong(f"{name} is {found['StateValue']} {site.patience:.0f} s after a failed run")


def schedule(site: Site) -> str:
    """The schedule has started the daily run by itself."""
    found = site.client("scheduler").get_schedule(Name=site.name("stock-data-pipeline-daily"))
    when = f"{found['ScheduleExpression']} {found['ScheduleExpressionTimezone']}"
    started = [one for one in _executions(site) if one["name"].startswith("daily-")]
    if started:
        return f"{started[0]['name']} at {started[0]['startDate']:%Y-%m-%d %H:%M %Z} ({when})"
    raise CannotTell(f"it is {found['State']} and has not fired yet ({when}): run this again then")


def metrics(site: Site) -> str:
    """The counters of a daily run have become metrics."""
    now = dt.datetime.now(dt.UTC)
    recent = [one for one in _executions(site) if one["startDate"] > now - LATELY]
    if not any(one["status"] == "SUCCEEDED" for one in recent):
        raise CannotTell("no daily run has succeeded lately: run this again after one")
    points = site.client("cloudwatch").get_metric_statistics(
        Namespace="StockStream",
        MetricName="BatchesProcessed",
        Dimensions=[{"Name": "FunctionName", "Value": site.name("table-compactor")}],
        StartTime=now - LATELY,
        EndTime=now,
        Period=3600,
        Statistics=["Maximum"],
    )["Datapoints"]
    demand(bool(points), "a run has succeeded, and CloudWatch has no BatchesProcessed of it")
    return f"BatchesProcessed, {len(points)} hours of the last {LATELY.days} days"


def spot(site: Site) -> str:
    """A job whose machine was reclaimed has been run again."""
    client, queue = site.client("batch"), site.name("stockstream-backtest")
    jobs = []
    for status in ("SUCCEEDED", "FAILED"):
        pages = client.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus=status)
        jobs += [job["jobId"] for page in pages for job in page["jobSummaryList"]]
    for first in range(0, len(jobs), JOBS_AT_A_TIME):
        for job in client.describe_jobs(jobs=jobs[first : first + JOBS_AT_A_TIME])["jobs"]:
            reasons = [str(one.get("statusReason", "")) for one in job.get("attempts", ())]
            if any(reason.startswith(RECLAIMED) for reason in reasons):
                demand(len(reasons) > 1, f"{job['jobName']} was reclaimed and not tried again")
                return f"{job['jobName']} was reclaimed, {len(reasons)} attempts, {job['status']}"
    raise CannotTell(f"none of {len(jobs)} jobs was reclaimed, and nobody can order that")


def _executions(site: Site) -> list[Any]:
    """Runs of the daily pipeline, the newest first."""
    found = site.client("stepfunctions").list_executions(stateMachineArn=site.pipeline)
    return list(found["executions"])
