"""Studies by Step Functions: an execution for each attempt; its Distributed Map calls functions."""

from __future__ import annotations

import json
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from stockstream.runners.service import Begun, Look, attempt_name
from stockstream.runners.stack import code_of
from stockstream.runners.stack_service import StackService

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["StepFunctionsService"]

SERVICE: Final = "Step Functions"
RUNNING: Final = frozenset({"RUNNING", "PENDING_REDRIVE"})
LONGEST: Final = 1000
"""Characters of a reason."""

MAPS: Final = "map"
"""Folder of what the Distributed Map of each execution had to say, beside the runs."""


class StepFunctionsService(StackService):
    """Starts executions of the state machine ``backtest-workflow``."""

    kind = "step-functions"

    def find(self, store: BucketStore, attempt: int) -> str:
        """ARN of the execution of an attempt."""
        arn = self._execution(attempt_name(store.study.name, attempt))
        return "" if self._described(arn) is None else arn

    def start(self, store: BucketStore, attempt: int) -> Begun:
        """Start the execution of an attempt; the state machine plans it."""
        from botocore.exceptions import ClientError

        run = store.study.name
        name, machine = attempt_name(run, attempt), self.stack.machine
        asked = {"run": run, "attempt": str(attempt), "at_once": self.at_once}
        with self.stack.asking(SERVICE):
            try:
                begun = self._client.start_execution(
                    stateMachineArn=machine, name=name, input=json.dumps(asked)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                return Begun(self._execution(name), is_new=False)
        return Begun(str(begun["executionArn"]), is_new=True)

    def look(self, identity: str) -> Look:
        """What is known of an execution; of one that was too long ago, that it has ended."""
        found = self._described(identity)
        if found is None:
            return Look("ended")
        status = found["status"]
        if status in RUNNING:
            return Look("running")
        if status == "ABORTED":
            return Look("cancelled")
        if status == "SUCCEEDED":
            return Look("ended")
        why = ": ".join(filter(None, [found.get("error", status), found.get("cause")]))
        return Look("failed", why[:LONGEST])

    def stop(self, identity: str) -> None:
        """Stop an execution and the items of its Map."""
        with self.stack.asking(SERVICE):
            self._client.stop_execution(
                executionArn=identity, error="Cancelled", cause="stockstream runs cancel"
            )

    def beside(self, run: str, attempt: int) -> Sequence[str]:
        """What the Distributed Map had to say."""
        return (f"{MAPS}/{attempt_name(run, attempt)}/",)

    @cached_property
    def _client(self) -> Any:
        return self.stack.account.client("stepfunctions")

    def _execution(self, name: str) -> str:
        return f"{self.stack.machine.replace(':stateMachine:', ':execution:')}:{name}"

    def _described(self, arn: str) -> dict[str, Any] | None:
        """An execution; None if there is none, or if it was too long ago."""
        from botocore.exceptions import ClientError

        with self.stack.asking(SERVICE):
            try:
                found: dict[str, Any] = self._client.describe_execution(executionArn=arn)
            except ClientError as error:
                if code_of(error) != "ExecutionDoesNotExist":
                    raise
                return None
        return found
