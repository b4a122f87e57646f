"""Which runner a run is with, and which one a new one goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.errors import UnknownNameError
from stockstream.runners.cloud_record import CloudRecord
from stockstream.runners.local import LocalRunner
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.runners.cloud import CloudRunner
    from stockstream.settings import AwsSettings

__all__ = ["cloud_runner", "runner_of"]


def cloud_runner(
    kind: str,
    runs: Path,
    lake: str | None = None,
    *,
    at_once: int | None = None,
    settings: AwsSettings | None = None,
) -> CloudRunner:
    """The runner of a cloud service.

    Args:
        kind: ``step-functions`` or ``aws-batch``.
        runs: the folder of runs on this machine.
        lake: URL of the stack's bucket, for studies that are submitted.
        at_once: workers that a study is divided for; None takes that of the settings.
        settings: where the stack is; None takes those of this machine.

    Raises:
        UnknownNameError: there is no such service.
        ConfigError: the settings cannot be used.
    """
    from stockstream.runners.aws_batch import AwsBatchRunner
    from stockstream.runners.step_functions import StepFunctionsRunner

    classes: dict[str, type[CloudRunner]] = {
        one.kind: one for one in (StepFunctionsRunner, AwsBatchRunner)
    }
    if kind not in classes:
        raise UnknownNameError("runner", kind, ["local", *classes])
    aws = load_settings().aws if settings is None else settings
    return classes[kind](
        runs,
        lake,
        prefix=aws.prefix,
        region=aws.region or None,
        at_once=at_once or aws.at_once,
    )


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
        DataError: what this machine knows of a run in the cloud cannot be read.
    """
    record = CloudRecord.read(runs / run)
    if record is None:
        return LocalRunner(runs, lake, workers)
    return cloud_runner(record.runner, runs, at_once=workers)
