"""Whatever a runner needs to be there before it is given a study."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from stockstream.app.form.market import Market
from stockstream.app.request import Request
from stockstream.errors import ConfigError
from stockstream.lake.store import Lake
from stockstream.runners.choice import cloud_runner

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.app.form.check import Checked
    from stockstream.app.tasks.progress import Teller

__all__ = ["dag_of", "work"]

MODES: Final = {"local": "local", "batch": "batch_array"}


def work(folder: Path, tell: Teller) -> None:
    """Bring the DAGs to an Airflow, or look whether the others are ready."""
    request = Request.at(folder)
    kind = request.draft.runner
    if kind == "local":
        tell.end("this machine needs nothing")
    elif kind == "airflow":
        _airflow(request, tell)
    else:
        tell(f"asking whether {kind} is ready")
        cloud_runner(kind, folder.parents[1], request.lake).ready()
        tell.end("it is there, and takes studies of this lake")


def dag_of(request: Request) -> str:
    """The DAG that a request becomes on an Airflow."""
    return f"{request.draft.strategy}_{request.name.removeprefix('q-')}"


def _airflow(request: Request, tell: Teller) -> None:
    from stockstream.airflow.document import read_document
    from stockstream.runners.airflow.bundle import build_bundle
    from stockstream.runners.airflow.client import connect
    from stockstream.runners.airflow.deploy import Deployment, demand_place
    from stockstream.runners.airflow.rollout import roll_out
    from stockstream.settings import load_settings

    settings = load_settings()
    tell("asking the Airflow")
    api = connect(settings.airflow, settings.aws.region)
    api.check()
    place = settings.airflow.dags or api.place()
    if not place:
        raise ConfigError(
            "nobody said where the DAGs go: set airflow.dags to the folder from which the Airflow "
            "reads them"
        )
    checked = request.checked(Market.of(Lake.open(request.lake)))
    content = json.dumps(_document(request, checked, settings.airflow.mode), indent=1).encode()
    document = read_document(content.decode())
    deployment = Deployment(
        build_bundle({f"{document.dag_id}.json": content}), demand_place(place), keep_configs=True
    )
    seen = roll_out(
        deployment,
        api,
        [document.dag_id],
        written=lambda done, total: tell("writing the files", done, total),
        read=lambda done, total: tell("waiting until the Airflow has read them", done, total),
    )
    dags = {} if seen is None else {dag.id: dag.paused for dag in seen.dags.values()}
    tell.end("the Airflow has read the DAGs", dags=dags, dag=document.dag_id)


def _document(request: Request, checked: Checked, mode: str) -> dict[str, Any]:
    """The configuration as data: the loader that is deployed makes a DAG of it."""
    assert checked.config is not None, "a request is checked"
    config = checked.config.model_dump(mode="json", exclude_defaults=True)
    options: dict[str, Any] = {"split": checked.split if checked.split != "none" else None}
    options["where"] = list(checked.where) or None
    if checked.sample is not None:
        options["sample"] = checked.sample.size
    return {
        "dag_id": dag_of(request),
        "description": f"{request.draft.strategy}, asked for on the page of stockstream",
        "tags": ["stockstream"],
        "mode": MODES[mode],
        "config": {**config, **{name: one for name, one in options.items() if one is not None}},
    }
