"""A small Airflow that works: runs of ``stockstream_sweep`` start real jobs.

What people do on its web pages is done here with a call: delete, clear and mark runs of the DAG.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from tests.runners.airflow.small_airflow import SmallAirflow

from stockstream.runners.airflow.service import SWEEP
from stockstream.runners.jobs.names import (
    AGAIN,
    ATTEMPT,
    DONE,
    ITEM,
    LAKE,
    LEAVE_AT_EOF,
    MODULE,
    RUN,
)

if TYPE_CHECKING:
    from pathlib import Path

SLOTS: Final = 2
"""Tasks at the same time."""

TRIES: Final = 3


class WorkingAirflow(SmallAirflow):
    """An Airflow with a scheduler and workers.

    Args:
        password: of the user ``admin``.
        lake: folder or URL that its workers read.
    """

    def __init__(self, password: str, lake: Path | str) -> None:
        super().__init__(password)
        self.lake = str(lake)
        self.variables["stockstream_lake"] = self.lake
        self.dags[SWEEP] = {
            "dag_id": SWEEP,
            "is_paused": False,
            "is_stale": False,
            "has_import_errors": False,
            "relative_fileloc": "stockstream_dags/stockstream_sweep.py",
        }
        self.said: dict[tuple[str, int], str] = {}
        self._jobs: dict[str, list[subprocess.Popen[str]]] = {}
        self._schedulers: list[threading.Thread] = []
        self._starting = threading.Lock()
        self._ends = False

    def stop(self) -> None:
        """End the server and every process of its workers."""
        self._ends = True
        for run in list(self._jobs):
            self._kill(run)
        for thread in self._schedulers:
            thread.join()
        super().stop()

    def state(self, run: str) -> str:
        """Of a run of the DAG."""
        return str(self.runs[SWEEP][run]["state"])

    def settle(self) -> None:
        """Wait until no task runs any more."""
        for thread in self._schedulers:
            thread.join()

    def mark(self, run: str, state: str) -> None:
        """Mark a run as ended, which ends its tasks."""
        with self._lock:
            self.runs[SWEEP][run]["state"] = state
        self._kill(run)

    def delete(self, run: str) -> None:
        """Delete a run of the DAG and end its tasks."""
        with self._lock:
            del self.runs[SWEEP][run]
        self._kill(run)

    def clear(self, run: str) -> None:
        """Let all tasks of a run start again."""
        with self._lock:
            self.runs[SWEEP][run]["state"] = "queued"
            self.tasks.pop(run, None)
        self._schedule(run)

    def unpause(self) -> None:
        """Let the DAG run, and what waits."""
        self.dags[SWEEP]["is_paused"] = False
        for run, row in self.runs.get(SWEEP, {}).items():
            if row["state"] == "queued":
                self._schedule(run)

    def _answer(
        self, method: str, words: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        if method == "GET" and words[0] == "variables" and len(words) == 2:
            if words[1] not in self.variables:
                return 404, {"detail": f"The Variable with key: `{words[1]}` was not found"}
            return 200, {"key": words[1], "value": self.variables[words[1]]}
        return super()._answer(method, words, query, body)

    def _of_dag(
        self, method: str, dag: str, rest: list[str], query: dict[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        match method, rest:
            case "GET", ["dagRuns", run, "taskInstances", task, "logs", _]:
                said = self.said.get((run, int(query["map_index"][0])))
                if said is None or task == "watcher":
                    return 404, {"detail": "TaskInstance not found"}
                return 200, {"content": _log_of(said), "continuation_token": None}
            case "PATCH", ["dagRuns", run] if run in self.runs.get(dag, {}):
                assert (query, body) == ({"update_mask": ["state"]}, {"state": "failed"})
                self.runs[dag][run]["state"] = "failed"
                self._kill(run)
        answer = super()._of_dag(method, dag, rest, query, body)
        if method == "POST" and answer[0] == 200 and not self.dags[dag]["is_paused"]:
            self._schedule(answer[1]["dag_run_id"])
        return answer

    def _schedule(self, run: str) -> None:
        thread = threading.Thread(target=self._work, args=(run,))
        self._schedulers.append(thread)
        self._jobs[run] = []
        thread.start()

    def _work(self, run: str) -> None:
        """Run every item of an attempt, and say how the run of the DAG ended."""
        row = self.runs[SWEEP][run]
        row["state"] = "running"
        with ThreadPoolExecutor(SLOTS) as pool:
            ended = list(pool.map(lambda item: self._task(run, item), range(row["conf"]["items"])))
        with self._lock:
            failed = [item for item, code in enumerate(ended) if code != DONE]
            if row["state"] == "running":
                row["state"] = "failed" if failed else "success"
                self.tasks[run] = [_failed("local.backtest", item) for item in failed]
                self.tasks[run] += [_failed("watcher", -1)] if failed else []

    def _task(self, run: str, item: int) -> int:
        """Run one item, again while that may go better; gives how its last job ended."""
        asked = self.runs[SWEEP].get(run, {}).get("conf", {})
        told = {LAKE: self.lake, LEAVE_AT_EOF: "1", RUN: asked.get("run", ""), ITEM: str(item)}
        code = AGAIN
        for _ in range(TRIES):
            with self._starting:
                if self._ends or self.runs[SWEEP].get(run, {}).get("state") != "running":
                    break
                job = _started({**told, ATTEMPT: asked["attempt"]})
                self._jobs[run].append(job)
            with job:
                assert job.stdout
                said = job.stdout.read()
                code = job.wait()
            self.said[run, item] = said.strip().rpartition("\n")[2]
            if code in {0, 2}:
                break
        return code

    def _kill(self, run: str) -> None:
        with self._starting:
            for job in self._jobs.get(run, ()):
                with suppress(ProcessLookupError):
                    os.killpg(job.pid, signal.SIGKILL)


def _started(told: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", MODULE, "item"],
        env={**os.environ, **told},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _failed(task: str, index: int) -> dict[str, Any]:
    return {
        "task_id": task,
        "map_index": index,
        "state": "failed",
        "try_number": 1,
        "end_date": f"2026-11-21T00:00:{max(index, 0):02}Z",
        "rendered_map_index": f"item {index}" if index >= 0 else None,
    }


def _log_of(said: str) -> list[dict[str, Any]]:
    """As the API gives the log of a task that raised."""
    value = f"the job item ended with 2, no use trying again: {said}"
    return [
        {"event": "::group::Log message source details", "sources": ["attempt=1.log"]},
        {"event": said, "level": "info", "timestamp": "2026-11-21T00:00:00Z"},
        {
            "event": "Task failed with exception",
            "level": "error",
            "error_detail": [{"exc_type": "AirflowFailException", "exc_value": value}],
        },
    ]
