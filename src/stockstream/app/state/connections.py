"""What is set, what it leads to, and what the last test of it said."""

from __future__ import annotations

import importlib.util
import os
import time
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from stockstream.app.discretion import discreet
from stockstream.app.tasks.progress import read_progress
from stockstream.app.tasks.start import folder_of_connection, start
from stockstream.errors import DataError
from stockstream.settings import ENVIRONMENT_PREFIX, Settings
from stockstream.settings.load import PLAIN_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from stockstream.app.tasks.progress import Progress

__all__ = ["TITLES", "Given", "Runner", "Tested", "given", "last_test", "reason", "runners", "test"]

CONNECT: Final = "connect"

TITLES: Final[Mapping[str, str]] = {
    "lake": "Lake",
    "s3": "S3",
    "batch": "AWS Batch",
    "step-functions": "Step Functions",
    "airflow": "Airflow or MWAA",
    "cluster": "Ray cluster",
}
"""Connections by kind, as people call them."""

SHOWN: Final[Mapping[str, str]] = {
    "lake": "all",
    "runs": "all",
    "aws.region": "step-functions, aws-batch",
    "aws.prefix": "step-functions, aws-batch",
    "airflow.environment": "airflow",
    "airflow.url": "airflow",
    "airflow.username": "airflow",
    "airflow.password": "airflow",
    "airflow.token": "airflow",
    "airflow.dags": "airflow",
    "cluster.address": "cluster",
}
"""Settings that lead somewhere, and the runners that read them."""

PROFILE: Final = "AWS_PROFILE"


class Tested(NamedTuple):
    """What the last test of a connection said.

    Attributes:
        progress: of the test.
        ago: seconds since its last word; None if there was none.
    """

    progress: Progress
    ago: float | None

    @property
    def when(self) -> str:
        """``tested 3 min ago``."""
        return "" if self.ago is None else f"tested {_long(self.ago)} ago"


class Given(NamedTuple):
    """A setting: its name and variable, whether it is set, and the runners that read it."""

    name: str
    variable: str
    is_set: bool
    runners: str


class Runner(NamedTuple):
    """Whether the settings name a runner, and what is missing."""

    name: str
    is_named: bool
    missing: str


def test(runs: Path, kind: str) -> None:
    """Start a test; one that runs is left alone.

    Raises:
        DataError: nothing can be noted in the folder of runs.
    """
    folder = folder_of_connection(runs, kind)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"the folder of runs cannot be written to ({error.strerror or error}): check the "
            "setting 'runs'"
        ) from error
    start(folder, "connect", again=True)


def last_test(runs: Path, kind: str) -> Tested:
    """What the last test said.

    Raises:
        DataError: it cannot be read.
    """
    folder = folder_of_connection(runs, kind)
    try:
        written = (folder / f"{CONNECT}.json").stat().st_mtime
    except OSError:
        written = None
    ago = None if written is None else max(time.time() - written, 0.0)
    return Tested(read_progress(folder, CONNECT), ago)


def given(settings: Settings) -> list[Given]:
    """Settings that lead somewhere, by their names; never what they are set to.

    Args:
        settings: as they are.
    """
    usual = dict(_flat(Settings()))
    found = [
        Given(
            name,
            PLAIN_VARIABLES.get(name, _variable(name)),
            value != usual[name],
            SHOWN[name],
        )
        for name, value in _flat(settings)
        if name in SHOWN
    ]
    order = list(SHOWN)
    found.sort(key=lambda one: order.index(one.name))
    profile = Given(PROFILE, PROFILE, bool(os.environ.get(PROFILE)), SHOWN["aws.region"])
    return [*found, profile]


def runners(settings: Settings) -> list[Runner]:
    """Which runners the settings name; whether they answer, a test says."""
    airflow = settings.airflow
    lacks = {
        "local": [],
        "step-functions": _lacks_of_stack(settings),
        "aws-batch": _lacks_of_stack(settings),
        "airflow": [] if airflow.url or airflow.environment else ["airflow.environment or .url"],
        "cluster": [] if importlib.util.find_spec("ray") else ["Ray: the extra [cluster]"],
    }
    return [Runner(name, not missing, ", ".join(missing)) for name, missing in lacks.items()]


def reason(progress: Progress) -> str:
    """What a test found, or why it failed, for a page."""
    return discreet(progress.words)


def _lacks_of_stack(settings: Settings) -> list[str]:
    lacks = [] if settings.lake.startswith("s3://") else ["a lake in the bucket of the stack"]
    profile = os.environ.get(PROFILE) or os.environ.get("AWS_DEFAULT_REGION")
    return lacks if settings.aws.region or profile else [*lacks, "aws.region"]


def _variable(name: str) -> str:
    return ENVIRONMENT_PREFIX + name.replace(".", "__").upper()


def _flat(section: Any, above: str = "") -> Iterator[tuple[str, Any]]:
    """``("aws.region", "eu-north-1")`` and so on."""
    for one in fields(section):
        value = getattr(section, one.name)
        if is_dataclass(value):
            yield from _flat(value, f"{above}{one.name}.")
        else:
            yield above + one.name, value


def _long(seconds: float) -> str:
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
