"""What the emulation replaces inside moto is still there: moto promises nothing about it."""

from __future__ import annotations

import inspect
from functools import reduce
from importlib import import_module
from importlib.metadata import version
from typing import Any

import pytest

ASL = "moto.stepfunctions.parser.asl.component."
MAPS = f"{ASL}state.exec.state_map.iteration."
TASKS = f"{ASL}state.exec.state_task.service."

REPLACED = [
    ("moto.awslambda.models", "LambdaFunction._invoke_lambda", "self event"),
    ("moto.awslambda.models", "LambdaFunction.save_logs", "self output"),
    ("moto.batch.models", "Job.run", "self"),
    ("moto.batch.models", "Job.start", "self"),
    ("moto.batch.models", "Job.terminate", "self reason"),
    ("moto.batch.models", "Job.describe", "self"),
    ("moto.batch.models", "Job.describe_short", "self"),
    ("moto.batch.models", "Job._start_attempt", "self"),
    ("moto.batch.models", "Job._stop_attempt", "self"),
    ("moto.batch.models", "Job._mark_stopped", "self success"),
    ("moto.batch.models", "Job._get_attempt_duration", "self"),
    ("moto.batch.models", "Job._add_parameters_to_command", "self command"),
    ("moto.batch.models", "Job._wait_for_dependencies", "self"),
    ("moto.batch.responses", "BatchResponse.submitjob", "self"),
    (
        "moto.batch.models",
        "BatchBackend.list_jobs",
        "self job_queue_name array_job_id job_status filters",
    ),
    ("moto.batch.models", "BatchBackend.cancel_job", "self job_id reason"),
    (f"{ASL}common.retry.retrier_decl", "RetrierDecl._eval_body", "self env"),
    (f"{ASL}common.retry.retrier_decl", "time.sleep", ""),
    (
        f"{ASL}state.wait.wait_function.wait_function",
        "WaitFunction._wait_interval",
        "self env wait_seconds",
    ),
    (f"{MAPS}job", "JobPool.__init__", "self job_program job_inputs"),
    (
        f"{MAPS}distributed_iteration_component",
        "DistributedIterationComponent._map_run",
        "self env eval_input",
    ),
    (f"{TASKS}state_task_service_callback", "_DELAY_SECONDS_SYNC_CONDITION_CHECK", ""),
    (
        f"{TASKS}state_task_service_batch",
        "StateTaskServiceBatch._normalise_parameters",
        "self parameters boto_service_name service_action_name",
    ),
    (
        "moto.stepfunctions.parser.backend.execution",
        "BaseExecutionWorkerCommunication.terminated",
        "self",
    ),
    (
        "moto.stepfunctions.parser.models",
        "StepFunctionsParserBackend.start_execution",
        "self state_machine_arn name execution_input trace_header",
    ),
    ("moto.stepfunctions.responses", "StepFunctionResponse.describe_execution", "self"),
    ("moto.stepfunctions.responses", "StepFunctionResponse.stop_execution", "self"),
    ("moto.stepfunctions.responses", "StepFunctionResponse.list_executions", "self"),
]


def test_the_version_is_the_one_that_was_looked_into() -> None:
    assert version("moto") == "5.2.5"


@pytest.mark.parametrize(
    ("module", "path", "parameters"), REPLACED, ids=[row[1] for row in REPLACED]
)
def test_what_is_replaced_is_there(module: str, path: str, parameters: str) -> None:
    found: Any = reduce(getattr, path.split("."), import_module(module))
    if parameters:
        assert [*inspect.signature(found).parameters] == parameters.split()


@pytest.mark.parametrize(
    "name", ["validate_state_machine_definition", "list_state_machine_versions"]
)
def test_what_is_added_is_still_missing(name: str) -> None:
    responses = import_module("moto.stepfunctions.responses")
    assert not hasattr(responses.StepFunctionResponse, name)
