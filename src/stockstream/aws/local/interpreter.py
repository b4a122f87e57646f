"""The interpreter of state machines: moto's, with what it lacks.

Imported by the emulation's own process only.
"""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name import (
    failure_event,
    states_error_name,
    states_error_name_type,
)
from moto.stepfunctions.parser.asl.component.common.retry import retrier_decl
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component as distributed,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import job as items
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_batch as batch_task,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback as callback_task,
)
from moto.stepfunctions.parser.asl.component.state.wait.wait_function import wait_function
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

if TYPE_CHECKING:
    from stockstream.aws.local.faults import Misfortune

__all__ = ["install_interpreter"]

POLL = 0.05
"""Seconds between two looks at a job that a state waits for."""

TOO_MANY = states_error_name_type.StatesErrorNameType.StatesExceedToleratedFailureThreshold


def install_interpreter(hurry: float, misfortune: Misfortune) -> None:
    """Complete the interpreter.

    Args:
        hurry: factor on the waits before a retry and of Wait states.
        misfortune: decides about the order of a Map's items.
    """
    _hurry_retries(hurry)
    _hurry_waits(hurry)
    _shuffle(misfortune)
    _count_failures()
    _submit_jobs()


def _hurry_retries(factor: float) -> None:
    """Wait shorter; not at all once the execution is stopped."""
    waiting, count_down = threading.local(), retrier_decl.RetrierDecl._eval_body  # noqa: SLF001

    def eval_body(retrier: Any, env: Any) -> None:
        waiting.env = env
        count_down(retrier, env)

    def sleep(seconds: float) -> None:
        end = time.monotonic() + seconds * factor
        while waiting.env.is_running() and (left := end - time.monotonic()) > 0:
            waiting.env.program_state_event.wait(left)

    retrier_decl.RetrierDecl._eval_body = eval_body  # noqa: SLF001
    retrier_decl.time = SimpleNamespace(sleep=sleep)


def _hurry_waits(factor: float) -> None:
    wait = wait_function.WaitFunction._wait_interval  # noqa: SLF001

    def eval_body(state: Any, env: Any) -> None:
        wait(state, env, state._get_wait_seconds(env=env) * factor)  # noqa: SLF001

    wait_function.WaitFunction._eval_body = eval_body  # noqa: SLF001
    callback_task._DELAY_SECONDS_SYNC_CONDITION_CHECK = POLL  # noqa: SLF001


def _shuffle(misfortune: Misfortune) -> None:
    create = items.JobPool.__init__

    def create_shuffled(pool: Any, *args: Any, **options: Any) -> None:
        create(pool, *args, **options)
        misfortune.shuffled(pool._open_jobs)  # noqa: SLF001

    items.JobPool.__init__ = create_shuffled


def _count_failures() -> None:
    """A Distributed Map fails when more of its items did than are tolerated.

    Written from the documentation of AWS: moto reads the threshold and ignores it.
    """
    component = distributed.DistributedIterationComponent
    run = component._map_run  # noqa: SLF001

    def map_run(processor: Any, env: Any, eval_input: Any) -> None:
        run(processor, env, eval_input)
        counter = eval_input.map_run_record.item_counter
        failed, total = counter.failed.get() + counter.timed_out.get(), counter.total.get()
        given = (
            eval_input.tolerated_failure_count,
            eval_input.tolerated_failure_percentage * total / 100,
        )
        if env.is_running() and failed > min(filter(None, given), default=0):
            raise _too_many(env, failed, total)

    component._map_run = map_run  # noqa: SLF001


def _too_many(env: Any, failed: int, total: int) -> Exception:
    cause = f"{failed} of {total} items failed, more than the specified tolerance"
    details = ExecutionFailedEventDetails(error=TOO_MANY.to_name(), cause=cause)
    error: Exception = failure_event.FailureEventException(
        failure_event.FailureEvent(
            env=env,
            error_name=states_error_name.StatesErrorName(typ=TOO_MANY),
            event_type=HistoryEventType.MapRunFailed,
            event_details=EventDetails(executionFailedEventDetails=details),
        )
    )
    return error


def _submit_jobs() -> None:
    """``batch:submitJob`` writes names with a capital, the API of Batch does not."""
    client = boto3.client(
        "batch",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106 - any will do
    )
    shapes = client.meta.service_model
    operations = {"submit_job": "SubmitJob", "describe_jobs": "DescribeJobs"}

    def operation(action: str | None) -> Any:
        return shapes.operation_model(operations[action or "submit_job"])

    def normalise_parameters(
        task: Any, parameters: Any, _: Any = None, service_action_name: str | None = None
    ) -> None:
        shape = operation(service_action_name).input_shape
        task._to_boto_request(parameters, shape)  # noqa: SLF001

    def normalise_response(
        task: Any, response: Any, _: Any = None, service_action_name: str | None = None
    ) -> None:
        shape = operation(service_action_name).output_shape
        task._from_boto_response(response, shape)  # noqa: SLF001

    task = batch_task.StateTaskServiceBatch
    task._normalise_parameters = normalise_parameters  # noqa: SLF001
    task._normalise_response = normalise_response  # noqa: SLF001
