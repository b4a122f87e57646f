"""What Step Functions answers about machines and executions, where moto's answer differs.

Imported by the emulation's own process only.
"""

from __future__ import annotations

import json
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from moto.core.responses import ActionResult
from moto.stepfunctions.parser.api import ExecutionStatus
from moto.stepfunctions.parser.backend import execution as execution_module
from moto.stepfunctions.parser.models import StepFunctionsParserBackend
from moto.stepfunctions.responses import StepFunctionResponse

__all__ = ["install_executions"]

LONGEST_DIAGNOSIS = 2000
SOON = 0.005


def install_executions() -> None:
    """Complete the answers."""
    _name_executions()
    StepFunctionResponse.stop_execution = _stop_execution
    _keep_stopped()
    _describe_like_aws()
    _list_of_maps()
    # Terraform's provider asks these two, and waits minutes for what moto does not know
    StepFunctionResponse.validate_state_machine_definition = _validate
    StepFunctionResponse.list_state_machine_versions = _list_versions


def _name_executions() -> None:
    """An execution that nobody named gets a name, as in the account; in moto all are ``None``."""
    start = StepFunctionsParserBackend.start_execution

    def start_execution(
        backend: Any, state_machine_arn: str, name: str | None = None, *args: Any, **options: Any
    ) -> Any:
        return start(backend, state_machine_arn, name or str(uuid.uuid4()), *args, **options)

    StepFunctionsParserBackend.start_execution = start_execution


def _stop_execution(response: Any) -> ActionResult:
    """Stopped at once, with the reason; moto waits for what runs, and forgets the reason."""
    arn = response._get_param("executionArn")  # noqa: SLF001
    execution = response.stepfunction_backend.describe_execution(arn)
    if execution.exec_status == ExecutionStatus.RUNNING:
        while execution.exec_worker.env is None:  # it was started a moment ago
            time.sleep(SOON)
        execution.exec_status = ExecutionStatus.ABORTED
        execution.stop_date = datetime.now(tz=UTC)
        execution.error = response._get_param("error")  # noqa: SLF001
        execution.cause = response._get_param("cause")  # noqa: SLF001
        response.stepfunction_backend.stop_execution(arn)
    return ActionResult({"stopDate": execution.stop_date})


def _keep_stopped() -> None:
    """What a stopped execution still had to say does not make it a failed one."""
    worker = execution_module.BaseExecutionWorkerCommunication
    end = worker.terminated

    def terminated(communication: Any) -> None:
        if communication.execution.exec_status != ExecutionStatus.ABORTED:
            end(communication)

    worker.terminated = terminated


def _describe_like_aws() -> None:
    """An output that is a text is JSON too."""
    describe = StepFunctionResponse.describe_execution

    def describe_execution(response: Any) -> ActionResult:
        answer = describe(response)
        arn = response._get_param("executionArn")  # noqa: SLF001
        execution = response.stepfunction_backend.describe_execution(arn)
        if execution.exec_status == ExecutionStatus.SUCCEEDED:
            answer.result["output"] = json.dumps(execution.output)
        return answer

    StepFunctionResponse.describe_execution = describe_execution


def _list_of_maps() -> None:
    """The items of a Distributed Map are no executions here; moto fails when they are asked for."""
    of_machine = StepFunctionResponse.list_executions

    def list_executions(response: Any) -> ActionResult:
        if response._get_param("mapRunArn"):  # noqa: SLF001
            return ActionResult({"executions": []})
        found: ActionResult = of_machine(response)
        return found

    StepFunctionResponse.list_executions = list_executions


def _validate(response: Any) -> ActionResult:
    definition, found = response._get_param("definition"), []  # noqa: SLF001
    try:
        StepFunctionsParserBackend._validate_definition(definition=definition)  # noqa: SLF001
    except Exception as error:  # noqa: BLE001 - whatever the parser finds is the diagnosis
        row = {"severity": "ERROR", "code": "SCHEMA_VALIDATION_FAILED", "location": "/"}
        text = str(getattr(error, "message", error))[:LONGEST_DIAGNOSIS]
        found = [{**row, "message": text}]
    result = "FAIL" if found else "OK"
    return ActionResult({"result": result, "diagnostics": found, "truncated": False})


def _list_versions(_: Any) -> ActionResult:
    return ActionResult({"stateMachineVersions": []})
