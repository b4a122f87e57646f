"""What must be gone before a stack can be: work that runs, and everything in the bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.errors import CloudError
from stockstream.runners.account import asking

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stockstream.runners.account import Account

__all__ = ["Content", "content_of", "empty_bucket", "stop_executions", "stop_jobs"]

REASON = "the stack is removed"
_UNFINISHED = ("SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING")
SHOWN = 3


class Content(NamedTuple):
    """What a bucket holds: versions of objects, and their bytes."""

    versions: int
    size: int


def content_of(account: Account, bucket: str) -> Content:
    """Count what a bucket holds, older versions included."""
    sizes = [entry.get("Size", 0) for page in _pages(account, bucket) for entry in page]
    return Content(len(sizes), sum(sizes))


def empty_bucket(account: Account, bucket: str, tell: Callable[[str], None]) -> int:
    """Delete every version of every object, and uploads that were never finished.

    Returns:
        How many versions and markers were deleted.

    Raises:
        CloudError: some could not be deleted.
    """
    client = account.client("s3")
    deleted = 0
    while page := next(_pages(account, bucket), None):  # what was deleted is no place to go on from
        keys = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in page]
        with asking(f"bucket {bucket}"):
            answer = client.delete_objects(Bucket=bucket, Delete={"Objects": keys, "Quiet": True})
        if answer.get("Errors"):
            named = ", ".join(
                f"{error['Key']} ({error['Code']})" for error in answer["Errors"][:SHOWN]
            )
            raise CloudError(f"bucket {bucket}: {len(answer['Errors'])} cannot be deleted: {named}")
        deleted += len(keys)
        tell(f"deleted {deleted:,} objects and versions of bucket {bucket}")
    with asking(f"bucket {bucket}"):
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for upload in page.get("Uploads", ()):
                client.abort_multipart_upload(
                    Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
    return deleted


def stop_executions(account: Account, machine: str) -> int:
    """Stop what a state machine runs; returns how many executions were stopped."""
    client = account.client("stepfunctions")
    stopped = 0
    with asking("Step Functions"):
        pages = client.get_paginator("list_executions").paginate(
            stateMachineArn=machine, statusFilter="RUNNING"
        )
        for execution in [one for page in pages for one in page["executions"]]:
            client.stop_execution(executionArn=execution["executionArn"], cause=REASON)
            stopped += 1
    return stopped


def stop_jobs(account: Account, queue: str) -> int:
    """End the jobs of a queue; returns how many were ended."""
    client = account.client("batch")
    ended = 0
    with asking("AWS Batch"):
        for status in _UNFINISHED:
            pages = client.get_paginator("list_jobs").paginate(jobQueue=queue, jobStatus=status)
            for job in [one for page in pages for one in page["jobSummaryList"]]:
                client.terminate_job(jobId=job["jobId"], reason=REASON)
                ended += 1
    return ended


def _pages(account: Account, bucket: str) -> Iterator[list[dict[str, Any]]]:
    """Versions and markers of a bucket, up to 1,000 at a time; none of a bucket that is gone."""
    from botocore.exceptions import ClientError

    pages = account.client("s3").get_paginator("list_object_versions").paginate(Bucket=bucket)
    with asking(f"bucket {bucket}"):
        try:
            for page in pages:
                found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                if found:
                    yield found
        except ClientError as error:
            if error.response["Error"]["Code"] != "NoSuchBucket":
                raise
