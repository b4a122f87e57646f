"""States of the Amazon States Language as plain values, with the rules that all of ours follow.

Names of functions and other resources are places that a stack fills: ``"${run_chunk}"`` is the ARN
of the function ``run-chunk``, ``"${bucket}"`` a bucket's name, ``"@map_state_concurrency@"`` (its
quotes included) a number. A failure of a function reaches what follows as ``{"Error", "Cause"}``
where Cause is the message of the exception: `reason` takes it out of the JSON that Lambda gives,
because stack traces of a few hundred failed items do not fit into the 256 KB of a state's data.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from stockstream.aws.functions import FUNCTIONS
from stockstream.errors import (
    ConfigError,
    GridError,
    LookAheadError,
    NoDataError,
    StrategyError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "CONCURRENCY",
    "INPUT_ERRORS",
    "PURE_ERRORS",
    "State",
    "States",
    "catch_all",
    "choice",
    "fail",
    "function_place",
    "invoke",
    "last_reason",
    "never",
    "notify",
    "patiently",
    "present",
    "reason",
    "retry",
]

State: TypeAlias = dict[str, Any]
States: TypeAlias = dict[str, State]

CONCURRENCY = "@map_state_concurrency@"
"""The place of the number of items that run at once."""

INPUT_ERRORS = tuple(error.__name__ for error in (ConfigError, UnknownNameError, GridError))
"""A bad input stays bad: these are never tried again."""

PURE_ERRORS = (
    *INPUT_ERRORS,
    *(error.__name__ for error in (NoDataError, StrategyError, LookAheadError)),
)
"""The same for what computes on the lake alone."""

_SERVICE_ERRORS = (
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
)
"""Lambda itself did not take the call; the function has not run."""


def function_place(name: str) -> str:
    """The place of a function's ARN.

    Raises:
        UnknownNameError: no such function is deployed.
    """
    if name not in FUNCTIONS:
        raise UnknownNameError("function", name, FUNCTIONS)
    return "${" + name.replace("-", "_") + "}"


def invoke(function: str, payload: Any = "$", **fields: Any) -> State:
    """A task that calls a function.

    Args:
        function: its name in ``FUNCTIONS``.
        payload: what it is given: a path, or a mapping of values in which a key that ends in
            ``.$`` has a path.
        fields: of the state. Without ``ResultPath`` and ``OutputPath`` the state's output is the
            function's answer.
    """
    given = {"Payload.$": payload} if isinstance(payload, str) else {"Payload": payload}
    whole = (
        {} if "ResultPath" in fields or "ResultSelector" in fields else {"OutputPath": "$.Payload"}
    )
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": function_place(function), **given},
        **whole,
        **fields,
    }


def notify(subject: str, message: str, **fields: Any) -> State:
    """A task that publishes to the topic of alerts and leaves the state's data as they are.

    Args:
        subject: at most 100 characters.
        message: an intrinsic function or path that gives the text.
        fields: of the state.
    """
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Parameters": {"TopicArn": "${alerts_topic}", "Subject": subject, "Message.$": message},
        "Retry": [retry(["States.TaskFailed"], seconds=5, attempts=3)],
        "ResultPath": None,
        **fields,
    }


def retry(errors: Sequence[str], *, seconds: int, attempts: int, rate: float = 2.0) -> State:
    """A rule of trying again: after ``seconds``, then after ``rate`` times as long, and so on."""
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": seconds,
        "MaxAttempts": attempts,
        "BackoffRate": rate,
    }


def never(errors: Sequence[str] = INPUT_ERRORS) -> State:
    """The rule that comes first: what no second attempt can change is not tried again."""
    return {"ErrorEquals": list(errors), "MaxAttempts": 0}


def patiently() -> State:
    """The rule for calls that have not begun: waits grow to a minute, and differ."""
    rule = retry(_SERVICE_ERRORS, seconds=2, attempts=6)
    return {**rule, "MaxDelaySeconds": 60, "JitterStrategy": "FULL"}


def catch_all(following: str) -> list[State]:
    """Any error goes to ``following``, as ``$.error``."""
    return [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": following}]


def reason(subject: str, following: str) -> States:
    """States that make ``$.error.Cause`` of a failed function the message of its exception.

    Args:
        subject: what failed, such as ``"Year"``; names the states, the first ``Explain<subject>``.
        following: the state that comes after them.
    """
    explain, read, keep = f"Explain{subject}", f"Read{subject}Error", f"Keep{subject}Message"
    # Lambda sends {"errorMessage": ..., "errorType": ..., "stackTrace": ...}, other services text.
    told = {"Variable": "$.error.Cause", "StringMatches": '{*"errorMessage"*}', "Next": read}
    parsed = {"Error.$": "$.error.Error", "Cause.$": "States.StringToJson($.error.Cause)"}
    message = {"Error.$": "$.error.Error", "Cause.$": "$.error.Cause.errorMessage"}
    return {
        explain: choice([told], default=following),
        read: _set_error(parsed, keep),
        keep: _set_error(message, following),
    }


def last_reason(following: str) -> States:
    """The same for what ends the execution, from ``ExplainFailure`` on to ``following``.

    An error of Step Functions itself gets another name, ``StepFunctions.Timeout`` for
    ``States.Timeout``: a state that fails may not give a name of the first kind.
    """
    rename = "RenameFailure"
    own = {"Variable": "$.error.Error", "StringMatches": "States.*", "Next": rename}
    last = "States.ArrayGetItem(States.StringSplit($.error.Error, '.'), 1)"
    renamed = {
        "Error.$": f"States.Format('StepFunctions.{{}}', {last})",
        "Cause.$": "$.error.Cause",
    }
    found = reason("Failure", following)
    found["ExplainFailure"]["Choices"].append(own)
    return {**found, rename: _set_error(renamed, following)}


def _set_error(error: State, following: str) -> State:
    return {"Type": "Pass", "Parameters": error, "ResultPath": "$.error", "Next": following}


def choice(rules: Iterable[State], *, default: str, **fields: Any) -> State:
    """A state that goes where the first rule that holds says, else to ``default``."""
    return {"Type": "Choice", "Choices": list(rules), "Default": default, **fields}


def present(key: str) -> State:
    """The condition that the state's data have a key."""
    return {"Variable": f"$.{key}", "IsPresent": True}


def fail(error: str = "", cause: str = "") -> State:
    """The end of a failed execution, with what is given or with ``$.error``."""
    if error:
        return {"Type": "Fail", "Error": error, "Cause": cause}
    return {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"}
