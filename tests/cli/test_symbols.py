"""``stockstream symbols``: the list of the exchange on the command line."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.testing.source_server import (
    DirectoryFault,
    FaultPlan,
    SourceServer,
    market_frames,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.conftest import Stockstream

MONDAY, TUESDAY, WEDNESDAY = "2024-05-06", "2024-05-07", "2024-05-08"
HEADER = "ASX code,Company name,GICs industry group,Listing date,Market Cap"
HTML = FaultPlan(directory=(DirectoryFault("html"),))


def listing(*codes: str) -> bytes:
    rows = (f"{code},{code} LIMITED,Materials,01/02/2003,5" for code in codes)
    return "\n".join([HEADER, *rows]).encode()


@pytest.fixture(scope="module")
def _running() -> Iterator[SourceServer]:
    bar = dict.fromkeys(("open", "high", "low", "close"), 1.0)
    bars = pl.DataFrame([{"symbol": "AAA.AX", "date": dt.date(2024, 5, 6), **bar, "volume": 1}])
    many = [f"S{number:02}" for number in range(40)]
    lists = {
        dt.date(2024, 5, 6): listing("AAA", *many),
        dt.date(2024, 5, 7): listing("AAA", *many, "NEW"),
    }
    with SourceServer.start(market_frames(bars, lists=lists)) as server:
        yield server


@pytest.fixture
def server(
    _running: SourceServer, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> SourceServer:
    _running.plan(FaultPlan())
    monkeypatch.setenv("STOCKSTREAM__SYMBOLS__URL", _running.directory_url)
    return _running


def test_a_list_and_what_changed(
    server: SourceServer, stockstream: Stockstream, tmp_path: Path
) -> None:
    server.today(dt.date(2024, 5, 6))
    said = stockstream("symbols", "--lake", "data", "--session", MONDAY)
    assert (said.code, said.err) == (0, "")
    assert said.out == f"41 symbols of session {MONDAY}: symbols/{MONDAY}-symbols.csv\n"
    server.today(dt.date(2024, 5, 7))
    said = stockstream("symbols", "--lake", "data", "--session", TUESDAY)
    assert said.code == 0
    lines = [" ".join(line.split()) for line in said.out.splitlines()]
    assert lines[-2:] == ["Changes of the list", "added 1 NEW"]
    names = {path.name for path in (tmp_path / "data" / "symbols").iterdir()}
    assert names == {f"{MONDAY}-symbols.csv", f"{TUESDAY}-symbols.csv"}


def test_json_is_the_documented_answer(server: SourceServer, stockstream: Stockstream) -> None:
    server.today(dt.date(2024, 5, 6))
    said = stockstream("symbols", "--lake", "data", "--session", MONDAY, "--json")
    found = said.document
    assert (said.code, found["statusCode"], len(found["symbols"])) == (0, 200, 41)
    assert found["symbolBatches"] == [{"symbols": found["symbols"], "batchNumber": 0}]
    assert found["metadata"]["s3_key"] == f"symbols/{MONDAY}-symbols.csv"


def test_a_refused_list_is_partial(server: SourceServer, stockstream: Stockstream) -> None:
    server.today(dt.date(2024, 5, 6))
    stockstream("symbols", "--lake", "data", "--session", MONDAY)
    server.plan(HTML)
    said = stockstream("symbols", "--lake", "data", "--session", TUESDAY)
    assert said.code == 3
    assert "41 symbols of session 2024-05-07" in said.out
    assert "! list_refused: directory: " in said.out
    assert "the list of the day before stays" in said.out


def test_without_a_list_before_it_is_an_error(
    server: SourceServer, stockstream: Stockstream
) -> None:
    server.plan(HTML)
    said = stockstream("symbols", "--lake", "data", "--session", MONDAY)
    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("error: ")


def test_a_file_instead(stockstream: Stockstream, tmp_path: Path) -> None:
    content = {"symbols": ["MSFT", "AAPL"], "market": "US"}
    (tmp_path / "symbols.json").write_text(json.dumps(content), encoding="utf-8")
    words = ("symbols", "--lake", "data", "--session", WEDNESDAY)
    found = stockstream(*words, "--config", "symbols.json", "--json").document
    assert found["symbols"] == ["AAPL", "MSFT"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--session", "2024-05-05"], "is no session of XASX"),
        (["--session", "2999-01-04"], "2999-01-04"),
        (["--config", "nowhere.json"], "nowhere.json"),
    ],
    ids=" ".join,
)
def test_bad_input_is_one_clear_line(
    stockstream: Stockstream, arguments: list[str], message: str
) -> None:
    said = stockstream("symbols", *arguments)
    assert said.code == 2
    assert said.err.startswith("error: ")
    assert message in said.err
