"""Canaries: secrets that can be told from everything else, and somebody who looks for them.

A canary is two rare words with signs between them that URLs, headers, HTML and JSON write in other
ways. Either word is found as it is, percent-encoded and inside base64, in whatever a command
prints, logs, raises or leaves in its folder.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote_plus, urlsplit

import polars as pl
import polars.selectors as cs
import pytest

import stockstream.cli.run as command_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream

SETTINGS: Final = "stockstream.toml"
"""The one file in which a test itself puts canaries."""
SMALLEST: Final = 8
"""Bytes of a Parquet file that holds nothing."""


@dataclass
class Canaries:
    """Makes canaries and finds them."""

    words: list[str] = field(default_factory=list)

    def make(self, signs: str = "+/ @&\"'") -> str:
        """A new canary with these signs between its words."""
        number = len(self.words) // 2
        pair = (f"Kanry{number:02}Qxvz", f"Zvxq{number:02}yrnaK")
        self.words += pair
        return signs.join(pair)

    def encoded(self, signs: str = "+/ @&") -> str:
        """A new canary as it is written in a URL."""
        return quote(self.make(signs), safe="")

    def demand_none(self, content: str, where: str) -> None:
        """Fail if there is a canary in some text."""
        lowered = content.lower()  # pages have megabytes: a pattern of all ways takes seconds
        places = (lowered.find(way.lower()) for word in self.words for way in _ways(word))
        found = min((place for place in places if place >= 0), default=-1)
        if found >= 0:
            near = content[max(found - 200, 0) : found + 100]
            pytest.fail(f"a canary is in {where}: ...{near!r}...")


def _ways(word: str) -> Iterator[str]:
    yield word
    yield "".join(f"%{ord(sign):02X}" for sign in word)
    for before in range(3):  # bytes of base64 go in threes, and the word may begin at any of them
        text = base64.b64encode(b"\0" * before + word.encode()).decode()
        yield text[-(-before * 4 // 3) : -4]


@dataclass
class Watch:
    """Runs commands and looks for canaries in everything that they leave."""

    canaries: Canaries
    stockstream: Stockstream
    log: pytest.LogCaptureFixture
    folder: Path
    errors: list[BaseException]
    seen: set[tuple[Path, int]] = field(default_factory=set)

    def __call__(self, *arguments: object) -> Said:
        """Run a command and look everywhere."""
        said = self.listen(*arguments)
        for error in self.errors:
            self.canaries.demand_none(_whole(error), "an exception")
        self._look_into_files()
        return said

    def listen(self, *arguments: object) -> Said:
        """Run a command and look into what it prints and logs only."""
        self.log.clear()
        self.errors.clear()
        said = self.stockstream(*arguments)
        self.canaries.demand_none(said.out, "standard output")
        self.canaries.demand_none(said.err, "standard error")
        for record in self.log.records:
            self.canaries.demand_none(f"{record.getMessage()} {record.args}", "the log")
        return said

    def _look_into_files(self) -> None:
        for path in self.folder.rglob("*"):
            if path.is_file() and path.name != SETTINGS:
                state = (path, path.stat().st_mtime_ns)
                if state not in self.seen:
                    self.seen.add(state)
                    self.canaries.demand_none(str(path), "the name of a file")
                    self.canaries.demand_none(_content(path), str(path))


def _whole(error: BaseException) -> str:
    """What an exception and its causes say, as text and as they are."""
    parts = traceback.format_exception(error)
    cause: BaseException | None = error
    while cause is not None:
        parts += [str(cause), repr(cause), str(vars(cause))]
        cause = cause.__cause__
    return "\n".join(parts)


def _content(path: Path) -> str:
    """The bytes of a file; of Parquet, whose pages are compressed, also what they say."""
    content = path.read_bytes().decode("latin-1")
    if path.suffix == ".parquet" and content.endswith("PAR1") and len(content) > SMALLEST:
        frame = pl.read_parquet(path, glob=False)
        content += f"{pl.read_parquet_metadata(path)} {frame.select(cs.string()).rows()}"
    return content


@pytest.fixture
def canaries() -> Canaries:
    return Canaries()


@pytest.fixture
def watch(
    canaries: Canaries,
    stockstream: Stockstream,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Watch:
    caplog.set_level(logging.DEBUG)
    errors: list[BaseException] = []
    report = command_line._report

    def keep(error: BaseException, given: list[str]) -> int:
        errors.append(error)
        return report(error, given)

    monkeypatch.setattr(command_line, "_report", keep)
    return Watch(canaries, stockstream, caplog, tmp_path, errors)


class Echo:
    """A server that repeats what it was asked, headers included, in an answer of any kind.

    Attributes:
        kind: one of :data:`KINDS`, or ``redirect``, ``cut`` or ``silent``.
        status: of HTTP.
        files: answers of its own, by the end of the path.
        asked: paths and queries.
    """

    def __init__(self) -> None:
        self.kind, self.status = "html", 200
        self.files: Mapping[str, bytes] = {}
        self.asked: list[str] = []
        self.stopping = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self._server.server_port}"

    def answer(self, method: str, path: str, headers: Mapping[str, str]) -> tuple[int, str, bytes]:
        """Status, content type and body."""
        for name, content in self.files.items():
            if method in {"GET", "HEAD"} and urlsplit(path).path.endswith(name):
                return 200, "application/octet-stream", content
        said = f"{path} {unquote_plus(path)} {' '.join(headers.values())}"
        content_type, body = KINDS.get(self.kind, KINDS["html"])(said)
        return self.status, content_type, body.encode()

    def stop(self) -> None:
        if self._thread.is_alive():
            self.stopping.set()
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


KINDS: Final[Mapping[str, Callable[[str], tuple[str, str]]]] = {
    "html": lambda said: ("text/html", f"<html><title>{html.escape(said)}</title></html>"),
    "text": lambda said: (f"text/plain; {said}", said),
    "error": lambda said: (
        "application/json",
        json.dumps({"chart": {"error": {"code": said, "description": said}}}),
    ),
    "chart": lambda said: (
        "application/json",
        json.dumps({"chart": {"result": [{"meta": {"symbol": said}}]}}),
    ),
    "rows": lambda said: (
        "application/json",
        json.dumps([{"date": said, "warning": said, "split": said, "value": said}]),
    ),
    "warning": lambda said: ("application/json", json.dumps([{"warning": said}])),
    "header": lambda said: ("text/csv", f"ASX code,Company name,{said}\n"),
    "list": lambda said: ("text/csv", f'ASX code,Company name\nBHP,"{_cell(said)}"\n{said}\n'),
    "xml": lambda said: (
        "application/xml",
        f"<Error><Code>Odd</Code><Message>{html.escape(said)}</Message></Error>",
    ),
}


def _cell(said: str) -> str:
    return said.replace('"', '""')


def _handler_of(echo: Echo) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            echo.asked.append(self.path)
            if echo.kind == "silent":
                echo.stopping.wait()
            status, content_type, body = echo.answer(self.command, self.path, dict(self.headers))
            moved = echo.kind == "redirect"
            self.send_response(302 if moved else status)
            if moved:
                self.send_header("Location", f"http://127.0.0.1:1{self.path}")
            self.send_header("Content-Type", content_type)
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Tue, 21 Oct 2025 07:28:00 GMT")
            self.send_header("Content-Length", str(len(body) + 9 * (echo.kind == "cut")))
            self.end_headers()
            if self.command != "HEAD":
                with suppress(ConnectionError):  # some clients do not wait
                    self.wfile.write(body)
            self.close_connection = echo.kind == "cut" or echo.stopping.is_set()

        do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815 - their names in the library

        def log_message(self, *_: Any) -> None:
            """Tests do not read it."""

    return Handler


@pytest.fixture
def echo(socket_enabled: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[Echo]:
    for name in ("http_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    server = Echo()
    yield server
    server.stop()


@pytest.fixture
def poisoned(
    canaries: Canaries, echo: Echo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Every secret that may be given is a canary, and every source is the echo."""
    token, login = canaries.encoded(), f"{canaries.encoded()}:{canaries.encoded()}"
    server = f"http://{login}@{echo.place}"
    for name, value in {
        "SYMBOLS__TOKEN": canaries.make(),
        "SYMBOLS__URL": f"{server}/list?access_token={token}&x-signature={token}",
        "EODHD__TOKEN": canaries.make(),
        "EODHD__BASE_URL": server,
        "YAHOO__BASE_URL": server,
        "NOTIFY__URLS": f"json://{login}@127.0.0.1:1/{token} json://{echo.place}/{token}?rto=0.3 "
        f"{token}",
        "AIRFLOW__URL": f"http://{echo.place}",
        "AIRFLOW__USERNAME": "me",
        "AIRFLOW__PASSWORD": canaries.make(),
        "AIRFLOW__TOKEN": canaries.make("/+="),
        "FETCH__ATTEMPTS": "1",
        "FETCH__TIMEOUT": "0.3",
        "FETCH__HISTORY_YEARS": "1",
    }.items():
        monkeypatch.setenv(f"STOCKSTREAM__{name}", value)
    for name, value in {
        "AWS_ACCESS_KEY_ID": canaries.make("/+"),
        "AWS_SECRET_ACCESS_KEY": canaries.make("/+"),
        "AWS_SESSION_TOKEN": canaries.make("/+="),
        "AWS_ENDPOINT_URL": f"http://{echo.place}",
        "AWS_REGION": "us-east-1",
        "AWS_ALLOW_HTTP": "true",
        "FACTORS_URL": f"postgresql://{login}@127.0.0.1:1/db?sslpassword={token}",
        "DB_HOST": "127.0.0.1",
        "DB_PORT": "1",
        "DB_USER": "me",
        "DB_PASSWORD": canaries.make("%@/:?# "),
        "DB_NAME": "db",
    }.items():
        monkeypatch.setenv(name, value)
    content = {"symbols": ["BHP", "CBA"], "market": "ASX"}
    (tmp_path / "symbols.json").write_text(json.dumps(content), encoding="utf-8")
