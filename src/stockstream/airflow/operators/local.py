"""Jobs as processes of the worker, by the interpreter that has the engine."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from airflow.sdk import BaseOperator

from stockstream.airflow.answers import files_of, read_answer
from stockstream.airflow.planned import Planned
from stockstream.airflow.settings import engine_python, lake_of, region
from stockstream.airflow.signals import AirflowException, AirflowFailException
from stockstream.runners.jobs.names import (
    ATTEMPT,
    DONE,
    ERROR,
    FAILED,
    FAILED_TRIALS,
    ITEM,
    LAKE,
    LEAVE_AT_EOF,
    MODULE,
    NO_USE,
    RUN,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.airflow.answers import Files
    from stockstream.airflow.operators.work import Work
    from stockstream.runners.jobs.names import Action

__all__ = ["LocalBacktestOperator", "LocalJobOperator"]

PATIENCE: Final = 20.0
"""Seconds that a job has to leave when its task is killed."""


class _LocalOperator(BaseOperator):  # type: ignore[misc]  # Airflow has no types for us
    """Starts jobs as processes.

    A job leaves when its standard input ends: of a worker that is killed nothing stays behind.

    Args:
        s3_bucket: with the lake; None asks the Airflow Variables.
        options: of every operator.
    """

    ui_color = "#dcebdc"

    def __init__(self, *, s3_bucket: str | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.s3_bucket = s3_bucket
        self._process: subprocess.Popen[str] | None = None

    def files(self) -> Files:
        """The files beside the lake."""
        return files_of(lake_of(self.s3_bucket), region())

    def run_job(self, action: Action, told: Mapping[str, str]) -> None:
        """Start a job and wait for its end; its lines go into the log of the task.

        Raises:
            AirflowException: it failed and may go better next time.
            AirflowFailException: trying again would be of no use.
        """
        python = engine_python()
        own = {LAKE: lake_of(self.s3_bucket), LEAVE_AT_EOF: "1", **told}
        last = ""
        with subprocess.Popen(  # noqa: S603 - our own program
            [python, "-P", "-m", MODULE, action],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            env={**_inherited(), **own},
            start_new_session=True,
        ) as process:
            del own, told  # a traceback may show what is here, and there may be a password
            self._process = process
            assert process.stdout is not None
            for line in process.stdout:
                last = line.strip() or last
                self.log.info("%s", line.rstrip())
        self._process = None
        _demand_done(action, process.returncode, last)

    def on_kill(self) -> None:
        """End the job, and what it started."""
        process = self._process
        if process is None:
            return
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, sign)
            with suppress(subprocess.TimeoutExpired):
                process.wait(PATIENCE)
                return


class LocalJobOperator(_LocalOperator):
    """A job that leaves an answer, as a process of the worker.

    Args:
        work: what it is told, and what becomes of its answer.
        options: ``s3_bucket``, and those of every operator.
    """

    def __init__(self, *, work: Work, **options: Any) -> None:
        super().__init__(**options)
        self.work = work

    def execute(self, context: Any) -> Any:
        """Run the job; returns what :meth:`Work.finish` makes of its answer."""
        files = self.files()
        self.run_job(self.work.action, self.work.told(context, files, on_aws=False))
        return self.work.finish(context, read_answer(files, self.work.key(context)))


class LocalBacktestOperator(_LocalOperator):
    """Items of a plan, one process after the other; to be mapped over ``item``.

    Args:
        item: ``{"indexes": [3], "label": "...", "told": {}}``, see
            :func:`stockstream.airflow.planned.mapped_items`.
        planned_by: id of the task that planned; None reads the params of the run.
        options: ``s3_bucket``, and those of every operator.
    """

    def __init__(
        self, *, item: dict[str, Any], planned_by: str | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.item, self.planned_by = item, planned_by

    def execute(self, context: Any) -> None:
        """Run the items that the task has."""
        planned = Planned.of(context, self.planned_by)
        assert planned is not None, "a mapped task has something that was planned"
        told = {**self.item["told"], RUN: planned.run, ATTEMPT: planned.attempt}
        if planned.again:
            told[FAILED_TRIALS] = ERROR
        for index in self.item["indexes"]:
            self.run_job("item", {**told, ITEM: str(index)})


def _inherited() -> dict[str, str]:
    """The environment of the worker without what is Airflow's own.

    ``PYTHONPATH`` is left out, too: it may lead to the bundle, which is not all of the package.
    """
    return {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.lstrip("_").startswith("AIRFLOW")
    }


def _demand_done(action: str, code: int, last: str) -> None:
    """Tell Airflow how a job ended.

    Raises:
        AirflowException: it may go better next time.
        AirflowFailException: it would not.
    """
    if code == DONE:
        return
    said = f": {last}" if last else ""
    if code == NO_USE:
        raise AirflowFailException(f"the job {action} ended with 2, no use trying again{said}")
    if code == FAILED:
        raise AirflowException(f"backtests of this task failed{said}")
    if code < 0:
        name = signal.Signals(-code).name
        memory = "; was there not enough memory?" if code == -signal.SIGKILL else ""
        raise AirflowException(f"the job {action} was ended by {name}{memory}{said}")
    raise AirflowException(f"the job {action} ended with {code}{said}")
