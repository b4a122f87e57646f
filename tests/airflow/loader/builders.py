"""Run by the Python of an Airflow: ``builders.py COUNT SEED``, builds DAGs of hostile documents.

Each DAG is held against that of a document of the same shape without anything hostile in it, every
templated field of every task is rendered, and what Python audits meanwhile is watched. Prints JSON:
``built``, ``refused`` and what is ``wrong``.
"""

from __future__ import annotations

import copy
import json
import sys
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.airflow.loader.hostile import CANARY, CODE, documents, good_document, templated_document

from stockstream.airflow.document import read_document
from stockstream.airflow.loader import build_dag
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.airflow.document import DagDocument

FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "socket.")
"""Beginnings of events that building a DAG has no reason for."""


class Watch:
    """Listens to what Python audits, while it is on."""

    def __init__(self) -> None:
        self.on, self.seen = False, Counter[str]()
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        is_hostile = event in {"compile", "exec", "open"} and CANARY in str(arguments[0])
        if event.startswith(FORBIDDEN) or is_hostile:
            self.seen[f"{event}: {str(arguments)[:200]}"] += 1


def main(count: int, seed: int) -> None:
    """Build them and say what happened."""
    watch, outcomes, wrong = Watch(), Counter[str](), list[str]()
    build_dag(read_document(json.dumps(good_document())))
    texts = [
        *(json.dumps(templated_document(n, text)) for n in range(3) for text in CODE),
        *documents(count, seed),
    ]
    for text in texts:
        try:
            document = read_document(text)
        except ConfigError:
            continue
        watch.on = True
        try:
            dag = build_dag(document)
            rendered = list(changed_by_rendering(dag))
        except ConfigError:
            outcomes["refused"] += 1
            continue
        except Exception as error:  # noqa: BLE001 - that is what is looked for
            wrong.append(f"{type(error).__name__}: {error}: {text[:300]}")
            continue
        finally:
            watch.on = False
        outcomes["built"] += 1
        if rendered or structure(dag) != template(plain(document)):
            wrong.append(f"{rendered or 'another structure'}: {text[:300]}")
        if (dag.description or "") != document.description or dag.doc_md is not None:
            wrong.append(f"description {dag.description!r}, doc_md {dag.doc_md!r}: {text[:300]}")
        if set(dag.tags) != set(document.tags) or dag.dag_id != document.dag_id:
            wrong.append(f"tags or dag_id: {text[:300]}")
    found = {**outcomes, "wrong": [*wrong, *watch.seen][:20]}
    print(json.dumps(found))  # noqa: T201 - a program


@cache
def template(text: str) -> Any:
    """The structure of the DAG of a document."""
    return structure(build_dag(read_document(text)))


def plain(document: DagDocument) -> str:
    """A document of the same shape: mode, options and names of backtests, and nothing else."""
    good = good_document()
    config = good.pop("config")
    for name in ("mode", "retries", "schedule", "at_once", "max_active_tasks"):
        good[name] = getattr(document, name)
    asked = {name: config_like(config, one) for name, one in document.backtests.items()}
    single = {} if document.config is None else {"config": config_like(config, document.config)}
    return json.dumps({**good, **single, **({"backtests": asked} if asked else {})})


def config_like(good: dict[str, Any], one: Any) -> dict[str, Any]:
    """A configuration that makes the same tasks as another."""
    factors = {} if one.db_config is None else {"db_config": {"secret": "a", "table": "b"}}
    return {**copy.deepcopy(good), **factors}


def structure(dag: Any) -> Any:
    """The template of a DAG: its tasks, how they hang together, and what makes each start."""
    tasks = {
        task.task_id: (
            task.task_type,
            sorted(task.downstream_task_ids),
            str(task.trigger_rule),
            task.is_mapped,
            task.retries,
            getattr(task, "map_index_template", None),
        )
        for task in dag.tasks
    }
    return tasks, dag.max_active_tasks, type(dag.timetable).__name__


def changed_by_rendering(dag: Any) -> Iterator[str]:
    """What Jinja makes something else of, or has to look at though it came from a document."""
    environment = dag.get_template_env()
    for task in dag.tasks:
        for name in task.template_fields:
            given = task.partial_kwargs.get(name) if task.is_mapped else getattr(task, name)
            if CANARY in str(given) or task.render_template(given, {}, environment) != given:
                yield f"{task.task_id}.{name}"


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
