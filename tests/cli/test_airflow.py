"""``stockstream deploy airflow`` and ``stockstream airflow``: a small Airflow at the other end."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from tests.runners.airflow.small_airflow import USER, Fault, SmallAirflow

from stockstream.cli import airflow as airflow_module
from stockstream.runners.airflow import deploy
from stockstream.runners.airflow.api import AirflowApi
from stockstream.runners.airflow.manifest import Manifest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Stockstream

PASSWORD = "s3cr3t-word"  # noqa: S105 - of the small one

CONFIG = {
    "strategy_class": "MovingAverageCrossover",
    "start_date": "2021-01-01",
    "end_date": "2021-12-31",
    "param_grid": {"fast_period": [5, 10]},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Of DAGs."""
    place = tmp_path / "dags"
    place.mkdir()
    return place


@pytest.fixture
def airflow(
    socket_enabled: None, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[SmallAirflow]:
    """An Airflow that the settings name."""
    server = SmallAirflow(PASSWORD, folder)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__URL", server.url)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__USERNAME", USER)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__PASSWORD", PASSWORD)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__DAGS", str(folder))
    monkeypatch.setattr(AirflowApi, "pauses", ())
    monkeypatch.setattr(airflow_module, "EVERY", 0.01)
    yield server
    server.stop()


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """A folder with one configuration."""
    place = tmp_path / "configs"
    place.mkdir()
    write(place, "crossover", {"dag_id": "crossover", "config": CONFIG})
    return place


def write(place: Path, name: str, document: dict[str, Any]) -> None:
    (place / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")


def test_from_nothing_to_a_run(
    stockstream: Stockstream, airflow: SmallAirflow, configs: Path, folder: Path
) -> None:
    said = stockstream("deploy", "airflow", "--configs", configs)
    assert said.code == 0, said.err
    assert f"to {folder}" in said.out
    assert f"the Airflow at {airflow.url} (version 3.3.1) has read it" in said.out
    assert "airflow unpause crossover" in said.out
    said = stockstream("airflow", "trigger", "crossover")
    assert said.code == 2
    assert "crossover is paused, and a run of it would wait" in said.err
    said = stockstream("airflow", "unpause", "crossover")
    assert said.out == "crossover runs when it is due or triggered\n"
    assert stockstream("airflow", "unpause", "crossover").out.endswith(", as before\n")
    said = stockstream("airflow", "trigger", "crossover", "--conf", '{"x": 1}', "--run-id", "r-1")
    assert (said.code, said.out) == (0, "crossover runs as r-1\n")
    assert airflow.bodies[-1] == {"logical_date": None, "conf": {"x": 1}, "dag_run_id": "r-1"}
    said = stockstream("airflow", "status")
    assert said.code == 0
    assert "queued (r-1)" in said.out
    assert stockstream("airflow", "pause", "crossover", "--json").document == {
        "dag": "crossover",
        "paused": True,
        "changed": True,
    }


def test_the_same_for_a_program(
    stockstream: Stockstream, airflow: SmallAirflow, configs: Path, folder: Path
) -> None:
    document = stockstream("deploy", "airflow", "--configs", configs, "--json").document
    assert document["place"] == str(folder)
    assert document["airflow"] == {"name": f"the Airflow at {airflow.url}", "version": "3.3.1"}
    assert document["read"]
    assert "crossover" in document["dags"]
    assert document["paused"] == document["dags"]
    assert "stockstream_dags/configs/crossover.json" in document["files"]["new"]
    again = stockstream("deploy", "airflow", "--json").document
    assert again["files"]["removed"] == []
    assert "crossover" in again["dags"]
    status = stockstream("airflow", "status", "--json").document
    assert [row["dag"] for row in status["dags"]] == document["dags"]
    assert status["broken"] == []


def test_following_a_run_to_its_end(
    stockstream: Stockstream, airflow: SmallAirflow, configs: Path
) -> None:
    stockstream("deploy", "airflow", "--configs", configs)
    airflow.dags["crossover"]["is_paused"] = False
    path = "/api/v2/dags/crossover/dagRuns/r-1"
    airflow.tasks["r-1"] = [{"task_id": "backtest", "state": "failed", "rendered_map_index": "f=5"}]
    airflow.faults = [
        Fault(f"{path}/taskInstances", 200, {"task_instances": [], "total_entries": 0}),
        Fault(path, 200, {"state": "running"}, times=1),
        Fault(path, 200, {"state": "success"}),
    ]
    said = stockstream("airflow", "trigger", "crossover", "--run-id", "r-1", "--follow")
    assert (said.code, said.out) == (0, "crossover runs as r-1\nr-1: success\n")
    assert said.err == "r-1: running\nr-1: success\n"
    airflow.runs.clear()
    airflow.faults = [Fault(path, 200, {"state": "failed"}, times=1)]
    said = stockstream("airflow", "trigger", "crossover", "--run-id", "r-1", "--follow", "--json")
    assert said.code == 1
    assert said.document["failed"] == ["backtest f=5"]


def test_the_check(stockstream: Stockstream, airflow: SmallAirflow, folder: Path) -> None:
    said = stockstream("deploy", "airflow", "--check")
    assert said.code == 0
    assert "answers, and lets this login in" in said.out
    assert "nothing; " in said.out
    assert "Variable stockstream_lake or trading_strategies_bucket is not set" in said.out
    assert list(folder.iterdir()) == []
    stockstream("deploy", "airflow")
    airflow.variables = {"stockstream_lake": "/lake"}
    airflow.health["dag_processor"] = "unhealthy"
    said = stockstream("deploy", "airflow", "--check", "--json")
    assert said.code == 1
    assert not said.document["healthy"]
    assert said.document["place"] == str(folder)
    assert len(said.document["bundle"]) == 12
    assert said.document["missing_variables"] == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"URL": ""}, "no Airflow was named: set airflow.url"),
        ({"PASSWORD": "wr0ng-word"}, "does not let the user 'admin' in"),
        ({"URL": "http://127.0.0.1:1"}, "nothing listens there"),
        ({"MODE": "cloud"}, "'airflow.mode' cannot be 'cloud'"),
    ],
)
def test_a_check_that_finds_no_airflow(
    stockstream: Stockstream,
    airflow: SmallAirflow,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    message: str,
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"STOCKSTREAM__AIRFLOW__{name}", value)
    said = stockstream("deploy", "airflow", "--check")
    assert said.code in {1, 2}
    assert message in said.err
    assert "wr0ng" not in said.err + said.out


def test_a_configuration_that_cannot_be_used_stops_all(
    stockstream: Stockstream, airflow: SmallAirflow, configs: Path, folder: Path
) -> None:
    write(configs, "wrong", {"dag_id": "wrong", "config": {**CONFIG, "start_date": "soon"}})
    write(configs, "worse", {"dag_id": "worse/", "config": CONFIG})
    said = stockstream("deploy", "airflow", "--configs", configs)
    assert said.code == 2
    assert "2 of 3 configurations" in said.err
    assert "wrong.json: " in said.err
    assert "worse.json: " in said.err
    assert list(folder.iterdir()) == []


def test_a_strategy_that_is_not_known_here_is_noted(
    stockstream: Stockstream, airflow: SmallAirflow, configs: Path
) -> None:
    config = {**CONFIG, "strategy_class": "MovingAverageCrosover", "param_grid": {"a": [1]}}
    write(configs, "other", {"dag_id": "other", "config": config})
    said = stockstream("deploy", "airflow", "--configs", configs)
    assert said.code == 0
    assert "other.json: unknown strategy 'MovingAverageCrosover'; did you mean" in said.err


@pytest.mark.parametrize(
    ("name", "message"),
    [("a b", "'a b.json'"), ("ä", "'ä.json'")],
)
def test_names_of_files_that_no_bucket_likes(
    stockstream: Stockstream, airflow: SmallAirflow, configs: Path, name: str, message: str
) -> None:
    write(configs, name, {"dag_id": "other", "config": CONFIG})
    said = stockstream("deploy", "airflow", "--configs", configs)
    assert said.code == 2
    assert f"{message} is no name" in said.err


def test_without_a_place(
    stockstream: Stockstream, airflow: SmallAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STOCKSTREAM__AIRFLOW__DAGS")
    said = stockstream("deploy", "airflow")
    assert said.code == 2
    assert "nobody said where the DAGs go" in said.err
    said = stockstream("deploy", "airflow", "--dags", "nowhere")
    assert said.code == 2
    assert "there is no folder" in said.err
    said = stockstream("deploy", "airflow", "--dags", "dags", "--configs", "nowhere")
    assert said.code == 2
    assert "there is no folder nowhere" in said.err


def test_without_an_airflow_it_says_that_nobody_looked(
    stockstream: Stockstream, tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STOCKSTREAM__AIRFLOW__URL", raising=False)
    said = stockstream("deploy", "airflow", "--dags", folder)
    assert said.code == 0
    assert "no Airflow was named, so nobody knows whether it can be read there" in said.out
    assert (folder / "stockstream_dags" / "stockstream_sweep.py").is_file()


def test_an_airflow_that_is_slow(
    stockstream: Stockstream, airflow: SmallAirflow, folder: Path
) -> None:
    airflow.sleeping = True
    said = stockstream("deploy", "airflow", "--wait", "0.05")
    assert said.code == 3
    assert "has not read all of them after 0.05 s" in said.err
    assert "stockstream_dags/stockstream_sweep.py" in said.err
    said = stockstream("deploy", "airflow", "--wait", "0")
    assert said.code == 0
    assert "nobody waited for it" in said.out


def test_a_bucket_is_changed_only_if_somebody_says_so(
    stockstream: Stockstream, airflow: SmallAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deploy, "read_manifest", lambda _: Manifest())
    monkeypatch.setattr(deploy, "_read", lambda *_: {})
    written: list[str] = []
    monkeypatch.setattr(deploy.Deployment, "write", lambda *_: written.append("written"))
    words = ("deploy", "airflow", "--dags", "s3://bucket/dags")
    for more in ((), ("--json",)):
        said = stockstream(*words, *more)
        assert said.code == 2
        assert "nobody is here to confirm it" in said.err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    for typed in (False, True):
        monkeypatch.setattr("typer.confirm", lambda *_, typed=typed, **__: typed)
        said = stockstream(*words, "--wait", "0")
        assert ("nothing was changed" in said.err) is not typed
    assert written == ["written"]


def test_what_was_edited_there_is_named(
    stockstream: Stockstream, airflow: SmallAirflow, configs: Path, folder: Path
) -> None:
    stockstream("deploy", "airflow", "--configs", configs)
    (folder / "stockstream_dags/configs/crossover.json").write_text('{"dag_id": "mine"}')
    said = stockstream("deploy", "airflow", "--configs", configs)
    assert "somebody edited it there: stockstream_dags/configs/crossover.json" in said.out


def test_the_status_of_an_airflow_with_nothing_of_ours(
    stockstream: Stockstream, airflow: SmallAirflow
) -> None:
    airflow.dags["theirs"] = {**airflow._row("theirs", "theirs.py", "now"), "tags": []}
    airflow.errors["their.py"] = {"filename": "their.py", "timestamp": "", "stack_trace": "E: x\n"}
    said = stockstream("airflow", "status")
    assert said.code == 0
    assert "has no DAG of ours" in said.out
    airflow.folder = None  # it reads no more, so that the error stays
    airflow.errors["their.py"] = {"filename": "their.py", "timestamp": "", "stack_trace": "E: x\n"}
    said = stockstream("airflow", "status", "--all")
    assert said.code == 1
    assert "theirs" in said.out
    assert "their.py cannot be read: E: x" in said.out


def test_a_dag_that_is_not_there(stockstream: Stockstream, airflow: SmallAirflow) -> None:
    for word in ("pause", "unpause", "trigger"):
        said = stockstream("airflow", word, "nobody")
        assert said.code == 2
        assert "unknown DAG 'nobody'" in said.err
