"""The server as a process: over sockets, with faults of the connection, and how it ends."""

from __future__ import annotations

import datetime as dt
import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, IncompleteRead
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.errors import ConfigError
from stockstream.testing.source_server import (
    FaultPlan,
    Poison,
    SourceServer,
    market_frames,
    write_market,
)

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.testing.source_server import MarketFrames

CHART = "/v8/finance/chart/{}?range=1mo&interval=1d"
DAY = dt.date(2024, 4, 10)


def connect(server: SourceServer) -> HTTPConnection:
    return HTTPConnection(server.url.removeprefix("http://"), timeout=10.0)


def get(server: SourceServer, path: str, **headers: str) -> tuple[int, bytes]:
    connection = connect(server)
    try:
        connection.request("GET", path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def test_a_server_is_asked_and_steered(server: SourceServer) -> None:
    def bars() -> int:
        status, body = get(server, CHART.format("AAA.AX"))
        assert status == 200
        return len(json.loads(body)["chart"]["result"][0]["timestamp"])

    assert bars() == 11  # it begins after the market's last day
    server.today(dt.date(2024, 4, 2))
    assert bars() == 5
    server.today(dt.date(2024, 4, 2), dt.time(6))
    assert bars() == 4
    assert get(server, server.directory_url.removeprefix(server.url))[1].count(b"\n") == 2


def test_requests_are_counted(server: SourceServer) -> None:
    before = server.requests()
    get(server, CHART.format("AAA.AX"))
    after = server.requests()
    assert after.endpoints["chart"] - before.endpoints.get("chart", 0) == 1
    assert after.symbols["AAA.AX"] - before.symbols.get("AAA.AX", 0) == 1


def test_a_connection_is_kept_for_the_next_request(server: SourceServer) -> None:
    connection = connect(server)
    connection.connect()
    kept = connection.sock
    try:
        for symbol in ("AAA.AX", "NONE", "USA"):
            connection.request("GET", CHART.format(symbol))
            assert connection.getresponse().read()
            assert connection.sock is kept
        connection.request("GET", CHART.format("USA"), headers={"Connection": "close"})
        assert connection.getresponse().read()
        assert kept.recv(1) == b""
    finally:
        connection.close()


def test_a_request_may_come_in_pieces_and_the_next_one_with_it(server: SourceServer) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    text = f"GET {CHART.format('NONE')} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with socket.create_connection((host, int(port)), timeout=10.0) as connection:
        connection.sendall(text[:7])
        connection.sendall(text[7:-2])
        connection.sendall(text[-2:] + text)
        answers = b""
        while answers.count(b"may be delisted") < 2:
            answers += connection.recv(65_536)
    assert answers.count(b"HTTP/1.1 404 Not Found\r\n") == 2


def test_what_is_not_http_is_refused(server: SourceServer) -> None:
    host, _, port = server.url.removeprefix("http://").partition(":")
    for text in (b"hello\r\n\r\n", b"GET /\r\n\r\n"):
        with socket.create_connection((host, int(port)), timeout=10.0) as connection:
            connection.sendall(text)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 400 ")
            assert connection.recv(1) == b""


def test_faults_of_the_connection(server: SourceServer) -> None:
    server.plan(
        FaultPlan(
            timeout_seconds=0.05,
            poison=(
                Poison("reset", ("AAA.AX",)),
                Poison("truncated", ("BBB.AX", "NONE")),
                Poison("timeout", ("USA",)),
            ),
        )
    )
    with pytest.raises(ConnectionResetError):
        get(server, CHART.format("AAA.AX"))
    with pytest.raises(IncompleteRead):
        get(server, CHART.format("NONE"))
    with pytest.raises((ConnectionResetError, ConnectionError)):
        get(server, CHART.format("USA"))
    assert [(fault["symbol"], fault["kind"]) for fault in server.faults()] == [
        ("AAA.AX", "reset"),
        ("NONE", "truncated"),
        ("USA", "timeout"),
    ]


def test_threads_do_not_change_the_faults(server: SourceServer) -> None:
    plan = FaultPlan(seed=3, server_error=0.2, truncated=0.2)
    symbols = [f"S{number}.AX" for number in range(30)]

    def ask(symbol: str) -> None:
        for _ in range(3):
            try:
                get(server, CHART.format(symbol))
            except IncompleteRead:
                continue

    def faults(threads: int, order: list[str]) -> list[list[Any]]:
        server.plan(plan)
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(ask, order))
        return sorted(list(fault.values()) for fault in server.faults())

    alone = faults(1, symbols)
    assert faults(8, symbols[::-1]) == alone
    assert len(alone) > 15


def test_what_a_server_cannot_do_is_said(server: SourceServer) -> None:
    with pytest.raises(ConfigError, match="1900-01-01"):
        server.today(dt.date(1900, 1, 1))


def test_a_plan_and_a_day_may_be_given_at_the_start(
    market: MarketFrames, tmp_path: Path, socket_enabled: None
) -> None:
    plan = FaultPlan(poison=(Poison("server_error", ("AAA.AX",)),))
    folder = write_market(market, tmp_path)
    bodies = {"NEW.AX": (200, "text/html", b"<html>")}
    with SourceServer.start(
        str(folder), bodies=bodies, plan=plan, today=dt.date(2024, 4, 3), time=dt.time(9)
    ) as server:
        assert get(server, CHART.format("AAA.AX"))[0] == 503
        assert get(server, CHART.format("NEW.AX")) == (200, b"<html>")
        body = get(server, CHART.format("USA"))[1]
        assert len(json.loads(body)["chart"]["result"][0]["timestamp"]) == 5


def test_bodies_need_no_market(socket_enabled: None) -> None:
    with SourceServer.start(bodies={"A": (200, "text/plain", b"hello")}) as server:
        assert get(server, CHART.format("A")) == (200, b"hello")
        assert get(server, CHART.format("B"))[0] == 404


def test_the_server_stops_when_the_block_fails(market: MarketFrames, socket_enabled: None) -> None:
    with pytest.raises(ZeroDivisionError), SourceServer.start(market) as server:
        raise ZeroDivisionError
    with pytest.raises(ConnectionRefusedError):
        server.faults()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(ConfigError, match=r"did not start: .* holds no bars\.parquet"),
        SourceServer.start(tmp_path),
    ):
        pass


def test_an_impossible_dividend_is_named(market: MarketFrames) -> None:
    actions = market.actions.with_columns(value=market.actions["value"] * 100)
    with (
        pytest.raises(ConfigError, match=r"AAA\.AX paid 50"),
        SourceServer.start(market_frames(market.bars, actions)),
    ):
        pass


def test_by_hand_it_prints_its_address_and_is_not_steered(
    market: MarketFrames, tmp_path: Path, socket_enabled: None
) -> None:
    folder = write_market(market, tmp_path / "market")
    (tmp_path / "plan.json").write_text('{"server_error": 1}', encoding="utf-8")
    command = [sys.executable, "-m", "stockstream.testing.source_server"]
    options = [f"--market={folder}", f"--plan={tmp_path / 'plan.json'}", "--follow"]
    with subprocess.Popen(
        [*command, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        server = SourceServer(json.loads(process.stdout.readline())["url"])
        assert get(server, CHART.format("AAA.AX"))[0] == 503
        with pytest.raises(ConfigError, match="no such path"):
            server.faults()
        process.stdin.close()
        assert process.wait(10.0) == 0
