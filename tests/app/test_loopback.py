"""A page without signing in, behind another server that listens to everybody."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from http.client import HTTPConnection
from typing import TYPE_CHECKING

import anyio
import pytest

from stockstream.app.loopback import LoopbackOnly

if TYPE_CHECKING:
    from collections.abc import MutableMapping
    from pathlib import Path
    from typing import Any


def answers(scope: MutableMapping[str, Any]) -> list[Any]:
    """What is sent; ``let in`` where the page is reached."""
    sent: list[Any] = []

    async def page(*_: Any) -> None:
        sent.append("let in")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message.get("status", message.get("code", message.get("body"))))

    async def receive() -> MutableMapping[str, Any]:
        raise AssertionError("nothing is read of what is refused")

    anyio.run(LoopbackOnly(page), scope, receive, send)
    return sent


@pytest.mark.parametrize(
    "server", [("127.0.0.1", 8501), ("::1", 8501), ("/run/page.sock", None), None]
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_this_machine_is_let_in(kind: str, server: tuple[str, int | None] | None) -> None:
    assert answers({"type": kind, "server": server}) == ["let in"]


@pytest.mark.parametrize("server", [("10.0.0.7", 8501), ("2001:db8::7", 8501), ("page", 8501)])
def test_others_are_told_why_not(server: tuple[str, int]) -> None:
    status, body = answers({"type": "http", "server": server})
    assert status == 403
    assert b"app.oidc" in body
    assert answers({"type": "websocket", "server": server}) == [1008]


def test_the_server_may_start() -> None:
    assert answers({"type": "lifespan", "server": ("10.0.0.7", 8501)}) == ["let in"]


@pytest.mark.slow
@pytest.mark.enable_socket
def test_a_server_that_listens_to_everybody(simulated_lake: Path, tmp_path: Path) -> None:
    """By its own address on a network it is reached as others reach it."""
    listening = socket.create_server(("0.0.0.0", 0))  # noqa: S104 - what is tried here
    port = listening.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "stockstream.app.asgi:app", f"--fd={listening.fileno()}"],
        env={
            **os.environ,
            "STOCKSTREAM__LAKE": str(simulated_lake),
            "STOCKSTREAM__RUNS": str(tmp_path),
        },
        pass_fds=[listening.fileno()],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert status(("127.0.0.1", port)) == 200
        own = address_of_this_machine()
        if own:
            assert status((own, port)) == 403
    finally:
        process.kill()
        process.wait()
        listening.close()


def status(address: tuple[str, int]) -> int:
    """Of the answer to a question about health; the server is waited for."""
    line = HTTPConnection(*address, timeout=120)
    line.request("GET", "/api/health", headers={"Host": "localhost"})
    found = line.getresponse().status
    line.close()
    return found


def address_of_this_machine() -> str:
    """Another address than that of loopback, if there is one; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        try:
            line.connect(("192.0.2.1", 9))
        except OSError:
            return ""
        return str(line.getsockname()[0])
