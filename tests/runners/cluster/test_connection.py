"""Why a cluster cannot be had, said within seconds and without Ray."""

from __future__ import annotations

import importlib.util
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import CloudError, ConfigError
from stockstream.runners.cluster import connection
from stockstream.runners.cluster.connection import connected, demand_answer, demand_ray

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.enable_socket


@contextmanager
def server(answer: bytes | None) -> Iterator[str]:
    """Something that listens and says one thing to everybody; None: nothing, ever."""
    with socket.create_server(("127.0.0.1", 0)) as line:

        def serve() -> None:
            for _ in range(2):
                try:
                    caller, _ = line.accept()
                except OSError:
                    return
                held.append(caller)
                if answer is not None:
                    caller.sendall(answer)

        held: list[socket.socket] = []
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{line.getsockname()[1]}"
        line.shutdown(socket.SHUT_RDWR)
        thread.join()
        for caller in held:
            caller.close()


@pytest.mark.parametrize(
    "address",
    [
        "host",
        "host:",
        ":6379",
        "host:0",
        "host:65536",
        "ray://host:10001",
        "http://host:1",
        "a b:1",
    ],
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigError, match=r"it is host:port of the head, such as .* or auto"):
        demand_answer(address)


def test_a_wrong_address_is_told_within_seconds() -> None:
    with socket.create_server(("127.0.0.1", 0)) as line:
        free = line.getsockname()[1]
    began = time.monotonic()
    for address in (f"127.0.0.1:{free}", f"localhost:{free}", "no-such-host.invalid:6379"):
        with pytest.raises(CloudError, match=rf"no Ray cluster answers at {address}.*ray start"):
            demand_answer(address)
    with (
        pytest.raises(CloudError, match="no Ray cluster answers"),
        connected(f"127.0.0.1:{free}", 1),
    ):
        pytest.fail("there is no cluster")
    assert time.monotonic() - began < 30.0  # Ray itself takes two minutes for the first one


def test_what_answers_and_is_no_ray_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as address,
        pytest.raises(CloudError, match=rf"what answers at {address} is no Ray cluster"),
    ):
        demand_answer(address)
    monkeypatch.setattr(connection, "PATIENCE", 0.2)
    with server(None) as address, pytest.raises(CloudError, match="does not answer in time"):
        demand_answer(address)


def test_settings_of_http2_are_an_answer() -> None:
    with server(bytes((0, 0, 0, 4, 0, 0, 0, 0, 0))) as address:
        demand_answer(address)
    for nothing_to_ask in ("", "auto"):
        demand_answer(nothing_to_ask)


def test_without_ray_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    demand_ray()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'stockstream\[cluster\]'"):
        demand_ray()
    with pytest.raises(ConfigError, match="pip install"), connected("", 1):
        pytest.fail("there is no Ray")
