"""What Airflow costs beside the trials: 10,000 of them in 20 chunks, in its own workers."""

from __future__ import annotations

import datetime as dt
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.conftest import airflow_python
from tests.airflow.real.conftest import (
    SWEEP,
    airflow,
    engine,
    factors,
    lake,
    local_aws,
    postgres,
    settings_of,
)
from tests.conftest import shared_data

from stockstream.backtest.config import BacktestConfig
from stockstream.runners.choice import cloud_runner
from stockstream.study.plan import plan_study
from stockstream.study.result import StudyResult
from stockstream.study.runs.store import MemoryStore
from stockstream.study.sweep import run_study

if TYPE_CHECKING:
    from pathlib import Path

    from tests.airflow.real.conftest import Airflow

    from stockstream.lake.store import Lake

__all__ = ["airflow", "airflow_python", "engine", "factors", "lake", "local_aws", "postgres"]
__all__ += ["shared_data"]

MOST = 30.0
"""Seconds that Airflow may add."""

TRIALS, CHUNKS = 10_000, 20

pytestmark = pytest.mark.enable_socket


def test_airflow_adds_little_to_ten_thousand_trials(
    benchmark: Any,
    airflow: Airflow,
    lake: Lake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in settings_of(airflow.server).items():
        monkeypatch.setenv(name, value)
    airflow.set_variable("stockstream_lake", str(lake.location))
    airflow.unpause(SWEEP)
    grid = {"fast_period": list(range(2, 102)), "slow_period": list(range(102, 202))}
    config = BacktestConfig(
        strategy_class="MovingAverageCrossover",
        start_date="2019-01-02",
        end_date="2020-12-31",
        universe=lake.symbols()[:1],
        param_grid=grid,
    )
    study = replace(plan_study(config, lake), chunk_trials=TRIALS // CHUNKS)
    assert (study.trials, len(study.chunks)) == (TRIALS, CHUNKS)
    workers = os.cpu_count() or 1
    run_study(study, lake, MemoryStore(), workers=workers)  # loads what is compiled
    began, alone = time.perf_counter(), MemoryStore()
    run_study(study, lake, alone, workers=workers)
    pure = time.perf_counter() - began
    runner = cloud_runner("airflow", tmp_path / "runs", str(lake.location), at_once=workers)

    def once() -> None:
        run = runner.submit(study)
        assert airflow.ended(SWEEP, f"{run}-1")["state"] == "success", runner.status(run).error

    began = time.perf_counter()
    benchmark.pedantic(once, rounds=1, iterations=1)
    whole = time.perf_counter() - began
    assert runner.result(study.name).digest == StudyResult(study, alone).digest
    benchmark.extra_info |= {"pure": round(pure, 1), "whole": round(whole, 1)}
    print(f"\n{TRIALS:,} trials: {pure:.1f} s alone, {whole:.1f} s on Airflow")
    worked = airflow.returned(SWEEP, f"{study.name}-1", "local.collect")["seconds"]
    print(f"jobs were at trials for {worked:.1f} s; start and length of each task:")
    print(timetable(airflow, f"{study.name}-1"))
    assert whole - pure <= MOST


def timetable(airflow: Airflow, run: str) -> str:
    """When each task of a run began after it was triggered, and how long it took, in seconds."""
    asked = airflow.server.call("GET", f"/dags/{SWEEP}/dagRuns/{run}")["queued_at"]
    tasks = [task for task in airflow.tasks(SWEEP, run) if task["start_date"]]
    lines = [
        f"  {since(asked, task['start_date']):5.1f} {task['duration'] or 0:5.1f}  {task['task_id']}"
        for task in sorted(tasks, key=lambda task: str(task["start_date"]))
    ]
    return "\n".join(lines)


def since(first: str, then: str) -> float:
    """Seconds between two times of Airflow's."""
    return (dt.datetime.fromisoformat(then) - dt.datetime.fromisoformat(first)).total_seconds()
