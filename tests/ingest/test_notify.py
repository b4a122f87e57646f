"""Messages about a run, to a channel that is really there; tokens are shown nowhere."""

from __future__ import annotations

import datetime as dt
import json
import logging
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.errors import ConfigError, LakeError
from stockstream.ingest.notify import MOST_LINES, describe_error, describe_run, notify
from stockstream.ingest.run_summary import UpdateSummary

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "canary-t0ken"  # noqa: S105 - of a server that lives as long as a test


class Channel:
    """A web hook on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                channel.messages.append({"path": self.path, **json.loads(body)})
                self.send_response(503 if "broken" in self.path else 200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]

    def url(self, path: str = "hook") -> str:
        return f"json://me:{TOKEN}@127.0.0.1:{self.port}/{path}/{TOKEN}"


@pytest.fixture
def channel(socket_enabled: None) -> Iterator[Channel]:
    channel = Channel()
    thread = threading.Thread(target=channel.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield channel
    channel.server.shutdown()
    channel.server.server_close()
    thread.join()


def run(**values: Any) -> UpdateSummary:
    known: dict[str, Any] = {
        "session": dt.date(2024, 6, 28),
        "run": "1",
        "state": "partial",
        "total_symbols": 2147,
        "symbols_fetched": 2145,
        "batches_processed": 22,
        "lake": "/data/lake",
    }
    return UpdateSummary(**{**known, **values})


def test_a_message_arrives(channel: Channel) -> None:
    assert notify([channel.url()], "Stock Stream Pipeline Failed", "a\nb", "failure") == []
    (message,) = channel.messages
    assert (message["title"], message["message"]) == ("Stock Stream Pipeline Failed", "a\nb")
    assert message["type"] == "failure"


@pytest.mark.parametrize("level", ["success", "warning", "failure"])
def test_channels_hear_how_bad_it_is(channel: Channel, level: Any) -> None:
    notify([channel.url()], "t", "b", level)
    assert channel.messages[0]["type"] == level


def test_a_channel_that_fails_is_said_and_the_others_hear(
    channel: Channel, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    urls = [
        channel.url("broken"),
        f"json://127.0.0.1:1/{TOKEN}",
        f"nonsense://{TOKEN}",
        f"mailto://{TOKEN}",
        TOKEN,
        "",
        channel.url("works"),
    ]
    caplog.set_level(logging.DEBUG)
    failures = notify(urls, "t", "b", "warning")
    assert [failure.name for failure in failures] == [
        "channel 1 (json)",
        "channel 2 (json)",
        "channel 3 (nonsense)",
        "channel 4 (mailto)",
        "channel 5",
        "channel 6",
    ]
    assert failures[0].reason == "did not take the message; check the URL and the network"
    assert failures[2].reason.startswith("is no URL that Apprise understands")
    assert channel.messages[-1]["path"] == f"/works/{TOKEN}"
    said = capfd.readouterr()
    assert TOKEN not in f"{failures} {caplog.text} {said.out} {said.err}"


def test_a_channel_that_breaks_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    import apprise

    def explode(*_: object) -> None:
        raise RuntimeError(f"https://example.com/{TOKEN}")

    monkeypatch.setattr(apprise.Apprise, "add", explode)
    (failure,) = notify([f"json://{TOKEN}"], "t", "b", "failure")
    assert failure.reason == "broke with a RuntimeError"


def test_the_loggers_are_as_before() -> None:
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3", "requests")]
    loggers[0].setLevel(logging.INFO)
    notify(["x"], "t", "b", "success")
    assert [logger.level for logger in loggers] == [logging.INFO, 0, 0]
    loggers[0].setLevel(logging.NOTSET)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install 'stockstream\[notify\]'") as caught:
        notify([f"json://{TOKEN}"], "t", "b", "failure")
    assert TOKEN not in str(caught.value)
    assert notify([], "t", "b", "failure") == []


def test_the_message_of_a_partial_run() -> None:
    message = describe_run(
        run(symbols_failed={"XYZ.AX": "not found"}, batches_failed={7: "disk full"})
    )
    assert (message.title, message.level) == ("Stock Stream Pipeline Partial", "warning")
    assert message.body.splitlines() == [
        "session 2024-06-28, lake /data/lake",
        "SymbolsFetched: 2,145",
        "SymbolsFailed: 1",
        "BatchesProcessed: 22",
        "BatchesFailed: 1",
        "",
        "Failed:",
        "- batch 7: disk full",
        "- XYZ.AX: not found",
    ]


@pytest.mark.parametrize(
    ("state", "title", "level"),
    [
        ("failed", "Stock Stream Pipeline Failed", "failure"),
        ("partial", "Stock Stream Pipeline Partial", "warning"),
        ("complete", "Stock Stream Pipeline Succeeded", "success"),
        ("nothing to do", "Stock Stream Pipeline Succeeded", "success"),
    ],
)
def test_titles(state: Any, title: str, level: str) -> None:
    message = describe_run(run(state=state))
    assert (message.title, message.level) == (title, level)
    assert "Failed:\n" not in message.body.replace("SymbolsFailed", "")


def test_a_long_list_is_cut() -> None:
    many = {f"S{number:03}.AX": "no answer" for number in range(1000)}
    lines = describe_run(run(state="failed", symbols_failed=many)).body.splitlines()
    assert sum(line.startswith("- ") for line in lines) == MOST_LINES == 20
    assert lines[-1] == "and 980 more"


def test_the_message_of_a_run_that_broke_off() -> None:
    message = describe_error(LakeError("the disk is full"), "lake /data/lake")
    assert message == (
        "Stock Stream Pipeline Failed",
        "lake /data/lake\nLakeError: the disk is full",
        "failure",
    )
