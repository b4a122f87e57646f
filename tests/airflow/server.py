"""A real Airflow on this machine: its four processes, a database of their own, the REST API.

It listens on loopback only, checks its folder of DAGs every second, and ends as a whole.
"""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING, Any, cast
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.postgres import Postgres

__all__ = ["PARTS", "AirflowServer", "running_airflow", "wait_until"]

PARTS = ("api-server", "scheduler", "dag-processor", "triggerer")
HOST, USER = "127.0.0.1", "admin"
PATIENCE = 300.0
"""Seconds in which all parts must be well: they take 35 of a core, and others may want it too."""

EVERY = 0.5
"""Seconds between two looks: answering takes Airflow 30 ms of a core."""


def wait_until(fact: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """The first true answer of a question that is asked again and again.

    Raises:
        AssertionError: it did not come in time.
    """
    deadline = time.monotonic() + seconds
    while not (answer := fact()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(EVERY)
    return answer


class AirflowServer:
    """Processes of one Airflow and the way to talk to it.

    Args:
        python: of the environment that holds it.
        home: an empty folder for all its files.
        database: PostgreSQL with an empty database.
        environment: further variables for every process, and so for every task.

    Attributes:
        url: of the API.
        password: of the user ``USER``.
        dags: the folder of DAGs.
        pids: of the parts, by name.
    """

    def __init__(
        self, python: Path, home: Path, database: Postgres, environment: Mapping[str, str]
    ) -> None:
        self.python, self.home, self.dags = python, home, home / "dags"
        self.password = secrets.token_urlsafe(16)
        self.pids: dict[str, int] = {}
        self._token = ""
        api, *logs = _free_ports(3)
        self.url = f"http://{HOST}:{api}"
        self.dags.mkdir()
        passwords = home / "passwords.json"
        passwords.write_text(json.dumps({USER: self.password}), encoding="utf-8")
        plain = {name: value for name, value in os.environ.items() if not _is_of_airflow(name)}
        self.environment = {
            **plain,
            **environment,
            **_settings(home, api, logs),
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": _address(database),
        }
        self._supervisor = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("supervisor.py")), str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=self.environment,
            start_new_session=True,
            text=True,
        )

    def start(self, *parts: str) -> None:
        """Start parts, and wait until each is well."""
        for part in parts:
            more = ["--workers", "1"] if part == "api-server" else []
            self.pids[part] = self._start(part, "-m", "airflow", part, *more)
        wait_until(lambda: self.is_well(*parts), f"{', '.join(parts)} are well")

    def migrate(self) -> None:
        """Make the tables."""
        done = subprocess.run(
            [str(self.python), "-m", "airflow", "db", "migrate"],
            cwd=self.home,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-4000:]

    def kill(self, part: str) -> None:
        """``kill -9`` of one part; what it started lives on, as on any machine."""
        os.kill(self.pids.pop(part), SIGKILL)

    def is_well(self, *parts: str) -> bool:
        """Whether parts have sent a heartbeat of late, and were not started again just now."""
        alive = {part: (Path("/proc") / str(self.pids[part])).exists() for part in parts}
        assert all(alive.values()), f"{alive}\n{self.last_words()}"
        try:
            self._ask("GET", "/execution/health")  # the first question takes seconds
            found = self.call("GET", "/monitor/health", token=False)
        except OSError:
            return False
        names = [part.replace("-", "_") for part in parts if part != "api-server"]
        return all((found.get(name) or {}).get("status") == "healthy" for name in names)

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: bool = True,
        **query: str | int,
    ) -> dict[str, Any]:
        """Answer of the REST API v2.

        Raises:
            HTTPError: it refused; the notes say what it said.
            OSError: nobody listens.
        """
        if token and not self._token:
            login = {"username": USER, "password": self.password}
            self._token = self._ask("POST", "/auth/token", login)["access_token"]
        options = f"?{urlencode(query)}" if query else ""
        return self._ask(method, f"/api/v2{path}{options}", body)

    def last_words(self, lines: int = 15) -> str:
        """The end of each part's log."""
        logs = sorted(self.home.glob("*.log"))
        ends = ["\n".join(_tail(log, lines)) for log in logs]
        return "\n".join(f"== {log.name}\n{end}" for log, end in zip(logs, ends, strict=True))

    def processes(self) -> dict[int, str]:
        """Ids and commands of all that it started and that runs: of its session, or in its home."""
        found = {}
        for place in Path("/proc").iterdir():
            if place.name.isdigit() and self._is_ours(place):
                command = (place / "cmdline").read_bytes().replace(b"\0", b" ")
                found[int(place.name)] = command.decode(errors="replace").strip()
        return found

    def stop(self) -> dict[int, str]:
        """Kill the whole group; returns what was still there five seconds later, and kills it."""
        assert self._supervisor.stdin is not None
        assert self._supervisor.stdout is not None
        self._supervisor.stdin.close()
        self._supervisor.stdout.close()
        self._supervisor.wait()
        try:
            wait_until(lambda: not self.processes(), "all processes have ended", 5.0)
        except AssertionError:
            strays = self.processes()
            for pid in strays:
                os.kill(pid, SIGKILL)
            return strays
        return {}

    def _start(self, name: str, *words: str) -> int:
        assert self._supervisor.stdin is not None
        assert self._supervisor.stdout is not None
        self._supervisor.stdin.write(json.dumps([name, str(self.python), *words]) + "\n")
        self._supervisor.stdin.flush()
        return int(self._supervisor.stdout.readline())

    def _ask(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - our own address
            self.url + path, data, headers, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
                return cast("dict[str, Any]", json.loads(answer.read() or b"{}"))
        except HTTPError as error:
            error.add_note(error.read().decode(errors="replace"))
            raise
        except URLError as error:
            raise ConnectionError(f"{self.url} does not answer: {error.reason}") from error

    def _is_ours(self, place: Path) -> bool:
        try:
            fields = (place / "stat").read_text().rpartition(")")[2].split()
            home = (place / "cwd").readlink()
        except OSError:  # it has ended
            return False
        if fields[0] in "ZX":
            return False
        return int(fields[3]) == self._supervisor.pid or home.is_relative_to(self.home)


@contextmanager
def running_airflow(
    python: Path, home: Path, database: Postgres, environment: Mapping[str, str]
) -> Iterator[AirflowServer]:
    """Airflow with all its parts; nothing of it lives on behind the block."""
    server = AirflowServer(python, home, database, environment)
    try:
        server.migrate()
        server.start(*PARTS)
        yield server
    finally:
        strays = server.stop()
    assert not strays, f"these outlived Airflow: {strays}"


def _settings(home: Path, api: int, logs: list[int]) -> dict[str, str]:
    """Small and quick: few workers, everything looked at each second, one own login.

    With less patience than 30 seconds a scheduler on a busy machine takes itself for dead.
    """
    url = f"http://{HOST}:{api}"
    sections: dict[str, dict[str, Any]] = {
        "core": {
            "dags_folder": home / "dags",
            "load_examples": False,
            "executor": "LocalExecutor",
            "parallelism": 4,
            "default_task_retry_delay": 1,
            "dagbag_import_timeout": 120,
            "execution_api_server_url": f"{url}/execution/",
            "simple_auth_manager_users": f"{USER}:admin",
            "simple_auth_manager_passwords_file": home / "passwords.json",
            "fernet_key": "",
        },
        "api": {"host": HOST, "port": api, "base_url": url, "secret_key": secrets.token_hex(16)},
        "api_auth": {"jwt_secret": secrets.token_hex(32)},
        "dag_processor": {
            "refresh_interval": 1,
            "bundle_refresh_check_interval": 1,
            "min_file_process_interval": 300,
            "parsing_processes": 1,
            "dag_file_processor_timeout": 180,
        },
        "scheduler": {
            "scheduler_heartbeat_sec": 1,
            "job_heartbeat_sec": 1,
            "scheduler_idle_sleep_time": 0.5,
            "scheduler_health_check_threshold": 30,
            "orphaned_tasks_check_interval": 5,
            "task_instance_heartbeat_timeout": 30,
            "task_instance_heartbeat_timeout_detection_interval": 5,
        },
        "workers": {"min_heartbeat_interval": 2, "execution_api_timeout": 60},
        "triggerer": {"job_heartbeat_sec": 1},
        "logging": {
            "base_log_folder": home / "logs",
            "worker_log_server_port": logs[0],
            "trigger_log_server_port": logs[1],
        },
        "usage_data_collection": {"enabled": False},
    }
    flat = {
        f"AIRFLOW__{section}__{name}".upper(): str(value)
        for section, values in sections.items()
        for name, value in values.items()
    }
    return {"AIRFLOW_HOME": str(home), "NO_PROXY": f"{HOST},localhost", **flat}


def _address(database: Postgres) -> str:
    return database.url.replace("postgresql://", "postgresql+psycopg2://")


def _is_of_airflow(name: str) -> bool:
    return name.startswith(("AIRFLOW_", "STOCKSTREAM_", "AWS_"))


def _free_ports(number: int) -> list[int]:
    """Ports that nobody listens at, all different."""
    places = [socket.create_server((HOST, 0)) for _ in range(number)]
    ports = [place.getsockname()[1] for place in places]
    for place in places:
        place.close()
    return ports


def _tail(path: Path, lines: int) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
