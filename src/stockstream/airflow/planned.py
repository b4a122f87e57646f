"""What the tasks of a run know of each other: names of answers, and the attempt that was planned.

``plan`` leaves it as an XCom. A DAG whose attempt was planned by somebody else, such as
``stockstream sweep --runner airflow``, has it in its params.
"""

from __future__ import annotations

import hashlib
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.airflow.signals import AirflowFailException

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["PLANNED", "Planned", "answer_key", "mapped_items", "run_key", "task_states"]

PLANNED: Final = "planned"
"""Key of the XCom."""

LONGEST: Final = 80
DIGITS: Final = 10

_RUN = re.compile(r"s-[0-9a-f]{12}")
_ATTEMPT = re.compile(r"[1-9][0-9]{0,5}")


class Planned(NamedTuple):
    """An attempt at a run.

    Attributes:
        run: its name.
        attempt: at it.
        items: of its plan.
        again: whether a trial that failed makes its job fail, so that it is tried again.
    """

    run: str
    attempt: str
    items: int
    again: bool = False

    @classmethod
    def of(cls, context: Mapping[str, Any], planned_by: str | None) -> Planned | None:
        """What was planned; None if its task did not get that far.

        Args:
            context: of the task.
            planned_by: id of the task that planned; None reads the params of the run.

        Raises:
            AirflowFailException: it is not what it should be.
        """
        if planned_by is None:
            return cls.checked(context["params"])
        found = context["ti"].xcom_pull(task_ids=planned_by, key=PLANNED)
        return None if found is None else cls.checked(found)

    @classmethod
    def checked(cls, found: Mapping[str, Any]) -> Planned:
        """Read what a plan answered, an XCom, or the params of a run.

        Raises:
            AirflowFailException: it is no attempt at a run; both become paths and names of jobs.
        """
        run, attempt, items = (str(found.get(name)) for name in ("run", "attempt", "items"))
        if not (_RUN.fullmatch(run) and _ATTEMPT.fullmatch(attempt) and items.isdecimal()):
            raise AirflowFailException(
                f"run={run[:40]!r}, attempt={attempt[:20]!r}, items={items[:20]!r} is no attempt "
                'at a run; one looks like {"run": "s-0123456789ab", "attempt": "1", "items": 20}'
            )
        return cls(run, attempt, int(items), bool(found.get("again")))


def mapped_items(
    count: int, most: int, labels: Sequence[str] = (), told: Sequence[Mapping[str, str]] = ()
) -> list[dict[str, Any]]:
    """The items of a plan for tasks that are mapped over them.

    Args:
        count: items of the plan.
        most: tasks that there may be; beyond, a task has several items.
        labels: a text for each item, or none.
        told: environment variables for each item, or none.

    Returns:
        For each task ``{"indexes": [3, 4], "label": "...", "told": {}}``.
    """
    tasks = min(count, most)
    bounds = [count * part // tasks for part in range(tasks + 1)] if tasks else []
    found = []
    for first, stop in pairwise(bounds):
        single = stop == first + 1
        shown = labels[first] if single and labels else _rows(first, stop)
        environment = dict(told[first]) if single and told else {}
        found.append({"indexes": list(range(first, stop)), "label": shown, "told": environment})
    return found


def run_key(context: Mapping[str, Any], name: str = "") -> str:
    """What names the answers of a DAG run: short enough for a file, and of no other run.

    Args:
        context: of a task.
        name: of the strategy, where there are several.
    """
    run = context["dag_run"]
    exact = f"{run.dag_id}/{run.run_id}/{name}"
    slug = re.sub(r"[^a-z0-9]+", "-", exact.lower()).strip("-")[:LONGEST].strip("-")
    return f"{slug or 'run'}-{hashlib.sha256(exact.encode()).hexdigest()[:DIGITS]}"


def answer_key(context: Mapping[str, Any], action: str, name: str = "") -> str:
    """Key of the answer of one job of a DAG run."""
    return f"{run_key(context, name)}-{action}"


def task_states(context: Mapping[str, Any]) -> dict[str, str]:
    """States of the tasks of this DAG run so far: ``{"plan": "success", "backtest_0": "failed"}``.

    The number behind a mapped task is its map index.

    Args:
        context: of a task.
    """
    run, ti = context["dag_run"], context["ti"]
    found = ti.get_task_states(dag_id=run.dag_id, run_ids=[run.run_id])
    return {task: str(state) for task, state in found.get(run.run_id, {}).items()}


def _rows(first: int, stop: int) -> str:
    return f"item {first}" if stop == first + 1 else f"items {first} to {stop - 1}"
