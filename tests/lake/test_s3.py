"""The same code over S3: a server of the few operations that a lake needs, on this machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import LakeError
from stockstream.lake import DataAggregator, Lake
from stockstream.lake.raw import RawZone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lake.conftest import MakeBars


class S3Handler(BaseHTTPRequestHandler):
    """PUT (also only if absent), GET (also ranges), HEAD, list, delete. One bucket for all."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    objects: ClassVar[dict[str, bytes]] = {}
    reads: ClassVar[list[str]] = []
    lock: ClassVar[threading.Lock] = threading.Lock()

    def log_message(self, *_: object) -> None:
        pass

    @property
    def key(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/bucket").lstrip("/")

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        headers = {"Content-Length": str(len(body)), **headers}
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.lock:
            if self.headers.get("If-None-Match") == "*" and self.key in self.objects:
                self.reply(412)
                return
            self.objects[self.key] = body
        self.reply(200, ETag=etag(body))

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if not self.key:
            self.list_objects()
            return
        body = self.objects.get(self.key)
        if body is None:
            self.reply(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        self.reads.append(self.key)
        dated = {"ETag": etag(body), "Last_Modified": "Wed, 01 Jan 2025 00:00:00 GMT"}
        asked = self.headers.get("Range")
        if asked is None:
            size = {"Content-Length": str(len(body))} if self.command == "HEAD" else {}
            self.reply(200, body, **dated, **size)
            return
        low, high = asked.removeprefix("bytes=").split("-")
        start = int(low) if low else max(len(body) - int(high), 0)
        stop = min(int(high) + 1, len(body)) if low and high else len(body)
        span = f"bytes {start}-{stop - 1}/{len(body)}"
        self.reply(206, body[start:stop], **dated, Content_Range=span)

    def do_DELETE(self) -> None:
        self.objects.pop(self.key, None)
        self.reply(204)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        for piece in body.split("<Key>")[1:]:
            self.objects.pop(piece.split("</Key>")[0], None)
        self.reply(200, b"<DeleteResult></DeleteResult>")

    def list_objects(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        prefix, after = query.get("prefix", [""])[0], query.get("start-after", [""])[0]
        found = sorted(k for k in self.objects if k.startswith(prefix) and k > after)
        entries = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{len(self.objects[key])}</Size>"
            f"<LastModified>2025-01-01T00:00:00.000Z</LastModified>"
            f"<ETag>{escape(etag(self.objects[key]))}</ETag></Contents>"
            for key in found
        )
        self.reply(200, f"<ListBucketResult>{entries}</ListBucketResult>".encode())


def etag(body: bytes) -> str:
    return f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch, socket_enabled: None) -> Iterator[str]:
    monkeypatch.setattr(S3Handler, "objects", {})
    monkeypatch.setattr(S3Handler, "reads", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), S3Handler)
    settings = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.server_address[1]}",
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "ap-southeast-2",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield "s3://bucket/market"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_lake_in_a_bucket(bucket: str, two_years: pl.DataFrame) -> None:
    lake = Lake.create(bucket, calendar="XASX")
    lake.merge(two_years)
    assert lake.merge(two_years).after == "bars@1 actions@0"
    lake.merge(two_years.tail(1).with_columns(close=pl.col("close") + 0.25))
    opened = Lake.open(bucket)
    assert opened.version() == "bars@2 actions@0"
    assert_frame_equal(opened.bars(version="bars@1 actions@0"), two_years)
    panel = opened.panel(["BHP", "CBA"], dt.date(2023, 12, 30), dt.date(2024, 1, 9), warmup=3)
    assert (panel.first, panel.sessions) == (3, 14)
    with pytest.raises(LakeError, match="there is a lake at s3://bucket/market already"):
        Lake.create(bucket)
    with pytest.raises(LakeError, match="there is no lake at s3://bucket/elsewhere"):
        Lake.open("s3://bucket/elsewhere")


def test_writers_in_a_bucket_do_not_lose_rows(bucket: str, make_bars: MakeBars) -> None:
    Lake.create(bucket)

    def write(number: int) -> None:
        Lake.open(bucket).merge(make_bars({f"S{number}.AX": [1.0, 2.0]}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(8)))
    lake = Lake.open(bucket)
    assert lake.info().bars == 16
    assert lake.version() == "bars@8 actions@0"


def test_both_zones_in_a_bucket(bucket: str, make_bars: MakeBars, tmp_path: Path) -> None:
    session = dt.date(2025, 12, 22)
    zone = RawZone(bucket)
    for number, symbol in enumerate(["BHP.AX", "CBA.AX"]):
        zone.write_batch(session, number, make_bars({symbol: [10.0]}, first=session))
    with pytest.raises(LakeError, match="exists with other content"):
        zone.write_batch(session, 1, make_bars({"CBA.AX": [11.0]}, first=session))
    S3Handler.objects["market/raw-data/2025-12-22-batch-2.parquet"] = b"<html>"
    Lake.create(bucket).merge(make_bars({"BHP.AX": [10.5]}, first=session))
    aggregator = DataAggregator(bucket, cache=tmp_path / "cache")
    frame = aggregator.load_date("2025-12-22")
    assert frame["close"].to_list() == [10.5, 10.0]
    assert list(aggregator.report.failed) == ["raw-data/2025-12-22-batch-2.parquet"]
    S3Handler.reads.clear()
    assert aggregator.load_date("2025-12-22").equals(frame)
    assert not [key for key in S3Handler.reads if key.endswith("batch-0.parquet")]
