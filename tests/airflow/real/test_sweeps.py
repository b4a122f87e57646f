"""Sweeps by ``--runner airflow`` on a real Airflow, whose processes are killed in the middle."""

from __future__ import annotations

import json
import os
import re
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
    assert airflow.ended(SWEEP, f"{found['name']}-1")["state"] == "success"
    compared = engine.compare(str(lake.location), found["name"])
    assert compared.theirs == compared.ours
    assert compared.trials == 10_000
    assert command("runs", "show", found["name"])["state"] == "done"


def test_an_array_is_submitted_once_though_the_scheduler_is_killed(
    runner: CloudRunner,
    airflow: Airflow,
    engine: Engine,
    bucket_lake: str,
    local_aws: LocalAws,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    airflow.set_variable("stockstream_lake", bucket_lake)
    for name, value in {**local_aws.environment, "STOCKSTREAM__AIRFLOW__MODE": "batch"}.items():
        monkeypatch.setenv(name, value)
    onto = cloud_runner("airflow", runner.runs, bucket_lake, at_once=3)
    run = onto.submit(book(Lake.open(bucket_lake), "array"))
    wait_until(lambda: airflow.jobs(local_aws, f"{run}-*"), "the array is submitted")
    airflow.server.kill("scheduler")
    airflow.server.start("scheduler")
    demand_whole(onto, run, airflow, engine, bucket_lake)
    [array] = airflow.jobs(local_aws, f"{run}-*")
    assert (array["jobName"], array["arrayProperties"]["size"]) == (f"{run}-1", 3)


def test_the_scheduler_is_killed(
    runner: CloudRunner, airflow: Airflow, engine: Engine, lake: Lake
) -> None:
    run = runner.submit(book(lake, "scheduler"))
    wait_for_some(lake, run)
    airflow.server.kill("scheduler")
    airflow.server.start("scheduler")
    demand_whole(runner, run, airflow, engine, str(lake.location))
    assert chunks_run(lake, run) == CHUNKS


def test_a_worker_is_killed(
    runner: CloudRunner, airflow: Airflow, engine: Engine, lake: Lake
) -> None:
    """With the process of its task; the job ends by itself, and Airflow starts another one."""
    run = runner.submit(book(lake, "worker"))
    wait_for_some(lake, run)
    task = next(pid for pid, words in airflow.server.processes().items() if is_task(words))
    for pid in (parent_of(task), task):
        os.kill(pid, SIGKILL)
    demand_whole(runner, run, airflow, engine, str(lake.location))
    tries = [
        one["try_number"]
        for one in airflow.tasks(SWEEP, f"{run}-1")
        if one["task_id"] == "local.backtest"
    ]
    assert sorted(tries) == [1, 1, 1, 2]
    assert chunks_run(lake, run) < CHUNKS  # the one that was killed did not say how many it ran


def is_task(words: str) -> bool:
    """Whether a process is that of a task, with its id in place of a command."""
    return re.match(r"airflow worker -- [0-9a-f]{8}-", words) is not None


def parent_of(pid: int) -> int:
    """The worker of the LocalExecutor that has started the process of a task."""
    stat = (Path("/proc") / str(pid) / "stat").read_text(encoding="utf-8")
    return int(stat.rpartition(")")[2].split()[1])


def chunks_run(lake: Lake, run: str) -> int:
    """Chunks that were run by the jobs that came to their end, each by its last try."""
    ended = (Path(str(lake.location)) / "runs" / run / "ended").glob("*/*.json")
    return sum(json.loads(one.read_text(encoding="utf-8"))["ran"] for one in ended)


def demand_whole(
    runner: CloudRunner, run: str, airflow: Airflow, engine: Engine, lake: str
) -> None:
    """The first attempt completes by itself, with the trials of the local runner."""
    name = f"{run}-1"
    assert airflow.ended(SWEEP, name)["state"] == "success", runner.status(run).error
    assert runner.status(run).state == "done"
    compared = engine.compare(lake, run)
    assert compared.theirs == compared.ours
    assert compared.trials == runner.status(run).total
