"""DAGs of an Airflow and their runs: seen, paused and started through its REST API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.errors import CloudError, ConfigError, UnknownNameError
from stockstream.runners.airflow.api import AirflowRefusedError, api_path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from stockstream.runners.airflow.api import AirflowApi

__all__ = [
    "ENDED",
    "Dag",
    "ImportFault",
    "dag_run",
    "demand_object",
    "failed_tasks",
    "find_dag",
    "import_faults",
    "last_run",
    "list_dags",
    "missing_variables",
    "set_paused",
    "trigger",
]

ENDED: Final = frozenset({"success", "failed"})
"""States of a DAG run that stay."""

PAGE: Final = 100
"""Rows that an Airflow gives at once, unless somebody raised its limit."""

_NEEDED: Final = {
    "local": (("stockstream_lake", "trading_strategies_bucket"),),
    "batch": (
        ("batch_job_queue",),
        ("batch_job_definition",),
        ("trading_strategies_bucket", "stockstream_lake"),
    ),
}
"""Airflow Variables that tasks read; one of each line must be set."""


class Dag(NamedTuple):
    """A DAG, as the list of them shows it.

    Attributes:
        id: its name.
        paused: whether nothing of it is started.
        file: below the folder of DAGs.
        parsed: when its file was read last, as the Airflow says it.
        broken: whether its file cannot be read any more.
        tags: of the list.
        description: a sentence.
    """

    id: str
    paused: bool
    file: str
    parsed: str
    broken: bool
    tags: tuple[str, ...]
    description: str


class ImportFault(NamedTuple):
    """A file that an Airflow cannot read.

    Attributes:
        file: as the Airflow names it.
        when: it was tried last, as the Airflow says it.
        reason: last line of the trace.
    """

    file: str
    when: str
    reason: str


def list_dags(api: AirflowApi) -> list[Dag]:
    """Every DAG that this login sees and whose file is there.

    Raises:
        CloudError: the Airflow refuses, or does not answer.
    """
    return [_dag(row) for row in _rows(api, "/dags", "dags") if not row.get("is_stale")]


def find_dag(api: AirflowApi, dag: str) -> Dag:
    """A DAG by its name.

    Raises:
        UnknownNameError: there is none of this name; says which there are.
        CloudError: the Airflow refuses, or does not answer.
    """
    row = api.find(api_path("dags", dag))
    if row is None:
        known = [one.id for one in list_dags(api)]
        hint = "" if known else f"{api.name} has none yet: run `stockstream deploy airflow`"
        raise UnknownNameError("DAG", dag, known, hint)
    return _dag(row)


def set_paused(api: AirflowApi, dag: str, *, paused: bool) -> None:
    """Pause a DAG, or let it run.

    Raises:
        AirflowRefusedError: there is no such DAG, or the user may not.
        CloudError: the Airflow does not answer.
    """
    api.call(
        "PATCH", api_path("dags", dag), {"is_paused": paused}, query={"update_mask": "is_paused"}
    )


def trigger(api: AirflowApi, dag: str, conf: Mapping[str, Any] | None = None, run: str = "") -> str:
    """Start a run of a DAG; a DAG that is paused keeps it waiting.

    Args:
        api: of the Airflow.
        dag: name of the DAG.
        conf: its parameters.
        run: name of the run; the Airflow makes one up if it is empty.

    Returns:
        Name of the run.

    Raises:
        AirflowRefusedError: it refuses; status 409 if there is a run of this name, 404 if there is
            no such DAG.
        CloudError: it does not answer.
    """
    body: dict[str, Any] = {"logical_date": None, "conf": dict(conf or {})}
    if run:
        body["dag_run_id"] = run
    return str(api.call("POST", api_path("dags", dag, "dagRuns"), body)["dag_run_id"])


def dag_run(api: AirflowApi, dag: str, run: str) -> dict[str, Any] | None:
    """A run of a DAG, such as ``{"state": "running", ...}``; None if there is none.

    Raises:
        CloudError: the Airflow refuses, or does not answer.
    """
    return api.find(api_path("dags", dag, "dagRuns", run))


def last_run(api: AirflowApi, dag: str) -> dict[str, Any] | None:
    """The newest run of a DAG; None if it never ran.

    Raises:
        CloudError: the Airflow refuses, or does not answer.
    """
    query = {"limit": 1, "order_by": "-run_after"}
    rows = api.call("GET", api_path("dags", dag, "dagRuns"), query=query).get("dag_runs") or []
    return dict(rows[0]) if rows else None


def failed_tasks(api: AirflowApi, dag: str, run: str) -> list[str]:
    """Names of the tasks that failed in a run, with their parameters if they are mapped.

    Raises:
        CloudError: the Airflow refuses, or does not answer.
    """
    path = api_path("dags", dag, "dagRuns", run, "taskInstances")
    rows = _rows(api, path, "task_instances", {"state": "failed"})
    return [" ".join(filter(None, (row["task_id"], row.get("rendered_map_index")))) for row in rows]


def import_faults(api: AirflowApi) -> list[ImportFault]:
    """Every file that the Airflow cannot read.

    Raises:
        CloudError: the Airflow refuses, or does not answer.
    """
    return [_fault(row) for row in _rows(api, "/importErrors", "import_errors")]


def missing_variables(api: AirflowApi, mode: str) -> list[str]:
    """What tasks will miss: names of Airflow Variables, ``a or b`` where one of them is enough.

    An Airflow can have them elsewhere, in its environment or a store of secrets, and a user may not
    be allowed to see them; so this is a hint, no error.

    Raises:
        CloudError: the Airflow does not answer.
    """
    try:
        there = {str(row.get("key")) for row in _rows(api, "/variables", "variables")}
    except AirflowRefusedError as refusal:
        if refusal.status == 403:
            return []
        raise
    return [" or ".join(names) for names in _NEEDED[mode] if not there.intersection(names)]


def demand_object(text: str) -> dict[str, Any]:
    """Parameters of a run, from JSON.

    Raises:
        ConfigError: it is no JSON object.
    """
    import json

    try:
        found = json.loads(text)
    except ValueError as error:
        raise ConfigError(f"the parameters are no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError('the parameters are no object; write them as {"name": value}')
    return found


def _rows(
    api: AirflowApi, path: str, name: str, query: Mapping[str, Any] | None = None
) -> Iterator[dict[str, Any]]:
    """The rows of a list, page after page."""
    offset = 0
    while True:
        page = api.call("GET", path, query={**(query or {}), "limit": PAGE, "offset": offset})
        rows = page.get(name)
        if not isinstance(rows, list):
            raise CloudError(f"{api.name} gave no list of {name}: is it an Airflow 3?")
        yield from rows
        offset += len(rows)
        if not rows or offset >= int(page.get("total_entries", 0)):
            return


def _dag(row: Mapping[str, Any]) -> Dag:
    tags = tuple(str(tag.get("name")) for tag in row.get("tags") or ())
    return Dag(
        str(row["dag_id"]),
        bool(row.get("is_paused")),
        str(row.get("relative_fileloc") or row.get("fileloc") or ""),
        str(row.get("last_parsed_time") or ""),
        bool(row.get("has_import_errors")),
        tags,
        str(row.get("description") or ""),
    )


def _fault(row: Mapping[str, Any]) -> ImportFault:
    lines = [line.strip() for line in str(row.get("stack_trace") or "").splitlines()]
    reason = next((line for line in reversed(lines) if line), "no reason given")
    return ImportFault(str(row.get("filename") or ""), str(row.get("timestamp") or ""), reason)
