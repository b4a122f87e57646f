"""``stockstream deploy airflow``: the DAGs on one's own Airflow, or on one of MWAA."""

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from stockstream.cli import options
from stockstream.cli.console import command, emit, note, say
from stockstream.cli.exits import Exit
from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from stockstream.airflow.document import DagDocument
    from stockstream.runners.airflow.api import AirflowApi, Connection
    from stockstream.runners.airflow.bundle import Bundle
    from stockstream.runners.airflow.deploy import Deployment
    from stockstream.runners.airflow.parsed import Seen
    from stockstream.settings import Settings

__all__ = ["deploy_airflow"]

WHAT, HOW = "What", "How"
_FILE = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*")


def deploy_airflow(
    dags: Annotated[
        str,
        typer.Option(
            metavar="PLACE",
            help="Folder or s3://bucket/folder from which the Airflow reads its DAGs.  [default: "
            "the setting 'airflow.dags', else what MWAA says]",
            rich_help_panel=WHAT,
            show_default=False,
        ),
    ] = "",
    configs: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Folder of configurations, *.json: each becomes a DAG, and those of an older "
            "deployment that are not in it go. Without it they stay as they are.",
            rich_help_panel=WHAT,
        ),
    ] = None,
    examples: Annotated[
        bool,
        typer.Option(
            "--examples", help="The example DAGs of the project, too.", rich_help_panel=WHAT
        ),
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only test the connection; changes nothing.", rich_help_panel=HOW
        ),
    ] = False,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS",
            min=0.0,
            help="How long to wait until the Airflow has read it; 0 does not wait.",
            rich_help_panel=HOW,
        ),
    ] = 600.0,
    yes: Annotated[
        bool, typer.Option("--yes", help="Do not ask; for scripts.", rich_help_panel=HOW)
    ] = False,
    json: options.Json = False,
) -> int:
    """Put the DAGs on an Airflow, and wait until it has read them. They are paused at first.

    The settings say which one: airflow.url of one's own, with airflow.username and the password in
    STOCKSTREAM__AIRFLOW__PASSWORD, or airflow.environment of one on MWAA. All files are checked
    before one is written, and what the Airflow cannot read is taken back.

    stockstream deploy airflow --check
    stockstream deploy airflow --dags ~/airflow/dags --configs configs
    """
    from stockstream.settings import load_settings

    settings = load_settings()
    if check:
        return _check(settings, dags, json=json)
    api = _api(settings)
    connection = api.check() if api else None
    deployment, documents = _prepared(_place(settings, dags, api), configs, examples=examples)
    if not json:
        _show_changes(deployment)
    _confirm(deployment, yes=yes, json=json)
    seen = _rolled_out(deployment, api, documents, wait)
    if json:
        emit(_document(deployment, connection, seen))
    else:
        _show_end(connection, seen)
    return Exit.OK


def _api(settings: "Settings") -> "AirflowApi | None":
    """The Airflow of the settings; None if they name none."""
    from stockstream.runners.airflow.client import connect

    if not settings.airflow.url and not settings.airflow.environment:
        return None
    return connect(settings.airflow, settings.aws.region)


def _place(settings: "Settings", given: str, api: "AirflowApi | None") -> str:
    """Where the DAGs go.

    Raises:
        ConfigError: nobody said so.
    """
    place = given or settings.airflow.dags or (api.place() if api else "")
    if not place:
        raise ConfigError(
            "nobody said where the DAGs go: give the folder from which the Airflow reads them (its "
            "setting core.dags_folder) with --dags, or as airflow.dags; of MWAA its name is enough "
            "(airflow.environment)"
        )
    return str(Path(place).expanduser()) if "://" not in place else place


def _prepared(
    place: str, folder: Path | None, *, examples: bool
) -> "tuple[Deployment, list[DagDocument]]":
    """What is to be done, after every configuration has been read."""
    from stockstream.runners.airflow.bundle import build_bundle, find_examples
    from stockstream.runners.airflow.deploy import Deployment, demand_place

    where = demand_place(place)
    documents = _documents(folder) if folder else {}
    contents = {name: (folder / name).read_bytes() for name in documents} if folder else {}
    bundle = build_bundle(contents, find_examples() if examples else ())
    return Deployment(bundle, where, keep_configs=folder is None), list(documents.values())


def _documents(folder: Path) -> "dict[str, DagDocument]":
    """The configurations of a folder by the names of their files.

    Raises:
        ConfigError: there is no such folder, or one of them cannot be used.
    """
    from stockstream.airflow.loader import read_folder

    if not folder.is_dir():
        raise ConfigError(f"there is no folder {folder}; give one with configurations, *.json")
    found = read_folder(folder)
    odd = next((name for name in found.good if not _FILE.fullmatch(name)), None)
    if odd is not None:
        raise ConfigError(
            f"{odd!r} is no name for a configuration: use letters, digits, '.', '_' and '-'"
        )
    if found.bad:
        listed = "\n".join(f"  {name}: {reason}" for name, reason in found.bad.items())
        raise ConfigError(
            f"{len(found.bad)} of {len(found.bad) + len(found.good)} configurations in {folder} "
            f"cannot be used, and nothing was written:\n{listed}"
        )
    _note_unknown(found.good)
    return found.good


def _note_unknown(documents: "dict[str, DagDocument]") -> None:
    """Say which strategies are not installed here: where the backtests run they may be."""
    from stockstream.errors import UnknownNameError
    from stockstream.strategy.registry import get_strategy

    for file, document in documents.items():
        configs = [document.config] if document.config else list(document.backtests.values())
        named = {config.strategy_class for config in configs}
        named |= {sleeve.strategy_class for config in configs for sleeve in config.sleeves}
        for name in sorted(named - {""}):
            try:
                get_strategy(name)
            except UnknownNameError as error:
                note(f"{file}: {error}; it must be installed where the backtests run")


def _confirm(deployment: "Deployment", *, yes: bool, json: bool) -> None:
    """Go on with a bucket if the user says so; a folder of this machine is the user's.

    Raises:
        ConfigError: the user does not, or nobody is there to ask.
    """
    changes = deployment.changes
    if yes or deployment.place.is_local or not (changes.written or changes.removed):
        return
    if json or not sys.stdin.isatty():
        raise ConfigError(
            "this changes a bucket, and nobody is here to confirm it: run it in a terminal, or add "
            "--yes"
        )
    if not typer.confirm(f"write to {deployment.place}?", err=True):
        raise ConfigError("nothing was changed")


def _rolled_out(
    deployment: "Deployment",
    api: "AirflowApi | None",
    documents: "list[DagDocument]",
    patience: float,
) -> "Seen | None":
    from stockstream.cli.progress import progress
    from stockstream.runners.airflow.rollout import roll_out

    with progress(f"writing to {deployment.place}", "files") as written:
        waiting: list[str] = []

        def read(done: int, total: int) -> None:
            if not waiting:
                waiting.append("said")
                note(f"{done} of {total} DAG files are read; waiting up to {patience:g} s ...")

        names = [document.dag_id for document in documents]
        return roll_out(deployment, api, names, patience=patience, written=written, read=read)


def _check(settings: "Settings", dags: str, *, json: bool) -> int:
    """Say what there is at the other end."""
    from stockstream.cli.airflow_view import check_document, show_check
    from stockstream.runners.airflow.client import connect
    from stockstream.runners.airflow.dags import missing_variables
    from stockstream.runners.airflow.deploy import deployed_at

    api = connect(settings.airflow, settings.aws.region)
    found = api.check()
    place = dags or settings.airflow.dags or found.place
    manifest = deployed_at(place) if place else None
    missing = missing_variables(api, settings.airflow.mode)
    if json:
        emit(check_document(found, place, manifest, missing))
    else:
        show_check(found, place, manifest, missing)
    return Exit.ERROR if found.ill else Exit.OK


def _show_changes(deployment: "Deployment") -> None:
    changes = deployment.changes
    say(f"bundle {deployment.bundle.digest} to {deployment.place}")
    words = {
        "new": changes.new,
        "changed": changes.changed,
        "as they are": changes.unchanged,
        "removed": changes.removed,
    }
    say("  " + ", ".join(f"{len(names)} {word}" for word, names in words.items()) + " (files)")
    for name in changes.edited:
        say(f"  replaced, though somebody edited it there: {name}")


def _document(
    deployment: "Deployment", connection: "Connection | None", seen: "Seen | None"
) -> dict[str, Any]:
    bundle: Bundle = deployment.bundle
    return {
        "place": str(deployment.place),
        "bundle": bundle.digest,
        "files": {name: list(value) for name, value in vars(deployment.changes).items()},
        "airflow": connection and {"name": connection.name, "version": connection.version},
        "read": seen is not None,
        "dags": sorted(dag.id for dag in seen.dags.values()) if seen else [],
        "paused": sorted(dag.id for dag in seen.dags.values() if dag.paused) if seen else [],
    }


def _show_end(connection: "Connection | None", seen: "Seen | None") -> None:
    from stockstream.cli.airflow_view import show_dags, show_next

    if seen is None or connection is None:
        why = "no Airflow was named" if connection is None else "nobody waited for it"
        say(f"written; {why}, so nobody knows whether it can be read there")
        say(f"  {command('deploy airflow --check')} tests the connection")
        return
    say(f"{connection.name} (version {connection.version}) has read it")
    show_dags(list(seen.dags.values()))
    show_next(list(seen.dags.values()))
