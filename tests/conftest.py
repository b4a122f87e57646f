"""What every test may ask for."""

from __future__ import annotations

import os
import subprocess
import sys
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from hypothesis import settings

from stockstream.settings.load import PLAIN_VARIABLES

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest_plugins = ("tests.app.visits",)

# The gate sees the same examples each time; --hypothesis-profile=search looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile("same")

S3_SERVER = """
import logging, sys
from moto.server import ThreadedMotoServer

logging.getLogger("werkzeug").setLevel("ERROR")
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()  # until the tests end, however they end
server.stop()
"""

CLOUD = frozenset({"local_aws", "terraform", "mocked"})
"""Fixtures that start an emulation or Terraform: seconds before the first test."""

REPOSITORY = Path(__file__).resolve().parents[1]


STORIES = frozenset({"airflow", "cluster"})
"""Fixtures that start a whole Airflow, or a cluster of several nodes."""

LONG = frozenset({"airflow", "deployed", "browser"})
"""Fixtures whose tests take minutes and mostly wait, so they come first: no worker ends alone with
one, and one worker gets them all, with one Airflow."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Count every test of the cloud as slow, mark the stories, and begin with the longest."""
    for item in items:
        needs = getattr(item, "fixturenames", ())
        if CLOUD.intersection(needs):
            item.add_marker(pytest.mark.slow)
        if STORIES.intersection(needs):
            item.add_marker(pytest.mark.story)
    items.sort(key=lambda item: LONG.isdisjoint(getattr(item, "fixturenames", ())))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real market data, gold vectors and recorded dirt, kept beside the checkout, never in it."""
    folder = Path(os.environ.get("STOCKSTREAM_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "MANIFEST.json").is_file():
        pytest.skip(f"real market data not found at {folder} (set STOCKSTREAM_SHARED_DATA)")
    return folder


@pytest.fixture(autouse=True)
def _own_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user's environment must not reach into a test."""
    plain = ("STOCKSTREAM_JIT", *PLAIN_VARIABLES.values())
    for name in list(os.environ):
        if name.startswith("STOCKSTREAM__") or name in plain:
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of an S3 server in a process of its own, on a free port of this machine.

    ``STOCKSTREAM_TEST_S3`` names another one to test with, which must let anybody make buckets.
    """
    given = os.environ.get("STOCKSTREAM_TEST_S3")
    if given:
        yield given
        return
    command = [sys.executable, "-W", "ignore", "-c", S3_SERVER]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        server.communicate()


@pytest.fixture
def bucket(s3_server: str, socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> str:
    """URL of an empty folder on S3, with the environment that leads there."""
    name = f"test-{uuid4().hex}"
    address = urlsplit(s3_server)
    connection = HTTPConnection(address.hostname or "", address.port)
    connection.request("PUT", f"/{name}")
    assert connection.getresponse().status == 200
    connection.close()
    for variable in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(variable)
    for variable, value in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(variable, value)
    return f"s3://{name}/market"
