"""Each connection against a real service on loopback, and with all that can be wrong with it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from tests.app.connections.conftest import CANARY
from tests.aws.runners.conftest import Cloud

from stockstream.app.work import connecting
from stockstream.lake.store import Lake
from stockstream.testing.market import simulated_lake

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import TypeAlias

    import pytest
    from tests.runners.airflow.small_airflow import SmallAirflow

    from stockstream.app.tasks import Progress
    from stockstream.aws.local import LocalAws

    Connect: TypeAlias = Callable[[str], Progress]


def test_the_lake(connect: Connect, tmp_path: Path) -> None:
    missing = connect("lake")
    assert missing.state == "failed"
    assert "lake" in missing.words
    Lake.create(tmp_path / "lake")
    assert connect("lake").words.endswith("0 symbols, 0 bars, no bars yet")
    shutil.rmtree(tmp_path / "lake")
    shutil.copytree(simulated_lake(3).location.address, tmp_path / "lake")
    found = connect("lake")
    assert (found.state, "3 symbols" in found.words) == ("done", True)


def test_a_lake_in_a_bucket(connect: Connect, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STOCKSTREAM__LAKE", bucket)
    assert connect("lake").state == "failed"
    Lake.create(bucket)
    assert connect("lake").state == "done"
    found = connect("s3")
    assert (found.state, found.words[:12]) == ("done", "can be read:")


def test_buckets_that_cannot_be_read(
    connect: Connect, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no bucket is set" in connect("s3").words
    monkeypatch.setenv("S3_DAGS_BUCKET", "nobody-has-this")
    found = connect("s3")
    assert found.state == "failed"
    assert "NoSuchBucket" in found.words
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", CANARY)
    monkeypatch.setattr(connecting, "PATIENCE", 20.0)
    found = connect("s3")
    assert found.state == "failed"
    assert "network" in found.words


def test_airflow(connect: Connect, small_airflow: SmallAirflow) -> None:
    found = connect("airflow")
    assert found.state == "done"
    assert found.words.startswith("Airflow 3.3.1, 0 DAGs")
    small_airflow.health["scheduler"] = "unhealthy"
    assert "scheduler" in connect("airflow").words


def test_an_airflow_that_refuses_the_login(
    connect: Connect, small_airflow: SmallAirflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM__AIRFLOW__PASSWORD", CANARY)
    found = connect("airflow")
    assert found.state == "failed"
    assert "airflow.username" in found.words


def test_no_airflow(connect: Connect) -> None:
    assert "no Airflow was named" in connect("airflow").words


def test_the_cluster(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    found = connect("cluster")
    assert "Ray" in found.words
    monkeypatch.setenv("STOCKSTREAM__CLUSTER__ADDRESS", "no address")
    assert connect("cluster").state == "failed"


def test_no_region(connect: Connect) -> None:
    for kind in ("batch", "step-functions"):
        found = connect(kind)
        assert found.state == "failed"


def test_who_does_not_answer_is_given_up(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    import signal

    def never(_settings: object) -> str:
        signal.pause()
        return ""

    monkeypatch.setattr(connecting, "PATIENCE", 0.05)
    monkeypatch.setattr(connecting, "CONNECTIONS", {"lake": never})
    assert "no answer within" in connect("lake").words


def test_what_nobody_foresaw_keeps_its_secrets(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_settings: object) -> str:
        raise RuntimeError(CANARY + "-environment")

    monkeypatch.setattr(connecting, "CONNECTIONS", {"lake": broken})
    found = connect("lake")
    assert "nobody had foreseen" in found.words
    assert "RuntimeError" in caplog.text
    assert CANARY not in caplog.text


def test_the_stack(
    connect: Connect,
    local_aws: LocalAws,
    aws_environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for kind in ("batch", "step-functions"):
        found = connect(kind)
        assert found.state == "failed"
        assert "stockstream deploy aws" in found.words
    cloud = Cloud(local_aws)
    cloud.make()
    monkeypatch.setenv("STOCKSTREAM__AWS__PREFIX", cloud.prefix)
    for kind in ("batch", "step-functions"):
        found = connect(kind)
        assert found.state == "done", found.words
        assert f"it works on the lake {cloud.lake}" in found.words
    monkeypatch.setenv("STOCKSTREAM__LAKE", cloud.lake)
    assert "it works on" not in connect("batch").words
