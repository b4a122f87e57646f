"""What jobs and those who start them call things: variables, exit codes, files.

Only the standard library is imported here: DAG files read it where the engine is not installed.
"""

from __future__ import annotations

import re
from typing import Final, Literal, TypeAlias

__all__ = [
    "ACTIONS",
    "AGAIN",
    "ANSWERS",
    "ARRAY_INDEX",
    "ATTEMPT",
    "BUCKET",
    "DB_PREFIX",
    "DB_SECRET",
    "DONE",
    "ERROR",
    "EVENT",
    "FACTORS",
    "FACTORS_KNOWN_AT",
    "FACTORS_KNOWN_LAG",
    "FACTORS_QUERY",
    "FACTORS_TABLE",
    "FAILED",
    "FAILED_TRIALS",
    "ITEM",
    "KEY",
    "LAKE",
    "LEAVE_AT_EOF",
    "MODULE",
    "MOST_LABELS",
    "NO_USE",
    "REQUEST",
    "RUN",
    "RUNS",
    "STEP",
    "STEPS",
    "Action",
    "answer_file",
    "ended_file",
    "ended_folder",
    "is_key",
    "plan_file",
    "stop_file",
]

MODULE: Final = "stockstream.runners.jobs"
"""What ``python -m`` is given, with an action behind it."""

Action: TypeAlias = Literal["plan", "item", "collect", "factors", "step"]
ACTIONS: Final[tuple[Action, ...]] = ("plan", "item", "collect", "factors", "step")
STEPS: Final = ("symbols", "fetch", "compact", "aggregate")
"""Values of :data:`STEP`."""

DONE: Final = 0
AGAIN: Final = 1
"""It may go better next time."""
NO_USE: Final = 2
"""No use trying again: what it was told cannot be done, or somebody stopped the attempt."""
FAILED: Final = 3
"""It ran, but trials of it failed; only with ``FAILED_TRIALS=error``."""

BUCKET: Final = "S3_BUCKET_NAME"
LAKE: Final = "STOCKSTREAM__LAKE"
"""Folder or URL of the lake; wins over :data:`BUCKET`."""

KEY: Final = "KEY"
"""Names the answer of ``plan``, ``collect``, ``factors`` and ``step``."""
REQUEST: Final = "REQUEST"
"""JSON: what ``plan`` is asked for."""
RUN: Final = "RUN"
ATTEMPT: Final = "ATTEMPT"
ITEM: Final = "ITEM"
"""Index of the item in the plan; in an array job :data:`ARRAY_INDEX` says it."""
ARRAY_INDEX: Final = "AWS_BATCH_JOB_ARRAY_INDEX"
FAILED_TRIALS: Final = "FAILED_TRIALS"
ERROR: Final = "error"
"""Value of :data:`FAILED_TRIALS`: a job whose trials fail ends with :data:`FAILED`."""
LEAVE_AT_EOF: Final = "LEAVE_AT_EOF"
"""With the value ``1`` a job leaves when its standard input ends."""
STEP: Final = "STEP"
EVENT: Final = "EVENT"
"""JSON: what a step of the daily run is told; ``{}`` if missing."""

DB_PREFIX: Final = "DB_"
"""Of ``DB_ENGINE``, ``DB_HOST``, ``DB_PORT``, ``DB_NAME``, ``DB_USER`` and ``DB_PASSWORD``."""
DB_SECRET: Final = "DB_SECRET"  # noqa: S105 - the name of a variable
"""Name or ARN of a secret of AWS Secrets Manager that has them."""
FACTORS_TABLE: Final = "FACTORS_TABLE"
FACTORS_QUERY: Final = "FACTORS_QUERY"
FACTORS: Final = "FACTORS"
"""JSON list, or names with commas between them; without it every column that has numbers."""
FACTORS_KNOWN_AT: Final = "FACTORS_KNOWN_AT"
FACTORS_KNOWN_LAG: Final = "FACTORS_KNOWN_LAG"

RUNS: Final = "runs"
"""Folder of the lake below which runs and answers are."""
ANSWERS: Final = f"{RUNS}/answers"
MOST_LABELS: Final = 1024
"""Items up to which the answer of ``plan`` has a text for each."""

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,120}")


def is_key(text: str) -> bool:
    """Whether a text may be the key of an answer: it becomes the name of a file."""
    return _KEY.fullmatch(text) is not None


def answer_file(key: str) -> str:
    """Where the answer of a job is, below the lake."""
    return f"{ANSWERS}/{key}.json"


def plan_file(run: str, attempt: str) -> str:
    """Where the items of an attempt are, below the lake: a JSON array, one element for each."""
    return f"{RUNS}/{run}/plans/{attempt}.json"


def stop_file(run: str, attempt: str) -> str:
    """What makes the items of an attempt leave if it is there, below the lake."""
    return f"{RUNS}/{run}/plans/{attempt}.stop"


def ended_folder(run: str, attempt: str) -> str:
    """Where the items of an attempt say that they have ended, below the lake."""
    return f"{RUNS}/{run}/ended/{attempt}"


def ended_file(run: str, attempt: str, index: int) -> str:
    """What an item leaves when it has ended, below the lake.

    It has ``chunks``, ``ran``, ``failed`` (chunks that were given up), ``failed_trials`` and
    ``seconds``.
    """
    return f"{ended_folder(run, attempt)}/{index}.json"
