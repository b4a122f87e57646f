"""An Airflow as small as can be: the endpoints that are asked, with the answers of the real ones.

It answers as Airflow 3.3.1 does (its OpenAPI document, and answers that were recorded), and reads
DAG files from a folder as its DAG processor does: what it cannot read is an import error, what is
no longer there is stale. ``tests/airflow/real/test_client.py`` asks a real one the same questions.
"""

from __future__ import annotations

import json
import re
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from stockstream.runners.airflow.bundle import DAGS

if TYPE_CHECKING:
    from pathlib import Path

USER: Final = "admin"
VERSION: Final = "3.3.1"
NO_TOKEN: Final = (403, {"detail": "Invalid JWT token"})


@dataclass
class Fault:
    """A request that goes wrong.

    Attributes:
        method: of HTTP; empty for any.
        path: how the path begins.
        status: that is answered instead.
        body: that is sent; an object as JSON.
        times: how often.
    """

    path: str
    status: int
    body: Any = field(default_factory=dict)
    times: int = 1_000
    method: str = ""


class SmallAirflow:
    """A server on loopback.

    Attributes:
        password: of the user ``admin``.
        version: that it says it has.
        health: state of each part.
        folder: of its DAGs; it reads them whenever it is asked, unless it sleeps.
        sleeping: whether its DAG processor does.
        paused_at_creation: whether new DAGs are paused.
        shows_source: whether a user may see the code of DAGs.
        unreadable: reasons by a text; a file that holds it cannot be read.
        faults: what goes wrong.
        asked: method and path with query of every request.
        bodies: JSON of every request that had some.
    """

    def __init__(self, password: str, folder: Path | None = None) -> None:
        self.password, self.folder, self.version = password, folder, VERSION
        self.health = dict.fromkeys(
            ("metadatabase", "scheduler", "triggerer", "dag_processor"), "healthy"
        )
        self.sleeping, self.paused_at_creation, self.shows_source = False, True, True
        self.unreadable: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        self.bodies: list[dict[str, Any]] = []
        self.dags: dict[str, dict[str, Any]] = {}
        self.sources: dict[str, str] = {}
        self.errors: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, dict[str, Any]]] = {}
        self.tasks: dict[str, list[dict[str, Any]]] = {}
        self.variables: dict[str, str] = {}
        self._tokens: set[str] = set()
        self._ended: set[str] = set()
        self._clock = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def end_logins(self) -> None:
        """Every token ends."""
        self._ended |= self._tokens
        self._tokens.clear()

    def forget_logins(self) -> None:
        """Every token is unknown, as after a start with another key."""
        self._tokens.clear()

    def count(self, method: str, path: str) -> int:
        """How many requests began like this."""
        return sum(m == method and p.startswith(path) for m, p in self.asked)

    def answer(
        self, method: str, target: str, headers: Any, body: dict[str, Any]
    ) -> tuple[int, Any]:
        """Status, and JSON or text."""
        with self._lock:
            self.asked.append((method, target))
            if body:
                self.bodies.append(body)
            parts = urlsplit(target)
            for fault in self.faults:
                if (
                    fault.times
                    and parts.path.startswith(fault.path)
                    and fault.method in {"", method}
                ):
                    fault.times -= 1
                    return fault.status, fault.body
            return self._route(method, parts.path, parse_qs(parts.query), headers, body)

    def _route(
        self, method: str, path: str, query: dict[str, list[str]], headers: Any, body: Any
    ) -> tuple[int, Any]:
        if path == "/auth/token":
            return self._log_in(method, body)
        if path == "/api/v2/version":
            return 200, {"version": self.version, "git_version": None}
        if path == "/api/v2/monitor/health":
            return 200, {part: {"status": state} for part, state in self.health.items()}
        if not path.startswith("/api/v2/"):
            return 404, {"detail": "Not Found"}
        token = headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self._tokens:
            ended = token in self._ended
            return (401, {"detail": "Token Expired"}) if ended else NO_TOKEN
        self._parse()
        words = [unquote(word) for word in path.removeprefix("/api/v2/").split("/")]
        return self._answer(method, words, query, body)

    def _log_in(self, method: str, body: dict[str, Any]) -> tuple[int, Any]:
        if method != "POST":
            detail = "This method is only allowed if ``[core] simple_auth_manager_all_admins`` is"
            return 403, {"detail": detail}
        if body != {"username": USER, "password": self.password}:
            return 401, {"detail": "Invalid credentials"}
        token = f"header.{len(self.asked)}.signature"
        self._tokens.add(token)
        return 201, {"access_token": token}

    def _answer(
        self, method: str, words: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        match method, words:
            case "GET", ["dags"]:
                return 200, _page(list(self.dags.values()), "dags", query)
            case "GET", ["importErrors"]:
                return 200, _page(list(self.errors.values()), "import_errors", query)
            case "GET", ["variables"]:
                rows = [{"key": key, "value": value} for key, value in self.variables.items()]
                return 200, _page(rows, "variables", query)
            case "GET", ["dagSources", dag]:
                if not self.shows_source:
                    return 403, {"detail": "Forbidden"}
                return 200, {"content": self.sources.get(dag, ""), "dag_id": dag}
            case _, ["dags", dag, *rest]:
                if dag not in self.dags:
                    return 404, {"detail": f"The Dag with ID: `{dag}` was not found"}
                return self._of_dag(method, dag, rest, query, body)
        return 404, {"detail": "Not Found"}

    def _of_dag(
        self, method: str, dag: str, rest: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        runs = self.runs.setdefault(dag, {})
        match method, rest:
            case "GET", []:
                return 200, self.dags[dag]
            case "PATCH", []:
                assert query == {"update_mask": ["is_paused"]}
                self.dags[dag]["is_paused"] = body["is_paused"]
                return 200, self.dags[dag]
            case "GET", ["dagRuns"]:
                return 200, _page(list(reversed(runs.values())), "dag_runs", query)
            case "POST", ["dagRuns"]:
                return self._trigger(dag, runs, body)
            case _, ["dagRuns", run, *more]:
                if run not in runs:
                    detail = f"The DagRun with dag_id: `{dag}` and run_id: `{run}` was not found"
                    return 404, {"detail": detail}
                if more == ["taskInstances"]:
                    rows = [
                        task
                        for task in self.tasks.get(run, [])
                        if task["state"] in query.get("state", [task["state"]])
                    ]
                    return 200, _page(rows, "task_instances", query)
                if method == "PATCH":
                    runs[run]["state"] = body["state"]
                return 200, runs[run]
        return 405, {"detail": "Method Not Allowed"}

    def _trigger(
        self, dag: str, runs: dict[str, dict[str, Any]], body: dict[str, Any]
    ) -> tuple[int, Any]:
        if "logical_date" not in body:
            fault = {"type": "missing", "loc": ["body", "logical_date"], "msg": "Field required"}
            return 422, {"detail": [fault]}
        run = body.get("dag_run_id") or f"manual__{len(runs)}"
        if run in runs:
            message = "Serious error when handling your request. Check logs for more details"
            reason = {"reason": "Unique constraint violation", "statement": "hidden"}
            return 409, {"detail": {**reason, "orig_error": "hidden", "message": message}}
        runs[run] = {"dag_run_id": run, "dag_id": dag, "state": "queued", "conf": body["conf"]}
        return 200, runs[run]

    def _parse(self) -> None:
        """Read every DAG file, as the DAG processor does again and again."""
        if self.folder is None or self.sleeping:
            return
        self._clock += 1
        minutes, seconds = divmod(self._clock, 60)
        when = f"2026-11-21T00:{minutes:02}:{seconds:02}Z"
        there = {path.name: path for path in (self.folder / DAGS).glob("*.py")}
        seen: set[str] = set()
        self.errors.clear()
        for name, path in there.items():
            source, file = path.read_text(encoding="utf-8"), f"{DAGS}/{name}"
            if found := self._why_not(source):
                trace = f"Traceback (most recent call last):\n  ...\n{found}\n"
                self.errors[file] = {
                    "import_error_id": len(self.errors),
                    "timestamp": when,
                    "filename": file,
                    "bundle_name": "dags-folder",
                    "stack_trace": trace,
                }
                for row in self.dags.values():
                    row["has_import_errors"] |= row["relative_fileloc"] == file
                continue
            for dag in self._ids(path, source):
                seen.add(dag)
                self.sources[dag] = source
                self.dags[dag] = self._row(dag, file, when)
        for dag, row in self.dags.items():
            if row["relative_fileloc"].startswith(f"{DAGS}/"):
                row["is_stale"] = dag not in seen and not row["has_import_errors"]

    def _why_not(self, source: str) -> str:
        """Why a file cannot be read; empty if it can."""
        assert self.folder
        for text, reason in self.unreadable.items():
            if text in source:
                return reason
        pointer = self.folder / "stockstream" / "__init__.py"
        found = re.findall(r"/(v_\w+)\"\]", pointer.read_text() if pointer.is_file() else "")
        if not found:
            return "ModuleNotFoundError: No module named 'stockstream'"
        if not (pointer.parent / found[-1] / "errors.py").is_file():
            return f"ModuleNotFoundError: No module named 'stockstream.errors' in {found[-1]}"
        return ""

    def _ids(self, path: Path, source: str) -> list[str]:
        """Names of the DAGs of a file."""
        if "load_dags(" not in source:
            return [path.stem]
        documents = sorted((path.parent / "configs").glob("*.json"))
        named = [json.loads(one.read_text(encoding="utf-8"))["dag_id"] for one in documents]
        return ["stockstream_loader", *named]

    def _row(self, dag: str, file: str, when: str) -> dict[str, Any]:
        before = self.dags.get(dag, {"is_paused": self.paused_at_creation})
        return {
            "dag_id": dag,
            "is_paused": before["is_paused"],
            "is_stale": False,
            "last_parsed_time": when,
            "relative_fileloc": file,
            "fileloc": f"/dags/{file}",
            "has_import_errors": False,
            "description": f"About {dag}",
            "tags": [{"name": "stockstream", "dag_id": dag, "dag_display_name": dag}],
        }


def _page(rows: list[Any], name: str, query: dict[str, list[str]]) -> dict[str, Any]:
    first = int(query.get("offset", ["0"])[0])
    limit = min(int(query.get("limit", ["50"])[0]), 100)
    return {name: rows[first : first + limit], "total_entries": len(rows)}


def _handler_of(airflow: SmallAirflow) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(content) if content else {}
            status, said = airflow.answer(self.command, self.path, self.headers, body)
            text = said if isinstance(said, str) else json.dumps(said)
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", text)
            kind = "text/html" if isinstance(said, str) else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - their names in the library

        def log_message(self, *_: Any) -> None:
            """Tests do not read it."""

    return Handler
