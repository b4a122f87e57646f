"""Jobs on AWS Batch: submitted once, waited for without a worker, joined by whoever comes again."""

from __future__ import annotations

import time
from importlib.util import find_spec
from itertools import count
from typing import TYPE_CHECKING, Any, Final

from airflow.providers.amazon.aws.operators.batch import BatchOperator
from airflow.providers.amazon.aws.triggers.batch import BatchJobTrigger

from stockstream.airflow.answers import files_of, read_answer
from stockstream.airflow.operators.queue import FAILED, SUCCEEDED, ending_of, find_job
from stockstream.airflow.operators.work import last_attempt
from stockstream.airflow.planned import Planned
from stockstream.airflow.settings import CONNECTION, batch_names, lake_of, region
from stockstream.airflow.signals import AirflowException, AirflowFailException
from stockstream.runners.jobs.names import (
    ATTEMPT,
    ERROR,
    FAILED_TRIALS,
    ITEM,
    LAKE,
    MODULE,
    RUN,
    ended_file,
    ended_folder,
    plan_file,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.airflow.answers import Files
    from stockstream.airflow.operators.work import Work
    from stockstream.runners.jobs.names import Action

__all__ = ["BacktestBatchOperator", "BatchJobOperator"]

POLL: Final = 15
"""Seconds between two looks at a job."""

AT_FIRST: Final = 30.0
"""Seconds that the worker waits itself: by then short jobs are over."""

SOON: Final = 3
"""Seconds between two looks as long as it does."""

LOOKS: Final = 240
"""Of a trigger, after which the task looks itself and waits again: an hour."""

ONCE: Final = {
    "attempts": 3,
    "evaluateOnExit": [
        {"action": "EXIT", "onExitCode": "2"},
        {"action": "EXIT", "onExitCode": "3"},
        {"action": "RETRY", "onReason": "*"},
    ],
}
"""Of jobs whose failed trials are tried again by Airflow: Batch retries lost machines only."""


class _BatchOperator(BatchOperator):  # type: ignore[misc]  # Airflow has no types for us
    """Submits jobs of the engine, and waits for them.

    Args:
        job_queue: None is the Airflow Variable ``batch_job_queue``.
        job_definition: None is the Airflow Variable ``batch_job_definition``.
        s3_bucket: with the lake; None asks the Airflow Variables.
        deferrable: wait in the triggerer, without a worker; it needs ``aiobotocore``, as MWAA has
            it. Without that the worker waits.
        poll_interval: seconds between two looks.
        at_first: seconds that the worker waits itself before it leaves. A task that is called back
            before its worker has left, as that of a short job would be, Airflow marks as failed.
        options: of every operator.
    """

    template_fields = ()
    """Nothing: what a configuration says stays text."""

    job_queue: str
    job_definition: str
    region_name: str | None

    def __init__(
        self,
        *,
        job_queue: str | None = None,
        job_definition: str | None = None,
        s3_bucket: str | None = None,
        deferrable: bool = True,
        poll_interval: int = POLL,
        at_first: float = AT_FIRST,
        **options: Any,
    ) -> None:
        super().__init__(
            job_name="",
            job_queue=job_queue or "",
            job_definition=job_definition or "",
            deferrable=deferrable,
            poll_interval=poll_interval,
            **{"aws_conn_id": CONNECTION, **options},
        )
        self.s3_bucket, self.at_first = s3_bucket, at_first

    def locate(self) -> Files:
        """Learn where jobs run; gives the files beside the lake."""
        self.region_name = self.region_name or region()
        self.job_queue, self.job_definition = batch_names(self.job_queue, self.job_definition)
        return files_of(lake_of(self.s3_bucket), self.region_name)

    def submit(
        self, context: Any, name: str, action: Action, told: Mapping[str, str], size: int = 1
    ) -> str:
        """Submit a job, an array if it has more than one child; gives what Batch calls it.

        Raises:
            AirflowException: Batch refused.
        """
        own = {LAKE: lake_of(self.s3_bucket), **told}
        self.job_name = name
        self.array_properties = {"size": size} if size > 1 else None
        self.container_overrides = {
            "command": ["python", "-m", MODULE, action],
            "environment": [{"name": key, "value": value} for key, value in own.items()],
        }
        self.submit_job(context)
        return str(self.job_id)

    def wait(self, identity: str, *, is_back: bool = False) -> None:
        """Wait until a job has ended: some seconds here, then in the triggerer if it may be.

        Args:
            identity: by which Batch knows the job.
            is_back: the triggerer has waited already.

        Raises:
            AirflowException: it failed.
            AirflowFailException: it failed, and trying again would be of no use.
        """
        self.job_id = identity
        leave = time.monotonic() + (0.0 if is_back else self.at_first)
        while True:
            ending = ending_of(self.hook.client, identity)
            if ending.status == SUCCEEDED:
                return
            if ending.status == FAILED:
                kind = AirflowFailException if ending.is_hopeless else AirflowException
                raise kind(f"job {identity} of AWS Batch failed: {ending.reason}")
            self._pause(identity, is_early=time.monotonic() < leave)

    def _pause(self, identity: str, *, is_early: bool) -> None:
        if is_early or not (self.deferrable and find_spec("aiobotocore")):
            time.sleep(min(self.poll_interval, SOON) if is_early else self.poll_interval)
            return
        trigger = BatchJobTrigger(
            job_id=identity,
            region_name=self.region_name,
            aws_conn_id=self.aws_conn_id,
            waiter_delay=self.poll_interval,
            waiter_max_attempts=LOOKS,
        )
        self.defer(trigger=trigger, method_name="execute_complete", timeout=self.execution_timeout)

    def on_kill(self) -> None:
        """Stop the job that the task waits for."""
        if self.job_id:
            super().on_kill()


class BatchJobOperator(_BatchOperator):
    """A job that leaves an answer, on AWS Batch.

    Args:
        work: what it is told, and what becomes of its answer.
        options: see :class:`BacktestBatchOperator`.
    """

    def __init__(self, *, work: Work, **options: Any) -> None:
        super().__init__(**options)
        self.work = work

    def execute(self, context: Any) -> Any:
        """Submit the job; returns what :meth:`Work.finish` makes of its answer."""
        told = self.work.told(context, self.locate(), on_aws=True)
        name = f"{self.work.key(context)}-{context['ti'].try_number}"
        self.wait(self.submit(context, name, self.work.action, told))
        return self._finished(context)

    def execute_complete(self, context: Any, event: dict[str, Any] | None = None) -> Any:
        """Go on when the trigger has seen the end."""
        self.locate()
        self.wait(_identity_in(event), is_back=True)
        return self._finished(context)

    def _finished(self, context: Any) -> Any:
        files = files_of(lake_of(self.s3_bucket), self.region_name)
        return self.work.finish(context, read_answer(files, self.work.key(context)))


class BacktestBatchOperator(_BatchOperator):
    """The items of a plan on AWS Batch: an array job, or mapped over ``item`` a job for each.

    A job is submitted once. Whoever comes again, because a worker was killed or the task is tried
    again, joins the job that is there and takes one that is done. Only after one that failed there
    is another: of an array, of the items that have not ended well, as the next attempt at the run.

    Args:
        item: None for an array, else as :func:`stockstream.airflow.planned.mapped_items` has it,
            with one index.
        planned_by: id of the task that planned; None reads the params of the run.
        options: ``job_queue``, ``job_definition``, ``s3_bucket``, ``deferrable``,
            ``poll_interval``, and those of every operator.
    """

    def __init__(
        self,
        *,
        item: dict[str, Any] | None = None,
        planned_by: str | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.item, self.planned_by = item, planned_by

    def execute(self, context: Any) -> None:
        """Submit what is to be submitted, or join it, and wait."""
        files, planned = self.locate(), Planned.of(context, self.planned_by)
        assert planned is not None, "whatever runs behind a plan has one"
        if planned.again:
            self.retry_strategy = ONCE
        if self.item is not None:
            identity = self._single(context, planned)
        else:
            identity = self._array(context, files, planned)
        if identity:
            self.wait(identity)

    def execute_complete(self, context: Any, event: dict[str, Any] | None = None) -> None:
        """Go on when the trigger has seen the end."""
        self.locate()
        self.wait(_identity_in(event), is_back=True)

    def _single(self, context: Any, planned: Planned) -> str:
        """The job of one item: the newest of its name that has not failed, or one more."""
        assert self.item is not None
        [index] = self.item["indexes"]
        base = f"{planned.run}-{planned.attempt}-{index}"
        for number in count(1):
            name = base if number == 1 else f"{base}-{number}"
            job = find_job(self.hook.client, self.job_queue, name)
            if job is None:
                told = {**self.item["told"], **_told(planned), ITEM: str(index)}
                return self.submit(context, name, "item", told)
            if job.status != FAILED:
                return self._joined(name, job.identity)
        raise AssertionError

    def _array(self, context: Any, files: Files, planned: Planned) -> str:
        """The array of the last attempt unless it failed, or of one more; "" if nothing is left."""
        if not planned.items:
            self.log.info("%s is complete: there is nothing to run", planned.run)
            return ""
        attempt = str(last_attempt(files, planned))
        name = f"{planned.run}-{attempt}"
        job = find_job(self.hook.client, self.job_queue, name)
        if job is not None and job.status != FAILED:
            return self._joined(name, job.identity)
        items = _items(files, planned.run, attempt)
        if job is not None:
            ended = _ended(files, planned, attempt)
            left = [item for index, item in enumerate(items) if index not in ended]
            if not left:
                self.log.info("every item of %s has ended", name)
                return ""
            attempt = str(int(attempt) + 1)
            again = [{**item, "attempt": attempt} for item in left]
            if not files.create(plan_file(planned.run, attempt), again):
                return self._array(context, files, planned)  # somebody else was first
            self.log.info("%d of %d items are left: attempt %s", len(left), len(items), attempt)
            items, name = again, f"{planned.run}-{attempt}"
        now = planned._replace(attempt=attempt)
        return self.submit(context, name, "item", _told(now, len(items)), len(items))

    def _joined(self, name: str, identity: str) -> str:
        self.log.info("job %s is there already: %s", name, identity)
        return identity


def _told(planned: Planned, size: int = 0) -> dict[str, str]:
    told = {RUN: planned.run, ATTEMPT: planned.attempt}
    if size == 1:  # of an array Batch says the index
        told[ITEM] = "0"
    if planned.again:
        told[FAILED_TRIALS] = ERROR
    return told


def _items(files: Files, run: str, attempt: str) -> list[dict[str, Any]]:
    items = files.read(plan_file(run, attempt))
    if not isinstance(items, list):
        raise AirflowFailException(
            f"{plan_file(run, attempt)} of the lake is missing or no plan: was the run deleted? "
            "Clear the task plan as well, and it is planned anew"
        )
    return items


def _ended(files: Files, planned: Planned, attempt: str) -> set[int]:
    """The items that ended well; with ``again`` one whose trials failed did not."""
    names = files.names(ended_folder(planned.run, attempt))
    numbers = (name.removesuffix(".json") for name in names)
    found = {int(number) for number in numbers if number.isdecimal()}
    if not planned.again:
        return found
    said = {index: files.read(ended_file(planned.run, attempt, index)) for index in found}
    bad = ("failed", "failed_trials")
    return {index for index, one in said.items() if one and not any(map(one.get, bad))}


def _identity_in(event: dict[str, Any] | None) -> str:
    if not event or not event.get("job_id"):
        raise AirflowException("the trigger ended without saying which job it waited for")
    return str(event["job_id"])
