"""Which runner a run is with, and which one a new one goes to."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from stockstream.errors import UnknownNameError
from stockstream.runners.cloud import CloudRunner
from stockstream.runners.cloud_record import CloudRecord
from stockstream.runners.local import LocalRunner
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from stockstream.runners.service import Service
    from stockstream.settings import Settings

__all__ = ["SERVICES", "cloud_runner", "runner_of"]

SERVICES: Final[Mapping[str, tuple[str, str]]] = {
    "step-functions": ("stockstream.runners.step_functions", "StepFunctionsService"),
    "aws-batch": ("stockstream.runners.aws_batch", "AwsBatchService"),
    "airflow": ("stockstream.runners.airflow.service", "AirflowService"),
    "cluster": ("stockstream.runners.cluster.service", "ClusterService"),
}
"""Module and class of each service, so that none is imported for another."""


def cloud_runner(
    kind: str,
    runs: Path,
    lake: str | None = None,
    *,
    at_once: int | None = None,
    settings: Settings | None = None,
) -> CloudRunner:
    """The runner of a service.

    Args:
        kind: ``step-functions``, ``aws-batch``, ``airflow`` or ``cluster``.
        runs: the folder of runs on this machine.
        lake: folder or URL of the lake that the service works on, for studies that are submitted.
        at_once: workers that a study is divided for; None takes that of the settings.
        settings: where the service is; None takes those of this machine.

    Raises:
        UnknownNameError: there is no such service.
        ConfigError: the settings cannot be used.
    """
    return CloudRunner(runs, lake, _service(kind, runs, at_once, settings, None))


def runner_of(
    run: str, runs: Path, lake: str | None = None, workers: int | None = None
) -> LocalRunner | CloudRunner:
    """The runner that a run is with.

    Args:
        run: its name; one that does not exist is with this machine.
        runs: the folder of runs.
        lake: of a run on this machine, if it is elsewhere now.
        workers: for a run, None takes what its runner does.

    Raises:
        DataError: what this machine knows of a run elsewhere cannot be read.
        UnknownNameError: it is with a service that this version does not know.
    """
    record = CloudRecord.read(runs / run)
    if record is None:
        return LocalRunner(runs, lake, workers)
    return CloudRunner(
        runs, record.lake, _service(record.runner, runs, workers, None, record.where)
    )


def _service(
    kind: str,
    runs: Path,
    at_once: int | None,
    settings: Settings | None,
    where: Mapping[str, str] | None,
) -> Service:
    if kind not in SERVICES:
        raise UnknownNameError("runner", kind, ["local", *SERVICES])
    module, name = SERVICES[kind]
    made: type[Service] = getattr(import_module(module), name)
    return made.of(settings or load_settings(), runs, at_once, where)
