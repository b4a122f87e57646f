"""The whole way, from a server on this machine to bars, events and failures."""

from __future__ import annotations

import copy
import datetime as dt
import random
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.errors import ConfigError
from stockstream.market.actions import ACTION_SCHEMA, conform_actions
from stockstream.providers.base import Failure
from stockstream.providers.http import Answer, HttpClient
from stockstream.providers.registry import get_provider
from stockstream.providers.yahoo import YahooProvider
from stockstream.providers.yahoo.schema import YAHOO_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.providers.conftest import AsBody, Loopback, MakeChart, Stamp

THURSDAY, FRIDAY, MONDAY = dt.date(2025, 4, 3), dt.date(2025, 4, 4), dt.date(2025, 4, 7)
WINDOW = (FRIDAY, MONDAY)


@pytest.fixture
def provider(loopback: Loopback) -> Iterator[YahooProvider]:
    with YahooProvider(loopback.url, timeout=5.0) as provider:
        yield provider


def test_it_is_registered() -> None:
    assert get_provider("yahoo") is YahooProvider
    with pytest.raises(ConfigError, match="not the address of a web server"):
        YahooProvider("query2.finance.yahoo.com")


def test_one_request_for_each_symbol(
    provider: YahooProvider, loopback: Loopback, make_chart: MakeChart, as_body: AsBody
) -> None:
    for symbol in ("BHP.AX", "^AXJO"):
        chart = make_chart([THURSDAY, FRIDAY, MONDAY], symbol=symbol)
        loopback.say(as_body(chart), to=symbol)
    result = provider.fetch(["BHP.AX", "^AXJO", "BHP.AX"], *WINDOW)
    assert result.bars.select("symbol", "date").rows() == [
        ("BHP.AX", FRIDAY),
        ("BHP.AX", MONDAY),
        ("^AXJO", FRIDAY),
        ("^AXJO", MONDAY),
    ]
    assert result.bars.schema == YAHOO_SCHEMA
    assert result.failures == ()
    assert result.basis_reason.startswith("split")
    assert result.listings is None
    assert [asked.path for asked in loopback.asked] == [
        "/v8/finance/chart/BHP.AX",
        "/v8/finance/chart/%5EAXJO",
    ]
    assert loopback.asked[0].query["period1"] == "1743638400"  # 2025-04-03 in UTC
    assert loopback.asked[0].query["events"] == "div,splits,capitalGains"


def test_failures_stand_beside_what_came(
    provider: YahooProvider,
    loopback: Loopback,
    make_chart: MakeChart,
    as_body: AsBody,
    stamp: Stamp,
) -> None:
    events = {"splits": {"1": {"date": stamp(FRIDAY), "numerator": 1, "denominator": 0}}}
    loopback.say(as_body(make_chart(WINDOW, symbol="ODD.AX", events=events)), to="ODD.AX")
    loopback.say(as_body(error={"code": "Not Found"}), 404, to="GONE.AX")
    loopback.say(b"Too Many Requests\r\n", 429, {"Retry-After": "30"}, to="FAST.AX")
    loopback.say(b"<html>502</html>", 502, to="DOWN.AX")
    loopback.say(b"<html>Will be right back</html>", to="PAGE.AX")
    loopback.say(as_body(make_chart([THURSDAY], symbol="OLD.AX")), to="OLD.AX")
    loopback.say(b'{"chart"', missing=50, to="CUT.AX")
    symbols = ["GONE.AX", "FAST.AX", "DOWN.AX", "PAGE.AX", "OLD.AX", "CUT.AX", "../x", "ODD.AX"]
    result = provider.fetch(symbols, *WINDOW)
    assert result.bars["symbol"].to_list() == ["ODD.AX"] * 2
    assert result.actions.is_empty()
    assert [(failure.name, failure.kind, failure.retry_after) for failure in result.failures] == [
        ("GONE.AX", "not_found", 0.0),
        ("FAST.AX", "rate_limited", 30.0),
        ("DOWN.AX", "transient", 0.0),
        ("PAGE.AX", "malformed", 0.0),
        ("OLD.AX", "empty", 0.0),
        ("CUT.AX", "transient", 0.0),
        ("../x", "malformed", 0.0),
        ("ODD.AX", "malformed", 0.0),
    ]
    assert {asked.symbol for asked in loopback.asked} == {*symbols} - {"../x"}
    assert str(result.failures[4]) == "OLD.AX: no bar from 2025-04-04 to 2025-04-07"


def test_events_of_a_symbol_without_bars_are_kept(
    provider: YahooProvider,
    loopback: Loopback,
    make_chart: MakeChart,
    as_body: AsBody,
    stamp: Stamp,
) -> None:
    events = {"dividends": {"1": {"date": stamp(MONDAY), "amount": 0.5}}}
    loopback.say(as_body(make_chart([THURSDAY], events=events)))
    result = provider.fetch(["TST.AX"], *WINDOW)
    assert result.bars.is_empty()
    assert result.actions.rows() == [("TST.AX", MONDAY, "dividend", 0.5, "yahoo", None)]
    assert [failure.kind for failure in result.failures] == ["empty"]


def test_nothing_asked_and_nothing_there(provider: YahooProvider, loopback: Loopback) -> None:
    loopback.stop()
    for symbols, kinds in (([], []), (["A", "B"], ["transient"] * 2)):
        result = provider.fetch(symbols, *WINDOW)
        assert result.bars.equals(pl.DataFrame(schema=YAHOO_SCHEMA))
        assert result.actions.equals(pl.DataFrame(schema=ACTION_SCHEMA))
        assert [failure.kind for failure in result.failures] == kinds


def test_a_server_that_hangs(loopback: Loopback) -> None:
    loopback.say(b"", held=True)
    with YahooProvider(loopback.url, timeout=0.05) as provider:
        (failure,) = provider.fetch(["A"], *WINDOW).failures
    assert failure.kind == "transient"
    assert "timed out" in failure.reason


def test_many_threads(
    provider: YahooProvider, loopback: Loopback, make_chart: MakeChart, as_body: AsBody
) -> None:
    symbols = [f"S{number}" for number in range(30)]
    for number, symbol in enumerate(symbols):
        chart = make_chart([FRIDAY, MONDAY], symbol=symbol, quote={"volume": [number, number]})
        loopback.say(as_body(chart), to=symbol)
    with ThreadPoolExecutor(5) as pool:
        results = list(pool.map(lambda symbol: provider.fetch([symbol], *WINDOW), symbols))
    for number, (symbol, result) in enumerate(zip(symbols, results, strict=True)):
        assert result.bars["symbol"].to_list() == [symbol] * 2
        assert result.bars["volume"].to_list() == [number] * 2


def test_failures_default_to_malformed() -> None:
    failure = Failure("a.csv", "it is not a table")
    assert (failure.kind, failure.retry_after) == ("malformed", 0.0)


ODD: list[Any] = [
    *(None, True, 0, -1, 3.5, 10**12, 10**30, 10**400, "x", "", [], [None], {}, {"a": 1}),
    *([[]], [1, "2"], {"1": {"date": 1}}, {"regular": {"start": 1, "end": 10**30}}),
]


@pytest.mark.slow
def test_nothing_in_an_answer_makes_it_crash(
    make_chart: MakeChart, stamp: Stamp, as_body: AsBody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every part of a chart, replaced with something odd or left out, in turn and in pairs."""
    draw = random.Random(5)  # noqa: S311 - not for secrets
    noon = dt.datetime(2025, 4, 7, 12)  # noqa: DTZ001 - on the exchange's clock
    events = {
        "dividends": {"1": {"date": stamp(FRIDAY), "amount": 0.5}},
        "splits": {"1": {"date": stamp(MONDAY), "numerator": 4, "denominator": 1}},
    }
    session = (noon.replace(hour=10), noon.replace(hour=16))
    chart = make_chart([FRIDAY, MONDAY, noon], last_trade=noon, session=session, events=events)
    body: list[bytes] = []
    monkeypatch.setattr(HttpClient, "get", lambda *_: Answer(200, {}, body[-1]))
    provider = YahooProvider()
    for number in range(600):
        odd = copy.deepcopy(chart)
        for _ in range(1 + number % 2):
            spoil(odd, draw)
        body.append(as_body(odd))
        result = provider.fetch(["TST.AX"], *WINDOW)
        assert result.bars.schema == YAHOO_SCHEMA
        assert result.actions.schema == ACTION_SCHEMA
        assert conform_actions(result.actions).equals(result.actions)
        assert len(result.bars) or result.failures
        final = result.bars.filter("is_final")
        assert not final["date"].is_duplicated().any()
        assert not final["close"].has_nulls()


def spoil(chart: dict[str, Any], draw: random.Random) -> None:
    """Replace one part of a chart, however deep, or take it out."""
    places: list[tuple[Any, Any]] = []
    todo: list[Any] = [chart]
    while todo:
        part = todo.pop()
        keys = part if isinstance(part, dict) else range(len(part))
        places += [(part, key) for key in keys]
        todo += [part[key] for key in keys if isinstance(part[key], dict | list)]
    part, key = draw.choice(places)
    if draw.random() < 0.1:
        del part[key]
    else:
        part[key] = copy.deepcopy(draw.choice(ODD))
