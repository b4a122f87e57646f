"""Steps of the daily run: as processes of the worker, or as functions of a stack in AWS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

from stockstream.airflow.functions import FUNCTIONS, HOPELESS
from stockstream.airflow.operators.local import LocalJobOperator
from stockstream.airflow.operators.work import StepWork
from stockstream.airflow.settings import CONNECTION, region, variable
from stockstream.airflow.signals import AirflowException, AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from stockstream.airflow.functions import Step

__all__ = ["SUMMARY", "Mode", "StepOperator"]

Mode: TypeAlias = Literal["local", "lambda"]

LISTED: Final = "listed"
"""XCom of the step symbols: what it said beside its batches."""
SUMMARY: Final = "summary"
"""XCom of the step aggregate."""
GIVEN_UP: Final = "given_up"
"""XCom of a batch that failed: why."""

PATIENCE: Final = 930
"""Seconds that a call of a function is waited for: it may run for 900."""

LONGEST: Final = 300
"""Characters of a reason."""


class StepOperator(LocalJobOperator):
    """A step of the daily run.

    Args:
        step: which one.
        mode: ``local`` or ``lambda``; None asks the Airflow Variable ``stockstream_pipeline_mode``,
            and is ``local`` without one.
        batch: what ``fetch`` is mapped over: ``{"symbols": [...], "batchNumber": 0}``.
        options: ``s3_bucket``, and those of every operator.
    """

    def __init__(
        self,
        *,
        step: Step,
        mode: Mode | None = None,
        batch: dict[str, Any] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(work=StepWork(step=step), **options)
        self.step, self.mode, self.batch = step, mode, batch

    def execute(self, context: Any) -> Any:
        """Do the step; returns what the next one needs.

        Raises:
            AirflowException: it failed.
            AirflowFailException: it failed, and trying again would be of no use.
        """
        event = _event(self.step, self.batch, context)
        try:
            answer = self._answer(context, event)
        except Exception as error:
            if self.batch is not None:
                context["ti"].xcom_push(key=GIVEN_UP, value=_given_up(self.batch, error))
            raise
        return _finished(self.step, context, answer)

    def _answer(self, context: Any, event: Mapping[str, Any]) -> dict[str, Any]:
        mode = self.mode or variable("stockstream_pipeline_mode") or "local"
        if mode == "lambda":
            return _invoke(FUNCTIONS[self.step], event)
        if mode != "local":
            raise AirflowFailException(
                f"the Airflow Variable stockstream_pipeline_mode is {mode!r}: set it to local or "
                "lambda"
            )
        number = "" if self.batch is None else f"-{self.batch['batchNumber']}"
        self.work = StepWork(step=self.step, event=event, name=f"{self.step}{number}")
        return dict(super().execute(context))


def _event(step: Step, batch: Mapping[str, Any] | None, context: Any) -> dict[str, Any]:
    """What a step is told.

    Raises:
        AirflowFailException: the first one failed, so there is nothing to tell.
    """
    ti = context["ti"]
    if step == "symbols":
        day = context["params"].get("date")
        return {} if day is None else {"date": day}
    listed = ti.xcom_pull(task_ids="symbols", key=LISTED)
    if listed is None:
        raise AirflowFailException("the step symbols failed: there is no list for this session")
    day = listed["metadata"]["date"]
    if step == "fetch":
        return {**(batch or {}), "date": day}
    results = _results(ti)
    if step == "compact":
        return {"date": day, "batchResults": results}
    tables = {"summary": ti.xcom_pull(task_ids="compact")}
    return {**listed, "batchResults": results, "tables": tables}


def _results(ti: Any) -> list[dict[str, Any]]:
    """The answers of all batches, with those marked that gave none."""
    answers = _pulled(ti, "return_value")
    reasons = {told["batchNumber"]: told for told in _pulled(ti, GIVEN_UP)}
    answered = {answer["metadata"]["batch_number"] for answer in answers}
    batches = ti.xcom_pull(task_ids="symbols") or ()
    missing = [batch for batch in batches if batch["batchNumber"] not in answered]
    marked = []
    for batch in missing:
        number = batch["batchNumber"]
        unknown = {"Error": "TaskFailed", "Cause": f"see the log of the task fetch, batch {number}"}
        told = reasons.get(number, unknown)
        marked.append(
            {
                "statusCode": 500,
                "metadata": {"batch_number": number, "symbols_failed": batch["symbols"]},
                "error": {"Error": told["Error"], "Cause": told["Cause"]},
            }
        )
    return [*answers, *marked]


def _pulled(ti: Any, key: str) -> list[dict[str, Any]]:
    """What mapped tasks left, without those that left nothing; always a list."""
    found: Iterable[Any] = ti.xcom_pull(task_ids=["fetch"], key=key)
    return [dict(one) for one in found if one]


def _finished(step: Step, context: Any, answer: dict[str, Any]) -> Any:
    """What the task of a step returns of its answer.

    Raises:
        AirflowFailException: the run is over and nothing worked.
    """
    if step == "symbols":
        context["ti"].xcom_push(key=LISTED, value={"metadata": answer["metadata"]})
        return answer["symbolBatches"]
    if step != "aggregate":
        return answer
    summary = answer["summary"]
    context["ti"].xcom_push(key=SUMMARY, value=summary)
    if summary["state"] == "failed":
        raise AirflowFailException(f"no batch was fetched: {json.dumps(summary)}")
    return summary


def _given_up(batch: Mapping[str, Any], error: Exception) -> dict[str, Any]:
    cause = str(error)[:LONGEST]
    return {"batchNumber": batch["batchNumber"], "Error": type(error).__name__, "Cause": cause}


def _invoke(function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function of the stack, once.

    Raises:
        AirflowException: it failed.
        AirflowFailException: it failed, and trying again would be of no use.
    """
    from airflow.providers.amazon.aws.hooks.lambda_function import LambdaHook

    hook = LambdaHook(
        aws_conn_id=CONNECTION,
        region_name=region(),
        # a second call by the client itself would run beside the first one
        config={"read_timeout": PATIENCE, "retries": {"total_max_attempts": 1}},
    )
    name = f"{variable('stockstream_prefix')}{function}"
    answer = hook.invoke_lambda(
        function_name=name, invocation_type="RequestResponse", payload=json.dumps(event)
    )
    payload = json.loads(answer["Payload"].read() or b"null")
    if "FunctionError" in answer:
        told = payload if isinstance(payload, dict) else {}
        kind, cause = told.get("errorType", "error"), told.get("errorMessage", payload)
        failure = AirflowFailException if kind in HOPELESS else AirflowException
        raise failure(f"the function {name} failed: {kind}: {str(cause)[:LONGEST]}")
    return dict(payload)
