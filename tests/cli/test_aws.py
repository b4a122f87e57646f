"""``stockstream aws local``."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from stockstream.aws.local import LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Stockstream

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("socket_enabled")]


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """A rehearsal."""
    with LocalAws.start(tmp_path_factory.mktemp("aws")) as started:
        yield started


@pytest.mark.slow
def test_up_says_what_runs_and_what_to_do_next(stockstream: Stockstream, tmp_path: Path) -> None:
    said = stockstream("aws", "local", "up", "--port", 0)
    try:
        assert said.code == 0
        for words in (
            "AWS is emulated at http://127.0.0.1:",
            "stockstream deploy aws apply --local",
            'eval "$(stockstream aws local env)"',
            "stockstream aws local down",
        ):
            assert words in said.out
        again = stockstream("aws", "local", "up", "--json").document
        assert again["started"] is False
        assert again["folder"] == str(tmp_path / "data" / "aws")
        assert again["environment"]["AWS_ENDPOINT_URL"] == again["url"]
    finally:
        assert stockstream("aws", "local", "down", "--json").document == {"stopped": True}
    assert LocalAws.running(tmp_path / "data" / "aws") is None


def test_without_one_each_command_says_so(stockstream: Stockstream) -> None:
    assert "no rehearsal is running" in stockstream("aws", "local", "status").out
    assert stockstream("aws", "local", "status", "--json").document == {"running": False}
    assert "no rehearsal is running" in stockstream("aws", "local", "down").out
    said = stockstream("aws", "local", "env")
    assert said.code == 2
    assert said.out == ""
    assert "start one: stockstream aws local up" in said.err


def test_env_is_for_the_shell(stockstream: Stockstream, local: LocalAws) -> None:
    said = stockstream("aws", "local", "env", "--folder", local.folder)
    words = shlex.split(said.out)
    assert words[::2] == ["export"] * len(local.environment)
    assert dict(word.split("=", 1) for word in words[1::2]) == local.environment
    said = stockstream("aws", "local", "env", "--folder", local.folder, "--json")
    assert said.document == local.environment


def test_status_lists_what_is_there(stockstream: Stockstream, local: LocalAws) -> None:
    machines = local.client("stepfunctions")
    definition = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}
    arn = machines.create_state_machine(
        name="stock-data-pipeline",
        definition=json.dumps(definition),
        roleArn="arn:aws:iam::123456789012:role/any",
    )["stateMachineArn"]
    machines.start_execution(stateMachineArn=arn, name="today")
    place = {"LocationConstraint": "ap-southeast-2"}
    local.client("s3").create_bucket(Bucket="lake", CreateBucketConfiguration=place)
    datum = {"MetricName": "SymbolsFetched", "Value": 498.0}
    local.client("cloudwatch").put_metric_data(Namespace="StockStream", MetricData=[datum, datum])
    document = stockstream("aws", "local", "status", "--folder", local.folder, "--json").document
    assert document["running"] is True
    assert document["pid"] == local.pid
    assert document["buckets"] == [{"name": "lake"}]
    assert document["machines"] == [{"name": "stock-data-pipeline"}]
    (execution,) = document["executions"]
    assert (execution["machine"], execution["name"]) == ("stock-data-pipeline", "today")
    assert document["metrics"] == [{"name": "SymbolsFetched", "sum": 996.0}]
    assert document["functions"] == document["jobs"] == []
    text = stockstream("aws", "local", "status", "--folder", local.folder).out
    assert "stock-data-pipeline" in text
    assert "996" in text


def test_a_port_that_is_taken_is_said(stockstream: Stockstream, local: LocalAws) -> None:
    said = stockstream("aws", "local", "up", "--folder", "other", "--port", local.port)
    assert said.code == 2
    assert f"port {local.port} is taken" in said.err


@pytest.mark.slow
def test_in_the_foreground_control_c_ends_it(tmp_path: Path) -> None:
    import signal

    command = [sys.executable, "-m", "stockstream", "aws", "local", "up", "--port", "0"]
    with subprocess.Popen(
        [*command, "--foreground"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Control-C ends it")
        running = LocalAws.running(tmp_path / "data" / "aws")
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert running is not None
    assert LocalAws.running(tmp_path / "data" / "aws") is None
