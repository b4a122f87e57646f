"""Tests of single pieces; ``test_pieces.py`` runs them in each environment with Airflow."""

from __future__ import annotations

import os
import threading
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.airflow.answers import files_of, read_answer
from stockstream.airflow.database import access
from stockstream.airflow.operators.batch import BacktestBatchOperator
from stockstream.airflow.operators.local import LocalJobOperator
from stockstream.airflow.operators.queue import FAILED, Job
from stockstream.airflow.operators.work import CollectWork, PlanWork, last_attempt
from stockstream.airflow.planned import Planned, mapped_items, run_key
from stockstream.airflow.settings import batch_names, engine_python, lake_of
from stockstream.airflow.signals import AirflowException, AirflowFailException
from stockstream.airflow.watcher import demand_tolerated, verdict
from stockstream.errors import ConfigError
from stockstream.runners.jobs.names import is_key, plan_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RUN = "s-0123456789ab"


class _Nobody:
    """Stands for the supervisor of a task, which knows no more than the environment does."""

    def send(self, message: Any) -> Any:
        from airflow.sdk.exceptions import ErrorType
        from airflow.sdk.execution_time.comms import ErrorResponse

        kind = "VARIABLE" if "Variable" in type(message).__name__ else "CONNECTION"
        return ErrorResponse(error=ErrorType[f"{kind}_NOT_FOUND"])


@pytest.fixture(autouse=True)
def _supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    comms = "airflow.sdk.execution_time.task_runner.SUPERVISOR_COMMS"
    monkeypatch.setattr(comms, _Nobody(), raising=False)


def _summary(trials: int, failed: int) -> dict[str, Any]:
    named = [{"trial": i, "label": f"days={i}", "error": "poison"} for i in range(min(failed, 50))]
    return {"trials": trials, "failed": failed, "failed_trials": named}


@pytest.mark.parametrize(
    ("failed", "tolerated", "fails"),
    [(0, 0, False), (1, 0, True), (1, 1, False), (2, 1, True), (5, 0.05, False), (6, 0.05, True)],
)
def test_failures_beyond_what_is_tolerated_fail_a_run(
    failed: int, tolerated: float, *, fails: bool
) -> None:
    why, sentence = verdict({"": _summary(100, failed)}, tolerated)
    assert sentence == f"{failed} of 100 backtests failed"
    assert bool(why) is fails
    if fails:
        assert f"  days={failed - 1}: poison" in why


def test_a_verdict_names_tasks_and_strategies() -> None:
    why, _ = verdict({"a": _summary(9, 30), "b": None}, 0, ["after_callback"])
    assert why[0] == "after_callback failed: see its log"
    assert why[1] == "nothing was planned or collected of b"
    assert why[3] == "  a: days=0: poison"
    assert why[-1] == "  and 10 more"


def test_a_share_of_one_is_all_of_them_and_a_whole_one_is_one() -> None:
    assert verdict({"": _summary(9, 9)}, 1.0)[0] == []
    assert verdict({"": _summary(9, 9)}, 1)[0] != []


@pytest.mark.parametrize("tolerated", [-1, 1.5, float("nan"), True, "2"])
def test_what_is_no_tolerance_is_refused(tolerated: Any) -> None:
    with pytest.raises(ConfigError, match="share of all"):
        demand_tolerated(tolerated)


def test_items_are_shared_out_over_the_tasks_that_may_be() -> None:
    assert [one["indexes"] for one in mapped_items(3, 10)] == [[0], [1], [2]]
    assert [one["label"] for one in mapped_items(2, 10, ["a=1", "a=2"])] == ["a=1", "a=2"]
    many = mapped_items(10_000, 1_024)
    assert len(many) == 1_024
    assert [index for one in many for index in one["indexes"]] == list(range(10_000))
    assert many[0]["label"] == "items 0 to 8"
    assert mapped_items(0, 10) == []


@pytest.mark.parametrize(
    "found",
    [
        {"run": "../../etc", "attempt": "1", "items": 1},
        {"run": RUN, "attempt": "1/2", "items": 1},
        {"run": RUN, "attempt": "0", "items": 1},
        {"run": RUN, "attempt": "1", "items": -1},
        {},
    ],
)
def test_what_is_no_attempt_never_becomes_a_path(found: dict[str, Any]) -> None:
    with pytest.raises(AirflowFailException, match="no attempt at a run"):
        Planned.checked(found)


@pytest.mark.parametrize("name", ["", "a_strategy"])
@pytest.mark.parametrize("dag_id", ["grid", "ÄÖÜ", "..", "x" * 200])
def test_keys_are_short_and_of_one_run_only(dag_id: str, name: str) -> None:
    first = _context(dag_id, "manual__2026-11-21T15:28:54.186624+00:00")
    other = _context(dag_id, "manual__2026-11-21T15:28:54.186624-00:00")
    assert is_key(f"{run_key(first, name)}-collect")
    assert run_key(first, name) != run_key(other, name)
    assert run_key(first, name) == run_key(_context(dag_id, first["dag_run"].run_id), name)


def _context(dag_id: str, run_id: str) -> dict[str, Any]:
    return {"dag_run": SimpleNamespace(dag_id=dag_id, run_id=run_id)}


def test_files_of_a_folder_are_whole_and_written_once(tmp_path: Path) -> None:
    files = files_of(str(tmp_path))
    assert files.read("runs/x.json") is None
    assert files.names("runs") == []
    assert files.create("runs/x.json", [1])
    assert not files.create("runs/x.json", [2])
    assert files.read("runs/x.json") == [1]
    assert files.names("runs") == ["x.json"], "and no part of a file"
    with pytest.raises(AirflowException, match="left no answer"):
        read_answer(files, "a-key")


def test_the_last_attempt_is_that_of_the_plans(tmp_path: Path) -> None:
    files, planned = files_of(str(tmp_path)), Planned(RUN, "2", 3)
    assert last_attempt(files, planned) == 2
    for name in ("1.json", "10.json", "11.stop"):
        files.create(f"runs/{RUN}/plans/{name}", [])
    assert last_attempt(files, planned) == 10


def test_of_two_tasks_that_follow_a_failed_array_one_submits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that was taken for dead has planned and submitted the next attempt meanwhile."""
    files, planned = files_of(str(tmp_path)), Planned(RUN, "1", 2)
    item = {"run": RUN, "chunks": [0]}
    files.create(plan_file(RUN, "1"), [{**item, "attempt": "1"}] * 2)
    jobs = {f"{RUN}-1": Job("first", FAILED)}

    def found(_client: Any, _queue: str, name: str) -> Job | None:
        if name == f"{RUN}-1":  # just then the other one is as far
            files.create(plan_file(RUN, "2"), [{**item, "attempt": "2"}] * 2)
            jobs[f"{RUN}-2"] = Job("second", "RUNNING")
        return jobs.get(name)

    monkeypatch.setattr("stockstream.airflow.operators.batch.find_job", found)
    operator = BacktestBatchOperator(task_id="backtest", job_queue="q", job_definition="d")
    operator.hook = SimpleNamespace(client=None)
    monkeypatch.setattr(operator, "submit", lambda *_: pytest.fail("a second job"))
    assert operator._array({}, files, planned) == "second"


def test_more_tasks_than_airflow_maps_are_refused_when_the_lake_is_known(tmp_path: Path) -> None:
    pushed: dict[str, Any] = {}
    context = {"ti": SimpleNamespace(xcom_push=lambda key, value: pushed.update({key: value}))}
    options: dict[str, Any] = {
        "config": None,
        "each": True,
        "again": True,
        "at_once": None,
        "most_mapped": 5,
    }
    answer = {"run": RUN, "attempt": "1", "items": 6, "trials": 6}
    with pytest.raises(AirflowFailException, match="max_map_length"):
        PlanWork(may_group=False, **options).finish(context, answer)
    grouped = PlanWork(may_group=True, **options).finish(context, answer)
    assert len(grouped) == 5
    assert pushed["planned"]["run"] == RUN


def test_a_lake_and_a_queue_are_found_or_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowFailException, match="stockstream_lake"):
        lake_of()
    with pytest.raises(AirflowFailException, match="batch_job_definition"):
        batch_names("a-queue", None)
    monkeypatch.setenv("AIRFLOW_VAR_TRADING_STRATEGIES_BUCKET", "a-bucket")
    assert lake_of() == "s3://a-bucket"
    monkeypatch.setenv("AIRFLOW_VAR_STOCKSTREAM_LAKE", "/data/lake/")
    assert lake_of() == "/data/lake"
    assert lake_of("mine") == "s3://mine"
    monkeypatch.setenv("AIRFLOW_VAR_BATCH_JOB_DEFINITION", "d")
    assert batch_names("a-queue", None) == ("a-queue", "d")


def test_an_airflow_without_engine_asks_for_an_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowFailException, match="stockstream_python"):
        engine_python()
    monkeypatch.setenv("AIRFLOW_VAR_STOCKSTREAM_PYTHON", "/no/such/python")
    with pytest.raises(AirflowFailException, match="no program is there"):
        engine_python()


def test_a_connection_reaches_a_process_and_no_job_of_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_FIGURES", "postgres://me:hunter2@db:5433/market")
    told = access({"connection": "figures"}, on_aws=False)
    assert told == {
        "DB_ENGINE": "postgresql",
        "DB_HOST": "db",
        "DB_PORT": "5433",
        "DB_NAME": "market",
        "DB_USER": "me",
        "DB_PASSWORD": "hunter2",
    }
    with pytest.raises(AirflowFailException, match="Secrets Manager") as error:
        access({"connection": "figures"}, on_aws=True)
    assert "hunter2" not in str(error.value)
    with pytest.raises(AirflowFailException, match="there is no Airflow connection"):
        access({"connection": "nobody"}, on_aws=False)
    assert access({"secret": "figures"}, on_aws=True) == {"DB_SECRET": "figures"}


def test_variables_lead_to_a_database(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(AirflowFailException, match=r"db_\*"):
        access({"variables": "db_"}, on_aws=False)
    for name, value in {"host": "db", "name": "market", "engine": "postgresql"}.items():
        monkeypatch.setenv(f"AIRFLOW_VAR_DB_{name.upper()}", value)
    told = access({"variables": "db_"}, on_aws=True)
    assert told == {"DB_HOST": "db", "DB_NAME": "market", "DB_ENGINE": "postgresql"}
    monkeypatch.setenv("AIRFLOW_VAR_DB_SECRET", "figures")
    assert access({"variables": "db_"}, on_aws=True) == {"DB_SECRET": "figures"}


@pytest.mark.parametrize(
    ("script", "kind", "word"),
    [
        ("echo done; exit 0", None, ""),
        ("echo the bucket; exit 1", AirflowException, "the bucket"),
        ("echo no such; exit 2", AirflowFailException, "no such"),
        ("echo days=3; exit 3", AirflowException, "backtests of this task failed: days=3"),
        ("kill -9 $$", AirflowException, "SIGKILL; was there not enough memory"),
        ('test -z "$PYTHONPATH$AIRFLOW_HOME" || exit 2', None, ""),
    ],
)
def test_how_a_process_ends_is_what_its_task_does(
    program: Callable[[str], LocalJobOperator], script: str, kind: Any, word: str
) -> None:
    operator = program(script)
    if kind is None:
        operator.run_job("collect", {})
        return
    with pytest.raises(kind, match=word) as error:
        operator.run_job("collect", {"DB_PASSWORD": "hunter2"})
    assert type(error.value) is kind
    assert "hunter2" not in str(error.value)
    assert not [one for one in error.traceback if "hunter2" in repr(one.locals)]


def test_a_task_that_is_killed_ends_its_process_and_all_it_started(
    program: Callable[[str], LocalJobOperator], tmp_path: Path
) -> None:
    operator = program(f"sleep 600 & echo $! > {tmp_path}/child; wait")
    failed: list[BaseException] = []

    def run() -> None:
        try:
            operator.run_job("item", {})
        except AirflowException as error:
            failed.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    _wait_for(lambda: (tmp_path / "child").is_file() and (tmp_path / "child").read_text().strip())
    operator.on_kill()
    thread.join(30)
    assert "SIGTERM" in str(failed[0])
    child = int((tmp_path / "child").read_text())
    _wait_for(lambda: not _lives(child))


def _wait_for(fact: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _lives(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:  # noqa: PTH123 - a zombie is dead
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], LocalJobOperator]:
    """A task whose interpreter is a shell script."""

    def make(script: str) -> LocalJobOperator:
        file = tmp_path / "python"
        file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        file.chmod(0o755)
        monkeypatch.setenv("AIRFLOW_VAR_STOCKSTREAM_PYTHON", str(file))
        monkeypatch.setenv("AIRFLOW_VAR_STOCKSTREAM_LAKE", str(tmp_path))
        assert "AIRFLOW_HOME" in os.environ
        return LocalJobOperator(task_id="job", work=CollectWork())

    return make
