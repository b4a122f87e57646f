"""Batch jobs of the emulation: moto keeps the record, the command runs as a process.

Imported by the emulation's own process only.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from moto.batch import models
from moto.batch.responses import BatchResponse
from moto.batch.utils import JobStatus

if TYPE_CHECKING:
    from stockstream.aws.local.attempts import Attempts

__all__ = ["LocalJob", "install_jobs"]

AT_ONCE = max(2, os.cpu_count() or 2)
"""Jobs that run at the same time."""

FINAL = frozenset({"SUCCEEDED", "FAILED"})


class LocalJob(models.Job):  # type: ignore[misc]  # moto has no types for us
    """A job, or an array of them, that runs here.

    Attributes:
        retry: its retry strategy.
    """

    attempts_of: ClassVar[Attempts]
    slots: ClassVar[ThreadPoolExecutor]
    asked: ClassVar[threading.local] = threading.local()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._status = "SUBMITTED"
        given = getattr(self.asked, "retry", None)
        self.retry: dict[str, Any] = given or self.job_definition.retry_strategy or {}

    @property
    def index(self) -> int | None:
        """Its number in an array; None if it is no child of one."""
        number = self.array_properties.get("index")
        return None if number is None else int(number)

    @property
    def status(self) -> str:
        """Of an array: what its children make of it."""
        if not self._child_jobs:
            return self._status
        statuses = {child.status for child in self._child_jobs}
        if statuses <= FINAL:
            return "FAILED" if "FAILED" in statuses else "SUCCEEDED"
        return "PENDING"

    @status.setter
    def status(self, value: str) -> None:
        self._status = JobStatus(value).value

    def start(self) -> None:
        """Run when there is room; a job that waits for others takes none."""
        if self.depends_on:
            self.status = "PENDING"
            super().start()
        else:
            self.status = "RUNNABLE"
            self.slots.submit(self.run)

    def run(self) -> None:
        """Make attempts until one succeeds or none is left."""
        if self.depends_on and not self._wait_for_dependencies():
            return
        try:
            self.attempts_of.run(self)
        except Exception as error:  # noqa: BLE001 - a job never takes the emulation down
            self.job_stopped_reason = f"CannotStartContainerError: {error}"
            self._mark_stopped(success=False)

    def terminate(self, reason: str) -> None:
        """Stop it and its children; one that has not started never does."""
        for child in self._child_jobs or ():
            child.terminate(reason)
        if not self.job_stopped:
            super().terminate(reason)
            self.attempts_of.kill(self)

    def describe_short(self) -> dict[str, Any]:
        """What ListJobs says of it."""
        result: dict[str, Any] = super().describe_short()
        if self._child_jobs:
            result["arrayProperties"] = {"size": len(self._child_jobs)}
        elif self.index is not None:
            result["arrayProperties"] = {"index": self.index}
        return result

    def describe(self) -> dict[str, Any]:
        """What DescribeJobs says of it."""
        short = self.describe_short()
        overrides = self.__dict__["container_overrides"]
        self.container_overrides = deepcopy(overrides)  # moto writes into what it describes
        result: dict[str, Any] = super().describe()
        self.container_overrides = overrides
        result.update(status=short["status"], retryStrategy=self.retry)
        if self.index is not None:
            result["arrayProperties"] = short["arrayProperties"]
        result["container"].update(short.get("container", {}))
        return result


def install_jobs(attempts: Attempts) -> None:
    """Take the place of moto's containers."""
    LocalJob.attempts_of = attempts
    LocalJob.slots = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="batch")
    models.Job = LocalJob
    _keep_retry_strategy()
    _list_like_batch()
    _cancel_children()


def _keep_retry_strategy() -> None:
    """Moto drops the one that SubmitJob gives."""
    submit = BatchResponse.submitjob

    def submitjob(response: Any) -> str:
        LocalJob.asked.retry = response._get_param("retryStrategy")  # noqa: SLF001
        try:
            return str(submit(response))
        finally:
            LocalJob.asked.retry = None

    BatchResponse.submitjob = submitjob


def _list_like_batch() -> None:
    """A queue lists no children; without a filter only the jobs of one status are listed."""
    list_all = models.BatchBackend.list_jobs

    def list_jobs(
        backend: Any,
        job_queue_name: str | None,
        array_job_id: str | None,
        job_status: str | None = None,
        filters: list[dict[str, Any]] | None = None,
    ) -> list[LocalJob]:
        status = job_status if filters else job_status or "RUNNING"
        jobs: list[LocalJob] = list_all(backend, job_queue_name, array_job_id, status, filters)
        return [job for job in jobs if array_job_id or job.index is None]

    models.BatchBackend.list_jobs = list_jobs


def _cancel_children() -> None:
    """CancelJob on an array reaches its children, as far as they have not started."""
    cancel_one = models.BatchBackend.cancel_job

    def cancel_job(backend: Any, job_id: str, reason: str) -> None:
        job = backend.get_job_by_id(job_id)
        children = (job._child_jobs or ()) if job else ()  # noqa: SLF001
        for identity in [child.job_id for child in children] or [job_id]:
            cancel_one(backend, identity, reason)

    models.BatchBackend.cancel_job = cancel_job
