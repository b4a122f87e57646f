"""A small Airflow that the emulation calls an environment of MWAA."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.runners.airflow.small_airflow import USER, SmallAirflow

from stockstream.aws.local import MwaaEnvironment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stockstream.aws.local import LocalAws

PASSWORD = "open sesame"  # noqa: S105 - of the small one


class Managed(NamedTuple):
    """An environment, and what is behind it."""

    name: str
    place: str
    airflow: SmallAirflow
    folder: Path


@pytest.fixture
def managed(local_aws: LocalAws, aws_bucket: tuple[str, str], tmp_path: Path) -> Iterator[Managed]:
    """An environment of MWAA that reads its DAGs from ``dags`` in a bucket of its own."""
    bucket, url = aws_bucket
    folder = tmp_path / "copied"
    folder.mkdir()
    airflow = SmallAirflow(PASSWORD, folder)
    name = f"air-{bucket[-8:]}"
    one = MwaaEnvironment(name, airflow.url, USER, PASSWORD, bucket, str(folder))
    local_aws.add_mwaa(one)
    yield Managed(name, f"{url}/dags", airflow, folder)
    local_aws.add_mwaa(replace(one, status="DELETED"))
    airflow.stop()
