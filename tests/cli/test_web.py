"""``stockstream app``: who may listen where, what is said, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from stockstream.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.conftest import Stockstream

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts the command on a free port; ends with the whole of its process group."""
    running: list[subprocess.Popen[str]] = []

    def start(*words: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "stockstream", "app", "--port", "0", *map(str, words)],
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        running.append(process)
        return process

    yield start
    for process in running:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def get(url: str, path: str) -> tuple[int, bytes]:
    """Status and body of an answer."""
    address = urlsplit(url)
    connection = HTTPConnection(address.hostname or "", address.port)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM], ids=["control-c", "sigterm"])
def test_it_says_one_line_serves_and_ends_cleanly(
    started: Callable[..., subprocess.Popen[str]], lake: Path, tmp_path: Path, sign: signal.Signals
) -> None:
    process = started("--lake", lake, "--runs", tmp_path / "runs", "--json")
    assert process.stdout is not None
    lines: list[str] = []
    while not lines or lines[-1] != "}\n":
        lines.append(process.stdout.readline())
    url = json.loads("".join(lines))["page"]
    status, body = get(url, "/api/health")
    assert (status, json.loads(body)["status"]) == (200, "ok")
    assert str(lake) not in body.decode()
    process.send_signal(sign)
    out, err = process.communicate()
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.slow
def test_a_server_without_a_lake_says_so_and_where_is_not_told(
    started: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    process = started("--lake", tmp_path / "nowhere", "--runs", tmp_path / "runs")
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("the page: http://127.0.0.1:")
    status, body = get(line.split()[2], "/api/health")
    assert (status, json.loads(body)["lake"]) == (503, "not reachable")
    assert "nowhere" not in body.decode()


def test_a_port_in_use_is_one_clear_error(stockstream: Stockstream) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = stockstream("app", "--port", port)
    assert (said.code, said.out) == (2, "")
    assert said.err == (
        f"error: the page cannot listen on 127.0.0.1:{port}: something else listens there: choose "
        "another --port, or end that\n"
    )


def test_an_address_of_no_machine_here_is_one_clear_error(stockstream: Stockstream) -> None:
    said = stockstream("app", "--address", "192.0.2.1", "--public")
    assert said.code == 2
    assert "this machine has no such address" in said.err


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.1"])  # noqa: S104 - refused
def test_others_are_not_served_where_nobody_signs_in(
    stockstream: Stockstream, address: str
) -> None:
    said = stockstream("app", "--address", address)
    assert said.code == 2
    assert "where nobody signs in" in said.err
    assert "--public" in said.err


def test_what_it_sets_for_pages_is_taken_back(
    monkeypatch: pytest.MonkeyPatch, stockstream: Stockstream, tmp_path: Path
) -> None:
    from stockstream.app import serving

    seen: dict[str, str] = {}

    def look(listening: socket.socket, _: Callable[[], None]) -> None:
        listening.close()
        seen.update(os.environ)

    monkeypatch.setattr(serving, "serve", look)
    assert stockstream("app", "--port", 0, "--lake", "market", "--runs", "kept").code == 0
    assert seen["STOCKSTREAM__LAKE"] == "market"
    assert seen["STOCKSTREAM__RUNS"] == str(tmp_path / "kept")
    assert not [name for name in os.environ if name.startswith("STOCKSTREAM__")]


def test_a_name_that_means_no_address_is_refused() -> None:
    from stockstream.app.serving import listen

    with pytest.raises(ConfigError, match=r"cannot listen on 300\.300\.300\.300:0"):
        listen("300.300.300.300", 0)
