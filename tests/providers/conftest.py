"""A server that answers what a test says, and charts as Yahoo would write them."""

from __future__ import annotations

import datetime as dt
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    AsBody = Callable[..., bytes]
    Stamp = Callable[..., int]

SYDNEY = "Australia/Sydney"


@dataclass(frozen=True)
class Reply:
    """What the server sends: see :meth:`Loopback.say`."""

    body: bytes
    status: int
    headers: Mapping[str, str]
    missing: int
    held: bool


@dataclass(frozen=True)
class Asked:
    """What the server was asked."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    connection: tuple[str, int]

    @property
    def symbol(self) -> str:
        return unquote(self.path.rpartition("/")[2])


class Loopback:
    """A web server on this machine that says what it was told to, and 500 to the rest."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.stopping = threading.Event()
        self._replies: dict[str, Reply] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def say(
        self,
        body: bytes,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        *,
        to: str = "",
        missing: int = 0,
        held: bool = False,
    ) -> None:
        """Answer with this from now on.

        Args:
            body: as it goes over the wire.
            status: of HTTP.
            headers: beside the length.
            to: the last part of the path; any, if not given.
            missing: bytes that are announced and not sent.
            held: send it only when the server stops.
        """
        self._replies[to] = Reply(body, status, headers or {}, missing, held)

    def reply_to(self, asked: Asked) -> Reply:
        unknown = self._replies.get("", Reply(b"", 500, {}, missing=0, held=False))
        return self._replies.get(asked.symbol, unknown)

    def stop(self) -> None:
        if self._thread.is_alive():
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


def _handler_of(loopback: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            asked = Asked(url.path, query, dict(self.headers), self.client_address)
            loopback.asked.append(asked)
            reply = loopback.reply_to(asked)
            if reply.held:
                loopback.stopping.wait()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body) + reply.missing))
            self.end_headers()
            self.wfile.write(reply.body)
            self.close_connection = reply.missing > 0 or loopback.stopping.is_set()

        def log_message(self, *_: object) -> None:
            """Tests do not read it."""

    return Handler


@pytest.fixture
def loopback(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Loopback()
    yield server
    server.stop()


class MakeChart(Protocol):
    def __call__(
        self,
        days: Sequence[dt.date],
        *,
        zone: str = SYDNEY,
        symbol: str = "TST.AX",
        last_trade: dt.datetime | None = None,
        session: tuple[dt.datetime, dt.datetime] | None = None,
        meta: Mapping[str, object] | None = None,
        quote: Mapping[str, object] | None = None,
        **changes: object,
    ) -> dict[str, Any]: ...


@pytest.fixture
def make_chart() -> MakeChart:
    """One result of a chart, with closes of 1.0, 2.0 and so on.

    ``days`` open at 10:00 if they are dates; every time is on the exchange's clock. ``meta``,
    ``quote`` and ``changes`` replace keys of those parts and of the whole.
    """

    def make(
        days: Sequence[dt.date],
        *,
        zone: str = SYDNEY,
        symbol: str = "TST.AX",
        last_trade: dt.datetime | None = None,
        session: tuple[dt.datetime, dt.datetime] | None = None,
        meta: Mapping[str, object] | None = None,
        quote: Mapping[str, object] | None = None,
        **changes: object,
    ) -> dict[str, Any]:
        head: dict[str, object] = {
            "symbol": symbol,
            "exchangeTimezoneName": zone,
            "dataGranularity": "1d",
            "regularMarketTime": _stamp(last_trade, zone) if last_trade else 0,
        }
        if session is not None:
            opens, closes = (_stamp(edge, zone) for edge in session)
            head["currentTradingPeriod"] = {"regular": {"start": opens, "end": closes}}
        prices = [float(number) for number in range(1, len(days) + 1)]
        quotes = {
            "open": prices,
            "high": [price + 0.5 for price in prices],
            "low": [price - 0.5 for price in prices],
            "close": prices,
            "volume": [100] * len(days),
        }
        return {
            "meta": head | dict(meta or {}),
            "timestamp": [_stamp(day, zone) for day in days],
            "indicators": {
                "quote": [quotes | dict(quote or {})],
                "adjclose": [{"adjclose": prices}],
            },
            **changes,
        }

    return make


def _stamp(day: dt.date, zone: str) -> int:
    local = day if isinstance(day, dt.datetime) else dt.datetime.combine(day, dt.time(10))
    return int(local.replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.fixture
def stamp() -> Stamp:
    """Seconds since 1970 of a time, or of 10:00 of a day, on an exchange's clock."""

    def make(day: dt.date, zone: str = SYDNEY) -> int:
        return _stamp(day, zone)

    return make


@pytest.fixture
def as_body() -> AsBody:
    """The body of an answer with some results or an error."""

    def make(*results: dict[str, Any], error: object = None) -> bytes:
        return json.dumps({"chart": {"result": list(results) or None, "error": error}}).encode()

    return make
