"""A cluster of this machine alone, for one sweep.

It listens on loopback only, behind a token of its own, leaves out what no sweep needs (dashboard,
autoscaler, log monitor: half of the time that Ray takes to start), and its files are in a folder
that goes with it.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import tempfile
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stockstream.errors import CloudError
from stockstream.study.runs.ledger.liveness import PROC, is_alive, process_of, this_process

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ONE_MACHINE", "lean_node", "own_cluster", "remove_remains"]

LOOPBACK: Final = "127.0.0.1"

STORE_BYTES: Final = 100_000_000
"""Of Ray's object store, about the least: panels are not in it, see the module ``panels``."""

SHORT: Final = Path("/tmp")  # noqa: S108 - names of sockets may have 107 characters
PREFIX: Final = "stockstream-ray-"

ONE_MACHINE: Final = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""A variable of Ray: with 0 a cluster is of one machine, and all of it binds to loopback."""

NICE: Final = "RAY_worker_niceness"
"""Workers of Ray give way to all others of the machine; those of the local runner do not."""


@contextmanager
def own_cluster(processors: int) -> Iterator[None]:
    """Be the driver of a cluster of this machine for as long as the block lasts.

    Args:
        processors: workers that may run at once.

    Raises:
        CloudError: Ray does not start.
    """
    remove_remains()
    folder = _folder()
    # a token in the environment is told to the workers and written nowhere
    os.environ.update(RAY_AUTH_MODE="token", RAY_AUTH_TOKEN=secrets.token_hex(32))
    os.environ.update({ONE_MACHINE: "0", NICE: "0"})
    os.environ.pop("RAY_ADDRESS", None)
    import ray

    node = None
    try:
        try:
            node = _started(processors, folder)
            ray.init(
                address=None if node is None else node.address,
                _node_ip_address=LOOPBACK,
                _temp_dir=str(folder),
                log_to_driver=False,
                **({} if node else _of_its_own(processors)),
            )
        except Exception as error:  # Ray has no class of its own for any of these
            said = " ".join(str(error).split()) or type(error).__name__
            raise CloudError(
                f"Ray cannot be started on this machine: {said}; `stockstream runs resume` tries "
                "again, --runner local does without Ray"
            ) from error
        yield
    finally:
        ray.shutdown()
        if node is not None:
            node.kill_all_processes(check_alive=False, allow_graceful=True)
        shutil.rmtree(folder, ignore_errors=True)


def remove_remains() -> None:
    """Remove what clusters of this machine left whose driver was killed: processes and folders.

    Workers end at once, but agents of Ray look for their head for a minute.
    """
    for folder in _parent().glob(f"{PREFIX}*"):
        with suppress(OSError, ValueError):
            pid, started = folder.name.removeprefix(PREFIX).split("-")[:2]
            driver = this_process()._replace(pid=int(pid), started=started)
            if folder.stat().st_uid == os.getuid() and not is_alive(driver):
                _end_session(driver.pid)
                shutil.rmtree(folder, ignore_errors=True)


def _end_session(leader: int) -> None:
    """End the processes of a session whose leader has ended."""
    if process_of(leader).started:
        return  # its number was given again, so nobody of the session is left
    for entry in PROC.glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(entry.name)) == leader:
                os.kill(int(entry.name), signal.SIGKILL)


def _folder() -> Path:
    me = this_process()
    return Path(tempfile.mkdtemp(prefix=f"{PREFIX}{me.pid}-{me.started}-", dir=_parent()))


def _parent() -> Path:
    return SHORT if SHORT.is_dir() else Path(tempfile.gettempdir())


def _free_port() -> int:
    with socket.create_server((LOOPBACK, 0)) as line:
        port: int = line.getsockname()[1]
    return port


def _of_its_own(processors: int) -> dict[str, Any]:
    return {
        "num_cpus": processors,
        "object_store_memory": STORE_BYTES,
        "include_dashboard": False,
    }


def _started(processors: int, folder: Path) -> Any:
    """Ray's processes of a head, the needless ones left out; None if this Ray starts otherwise.

    These classes are not public ones: where a release differs, ``ray.init`` starts all of them.
    """
    try:
        kind, given = lean_node(), _parameters(processors, folder)
        return kind(given, head=True, shutdown_at_exit=False, ray_init_cluster=True)
    except (ImportError, AttributeError, TypeError):
        return None


def _parameters(processors: int, folder: Path) -> Any:
    from ray._private.parameter import RayParams

    return RayParams(
        node_ip_address=LOOPBACK,
        temp_dir=str(folder),
        no_monitor=True,
        include_log_monitor=False,
        runtime_env_agent_port=_free_port(),
        **_of_its_own(processors),
    )


def lean_node() -> Any:
    """A class of nodes that wait for nobody who serves a dashboard.

    Raises:
        ImportError: this Ray starts otherwise.
        AttributeError: the same.
    """
    from ray._private.node import Node

    raylet: Any = import_module("ray._raylet")
    unused = (
        raylet.METRICS_AGENT_PORT_NAME,
        raylet.METRICS_EXPORT_PORT_NAME,
        raylet.DASHBOARD_AGENT_LISTEN_PORT_NAME,
    )

    class Lean(Node):  # type: ignore[misc]
        """One of them."""

        def start_api_server(self, **_: Any) -> None:
            """Nobody asks it; its address is what others look at."""
            self._webui_url = ""

        def start_raylet(self, *given: Any, **named: Any) -> None:
            """Say first what the agents would say, once they are up: Ray waits for it, 15 s."""
            ports = dict.fromkeys(unused, -1)
            ports[raylet.RUNTIME_ENV_AGENT_PORT_NAME] = self._ray_params.runtime_env_agent_port
            for name, port in ports.items():
                raylet.persist_port(self.get_session_dir_path(), self.node_id, name, port)
            super().start_raylet(*given, **named)

    return Lean
