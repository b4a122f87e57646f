"""Studies by Step Functions: an execution for each attempt; its Distributed Map calls functions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from stockstream.runners.cloud import Begun, CloudRunner, Look, attempt_name
from stockstream.runners.stack import code_of

if TYPE_CHECKING:
    from stockstream.runners.stack import Stack
    from stockstream.study.runs.bucket_store import BucketStore

__all__ = ["StepFunctionsRunner"]

SERVICE = "Step Functions"
RUNNING = frozenset({"RUNNING", "PENDING_REDRIVE"})
LONGEST = 1000
"""Characters of a reason."""


class StepFunctionsRunner(CloudRunner):
    """Runs studies as executions of the state machine ``backtest-workflow``."""

    kind = "step-functions"

    def start(self, stack: Stack, store: BucketStore, attempt: int) -> Begun:
        """Start the execution of an attempt; the state machine plans it."""
        from botocore.exceptions import ClientError

        run = store.study.name
        name, machine = attempt_name(run, attempt), stack.machine
        asked = {"run": run, "attempt": str(attempt), "at_once": self.at_once}
        with stack.asking(SERVICE):
            try:
                begun = stack.account.client("stepfunctions").start_execution(
                    stateMachineArn=machine, name=name, input=json.dumps(asked)
                )
            except ClientError as error:
                if code_of(error) != "ExecutionAlreadyExists":
                    raise
                arn = machine.replace(":stateMachine:", ":execution:")
                return Begun(f"{arn}:{name}", is_new=False)
        return Begun(str(begun["executionArn"]), is_new=True)

    def look(self, stack: Stack, identity: str) -> Look:
        """What is known of an execution; of one that was too long ago, that it has ended."""
        from botocore.exceptions import ClientError

        with stack.asking(SERVICE):
            try:
                found = stack.account.client("stepfunctions").describe_execution(
                    executionArn=identity
                )
            except ClientError as error:
                if code_of(error) != "ExecutionDoesNotExist":
                    raise
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

    def stop(self, stack: Stack, identity: str) -> None:
        """Stop an execution and the items of its Map."""
        with stack.asking(SERVICE):
            stack.account.client("stepfunctions").stop_execution(
                executionArn=identity, error="Cancelled", cause="stockstream runs cancel"
            )
