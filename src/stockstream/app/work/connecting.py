"""Asking a service whether it answers, and whether it would take work."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from stockstream.app.discretion import place_name
from stockstream.errors import CloudError, ConfigError
from stockstream.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path
    from types import FrameType

    from stockstream.app.tasks.progress import Teller
    from stockstream.settings import Settings

__all__ = ["CONNECTIONS", "work"]

PATIENCE: Final = 45.0
"""Seconds that a service has; the libraries between would try for minutes."""

BUCKET: Final = "s3://"
READY: Final = "VALID"
ENABLED: Final = "ENABLED"
ACTIVE: Final = "ACTIVE"


def work(folder: Path, tell: Teller) -> None:
    """Ask the service after which the folder is named.

    Raises:
        StockstreamError: why it cannot be used, and what to do.
    """
    tell("asking")
    with _patience(PATIENCE):
        try:
            said = CONNECTIONS[folder.name](load_settings())
        except ImportError as error:
            raise ConfigError(
                f"the package {error.name} is missing, which talks to it: pip install "
                "'stockstream[aws]'"
            ) from None
    tell.end(said)


def _lake(settings: Settings) -> str:
    from stockstream.lake.store import Lake

    found = Lake.open(settings.lake).info()
    days = f", {found.first} to {found.last}" if found.first else ", no bars yet"
    return f"{found.version}: {found.symbols:,} symbols, {found.bars:,} bars{days}"


def _s3(settings: Settings) -> str:
    from stockstream.runners.account import Account, asking, chosen_region

    buckets = [
        one.removeprefix(BUCKET).partition("/")[0]
        for one in (settings.lake, settings.airflow.dags)
        if one.startswith(BUCKET)
    ]
    if not buckets:
        raise ConfigError(
            "no bucket is set: neither the lake nor airflow.dags is an address such as s3://BUCKET"
        )
    client = Account(chosen_region(settings.aws.region or None)).client("s3")
    for bucket in buckets:
        with asking(f"S3, asked for {bucket}"):
            client.list_objects_v2(Bucket=bucket, MaxKeys=1)
    return f"can be read: {', '.join(dict.fromkeys(buckets))}"


def _batch(settings: Settings) -> str:
    stack = _stack(settings)
    with stack.asking("AWS Batch"):
        client = stack.account.client("batch")
        queues = client.describe_job_queues(jobQueues=[stack.jobs])["jobQueues"]
        jobs = client.describe_job_definitions(jobDefinitionName=stack.jobs, status=ACTIVE)
    if not queues or not jobs["jobDefinitions"]:
        what = "job definition" if queues else "queue"
        raise ConfigError(
            f"AWS Batch has no {what} {stack.jobs} in {stack.region}: make the stack with "
            "`stockstream deploy aws apply`, or name another one with aws.prefix and aws.region"
        )
    [queue] = queues
    if queue["state"] != ENABLED or queue.get("status", READY) != READY:
        raise CloudError(
            f"the queue {stack.jobs} takes no jobs: it is {queue['state'].lower()}, "
            f"{str(queue.get('status', '')).lower()}; {queue.get('statusReason', '')}"
        )
    return f"the queue {stack.jobs} in {stack.region} takes jobs{_other_lake(settings, stack)}"


def _step_functions(settings: Settings) -> str:
    stack = _stack(settings)
    machine = stack.machine
    with stack.asking("Step Functions"):
        client = stack.account.client("stepfunctions")
        found = client.describe_state_machine(stateMachineArn=machine)
    if found.get("status", ACTIVE) != ACTIVE:
        raise CloudError(f"the state machine {found['name']} is {found['status'].lower()}")
    return f"{found['name']} in {stack.region} is ready{_other_lake(settings, stack)}"


def _airflow(settings: Settings) -> str:
    from stockstream.runners.airflow.client import connect

    found = connect(settings.airflow, settings.aws.region).check()
    if found.ill:
        raise CloudError(
            f"Airflow {found.version} answers, and these parts of it do not work: "
            f"{', '.join(found.ill)}; who runs it finds out why in their logs"
        )
    return "; ".join([f"Airflow {found.version}, {found.dags:,} DAGs", *found.notes])


def _cluster(settings: Settings) -> str:
    from stockstream.runners.cluster.connection import AUTO, demand_answer, demand_ray

    address = settings.cluster.address
    demand_ray()
    demand_answer(address)
    if not address:
        return "Ray is installed; a sweep starts a cluster on this machine"
    return "Ray is installed" if address == AUTO else f"a head answers at {address}"


CONNECTIONS: Final[Mapping[str, Callable[[Settings], str]]] = {
    "lake": _lake,
    "s3": _s3,
    "batch": _batch,
    "step-functions": _step_functions,
    "airflow": _airflow,
    "cluster": _cluster,
}
"""What can be asked, and who asks it; each gives a line that says what is there."""


def _stack(settings: Settings) -> Any:
    from stockstream.runners.stack import Stack

    return Stack.of(settings.aws.prefix, settings.aws.region or None)


def _other_lake(settings: Settings, stack: Any) -> str:
    """A remark, where the lake of the page is none that the stack works on."""
    if settings.lake.rstrip("/") == f"{BUCKET}{stack.bucket}":
        return ""
    return (
        f"; it works on the lake s3://{stack.bucket}, and this page on {place_name(settings.lake)}"
    )


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Give up after some seconds, whoever is being waited for."""

    def give_up(_number: int, _frame: FrameType | None) -> None:
        raise CloudError(
            f"there was no answer within {seconds:.0f} seconds: check the network, the address and "
            "the name of the region"
        )

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
