"""The attempts of a Batch job: its command as a process, with a time limit and a log."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import datetime
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from stockstream.aws.local.environment import REGION, process_environment
from stockstream.aws.local.metrics import record_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from stockstream.aws.local.faults import Misfortune

__all__ = ["Attempts"]

PYTHON = frozenset({"python", "python3"})
RECLAIMED = "Host EC2 (instance i-0123456789abcdef0) terminated."
"""What Batch says of an attempt whose machine was taken away."""

TIMED_OUT = "Job attempt duration exceeded timeout"
KILLED = 137


class Ending(NamedTuple):
    """How an attempt ended."""

    code: int
    reason: str
    log: str


class Attempts:
    """Runs the commands of jobs.

    Args:
        folder: where they start.
        port: of the emulation.
        misfortune: what goes wrong.
    """

    def __init__(self, folder: Path, port: int, misfortune: Misfortune) -> None:
        self._folder, self._port, self._misfortune = folder, port, misfortune
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, job: Any) -> None:
        """Make attempts of a job until one succeeds, none is left, or it was stopped."""
        attempts = int(job.retry.get("attempts") or 1)
        ending = Ending(1, "", "")
        for attempt in range(1, attempts + 1):
            if job.stop:
                break
            job.status, job.job_started_at = "RUNNING", datetime.now()  # noqa: DTZ005 - moto's own
            job.log_stream_name = f"{job._stream_name}/{attempt}"  # noqa: SLF001
            job._start_attempt()  # noqa: SLF001
            ending = self._run_once(job, attempt)
            _close_attempt(job, ending)
            if ending.code == 0 or not _tries_again(job.retry, ending):
                break
            if attempt < attempts:
                job.status = "RUNNABLE"
        if ending.code and not job.job_stopped_reason:
            job.job_stopped_reason = ending.reason or "Essential container in task exited"
        job._mark_stopped(success=ending.code == 0 and not job.stop)  # noqa: SLF001

    def kill(self, job: Any) -> None:
        """End the process of a job, if it has one."""
        process = self._running.get(job.job_id)
        if process:
            process.kill()

    def _run_once(self, job: Any, attempt: int) -> Ending:
        environment = {**self._environment(job), "AWS_BATCH_JOB_ATTEMPT": str(attempt)}
        lost_after, limit = self._misfortune.kill_job(), job._get_attempt_duration()  # noqa: SLF001
        with tempfile.TemporaryFile() as log:
            with subprocess.Popen(  # noqa: S603 - the command that the user deployed
                _command(job),
                cwd=self._folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ) as process:
                self._running[job.job_id] = process
                if job.stop:  # while it was starting
                    process.kill()
                code, reason = _wait(process, limit, lost_after)
            del self._running[job.job_id]
            log.seek(0)
            return Ending(code, reason, log.read().decode("utf-8", "replace"))

    def _environment(self, job: Any) -> dict[str, str]:
        """What the job finds: ours, the definition's, what was submitted, what Batch adds."""
        queue = job.job_queue.name
        added = {"AWS_BATCH_JOB_ID": job.job_id, "AWS_BATCH_JQ_NAME": queue}
        if job.index is not None:
            added["AWS_BATCH_JOB_ARRAY_INDEX"] = str(job.index)
        given = (
            (job.job_definition.container_properties or {}).get("environment", []),
            [row for row in job.container_overrides.get("environment", []) if "value" in row],
        )
        own = {row["name"]: str(row["value"]) for rows in given for row in rows}
        return {**process_environment(self._port), **own, **added}


def _command(job: Any) -> list[str]:
    """The command, with parameters filled in and our Python in place of the image's."""
    container = job.job_definition.container_properties or {}
    words = job.container_overrides.get("command") or container.get("command", [])
    filled = job._add_parameters_to_command(words)  # noqa: SLF001
    return [sys.executable if word in PYTHON else word for word in filled]


def _wait(
    process: subprocess.Popen[bytes], limit: float | None, lost_after: float | None
) -> tuple[int, str]:
    """Wait for an attempt; its exit code, and why it ended if that was not its own doing."""
    seconds = min((time for time in (limit, lost_after) if time is not None), default=None)
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        is_lost = lost_after is not None and seconds == lost_after
        return KILLED, RECLAIMED if is_lost else TIMED_OUT
    return (code, "") if code >= 0 else (128 - code, "")


def _close_attempt(job: Any, ending: Ending) -> None:
    job.exit_code, job.job_stopped_at = ending.code, datetime.now()  # noqa: DTZ005 - moto's own
    job.latest_attempt["container"]["exitCode"] = ending.code
    if ending.reason:
        job.latest_attempt["statusReason"] = ending.reason
    job._stop_attempt()  # noqa: SLF001
    lines = ending.log.splitlines() or ["(no output)"]
    milliseconds = int(time.time() * 1000)
    group, stream, logs = job._log_group, job.log_stream_name, job._log_backend  # noqa: SLF001
    logs.ensure_log_group(group)
    logs.ensure_log_stream(group, stream)
    events = [{"timestamp": milliseconds, "message": line} for line in lines if line]
    logs.put_log_events(group, stream, events)
    record_metrics(job.backend.account_id, REGION, lines)


def _tries_again(retry: Mapping[str, Any], ending: Ending) -> bool:
    """What the retry strategy's ``evaluateOnExit`` makes of an ending; the first that fits says."""
    found: Sequence[Mapping[str, str]] = retry.get("evaluateOnExit") or ()
    facts = {"onStatusReason": ending.reason, "onExitCode": str(ending.code), "onReason": ""}
    for rule in found:
        if all(fnmatchcase(facts[name], rule[name]) for name in facts if name in rule):
            return rule["action"].upper() == "RETRY"
    return True
