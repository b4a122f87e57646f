"""The jobs of a queue of AWS Batch: found by their names, and why they failed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.runners.jobs.names import NO_USE

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FAILED", "SUCCEEDED", "Ending", "Job", "ending_of", "find_job"]

SUCCEEDED, FAILED = "SUCCEEDED", "FAILED"

MOST: Final = 100
"""Jobs that DescribeJobs takes at once."""


class Job(NamedTuple):
    """A job of the queue.

    Attributes:
        identity: by which Batch knows it.
        status: as Batch says it.
    """

    identity: str
    status: str


class Ending(NamedTuple):
    """How a job ended.

    Attributes:
        status: as Batch says it; not the last one if it has not ended.
        reason: why it failed.
        is_hopeless: nothing of it would go better next time.
    """

    status: str
    reason: str = ""
    is_hopeless: bool = False


def find_job(client: Any, queue: str, name: str) -> Job | None:
    """The newest job of a name, if Batch still knows one.

    Args:
        client: of Batch.
        queue: that it was submitted to.
        name: exactly.
    """
    pages = client.get_paginator("list_jobs").paginate(
        jobQueue=queue, filters=[{"name": "JOB_NAME", "values": [name]}]
    )
    found = [job for page in pages for job in page["jobSummaryList"] if job["jobName"] == name]
    if not found:
        return None
    newest = max(found, key=lambda job: job["createdAt"])
    return Job(newest["jobId"], newest["status"])


def ending_of(client: Any, identity: str) -> Ending:
    """How a job, or an array of them, ended."""
    [job] = client.describe_jobs(jobs=[identity])["jobs"]
    status = str(job["status"])
    if status != FAILED:
        return Ending(status)
    size = job.get("arrayProperties", {}).get("size")
    failed = list(_failed_children(client, identity)) if size else [job]
    count = f"{len(failed):,} of {size:,} jobs failed; the first: " if size else ""
    codes = {one.get("container", {}).get("exitCode") for one in failed}
    return Ending(status, count + _why(failed[0] if failed else job), codes == {NO_USE})


def _failed_children(client: Any, identity: str) -> Iterator[dict[str, Any]]:
    pages = client.get_paginator("list_jobs").paginate(arrayJobId=identity, jobStatus=FAILED)
    summaries = [job for page in pages for job in page["jobSummaryList"]]
    summaries.sort(key=lambda job: job["arrayProperties"]["index"])
    names = [job["jobId"] for job in summaries]
    for first in range(0, len(names), MOST):
        yield from client.describe_jobs(jobs=names[first : first + MOST])["jobs"]


def _why(job: dict[str, Any]) -> str:
    container = job.get("container", {})
    code = container.get("exitCode")
    said = [
        f"index {job['arrayProperties']['index']}"
        if "index" in job.get("arrayProperties", {})
        else "",
        job.get("statusReason"),
        container.get("reason"),
        f"exit code {code}" if code is not None else "",
        f"log stream {container['logStreamName']}" if container.get("logStreamName") else "",
    ]
    return ", ".join(str(one) for one in said if one) or "Batch gives no reason"
