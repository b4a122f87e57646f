"""``stockstream airflow``: the DAGs of an Airflow, from here."""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from stockstream.cli import options
from stockstream.cli.console import command, emit, note, say
from stockstream.cli.exits import EPILOG, Exit
from stockstream.cli.help import HelpCommand, HelpGroup

if TYPE_CHECKING:
    from stockstream.runners.airflow.api import AirflowApi

__all__ = ["airflow_app"]

TAG = "stockstream"
EVERY = 2.0
"""Seconds between two looks at a run."""

airflow_app = typer.Typer(cls=HelpGroup, rich_markup_mode=None, no_args_is_help=True, epilog=EPILOG)

Name: TypeAlias = Annotated[str, typer.Argument(metavar="DAG", help="Name of the DAG.")]


@airflow_app.callback()
def airflow_command() -> None:
    """Look at an Airflow, and pause, unpause and start its DAGs.

    The settings airflow.url or airflow.environment say which one; `stockstream deploy airflow` puts
    the DAGs there.
    """


@airflow_app.command("status", cls=HelpCommand, epilog=EPILOG)
def status(
    every: Annotated[
        bool, typer.Option("--all", help="Those of others, too, not only the deployed ones.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Show the DAGs, their newest runs, and files that are broken.

    stockstream airflow status
    """
    from stockstream.cli.airflow_view import dag_document, show_dags, show_faults
    from stockstream.runners.airflow.dags import import_faults, last_run, list_dags
    from stockstream.runners.airflow.parsed import our_path

    api = _api()
    dags = [dag for dag in list_dags(api) if every or our_path(dag.file) or TAG in dag.tags]
    faults = [fault for fault in import_faults(api) if every or our_path(fault.file)]
    runs = {dag.id: last_run(api, dag.id) for dag in dags}
    if json:
        documents = [dag_document(dag, runs[dag.id]) for dag in sorted(dags)]
        emit({"airflow": api.name, "dags": documents, "broken": [f._asdict() for f in faults]})
    else:
        if dags:
            show_dags(dags, runs)
        else:
            say(f"{api.name} has no DAG of ours; {command('deploy airflow')} puts them there")
        show_faults(faults)
    return Exit.ERROR if faults else Exit.OK


@airflow_app.command("unpause", cls=HelpCommand, epilog=EPILOG)
def unpause(dag: Name, json: options.Json = False) -> None:
    """Let a DAG run: on its schedule, and when it is triggered."""
    _set_paused(dag, paused=False, json=json)


@airflow_app.command("pause", cls=HelpCommand, epilog=EPILOG)
def pause(dag: Name, json: options.Json = False) -> None:
    """Start nothing of a DAG any more; what runs goes on to its end."""
    _set_paused(dag, paused=True, json=json)


@airflow_app.command("trigger", cls=HelpCommand, epilog=EPILOG)
def trigger(
    dag: Name,
    conf: Annotated[
        str, typer.Option(metavar="JSON", help="Parameters, such as '{\"name\": 1}'.")
    ] = "{}",
    run: Annotated[
        str,
        typer.Option(
            "--run-id",
            metavar="NAME",
            help="Name of the run; the Airflow makes one up without it.",
            show_default=False,
        ),
    ] = "",
    follow: Annotated[
        bool, typer.Option("--follow", help="Wait for its end; exit code 1 if it fails.")
    ] = False,
    json: options.Json = False,
) -> int:
    """Start a run of a DAG. It must be unpaused, else the run would wait.

    stockstream airflow trigger stockstream_example --follow
    """
    from stockstream.errors import ConfigError
    from stockstream.runners.airflow import dags

    parameters = dags.demand_object(conf)
    api = _api()
    if dags.find_dag(api, dag).paused:
        raise ConfigError(
            f"{dag} is paused, and a run of it would wait: {command(f'airflow unpause {dag}')}"
        )
    name = dags.trigger(api, dag, parameters, run)
    if not json:
        say(f"{dag} runs as {name}")
    end = _followed(api, dag, name) if follow else {"state": "queued", "failed": []}
    if json:
        emit({"dag": dag, "run": name, **end})
    elif follow:
        say(f"{name}: {end['state']}")
        for task in end["failed"]:
            say(f"  failed: {task}")
    return Exit.ERROR if end["state"] == "failed" else Exit.OK


def _api() -> "AirflowApi":
    from stockstream.runners.airflow.client import connect
    from stockstream.settings import load_settings

    settings = load_settings()
    return connect(settings.airflow, settings.aws.region)


def _set_paused(name: str, *, paused: bool, json: bool) -> None:
    from stockstream.runners.airflow.dags import find_dag, set_paused

    api = _api()
    before = find_dag(api, name)
    if before.paused != paused:
        set_paused(api, name, paused=paused)
    if json:
        emit({"dag": name, "paused": paused, "changed": before.paused != paused})
        return
    now = "is paused" if paused else "runs when it is due or triggered"
    say(f"{name} {now}{'' if before.paused != paused else ', as before'}")


def _followed(api: "AirflowApi", dag: str, run: str) -> dict[str, Any]:
    """The state of a run at its end, and what failed of it."""
    import time

    from stockstream.runners.airflow.dags import ENDED, dag_run, failed_tasks

    last = ""
    while True:
        state = str((dag_run(api, dag, run) or {"state": "failed"})["state"])
        if state != last:
            note(f"{run}: {state}")
            last = state
        if state in ENDED:
            return {"state": state, "failed": failed_tasks(api, dag, run)}
        time.sleep(EVERY)
