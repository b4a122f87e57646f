"""What runs inside the process of a function: one request per line in, one answer per line out.

Started by its path with nothing but the standard library, so that a zip meets what it would meet in
the account. Answers leave on a descriptor of their own: what a function prints stays its log.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Handler: TypeAlias = "Callable[[Any, Context], Any]"


class Context:
    """What a function is told about its call, under the names that AWS gives."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.__dict__.update(facts)

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until this process is killed."""
        return max(0, int((self.__dict__["deadline"] - time.time()) * 1000))


def main(handler: str, answers: int) -> None:
    """Serve calls of a handler, ``module.function``, until standard input ends."""
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    call, failure = None, None
    try:
        call = _find(handler)
    except Exception as error:  # noqa: BLE001 - it fails at each call, as it does in the account
        failure = _failure(error)
        if isinstance(error, ImportError):
            failure["errorType"] = "Runtime.ImportModuleError"
    with os.fdopen(answers, "wb", buffering=0) as out:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            if call:
                answer = _answer(call, request["event"], Context(request["context"]))
            else:
                answer = json.dumps({"failure": failure})
            sys.stdout.flush()
            out.write(answer.encode() + b"\n")


def _find(handler: str) -> Handler:
    module, _, name = handler.rpartition(".")
    found: Handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    return found


def _answer(call: Handler, event: Any, context: Context) -> str:
    try:
        return json.dumps({"answer": call(event, context)}, allow_nan=False)
    except Exception as error:  # noqa: BLE001 - whatever the function raises is its answer
        traceback.print_exc()
        return json.dumps({"failure": _failure(error)})


def _failure(error: BaseException) -> dict[str, Any]:
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(error.__traceback__),
    }


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
