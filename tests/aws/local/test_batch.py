"""Batch jobs run as processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCRIPT = ("python", "-c")


def test_a_job_has_its_environment_and_its_log(account: Any) -> None:
    line = "import os; print(os.environ['RUN'], os.environ['ATTEMPT'], os.environ['AWS_REGION'])"
    definition = account.definition((*SCRIPT, line), environment={"RUN": "none", "ATTEMPT": "1"})
    overrides = {"environment": [{"name": "RUN", "value": "s-1"}]}
    job = account.ended_job(
        account.submit(account.queue(), definition, containerOverrides=overrides)
    )
    assert job["status"] == "SUCCEEDED"
    assert job["container"]["exitCode"] == 0
    names = [row["name"] for row in job["container"]["environment"]]
    assert sorted(names) == ["ATTEMPT", "AWS_BATCH_JOB_ID", "RUN"]
    stream = job["attempts"][0]["container"]["logStreamName"]
    events = account.local.client("logs").get_log_events(
        logGroupName="/aws/batch/job", logStreamName=stream
    )["events"]
    assert [event["message"] for event in events] == ["s-1 1 ap-southeast-2"]


def test_children_of_an_array_know_their_number(account: Any, tmp_path: Path) -> None:
    line = (
        "import os, pathlib; "
        f"pathlib.Path({str(tmp_path)!r}, os.environ['AWS_BATCH_JOB_ARRAY_INDEX']).touch()"
    )
    queue = account.queue()
    identity = account.submit(
        queue, account.definition((*SCRIPT, line)), arrayProperties={"size": 5}
    )
    job = account.ended_job(identity)
    assert job["status"] == "SUCCEEDED"
    assert job["arrayProperties"]["statusSummary"]["SUCCEEDED"] == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0", "1", "2", "3", "4"]
    batch = account.local.client("batch")
    children = batch.list_jobs(arrayJobId=identity, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert sorted(child["arrayProperties"]["index"] for child in children) == [0, 1, 2, 3, 4]
    listed = batch.list_jobs(jobQueue=queue, jobStatus="SUCCEEDED")["jobSummaryList"]
    assert [row["jobId"] for row in listed] == [identity]


def test_an_array_with_a_failed_child_failed(account: Any) -> None:
    line = "import os, sys; sys.exit(os.environ['AWS_BATCH_JOB_ARRAY_INDEX'] == '1')"
    job = account.ended_job(
        account.submit(
            account.queue(), account.definition((*SCRIPT, line)), arrayProperties={"size": 3}
        )
    )
    assert job["status"] == "FAILED"
    assert job["arrayProperties"]["statusSummary"]["FAILED"] == 1


@pytest.mark.parametrize("given", ["definition", "submit"])
def test_attempts_go_on_until_one_succeeds(account: Any, given: str) -> None:
    line = "import os, sys; sys.exit(int(os.environ['AWS_BATCH_JOB_ATTEMPT']) < 3)"
    retry = {"retryStrategy": {"attempts": 5}}
    definition = account.definition((*SCRIPT, line), **(retry if given == "definition" else {}))
    job = account.ended_job(
        account.submit(account.queue(), definition, **(retry if given == "submit" else {}))
    )
    assert job["status"] == "SUCCEEDED"
    assert [attempt["container"]["exitCode"] for attempt in job["attempts"]] == [1, 1, 0]


def test_the_strategy_decides_by_how_an_attempt_ended(account: Any) -> None:
    rules = [
        {"onStatusReason": "Host EC2*", "action": "RETRY"},
        {"onReason": "*", "action": "EXIT"},
    ]
    retry = {"attempts": 3, "evaluateOnExit": rules}
    job = account.ended_job(
        account.submit(
            account.queue(),
            account.definition((*SCRIPT, "raise SystemExit(1)"), retryStrategy=retry),
        )
    )
    assert job["status"] == "FAILED"
    assert len(job["attempts"]) == 1


def test_the_time_limit_ends_an_attempt(account: Any) -> None:
    definition = account.definition(
        (*SCRIPT, "import time; time.sleep(60)"), timeout={"attemptDurationSeconds": 60}
    )
    limit = {"attemptDurationSeconds": 1}
    job = account.ended_job(account.submit(account.queue(), definition, timeout=limit))
    assert job["status"] == "FAILED"
    assert job["statusReason"] == "Job attempt duration exceeded timeout"


def test_terminate_ends_children_that_run_and_those_that_wait(
    account: Any, eventually: Callable[[Callable[[], Any]], Any]
) -> None:
    queue = account.queue()
    definition = account.definition((*SCRIPT, "import time; time.sleep(60)"))
    identity = account.submit(queue, definition, arrayProperties={"size": 40})
    eventually(lambda: account.job(identity)["arrayProperties"]["statusSummary"]["RUNNING"])
    account.local.client("batch").terminate_job(jobId=identity, reason="enough")
    job = account.ended_job(identity)
    assert job["status"] == "FAILED"
    assert job["arrayProperties"]["statusSummary"]["FAILED"] == 40
    assert account.job(f"{identity}:39")["statusReason"] == "enough"


def test_jobs_are_found_by_name_whatever_became_of_them(account: Any) -> None:
    queue, definition = account.queue(), account.definition((*SCRIPT, "pass"))
    identity = account.submit(queue, definition, jobName="s-0123456789ab-1")
    account.submit(queue, definition, jobName="s-0123456789ab-2")
    account.ended_job(identity)
    found = account.local.client("batch").list_jobs(
        jobQueue=queue, filters=[{"name": "JOB_NAME", "values": ["s-0123456789ab-1"]}]
    )["jobSummaryList"]
    assert [job["jobId"] for job in found] == [identity]


def test_a_command_that_is_not_there_says_so(account: Any) -> None:
    job = account.ended_job(account.submit(account.queue(), account.definition(["no-such"])))
    assert job["status"] == "FAILED"
    assert "CannotStartContainerError" in job["statusReason"]
    assert "no-such" in job["statusReason"]
