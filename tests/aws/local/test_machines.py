"""State machines run, with what moto's interpreter lacks."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

FLAKY = """
import json, pathlib

def handler(event, context):
    seen = pathlib.Path(event["folder"], str(event.get("number", 0)))
    calls = int(seen.read_text()) if seen.exists() else 0
    seen.write_text(str(calls + 1))
    if calls < event.get("failures", 0):
        raise ConnectionError("not yet")
    return {"number": event.get("number", 0), "calls": calls + 1}
"""


def task(function: str, **more: Any) -> dict[str, Any]:
    """A state that calls a function with all of its input."""
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function, "Payload.$": "$"},
        "OutputPath": "$.Payload",
        "End": True,
        **more,
    }


def test_waits_before_retries_are_hurried_and_their_number_is_not(
    account: Any, tmp_path: Any
) -> None:
    retry = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": 60, "MaxAttempts": 3}
    machine = account.machine("Call", Call=task(account.function(FLAKY), Retry=[retry]))
    start = time.monotonic()
    done = account.execute(machine, {"folder": str(tmp_path), "failures": 3})
    assert done["output"]["calls"] == 4
    assert 0.06 * 7 <= time.monotonic() - start < 30
    done = account.execute(machine, {"folder": str(tmp_path), "number": 1, "failures": 4})
    assert done["status"] == "FAILED"
    assert done["error"] == "ConnectionError"
    assert json.loads(done["cause"])["errorMessage"] == "not yet"


def test_a_wait_is_hurried(account: Any) -> None:
    machine = account.machine("Wait", Wait={"Type": "Wait", "Seconds": 1000, "End": True})
    start = time.monotonic()
    assert account.execute(machine, {})["status"] == "SUCCEEDED"
    assert 1 <= time.monotonic() - start < 20


def test_a_failed_item_stops_no_other(account: Any, tmp_path: Any) -> None:
    marked = {"Type": "Pass", "Result": "failed", "End": True}
    caught = [{"ErrorEquals": ["States.ALL"], "Next": "Mark"}]
    call = task(account.function(FLAKY), Catch=caught)
    states = {"StartAt": "Call", "States": {"Call": call, "Mark": marked}}
    machine = account.machine(
        "Each", Each={"Type": "Map", "MaxConcurrency": 3, "ItemProcessor": states, "End": True}
    )
    items = [{"folder": str(tmp_path), "number": n, "failures": n == 2} for n in range(5)]
    output = account.execute(machine, items)["output"]
    assert [found if n == 2 else found["number"] for n, found in enumerate(output)] == [
        0,
        1,
        "failed",
        3,
        4,
    ]


@pytest.mark.slow
def test_a_distributed_map_reads_its_items_from_the_bucket(
    account: Any, aws_bucket: tuple[str, str], tmp_path: Any
) -> None:
    name, _ = aws_bucket
    items = [{"folder": str(tmp_path), "number": number} for number in range(1200)]
    account.local.client("s3").put_object(
        Bucket=name, Key="runs/s-1/plans/1.json", Body=json.dumps(items)
    )
    once = {"Type": "Pass", "End": True}
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Once",
        "States": {"Once": once},
    }
    machine = account.machine(
        "Each",
        Each={
            "Type": "Map",
            "MaxConcurrency": 1,  # more items than Python's stack is deep by default
            "ItemProcessor": processor,
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {"InputType": "JSON"},
                "Parameters": {"Bucket": name, "Key": "runs/s-1/plans/1.json"},
            },
            "End": True,
        },
    )
    output = account.execute(machine, {})["output"]
    assert [item["number"] for item in output] == list(range(1200))


def test_a_job_is_waited_for_and_its_failure_is_caught(account: Any) -> None:
    line = "import os, sys; sys.exit(int(os.environ['CODE']))"
    definition, queue = account.definition(("python", "-c", line)), account.queue()
    machine = account.machine(
        "Run",
        Run={
            "Type": "Task",
            "Resource": "arn:aws:states:::batch:submitJob.sync",
            "Parameters": {
                "JobName": "job",
                "JobDefinition": definition,
                "JobQueue": queue,
                "ContainerOverrides": {"Environment": [{"Name": "CODE", "Value.$": "$.code"}]},
            },
            "Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Lost"}],
            "End": True,
        },
        Lost={"Type": "Pass", "Result": "lost", "End": True},
    )
    assert account.execute(machine, {"code": "0"})["output"]["Status"] == "SUCCEEDED"
    assert account.execute(machine, {"code": "1"})["output"] == "lost"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["INLINE", "DISTRIBUTED"])
def test_a_stopped_execution_starts_nothing_more(
    account: Any, tmp_path: Any, eventually: Callable[[Callable[[], Any]], Any], mode: str
) -> None:
    slow = FLAKY.replace("def handler", "import time\n\ndef handler").replace(
        "    return", "    time.sleep(0.5)\n    return"
    )
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 99_000, "MaxAttempts": 3}
    kind = {"ExecutionType": "STANDARD"} if mode == "DISTRIBUTED" else {}
    processor = {
        "ProcessorConfig": {"Mode": mode, **kind},
        "StartAt": "Call",
        "States": {"Call": task(account.function(slow), Retry=[retry])},
    }
    machine = account.machine(
        "Each", Each={"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": processor, "End": True}
    )
    items = [{"folder": str(tmp_path), "number": n, "failures": n == 0} for n in range(30)]
    client = account.local.client("stepfunctions")
    execution = client.start_execution(stateMachineArn=machine, input=json.dumps(items))
    eventually(lambda: len([*tmp_path.iterdir()]) >= 4)
    client.stop_execution(executionArn=execution["executionArn"], error="Enough", cause="asked")
    done = account.finished(execution["executionArn"])
    assert (done["status"], done["error"], done["cause"]) == ("ABORTED", "Enough", "asked")
    account.local.settle()
    assert len([*tmp_path.iterdir()]) <= 5
    assert (tmp_path / "0").read_text() == "1"
    assert account.finished(execution["executionArn"])["status"] == "ABORTED"


@pytest.mark.parametrize(("tolerated", "status"), [(20.0, "SUCCEEDED"), (19.0, "FAILED")])
def test_more_failed_items_than_are_tolerated_fail_a_distributed_map(
    account: Any, tmp_path: Any, tolerated: float, status: str
) -> None:
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Call",
        "States": {"Call": task(account.function(FLAKY))},
    }
    machine = account.machine(
        "Each",
        Each={
            "Type": "Map",
            "MaxConcurrency": 4,
            "ToleratedFailurePercentage": tolerated,
            "ItemProcessor": processor,
            "End": True,
        },
    )
    items = [{"folder": str(tmp_path), "number": n, "failures": n < 2} for n in range(10)]
    done = account.execute(machine, items)
    assert done["status"] == status
    if status == "FAILED":
        assert done["error"] == "States.ExceedToleratedFailureThreshold"
        assert done["cause"] == "2 of 10 items failed, more than the specified tolerance"


def test_executions_are_named_and_a_name_is_taken_once(account: Any) -> None:
    machine = account.machine("Pass", Pass={"Type": "Pass", "End": True})
    client = account.local.client("stepfunctions")
    assert account.execute(machine, {})["name"] != account.execute(machine, {})["name"]
    account.execute(machine, {"a": 1}, name="s-1")
    with pytest.raises(client.exceptions.ExecutionAlreadyExists):
        client.start_execution(stateMachineArn=machine, name="s-1", input='{"a": 2}')


def test_definitions_are_checked_as_terraform_asks(account: Any) -> None:
    client = account.local.client("stepfunctions")
    good = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    said = client.validate_state_machine_definition(definition=json.dumps(good))
    assert said["result"] == "OK"
    said = client.validate_state_machine_definition(definition='{"StartAt": 3}')
    assert said["result"] == "FAIL"
    assert said["diagnostics"][0]["severity"] == "ERROR"
    machine = account.machine("A", A={"Type": "Succeed"})
    versions = client.list_state_machine_versions(stateMachineArn=machine)
    assert versions["stateMachineVersions"] == []
