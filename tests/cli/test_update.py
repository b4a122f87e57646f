"""``stockstream update``: the daily run, as a person and as a scheduler see it."""

from __future__ import annotations

import datetime as dt
import json
import sys
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.ingest.lock import only_run
from stockstream.lake.location import Location
from stockstream.lake.store import Lake
from stockstream.market.calendars import get_calendar
from stockstream.testing.source_server import (
    DirectoryFault,
    FaultPlan,
    Poison,
    SourceServer,
    market_frames,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Said, Stockstream

SESSIONS: list[dt.date] = get_calendar("XASX").sessions("2024-04-02", "2024-05-31").tolist()
SYMBOLS = ("AAA", "BBB", "CCC", "DDD")
FRIDAY, MONDAY = "2024-05-03", "2024-05-06"
SECRET = "canary-t0ken"  # noqa: S105 - of a server that lives as long as a test
DOWN = FaultPlan(server_error=1.0)
ONE_DOWN = FaultPlan(poison=(Poison("server_error", ("CCC.AX",)),))


@pytest.fixture(scope="module")
def _running() -> Iterator[SourceServer]:
    rows = [
        (f"{symbol}.AX", day, *[10.0 + place + day.day / 100] * 4, 1000)
        for place, symbol in enumerate(SYMBOLS)
        for day in SESSIONS
    ]
    names = ["symbol", "date", "open", "high", "low", "close", "volume"]
    with SourceServer.start(market_frames(pl.DataFrame(rows, names, orient="row"))) as server:
        yield server


@dataclass
class Daily:
    """The command with its sources."""

    server: SourceServer
    stockstream: Stockstream

    def run(self, day: str, *arguments: object, plan: FaultPlan | None = None) -> Said:
        self.server.today(dt.date.fromisoformat(day))
        self.server.plan(plan or FaultPlan())
        return self.stockstream("update", "--lake", "lake", "--session", day, *arguments)


@pytest.fixture
def daily(
    _running: SourceServer,
    socket_enabled: None,
    stockstream: Stockstream,
    monkeypatch: pytest.MonkeyPatch,
) -> Daily:
    settings = {
        "YAHOO__BASE_URL": _running.url,
        "SYMBOLS__URL": _running.directory_url,
        "FETCH__RATE": "10000",
        "FETCH__ATTEMPTS": "1",
        "FETCH__BATCH_SIZE": "2",
        "FETCH__HISTORY_YEARS": "1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"STOCKSTREAM__{name}", value)
    return Daily(_running, stockstream)


def test_what_a_run_did_is_a_table(daily: Daily) -> None:
    said = daily.run(FRIDAY)
    assert said.code == 0, said.err
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert "symbols on the list 4" in lines
    assert "symbols fetched 4" in lines
    assert "bars added 92" in lines
    assert f"session: {FRIDAY}, complete" in said.out
    assert "bars@0 actions@0 -> bars@1 actions@0" in said.out
    assert "!" not in said.out
    assert len(Lake.open("lake").bars()) == 4 * 23


def test_json_is_one_document(daily: Daily) -> None:
    said = daily.run(FRIDAY, "--json")
    assert said.code == 0
    found = said.document
    assert {name: found[name] for name in ("session", "state", "added", "total_symbols")} == {
        "session": FRIDAY,
        "state": "complete",
        "added": 92,
        "total_symbols": 4,
    }
    assert [found[name] for name in ("SymbolsFetched", "SymbolsFailed")] == [4, 0]
    assert [found[name] for name in ("BatchesProcessed", "BatchesFailed")] == [2, 0]


def test_progress_is_lines_of_json_where_nobody_watches(daily: Daily) -> None:
    lines = [json.loads(line) for line in daily.run(FRIDAY).err.splitlines()]
    assert [line["event"] for line in lines] == ["batch", "batch"]
    assert {line["batch"] for line in lines} == {0, 1}
    assert (lines[-1]["done"], lines[-1]["total"]) == (4, 4)
    assert {line["text"] for line in lines} == {"2 of 2 symbols fetched"}


def test_progress_is_a_bar_on_a_screen(daily: Daily, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    said = daily.run(FRIDAY)
    assert f"session {FRIDAY}" in said.err
    assert "4/4" in said.err
    assert "{" not in said.err


def test_a_second_run_has_nothing_to_do(daily: Daily) -> None:
    daily.run(FRIDAY)
    said = daily.run(FRIDAY)
    assert (said.code, said.err) == (0, "")
    assert said.out.startswith("nothing to do: ")
    assert said.out.endswith(f"is up to date with session {FRIDAY}\n")
    assert daily.run(FRIDAY, "--json").document["state"] == "nothing to do"
    again = daily.run(FRIDAY, "--again", "--json").document
    assert (again["state"], again["added"], again["BatchesProcessed"]) == ("complete", 0, 4)


@pytest.mark.slow
def test_a_symbol_that_failed_makes_it_partial(daily: Daily) -> None:
    daily.run(FRIDAY)
    said = daily.run(MONDAY, plan=ONE_DOWN)
    assert said.code == 3
    assert "! CCC.AX: transient: " in said.out
    assert said.out.splitlines()[-1].endswith("stockstream update --lake lake")
    assert daily.run(MONDAY).code == 0
    assert len(Lake.open("lake").bars()) == 4 * 24


def test_what_another_run_does_not_ask_for_is_not_promised(daily: Daily) -> None:
    daily.run(FRIDAY)
    said = daily.run(MONDAY, plan=FaultPlan(poison=(Poison("html", ("CCC.AX",)),)))
    assert said.code == 3
    assert "! CCC.AX: malformed: " in said.out
    assert "run it again" not in said.out
    assert daily.run(MONDAY).out.startswith("nothing to do")


@pytest.mark.slow
def test_a_source_that_is_down_is_an_error(daily: Daily) -> None:
    daily.run(FRIDAY)
    said = daily.run(MONDAY, plan=DOWN)
    assert said.code == 1
    assert f"session: {MONDAY}, failed" in said.out
    assert "! batch 0 failed: nothing was written" in said.out
    assert said.out.count("! batch 0 failed") == 1
    assert "bars@1 actions@0 -> bars@1 actions@0" in said.out
    assert daily.run(MONDAY).code == 0


def test_a_long_list_of_failures_is_cut(daily: Daily, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("stockstream.cli.update_view.SHOWN", 1)
    said = daily.run(FRIDAY, plan=FaultPlan(poison=(Poison("not_found", ("AAA.AX", "CCC.AX")),)))
    assert "and 1 more; see them with: stockstream lake health --run 2024-05-03.1" in said.out
    shown = daily.stockstream("lake", "health", "--run", "2024-05-03.1", "--lake", "lake")
    assert shown.code == 0
    assert "CCC.AX" in shown.out


def test_without_a_list_it_is_one_clear_line(daily: Daily) -> None:
    said = daily.run(FRIDAY, plan=FaultPlan(directory=(DirectoryFault("html"),)))
    assert (said.code, said.out) == (1, "")
    (line,) = said.err.splitlines()
    assert line.startswith("error: ")
    assert "symbol list" in line


def test_another_run_at_the_same_time(daily: Daily, tmp_path: Path) -> None:
    with only_run(Location.of(tmp_path / "lake")):
        said = daily.run(FRIDAY)
    assert said.code == 1
    assert said.err.startswith("error: another run works on the lake at ")


def test_symbols_of_a_file(daily: Daily, tmp_path: Path) -> None:
    content = {"symbols": ["BBB", "DDD"], "market": "ASX"}
    (tmp_path / "symbols.json").write_text(json.dumps(content), encoding="utf-8")
    said = daily.run(FRIDAY, "--config", "symbols.json", "--json")
    assert said.document["total_symbols"] == 2
    assert Lake.open("lake").symbols() == ["BBB.AX", "DDD.AX"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--provider", "yaho"], "did you mean 'yahoo'"),
        (["--rate", "0"], "rate cannot be 0.0: it must be above 0"),
        (["--batch-size", "-1"], "batch_size cannot be -1"),
        (["--config", "nowhere.json"], "nowhere.json cannot be read"),
        (["--session", "2024-05-04"], "is no session of XASX; the one before is 2024-05-03"),
        (["--session", "2024-5-4"], "is not a date"),
        (["--session", "2999-01-04"], "2999-01-04"),
        (["--provider", "eodhd"], "token"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_clear_line(
    daily: Daily, arguments: list[str], message: str, tmp_path: Path
) -> None:
    said = daily.stockstream("update", "--lake", "lake", *arguments)
    assert said.code == 2, said
    (error,) = [line for line in said.err.splitlines() if line.startswith("error: ")]
    assert message in error
    assert not list(tmp_path.glob("lake/raw-data/*"))


def test_a_market_without_a_list_wants_a_file(
    daily: Daily, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STOCKSTREAM__SYMBOLS__URL")
    monkeypatch.setenv("STOCKSTREAM__SYMBOLS__MARKET", "US")
    said = daily.stockstream("update", "--lake", "lake")
    assert said.code == 2
    assert "there is no list of the market US; name its symbols in a file" in said.err


class Channel:
    """A web hook on loopback that keeps what it gets."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.bodies: list[str] = []
        channel = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                message = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                channel.titles.append(message["title"])
                channel.bodies.append(message["message"])
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def channel(daily: Daily, monkeypatch: pytest.MonkeyPatch) -> Iterator[Channel]:
    channel = Channel()
    port = channel.server.server_address[1]
    url = f"json://me:{SECRET}@127.0.0.1:{port}/{SECRET}"
    monkeypatch.setenv("STOCKSTREAM__NOTIFY__URLS", url)
    thread = threading.Thread(target=channel.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield channel
    channel.server.shutdown()
    channel.server.server_close()
    thread.join()


@pytest.mark.slow
def test_a_message_is_sent_when_a_run_was_not_complete(daily: Daily, channel: Channel) -> None:
    daily.run(FRIDAY)
    assert channel.titles == []
    daily.run(MONDAY, plan=ONE_DOWN)
    daily.run("2024-05-07", plan=DOWN)
    assert channel.titles == ["Stock Stream Pipeline Partial", "Stock Stream Pipeline Failed"]
    assert "- CCC.AX: transient: " in channel.bodies[0]
    assert "BatchesFailed: 2" in channel.bodies[1]
    daily.run("2024-05-07", "--no-notify", plan=DOWN)
    assert len(channel.titles) == 2


def test_a_message_is_sent_when_there_was_no_run(daily: Daily, channel: Channel) -> None:
    said = daily.run(FRIDAY, plan=FaultPlan(directory=(DirectoryFault("html"),)))
    assert said.code == 1
    assert channel.titles == ["Stock Stream Pipeline Failed"]
    assert channel.bodies[0].startswith(f"session {FRIDAY}, lake lake\nMalformedError: ")


def test_a_channel_that_is_out_of_order_does_not_change_the_run(
    daily: Daily, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STOCKSTREAM__NOTIFY__URLS", f"json://127.0.0.1:1/{SECRET}")
    daily.run(FRIDAY)
    said = daily.run(MONDAY, "--json", plan=ONE_DOWN)
    assert (said.code, said.document["state"]) == (3, "partial")
    assert "warning: no message sent: channel 1 (json): did not take the message" in said.err
    assert SECRET not in said.out + said.err
