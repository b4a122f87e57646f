"""A cluster of three real nodes: lost ones, lost drivers, and nodes that do not fit."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.runners.cluster.conftest import QUIET, START_SECONDS, log_of, wait_for
from tests.runners.cluster.test_driver import digest_here, driver_of
from tests.study.runs.conftest import eventually

import stockstream
from stockstream.study.runs.bucket_store import runs_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.runners.cluster.conftest import Cluster, ClusterRunner
    from tests.study.runs.conftest import Plan

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]

METADATA = """
import json, sys
from ray._raylet import GcsClient
from ray._common.usage.usage_constants import CLUSTER_METADATA_KEY as KEY
client = GcsClient(address=sys.argv[1])
known = json.loads(client.internal_kv_get(KEY, b"cluster"))
known["python_version"] = sys.argv[2]
client.internal_kv_put(KEY, json.dumps(known).encode(), True, b"cluster")
"""


@contextmanager
def started_with(cluster: Cluster, python: str) -> Iterator[None]:
    """Have the head say that it was started with a version of Python."""
    here = ".".join(map(str, sys.version_info[:3]))
    for version in (python, here):
        subprocess.run(
            [sys.executable, "-c", METADATA, cluster.address, version],
            check=True,
            env={**os.environ, **QUIET},
        )
        if version == python:
            yield


def test_a_node_is_killed_in_the_middle(
    plan: Plan, cluster: Cluster, cluster_runner: ClusterRunner, market: Path, tmp_path: Path
) -> None:
    """What it was at runs elsewhere; a node that comes meanwhile takes its place."""
    gate = tmp_path / "gate"
    study = plan(trials=40, chunk=2, gate=str(gate))
    runner = cluster_runner(cluster.address)
    run = runner.submit(study)
    wait_for(runner, run, 2)
    cluster.nodes[-1].kill()
    eventually(lambda: "is lost" in log_of(runner, run), START_SECONDS)
    cluster.add()
    gate.touch()
    *_, last = runner.follow(run)
    assert (last.state, last.error, last.done, last.failed) == ("done", "", 40, 0)
    assert "1 lost, 0 chunks given up" in log_of(runner, run)
    assert runner.result(run).scan().collect()["trial"].to_list() == list(range(40))
    assert runner.result(run).digest == digest_here(study, market)


def test_the_driver_is_killed_and_another_one_goes_on(
    plan: Plan, cluster: Cluster, cluster_runner: ClusterRunner, market: Path, tmp_path: Path
) -> None:
    cluster.nodes[-1].wait()
    gate = tmp_path / "gate"
    study = plan(trials=24, chunk=2, gate=str(gate))
    runner = cluster_runner(cluster.address)
    run = runner.submit(study)
    wait_for(runner, run, 1)
    os.kill(driver_of(runner, market, run), signal.SIGKILL)
    eventually(lambda: runner.status(run).state == "stopped")
    gate.touch()
    assert runner.resume(run).state == "running"
    *_, last = runner.follow(run)
    assert (last.state, last.done, last.failed) == ("done", 24, 0)
    assert runner.result(run).digest == digest_here(study, market)


def test_a_cluster_with_another_python_is_refused(
    plan: Plan, cluster: Cluster, cluster_runner: ClusterRunner
) -> None:
    runner = cluster_runner(cluster.address)
    with started_with(cluster, "3.9.1"):
        run = runner.submit(plan())
        *_, last = runner.follow(run)
    assert last.state == "stopped"
    assert "has another Ray or Python than this machine" in last.error
    assert "3.9.1" in last.error


def test_a_node_with_other_code_is_refused_before_anything_runs(
    plan: Plan,
    cluster: Cluster,
    cluster_runner: ClusterRunner,
    market: Path,
    tmp_path: Path,
) -> None:
    sources = Path(stockstream.__file__).parent
    other = tmp_path / "other"
    shutil.copytree(sources, other / "stockstream", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "stockstream" / "errors.py").open("a") as file:
        file.write("\n# another release\n")
    node = cluster.add(PYTHONPATH=str(other))
    try:
        node.wait()
        study = plan()
        runner = cluster_runner(cluster.address)
        run = runner.submit(study)
        *_, last = runner.follow(run)
    finally:
        node.kill()
    assert (last.state, last.done) == ("stopped", 0)
    assert f"node {node.ip} cannot work on {run}" in last.error
    assert f"was planned by the code {study.identity.code_version}" in last.error
    assert not list(runs_of(market).files(f"{run}/chunks"))


def test_a_node_that_does_not_see_the_lake_is_told(
    plan: Plan, cluster: Cluster, cluster_runner: ClusterRunner, bucket: str
) -> None:
    """The nodes have no credentials for the bucket that this machine plans on."""
    import datetime as dt

    from stockstream.ingest.fetch import fetch
    from stockstream.providers.simulated import SimulatedProvider

    fetch(SimulatedProvider(companies=3), (), dt.date(2019, 1, 1), dt.date(2020, 12, 31), bucket)
    runner = cluster_runner(cluster.address, lake=bucket)
    run = runner.submit(plan())
    *_, last = runner.follow(run)
    assert last.state == "stopped"
    assert f"cannot work on {run}" in last.error
    assert "has to see the lake under the same name" in last.error
