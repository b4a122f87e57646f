"""Getting at a Ray cluster, and saying clearly why that cannot be."""

from __future__ import annotations

import importlib.util
import os
import re
import socket
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from stockstream.errors import CloudError, ConfigError
from stockstream.runners.cluster.head import ONE_MACHINE, own_cluster

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["AUTO", "connected", "demand_answer", "demand_ray"]

AUTO: Final = "auto"
"""The cluster that this machine is a node of."""

PATIENCE: Final = 3.0
"""Seconds that a head has to answer in."""

HELLO: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))
"""What HTTP/2, and so gRPC, begins with: the preface and empty settings."""

FRAME_HEADER: Final = 9
KIND, SETTINGS_KIND = 3, 4
"""Where a frame says of which kind it is, and the kind with which a server of HTTP/2 begins."""

ELSEWHERE: Final = "192.0.2.1"
"""An address of nobody, kept for examples."""

QUIET: Final = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # or each start warns of a change that is to come
}

_ADDRESS = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:/\[\]]+):(\d{1,5})")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})


def demand_ray() -> None:
    """Refuse to go on without Ray.

    Raises:
        ConfigError: it is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise ConfigError(
            "--runner cluster needs Ray, which is not installed: pip install 'stockstream[cluster]'"
        )


def demand_answer(address: str) -> None:
    """Find out whether the head of a cluster answers, in some seconds and without Ray.

    Args:
        address: ``host:port``; nothing and ``auto`` are not asked here.

    Raises:
        ConfigError: it is no address of a head.
        CloudError: nothing answers there, or something else does.
    """
    if address in {"", AUTO}:
        return
    host, port = _parsed(address)
    try:
        said = _said(host, port)
    except OSError as error:
        raise CloudError(
            f"no Ray cluster answers at {address} ({error.strerror or error}): start one there "
            "with `ray start --head --port PORT`, or correct the setting cluster.address "
            "(STOCKSTREAM__CLUSTER__ADDRESS); empty, a sweep starts one on this machine"
        ) from None
    if "RAY_USE_TLS" not in os.environ and list(said[KIND : KIND + 1]) != [SETTINGS_KIND]:
        raise CloudError(
            f"what answers at {address} is no Ray cluster: give the address that "
            "`ray start --head` prints behind --address, not that of its dashboard (8265) or of "
            "its client (10001)"
        )


@contextmanager
def connected(address: str, processors: int) -> Iterator[None]:
    """Be the driver of a cluster for as long as the block lasts.

    Args:
        address: ``host:port`` or ``auto`` of one that is there; empty starts one.
        processors: of one that is started.

    Raises:
        ConfigError: Ray is missing, or the cluster has another Ray or Python.
        CloudError: the cluster cannot be reached.
    """
    demand_ray()
    os.environ.update(QUIET)
    if not address:
        with own_cluster(processors):
            yield
        return
    demand_answer(address)
    _stay_on_loopback(address)
    import ray

    try:
        ray.init(address=address, log_to_driver=False)
    except Exception as error:  # Ray has no class of its own for any of these
        raise _explained(address, error) from error
    try:
        yield
    finally:
        ray.shutdown()


def _explained(address: str, error: Exception) -> ConfigError | CloudError:
    said = " ".join(str(error).split())
    if "ersion mismatch" in said:
        return ConfigError(
            f"the cluster at {address} has another Ray or Python than this machine, and workers of "
            f"one cannot run the work of the other: install the same. Ray says: {said}"
        )
    return CloudError(
        f"cannot work on the Ray cluster at {address}: {said or type(error).__name__}; this "
        "machine has to be one of its nodes (`ray start --address HOST:PORT --num-cpus 0` makes it "
        "one that runs no trials), and a cluster with tokens needs RAY_AUTH_TOKEN here too"
    )


def _parsed(address: str) -> tuple[str, int]:
    found = _ADDRESS.fullmatch(address)
    if found is None or not 0 < int(found[2]) < 1 << 16:
        raise ConfigError(
            f"cluster.address cannot be {address!r}: it is host:port of the head, such as "
            "10.0.0.1:6379, or auto for the cluster that this machine is a node of"
        )
    return found[1], int(found[2])


def _said(host: str, port: int) -> bytes:
    """The first bytes that a server says to who greets it in HTTP/2.

    A head that was started without an address listens on that of its machine, and Ray takes a
    loopback for the same.
    """
    try:
        return _greeted(host, port)
    except ConnectionRefusedError:
        if host in _LOOPBACK:
            with suppress(OSError):
                return _greeted(_own_address(), port)
        raise


def _greeted(host: str, port: int) -> bytes:
    try:
        with socket.create_connection((host.strip("[]"), port), PATIENCE) as line:
            line.sendall(HELLO)
            return line.recv(FRAME_HEADER)
    except TimeoutError:
        raise OSError("it does not answer in time") from None


def _own_address() -> str:
    """The address with which this machine goes out; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.connect((ELSEWHERE, 1))
        return str(line.getsockname()[0])


def _stay_on_loopback(address: str) -> None:
    """Keep Ray from putting the machine's own address in place of a loopback that answers."""
    host, port = ("", 0) if address == AUTO else _parsed(address)
    if host in _LOOPBACK:
        with suppress(OSError):
            _greeted(host, port)
            os.environ[ONE_MACHINE] = "0"
