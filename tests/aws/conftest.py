"""AWS on this machine, for every test of the cloud."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from stockstream.aws.local import REGION, LocalAws

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def local_aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """An emulation in a process of its own; 60 seconds before a retry are 0.06."""
    with LocalAws.start(tmp_path_factory.mktemp("aws"), hurry=0.001) as local:
        yield local


@pytest.fixture
def aws_environment(
    local_aws: LocalAws, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Variables that lead every client of this test to the emulation, and are set."""
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    for variable, value in local_aws.environment.items():
        monkeypatch.setenv(variable, value)
    return local_aws.environment


@pytest.fixture
def aws_bucket(
    local_aws: LocalAws, aws_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> tuple[str, str]:
    """Name and URL of an empty bucket; ``S3_BUCKET_NAME`` makes it the lake."""
    name = f"test-{uuid4().hex}"
    place = {"LocationConstraint": REGION}
    local_aws.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration=place)
    monkeypatch.setenv("S3_BUCKET_NAME", name)
    return name, f"s3://{name}"
