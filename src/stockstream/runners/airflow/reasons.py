"""Why the run of a DAG failed, from its tasks and their logs."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from stockstream.runners.airflow.client import AirflowRefusedError, api_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.runners.airflow.client import AirflowApi

__all__ = ["why_failed"]

MOST: Final = 100
"""Failed tasks that are asked for; the API gives no more at a time."""

LONGEST: Final = 1000
"""Characters of a reason."""

WATCHER: Final = "watcher"
"""A task that fails because others did."""

MARKED: Final = "no task of it failed: somebody has marked it as failed in Airflow"


def why_failed(api: AirflowApi, dag: str, run: str) -> str:
    """Why the run of a DAG failed: what the first of its tasks that failed had to say.

    Args:
        api: of the Airflow.
        dag: its id.
        run: id of its run.

    Raises:
        CloudError: Airflow does not answer.
    """
    tasks = api_path("dags", dag, "dagRuns", run, "taskInstances")
    found = api.call("GET", tasks, query={"state": "failed", "limit": MOST})
    failed = sorted(found.get("task_instances", ()), key=_turn)
    if not failed:
        return MARKED
    first = failed[0]
    said = _last_word(api, tasks, first)
    total = int(found.get("total_entries") or len(failed))
    others = sum(task["task_id"] == WATCHER for task in failed)
    count = total - others
    how_many = f"{count:,} of its tasks failed; the first, " if count > 1 else ""
    return f"{how_many}{_named(first)}: {said or 'see its log in Airflow'}"[:LONGEST]


def _turn(task: Mapping[str, Any]) -> tuple[bool, str, int]:
    return task["task_id"] == WATCHER, task.get("end_date") or "", task["map_index"]


def _named(task: Mapping[str, Any]) -> str:
    number = task["map_index"]
    shown = task.get("rendered_map_index") or (str(number) if number >= 0 else "")
    return f"task {task['task_id']}{f' ({shown})' if shown else ''}"


def _last_word(api: AirflowApi, tasks: str, task: Mapping[str, Any]) -> str:
    """The error with which a task ended; empty if its log cannot be read."""
    log = tasks + api_path(task["task_id"], "logs", str(task["try_number"]))
    with suppress(AirflowRefusedError):  # not everybody may, and logs are removed in time
        told = {"map_index": task["map_index"], "full_content": "true"}
        return _error_in(api.call("GET", log, query=told).get("content", ()))
    return ""


def _error_in(lines: Sequence[Any]) -> str:
    """The last error of a log, on one line."""
    for line in reversed(lines):
        if not isinstance(line, dict):
            continue
        details = line.get("error_detail") or ()
        values = [one["exc_value"] for one in details if one.get("exc_value")]
        if values:
            return " ".join(str(values[0]).split())
        if line.get("level") in {"error", "critical"}:
            return " ".join(str(line.get("event", "")).split())
    return ""
