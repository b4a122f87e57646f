"""``sweep --runner airflow`` and ``runs`` on an Airflow, as a user types them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.cli.conftest import stockstream
from tests.runners.airflow.small_airflow import USER, Fault
from tests.runners.airflow.studies.conftest import PASSWORD

from stockstream.runners.local import LocalRunner
from stockstream.study.runs.file_store import STUDY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream
    from tests.runners.airflow.studies.working_airflow import WorkingAirflow

__all__ = ["stockstream"]

GRID = ("--strategy", "MovingAverageCrossover", "--grid", "fast_period=3,5;slow_period=10,20")


@pytest.fixture
def sweep(
    stockstream: Stockstream,
    working: WorkingAirflow,
    lake: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., Said]:
    """Sweeps the lake; each word after the runner's is an option."""
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__URL", working.url)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__USERNAME", USER)
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__PASSWORD", PASSWORD)

    def run(runner: str, *options: object) -> Said:
        given = ("--lake", lake, "--split", "ticker", "--runner", runner, "--workers", 2)
        return stockstream("sweep", *GRID, *given, *options)

    return run


def only_run(folder: Path) -> str:
    """The name of the one sweep that is kept."""
    (found,) = (folder / "data/runs").glob(f"s-*/{STUDY}")
    return found.parent.name


@pytest.mark.slow
def test_a_sweep_runs_on_airflow_and_is_kept_here(
    sweep: Callable[..., Said],
    stockstream: Stockstream,
    working: WorkingAirflow,
    lake: Path,
    tmp_path: Path,
) -> None:
    said = sweep("airflow", "--json")
    assert said.code == 0, said.err
    name = said.document["name"]
    assert f"{name} by airflow" in said.err
    [listed] = stockstream("runs", "list", "--json").document["runs"]
    assert (listed["run"], listed["state"], listed["done"]) == (name, "done", 12)
    shown = stockstream("runs", "show", name)
    assert f"airflow on {lake} (url {working.url}), attempt 1: {name}-1" in shown.out
    away = LocalRunner(tmp_path / "data/runs").result(name).digest
    here = sweep("local", "--runs", "here", "--json").document
    assert (here["name"], here["best"]) == (name, said.document["best"])
    assert LocalRunner(tmp_path / "here").result(name).digest == away
    assert stockstream("runs", "delete", name, "--yes").code == 0
    assert not (lake / "runs" / name).exists()


@pytest.mark.slow
def test_while_airflow_is_down_a_run_is_listed_with_what_it_has(
    sweep: Callable[..., Said], stockstream: Stockstream, working: WorkingAirflow, tmp_path: Path
) -> None:
    working.dags["stockstream_sweep"]["is_paused"] = True
    path = "/api/v2/dags/stockstream_sweep"
    working.faults.append(Fault(path, 200, {"is_paused": False}, times=2, method="GET"))
    said = sweep("airflow", "--detach")
    assert said.code == 0, said.err
    name = only_run(tmp_path)
    waiting = stockstream("runs", "show", name)
    assert f"{name}: running" in waiting.out
    assert "`stockstream airflow unpause stockstream_sweep`" in waiting.out.replace("\n    ", " ")
    down = Fault("/", 401, {"detail": "no"})
    working.faults.append(down)
    [listed] = stockstream("runs", "list", "--json").document["runs"]
    assert (listed["state"], listed["done"], listed["trials"]) == ("unreachable", 0, 12)
    shown = stockstream("runs", "show", name)
    assert (shown.code, f"{name}: unreachable" in shown.out) == (0, True)
    assert "0 of 12 trials" in shown.out
    resumed = stockstream("runs", "resume", name)
    assert (resumed.code, resumed.err.count("\n")) == (1, 1)
    working.faults.clear()
    working.unpause()
    followed = stockstream("runs", "follow", name, "--json")
    assert (followed.code, followed.document["state"]) == (0, "done")


def test_what_airflow_does_not_take_is_said_before_anything_is_planned(
    sweep: Callable[..., Said],
    working: WorkingAirflow,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    working.dags.clear()
    absent = sweep("airflow")
    assert absent.code == 2
    assert "`stockstream deploy airflow` brings it there" in absent.err
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__PASSWORD", "another")
    refused = sweep("airflow")
    assert refused.code == 1
    assert "does not let the user 'admin' in" in refused.err
    monkeypatch.delenv("STOCKSTREAM__AIRFLOW__URL")
    nobody = sweep("airflow")
    assert nobody.code == 2
    assert "no Airflow was named: set airflow.url" in nobody.err
    assert not (tmp_path / "data").exists()
