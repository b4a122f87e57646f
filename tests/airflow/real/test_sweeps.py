"""Sweeps by ``--runner airflow`` on a real Airflow, whose processes are killed in the middle."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from signal import SIGKILL
from typing import TYPE_CHECKING, Any

import pytest
from tests.airflow.real.conftest import SWEEP, settings_of
from tests.airflow.server import wait_until

from stockstream.backtest.config import BacktestConfig
from stockstream.lake.store import Lake
from stockstream.runners.choice import cloud_runner
from stockstream.study.plan import plan_study

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.airflow.real.conftest import Airflow
    from tests.airflow.real.market import Engine

    from stockstream.aws.local import LocalAws
    from stockstream.runners.cloud import CloudRunner
    from stockstream.study.study import Study

DAYS = {"start_date": "2019-01-02", "end_date": "2020-12-31"}
AVERAGES = ("--grid", "fast_period=2:101:100", "--grid", "slow_period=102:201:100")
CHUNKS = 24


@pytest.fixture
def command(
    airflow: Airflow, engine: Engine, lake: Lake, tmp_path: Path
) -> Callable[..., dict[str, Any]]:
    """Runs a command of stockstream that prints JSON."""
    airflow.set_variable("stockstream_lake", str(lake.location))
    given = {
        "STOCKSTREAM__RUNS": str(tmp_path / "runs"),
        "STOCKSTREAM__LAKE": str(lake.location),
        **settings_of(airflow.server),
    }

    def run(*words: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(
            engine.run("-m", "stockstream", *words, "--json", **given)
        )
        return found

    run("airflow", "unpause", SWEEP)
    return run


@pytest.fixture
def runner(
    command: object,
    airflow: Airflow,
    lake: Lake,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> CloudRunner:
    """The runner on the real Airflow."""
    for name, value in settings_of(airflow.server).items():
        monkeypatch.setenv(name, value)
    return cloud_runner("airflow", tmp_path / "runs", str(lake.location), at_once=4)


def book(lake: Lake, name: str) -> Study:
    """A book of all companies: some seconds on two cores, in :data:`CHUNKS` chunks."""
    grid = {"fast_period": list(range(5, 35)), "slow_period": list(range(40, 80))}
    config = BacktestConfig(strategy_class="MovingAverageCrossover", **DAYS, param_grid=grid)
    study = plan_study(config, lake)
    return replace(study, chunk_trials=study.trials // CHUNKS, flags=(name,))


def wait_for_some(lake: Lake, run: str) -> None:
    """Wait until some chunks are there, and not all."""
    chunks = Path(str(lake.location)) / "runs" / run / "chunks"
    there = wait_until(lambda: list(chunks.glob("*.parquet")), "the first chunks are there")
    assert len(there) < CHUNKS


def test_ten_thousand_trials_in_one_run(
    command: Callable[..., dict[str, Any]], airflow: Airflow, engine: Engine, lake: Lake
) -> None:
    asked = ("--strategy", "MovingAverageCrossover", "--symbols", lake.symbols()[0])
    days = ("--start-date", DAYS["start_date"], "--end-date", DAYS["end_date"])
    found = command("sweep", *asked, *days, *AVERAGES, "--runner", "airflow")
    assert (found["trials"], found["failed"]) == (10_000, 0)
    run = airflow.server.call("GET", f"/dags/{SWEEP}/dagRuns/{found['name']}-1")
    assert run["state"] == "success"
    compared = engine.compare(str(lake.location), found["name"])
    assert compared.theirs == compared.ours
    assert compared.trials == 10_000
    assert command("runs", "show", found["name"])["state"] == "done"


def test_an_array_of_aws_batch(
    runner: CloudRunner,
    airflow: Airflow,
    engine: Engine,
    lake: Lake,
    bucket_lake: str,
    local_aws: LocalAws,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airflow.set_variable("stockstream_lake", bucket_lake)
    for name, value in {**local_aws.environment, "STOCKSTREAM__AIRFLOW__MODE": "batch"}.items():
        monkeypatch.setenv(name, value)
    onto = cloud_runner("airflow", runner.runs, bucket_lake, at_once=3)
    run = onto.submit(book(Lake.open(bucket_lake), "array"))
    demand_whole(onto, run, engine, bucket_lake)
    [array] = airflow.jobs(local_aws, f"{run}-*")
    assert (array["jobName"], array["arrayProperties"]["size"]) == (f"{run}-1", 3)


def test_the_scheduler_is_killed(
    runner: CloudRunner, airflow: Airflow, engine: Engine, lake: Lake
) -> None:
    run = runner.submit(book(lake, "scheduler"))
    wait_for_some(lake, run)
    airflow.server.kill("scheduler")
    airflow.server.start("scheduler")
    demand_whole(runner, run, engine, str(lake.location))


def test_a_worker_is_killed(
    runner: CloudRunner, airflow: Airflow, engine: Engine, lake: Lake
) -> None:
    run = runner.submit(book(lake, "worker"))
    wait_for_some(lake, run)
    killed = [pid for pid, words in airflow.server.processes().items() if is_busy_worker(words)]
    assert killed
    for pid in killed:
        os.kill(pid, SIGKILL)
    demand_whole(runner, run, engine, str(lake.location))


def is_busy_worker(words: str) -> bool:
    """Whether a process is a worker of the LocalExecutor with a task."""
    return words.startswith("airflow worker -- LocalExecutor") and "<idle>" not in words


def demand_whole(runner: CloudRunner, run: str, engine: Engine, lake: str) -> None:
    """The run completes, if need be when it is resumed, with the trials of the local runner."""

    def over() -> bool:
        status = runner.status(run)
        if status.has_ended and status.state != "done":
            runner.resume(run)
        return status.state == "done"

    wait_until(over, f"{run} is done", 600)
    compared = engine.compare(lake, run)
    assert compared.theirs == compared.ours
    assert compared.trials == runner.status(run).total
