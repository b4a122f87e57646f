"""An Airflow on the screen: its connection, its DAGs, what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from stockstream.cli.console import command, heading, say, show_table, warn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from stockstream.runners.airflow.api import Connection
    from stockstream.runners.airflow.dags import Dag, ImportFault
    from stockstream.runners.airflow.manifest import Manifest

__all__ = [
    "check_document",
    "dag_document",
    "show_check",
    "show_dags",
    "show_faults",
    "show_next",
]


def show_check(
    found: Connection, place: str, manifest: Manifest | None, missing: Sequence[str]
) -> None:
    """Print what a test of the connection found."""
    say(f"{found.name} answers, and lets this login in")
    rows = [
        ("version", found.version),
        *((part.replace("_", " "), state) for part, state in found.parts.items()),
        ("DAGs", f"{found.dags:,}"),
        ("folder of DAGs", place or "not known: set airflow.dags"),
        ("deployed there", _deployed(manifest)),
    ]
    show_table(("", ""), rows, align="ll")
    for part in found.ill:
        warn(f"the {part.replace('_', ' ')} is {found.parts[part]}: no DAG runs before it is well")
    for text in found.notes:
        warn(text)
    for name in missing:
        warn(f"the Airflow Variable {name} is not set there; the DAGs read it")


def check_document(
    found: Connection, place: str, manifest: Manifest | None, missing: Sequence[str]
) -> dict[str, Any]:
    """The same for a program."""
    return {
        "name": found.name,
        "version": found.version,
        "healthy": not found.ill,
        "parts": dict(found.parts),
        "dags": found.dags,
        "place": place or None,
        "bundle": manifest.bundle if manifest and manifest.bundle else None,
        "missing_variables": list(missing),
        "notes": list(found.notes),
    }


def show_dags(
    dags: Sequence[Dag], runs: Mapping[str, Mapping[str, Any] | None] | None = None
) -> None:
    """Print DAGs, with the newest run of each if it is given."""
    rows = [
        (
            dag.id,
            "paused" if dag.paused else "runs",
            *([_run(runs.get(dag.id))] if runs is not None else []),
            dag.description,
        )
        for dag in sorted(dags)
    ]
    columns = ("DAG", "state", *(["last run"] if runs is not None else []), "what it does")
    show_table(columns, rows, align="l" * len(columns))


def show_faults(faults: Sequence[ImportFault]) -> None:
    """Print the files that an Airflow cannot read."""
    for fault in faults:
        warn(f"{fault.file} cannot be read: {fault.reason}")


def show_next(dags: Sequence[Dag]) -> None:
    """Print what to do with DAGs that were deployed."""
    paused = sorted(dag.id for dag in dags if dag.paused)
    heading("Next")
    if paused:
        say(f"  let one run:     {command(f'airflow unpause {paused[0]}')}")
        say(f"  start it:        {command(f'airflow trigger {paused[0]} --follow')}")
    say(f"  run a sweep:     {command('sweep --runner airflow')} ...")
    say(f"  see how it is:   {command('airflow status')}")


def dag_document(dag: Dag, run: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """A DAG for a program."""
    return {
        "dag": dag.id,
        "paused": dag.paused,
        "file": dag.file,
        "tags": list(dag.tags),
        "description": dag.description,
        "last_run": run and {"run": run.get("dag_run_id"), "state": run.get("state")},
    }


def _deployed(manifest: Manifest | None) -> str:
    if manifest is None:
        return "not known"
    if not manifest.bundle:
        return f"nothing; {command('deploy airflow')} does it"
    return f"bundle {manifest.bundle} of stockstream {manifest.stockstream}"


def _run(run: Mapping[str, Any] | None) -> str:
    return f"{run.get('state')} ({run.get('dag_run_id')})" if run else "none"
