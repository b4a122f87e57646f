"""Waiting until an Airflow has read what was deployed, and finding out that it could."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from stockstream.errors import CloudError, PartialError
from stockstream.runners.airflow.api import AirflowRefusedError, api_path
from stockstream.runners.airflow.bundle import DAGS, STAMP
from stockstream.runners.airflow.closure import PACKAGE
from stockstream.runners.airflow.dags import import_faults, list_dags, set_paused

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from stockstream.runners.airflow.api import AirflowApi
    from stockstream.runners.airflow.bundle import Bundle
    from stockstream.runners.airflow.dags import Dag, ImportFault

__all__ = ["BrokenBundleError", "Seen", "await_parsed", "look_before", "our_path", "pause_new"]

EVERY: Final = 1.0
"""Seconds between two looks."""

SETTLING: Final = 90.0
"""Seconds for which a file from a bucket may be broken: it is copied there file by file."""


class BrokenBundleError(CloudError):
    """An Airflow cannot read a file of ours."""


@dataclass(frozen=True)
class Seen:
    """What an Airflow has of ours.

    Attributes:
        dags: those of our files, by name.
        faults: our files that it cannot read, by their path below the folder of DAGs.
    """

    dags: Mapping[str, Dag]
    faults: Mapping[str, ImportFault]


def look_before(api: AirflowApi) -> Seen:
    """What an Airflow has of ours before something is deployed.

    Raises:
        CloudError: it refuses, or does not answer.
    """
    dags = {dag.id: dag for dag in list_dags(api) if our_path(dag.file)}
    faults = {name: fault for fault in import_faults(api) if (name := our_path(fault.file))}
    return Seen(dags, faults)


def await_parsed(
    api: AirflowApi,
    bundle: Bundle,
    wanted: Collection[str],
    before: Seen,
    patience: float,
    *,
    settling: float = 0.0,
    every: float = EVERY,
    tell: Callable[[int, int], None] = lambda *_: None,
) -> Seen:
    """Wait until every DAG file of a bundle was read as it is now, and its DAGs are there.

    Args:
        api: of the Airflow.
        bundle: what was deployed.
        wanted: names of the DAGs that its configurations make.
        before: what was there before.
        patience: seconds.
        settling: seconds for which a file that cannot be read may become one that can.
        every: seconds between two looks.
        tell: is called with how many files were read, and how many there are.

    Raises:
        BrokenBundleError: a file cannot be read there; it says why.
        PartialError: the Airflow has not read them yet.
        CloudError: it refuses, or does not answer.
    """
    files = sorted(bundle.dags)
    end, broken_since = time.monotonic() + patience, 0.0
    while True:
        seen = look_before(api)
        read = [name for name in files if _is_read(api, bundle, name, seen, before)]
        absent = sorted(set(wanted) - set(seen.dags))
        tell(len(read), len(files))
        if len(read) == len(files) and not absent and not seen.faults:
            return seen
        now = time.monotonic()
        fresh = [one for name, one in seen.faults.items() if before.faults.get(name) != one]
        broken_since = (broken_since or now) if fresh else 0.0
        if fresh and now - broken_since >= settling:
            raise BrokenBundleError(_broken(api, fresh))
        if now >= end:
            raise PartialError(*_late(api, sorted(set(files) - set(read)), absent, patience))
        time.sleep(min(every, max(end - now, 0.0)))


def pause_new(api: AirflowApi, seen: Seen, before: Seen) -> Seen:
    """Pause what was not there before, whatever the Airflow does with new DAGs.

    Raises:
        CloudError: it refuses, or does not answer.
    """
    dags = dict(seen.dags)
    for name, dag in seen.dags.items():
        if name not in before.dags and not dag.paused:
            set_paused(api, name, paused=True)
            dags[name] = dag._replace(paused=True)
    return Seen(dags, seen.faults)


def _is_read(api: AirflowApi, bundle: Bundle, name: str, seen: Seen, before: Seen) -> bool:
    """Whether the Airflow has read a DAG file in the state that was deployed."""
    dags = [dag for dag in seen.dags.values() if our_path(dag.file) == name]
    if not dags or any(dag.broken for dag in dags):
        return False
    stamp = _stamp(api, dags[0])
    if stamp is not None:
        return stamp == bundle.digest
    old = before.dags.get(dags[0].id)  # its source is not shown: it was read since, at least
    return old is None or old.parsed != dags[0].parsed


def _stamp(api: AirflowApi, dag: Dag) -> str | None:
    """Digest of the bundle that a DAG was read from; None if its source is not to be seen."""
    try:
        source = api.find(api_path("dagSources", dag.id))
    except AirflowRefusedError as refusal:
        if refusal.status == 403:
            return None
        raise
    first = str((source or {}).get("content", "")).partition("\n")[0]
    return first.removeprefix(STAMP).partition(";")[0] if first.startswith(STAMP) else None


def our_path(file: str) -> str:
    """Path of a file below the folder of DAGs, if it is one of ours; else empty."""
    parts = file.split("/")
    for folder in (DAGS, PACKAGE):
        if folder in parts[:-1]:
            return "/".join(parts[parts.index(folder) :])
    return ""


def _broken(api: AirflowApi, faults: Sequence[ImportFault]) -> str:
    listed = "; ".join(f"{fault.file}: {fault.reason}" for fault in faults)
    return f"{api.name} cannot read what was deployed: {listed}"


def _late(
    api: AirflowApi, files: Sequence[str], absent: Sequence[str], patience: float
) -> tuple[str, list[str]]:
    if files:
        message = (
            f"the files are there, and {api.name} has not read all of them after {patience:g} s: "
            "does it read its DAGs from this folder, and does its DAG processor run? It looks for "
            "new files every dag_processor.refresh_interval seconds, 300 unless set; "
            "`stockstream airflow status` says later how far it is"
        )
        return message, list(files)
    message = (
        f"{api.name} has read the files, and some DAGs are not there after {patience:g} s; the "
        "description of the DAG stockstream_loader says which configurations it refused, and why"
    )
    return message, [f"DAG {name}" for name in absent]
