"""Studies by AWS Batch: a job for each attempt, with a child for each item of its plan."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import CloudError
from stockstream.runners.jobs.names import ATTEMPT, RUN
from stockstream.runners.service import Begun, Look, attempt_name
from stockstream.runners.stack_service import StackService
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from stockstream.runners.stack import Stack
    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["AwsBatchService"]

SERVICE: Final = "AWS Batch"
REASON: Final = "stockstream runs cancel"
LOGS: Final = "/aws/batch/job"
"""Log group of jobs whose definition names none."""

LINES: Final = 20
"""Of a log, the last: the reason is the last that is not empty."""


class AwsBatchService(StackService):
    """Submits array jobs to the queue ``stockstream-backtest``."""

    kind = "aws-batch"

    def find(self, store: BucketStore, attempt: int) -> str:
        """Id of the newest job of an attempt."""
        named = [{"name": "JOB_NAME", "values": [attempt_name(store.study.name, attempt)]}]
        with self.stack.asking(SERVICE):
            found = _jobs(self._client, jobQueue=self.stack.jobs, filters=named)
        return str(max(found, key=lambda job: job["createdAt"])["jobId"]) if found else ""

    def start(self, store: BucketStore, attempt: int) -> Begun:
        """Plan an attempt and submit its job."""
        items = len(make_plan(store, str(attempt), self.at_once).items)
        if not items:
            return Begun("", is_new=True)
        run = store.study.name
        told = [{"name": RUN, "value": run}, {"name": ATTEMPT, "value": str(attempt)}]
        array = {"arrayProperties": {"size": items}} if items > 1 else {}
        with self.stack.asking(SERVICE):
            job = self._client.submit_job(
                jobName=attempt_name(run, attempt),
                jobQueue=self.stack.jobs,
                jobDefinition=self.stack.jobs,
                containerOverrides={"environment": told},
                **array,
            )
        return Begun(str(job["jobId"]), is_new=True)

    def look(self, identity: str) -> Look:
        """What is known of a job; of one that was too long ago, that it has ended."""
        with self.stack.asking(SERVICE):
            found = self._client.describe_jobs(jobs=[identity])["jobs"] if identity else []
        if not found:
            return Look("ended")
        [job] = found
        if job["status"] == "SUCCEEDED":
            return Look("ended")
        if job["status"] != "FAILED":
            return Look("running")
        why = str(job.get("statusReason", ""))
        if why == REASON or job.get("isCancelled") or job.get("isTerminated"):
            return Look("cancelled")
        return Look("failed", self._why(job))

    def stop(self, identity: str) -> None:
        """Stop a job and its children."""
        with self.stack.asking(SERVICE):
            self._client.terminate_job(jobId=identity, reason=REASON)

    @cached_property
    def _client(self) -> Any:
        return self.stack.account.client("batch")

    def _why(self, job: dict[str, Any]) -> str:
        """Why a job failed: the last word of the first of its children that did."""
        with self.stack.asking(SERVICE):
            client, how_many = self._client, ""
            if "size" in job.get("arrayProperties", {}):
                failed = _jobs(client, arrayJobId=job["jobId"], jobStatus="FAILED")
                how_many = f"{len(failed):,} of {job['arrayProperties']['size']:,} jobs failed; "
                first = min(failed, key=lambda one: one["arrayProperties"]["index"], default=job)
                [job] = client.describe_jobs(jobs=[first["jobId"]])["jobs"]
        container = job.get("container", {})
        said = [job.get("statusReason"), container.get("reason"), _last_word(self.stack, container)]
        return how_many + ": ".join(filter(None, said))


def _jobs(client: Any, **asked: Any) -> list[dict[str, Any]]:
    pages = client.get_paginator("list_jobs").paginate(**asked)
    return [job for page in pages for job in page["jobSummaryList"]]


def _last_word(stack: Stack, container: dict[str, Any]) -> str:
    """The last line that a job wrote; nothing if its log cannot be read."""
    stream = container.get("logStreamName")
    options = container.get("logConfiguration", {}).get("options", {})
    if not stream:
        return ""
    try:
        with stack.asking("CloudWatch Logs"):
            events = stack.account.client("logs").get_log_events(
                logGroupName=options.get("awslogs-group", LOGS), logStreamName=stream, limit=LINES
            )["events"]
    except CloudError:  # it may never have started
        return ""
    said = [event["message"].strip() for event in events]
    return next(filter(None, reversed(said)), "")
