"""What the cloud costs beside the trials: orchestration, requests, starts.

The server of the bucket and the emulation are processes of their own, so their work does not count
as that of a worker.
"""

from __future__ import annotations

import datetime as dt
import io
import json
import os
import subprocess
import sys
import textwrap
import time
import zipfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from benchmarks.sweep_work import Served, config_of, market

from stockstream.aws.local import LocalAws
from stockstream.ingest.fetch import fetch
from stockstream.lake.store import Lake
from stockstream.providers.simulated import SimulatedProvider
from stockstream.study.chunk import run_chunk
from stockstream.study.plan import plan_study
from stockstream.study.runs.bucket_store import BucketStore, runs_of
from stockstream.study.runs.items import run_item
from stockstream.study.runs.plans import make_plan

if TYPE_CHECKING:
    from collections.abc import Iterator

REST = 0.05
"""Of a worker's time, for what is neither running trials nor writing their rows."""

pytestmark = pytest.mark.enable_socket

MAP_ITEMS, AT_ONCE = 300, 10
MOST_PER_ITEM, MOST_START = 0.050, 3.0  # seconds

TASK = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "OutputPath": "$.Payload",
    "End": True,
}


@pytest.fixture(scope="module")
def emulation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """AWS on this machine."""
    with LocalAws.start(tmp_path_factory.mktemp("aws"), hurry=0.001) as local:
        yield local


@pytest.fixture
def lake_url(emulation: LocalAws, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket, and the environment that leads there."""
    for name, value in emulation.environment.items():
        monkeypatch.setenv(name, value)
    name = f"bench-{uuid4().hex[:8]}"
    place = {"LocationConstraint": emulation.environment["AWS_REGION"]}
    emulation.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    return f"s3://{name}"


@pytest.mark.parametrize("work", ["W1", "MeanReversion"])
def test_a_worker_has_little_else_to_do(benchmark: Any, lake_url: str, work: str) -> None:
    """100,000 trials through a bucket: running them, keeping their rows, and all the rest."""
    lake = Served(market(100))
    study = plan_study(config_of(work), lake, split="ticker")
    frames = [run_chunk(chunk, lake) for chunk in study.chunks]
    kept: list[float] = []
    ran: list[float] = []
    whole: list[float] = []

    def new_store() -> BucketStore:
        return BucketStore.create(runs_of(f"{lake_url}/{uuid4().hex}"), study)

    def once() -> None:
        with spending(ran):
            for chunk in study.chunks:
                run_chunk(chunk, lake)
        store = new_store()
        with spending(kept):
            for chunk, frame in zip(study.chunks, frames, strict=True):
                store.put(chunk, frame)
        store = new_store()
        with spending(whole):
            for item in make_plan(store, at_once=1, seconds=1e6).items:
                run_item(item, store, lake)

    once()
    benchmark.pedantic(once, rounds=5)
    trials, rows, rest = min(ran), min(kept), min(whole) - min(ran) - min(kept)
    shares = {"trials": trials, "rows": rows, "rest": rest}
    benchmark.extra_info.update({name: part / min(whole) for name, part in shares.items()})
    print(f"\n{work}: {study.trials:,} trials in {len(study.chunks)} chunks, CPU time")
    print("  " + ", ".join(f"{name} {part / min(whole):.1%}" for name, part in shares.items()))
    assert rest / min(whole) < REST


@contextmanager
def spending(times: list[float]) -> Iterator[None]:
    """Note the CPU time of all threads of this process."""
    began = time.process_time()
    yield
    times.append(time.process_time() - began)


def test_an_item_of_a_map_costs_little(benchmark: Any, emulation: LocalAws, lake_url: str) -> None:
    """A Distributed Map over a manifest in the bucket, with a function that does nothing."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("nothing.py", "def handler(event, context):\n    return event\n")
    bucket = lake_url.removeprefix("s3://")
    role = "arn:aws:iam::123456789012:role/bench"
    function = emulation.client("lambda").create_function(
        FunctionName=bucket,
        Runtime="python3.12",
        Role=_role(emulation, bucket),
        Handler="nothing.handler",
        Code={"ZipFile": packed.getvalue()},
    )
    manifest = json.dumps([{"chunk": number} for number in range(MAP_ITEMS)])
    emulation.client("s3").put_object(Bucket=bucket, Key="plan.json", Body=manifest)
    task = {**TASK, "Parameters": {"FunctionName": function["FunctionArn"], "Payload.$": "$"}}
    mapped = {
        "Type": "Map",
        "MaxConcurrency": AT_ONCE,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSON"},
            "Parameters": {"Bucket": bucket, "Key": "plan.json"},
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "Work",
            "States": {"Work": task},
        },
        "End": True,
    }
    states = emulation.client("stepfunctions")
    machine = states.create_state_machine(
        name=bucket,
        roleArn=role,
        definition=json.dumps({"StartAt": "Run", "States": {"Run": mapped}}),
    )["stateMachineArn"]

    def once() -> None:
        execution = states.start_execution(stateMachineArn=machine, name=uuid4().hex, input="{}")
        arn = execution["executionArn"]
        while (found := states.describe_execution(executionArn=arn))["status"] == "RUNNING":
            time.sleep(0.02)
        assert found["status"] == "SUCCEEDED"

    once()
    benchmark.pedantic(once, rounds=3)
    each = benchmark.stats.stats.min / MAP_ITEMS
    print(f"\na Map over {MAP_ITEMS} items, {AT_ONCE} at once: {each * 1e3:.1f} ms an item")
    assert each < MOST_PER_ITEM


def _role(emulation: LocalAws, name: str) -> str:
    trust = json.dumps({"Statement": []})
    made = emulation.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)
    arn: str = made["Role"]["Arn"]
    return arn


COLD = textwrap.dedent("""
    import resource, sys, time
    from stockstream.aws.handlers.sweeps import open_run
    from stockstream.study.chunk import Chunk, run_chunk

    store, lake = open_run(sys.argv[1], sys.argv[2])
    frame = run_chunk(Chunk(store.study, 0, 0, 1), lake)
    assert frame["error"].is_null().all()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime)
""")


def test_the_first_trial_of_a_cold_worker_comes_soon(benchmark: Any, lake_url: str) -> None:
    """From the start of a process to its first trial, kernels compiled before, as in the image."""
    fetch(
        SimulatedProvider(companies=100), (), dt.date(2012, 1, 1), dt.date(2021, 12, 31), lake_url
    )
    config = config_of("W1").changed(start_date="2013-01-01", end_date="2021-12-31", universe=None)
    study = plan_study(config, Lake.open(lake_url), split="ticker")
    BucketStore.create(runs_of(lake_url), study)
    words = [sys.executable, "-c", COLD, lake_url, study.name]
    spent: list[float] = []

    def once() -> None:
        done = subprocess.run(words, env=os.environ, capture_output=True, text=True, check=True)
        spent.append(float(done.stdout))

    once()
    benchmark.pedantic(once, rounds=5)
    wall = benchmark.stats.stats.min
    print(f"\na cold worker: first trial after {wall:.2f} s, {min(spent):.2f} s of CPU")
    assert min(wall, *spent) < MOST_START
