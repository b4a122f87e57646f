"""EODHD, the directory, recorded bodies, and the paths that steer the server."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.errors import ConfigError
from stockstream.testing.source_server.bodies import read_bodies, write_bodies
from stockstream.testing.source_server.market import load_market
from stockstream.testing.source_server.source import Source

if TYPE_CHECKING:
    from pathlib import Path

    from tests.testing.conftest import Desk, MakeDesk

    from stockstream.testing.source_server import MarketFrames

DIRECTORY = "/asx-research/1.0/companies/directory/file?access_token=public"


def rows(desk: Desk, path: str) -> Any:
    reply = desk.get(f"/api/{path}fmt=json&api_token=key")
    assert reply.status == 200, reply.body
    return json.loads(reply.body)


def test_eodhd_sends_prices_as_traded_but_volumes_and_one_close_adjusted(desk: Desk) -> None:
    found = rows(desk, "eod/AAA.AU?from=2024-04-03&to=2024-04-04&period=d&")
    assert [row["date"] for row in found] == ["2024-04-03", "2024-04-04"]
    assert [row["close"] for row in found] == [10.2, 5.1]
    assert [row["volume"] for row in found] == [2000, 1000]
    paid = 1 - 0.1 / 5.0
    assert [row["adjusted_close"] for row in found] == pytest.approx([5.1 * paid] * 2, abs=1e-6)


def test_eodhd_has_a_bar_once_its_session_is_over(desk: Desk) -> None:
    desk.today("2024-04-10", "13:00")
    assert rows(desk, "eod/AAA.AU?")[-1]["date"] == "2024-04-09"
    desk.today("2024-04-10", "16:00")
    assert rows(desk, "eod/AAA.AU?")[-1]["date"] == "2024-04-10"
    assert rows(desk, "eod/USA.US?")[-1]["date"] == "2024-04-09"


def test_eodhd_sends_dividends_both_ways_and_splits(desk: Desk) -> None:
    desk.today("2024-04-08")
    (dividend,) = rows(desk, "div/AAA.AU?from=2000-01-01&")
    assert dividend["date"] == "2024-03-27"
    assert (dividend["value"], dividend["unadjustedValue"]) == (0.25, 0.5)
    assert dividend["currency"] == "AUD"
    assert rows(desk, "splits/AAA.AU?") == [{"date": "2024-04-04", "split": "2.000000/1.000000"}]
    desk.today("2024-04-03")
    assert rows(desk, "splits/AAA.AU?") == []
    assert {row["volume"] for row in rows(desk, "eod/AAA.AU?")} == {1000}


def test_eodhd_lists_what_trades(desk: Desk) -> None:
    for day, codes in (("2024-04-02", ["AAA"]), ("2024-04-09", ["AAA", "BBB"])):
        desk.today(day)
        found = rows(desk, "exchange-symbol-list/AU?")
        assert [row["Code"] for row in found] == codes
    assert [row["Currency"] for row in rows(desk, "exchange-symbol-list/US?")] == ["USD"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/eod/AAA.AU?fmt=json", 401),
        ("/api/eod/AAA.AU?api_token=key", 422),
        ("/api/eod/ZZZ.AU?api_token=key&fmt=json", 404),
        ("/api/eod/AAA.XX?api_token=key&fmt=json", 404),
        ("/api/exchange-symbol-list/XX?api_token=key", 404),
        ("/api/news?api_token=key", 404),
        ("/", 404),
    ],
)
def test_what_is_not_there_is_refused(path: str, status: int, desk: Desk) -> None:
    assert desk.get(path).status == status


def test_without_lists_the_directory_names_what_trades(desk: Desk) -> None:
    desk.today("2024-04-03")
    reply = desk.get(DIRECTORY)
    assert reply.content_type == "text/csv"
    assert reply.body.decode().splitlines() == [
        '"ASX code","Company name","GICs industry group","Listing date","Market Cap"',
        '"AAA","AAA LIMITED","Materials","25/03/2024","--"',
        '"BBB","BBB LIMITED","Materials","03/04/2024","--"',
    ]
    desk.today("2024-04-10")
    assert b"BBB" not in desk.get(DIRECTORY).body


def test_lists_are_served_as_they_are_from_their_day_on(
    market: MarketFrames, make_desk: MakeDesk
) -> None:
    lists = {dt.date(2024, 3, 1): b"march\xff", dt.date(2024, 4, 5): b"april"}
    desk = make_desk(market._replace(lists=lists))
    for day, body in (
        ("2024-04-04", b"march\xff"),
        ("2024-04-05", b"april"),
        ("2024-04-09", b"april"),
    ):
        desk.today(day)
        assert desk.get(DIRECTORY).body == body


def test_recorded_bodies_come_before_the_market(market: MarketFrames, tmp_path: Path) -> None:
    given = {
        "AAA.AX": (200, "text/html", b"<html>"),
        "EURUSD=X": (502, "text/plain", b"Bad Gateway"),
    }
    bodies = read_bodies(write_bodies(given, tmp_path))
    source = Source(load_market(market), bodies)
    for symbol, (status, content_type, body) in given.items():
        reply = source.answer("GET", f"/v8/finance/chart/{symbol.replace('=', '%3D')}?range=1d")
        assert (reply.status, reply.content_type, reply.body) == (status, content_type, body)
    assert source.answer("GET", "/v8/finance/chart/USA?range=1d").body[:9] == b'{"chart":'


@pytest.mark.parametrize("index", [None, "[", "[]", '{"A": {}}', '{"A": {"file": "none"}}'])
def test_bodies_without_a_sound_index_are_refused(index: str | None, tmp_path: Path) -> None:
    if index is not None:
        (tmp_path / "index.json").write_text(index, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"it needs an index\.json"):
        read_bodies(tmp_path)


def test_requests_are_counted(desk: Desk) -> None:
    for path in (
        "/v8/finance/chart/AAA.AX?range=1d",
        "/api/div/AAA.AU?fmt=json&api_token=k",
        DIRECTORY,
    ):
        desk.get(path)
        desk.get(path)
    assert desk.control("requests") == {
        "endpoints": {"chart": 2, "div": 2, "directory": 2},
        "symbols": {"AAA.AX": 4, "directory": 2},
    }


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b'{"date": "monday"}', b'{"date": "1900-01-01"}']
)
def test_a_day_that_cannot_be_is_refused(body: bytes, desk: Desk) -> None:
    assert desk.source.answer("PUT", "/control/today", body).status == 400


def test_only_a_server_that_may_be_steered_is(market: MarketFrames, desk: Desk) -> None:
    closed = Source(load_market(market))
    assert closed.answer("PUT", "/control/today", b'{"date": "2024-04-05"}').status == 405
    assert closed.answer("GET", "/control/faults").status == 404
    assert desk.source.answer("POST", "/control/today").status == 404
    assert desk.source.answer("POST", "/api/eod/AAA.AU").status == 405
