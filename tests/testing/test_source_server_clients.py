"""The clients of this project, and yfinance's, understand what the server says."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from curl_cffi.requests import Response, Session
from polars.testing import assert_frame_equal

from stockstream.market.listings import read_listing
from stockstream.providers.directory import DirectorySource
from stockstream.providers.yahoo import YahooProvider
from stockstream.testing.source_server import FaultPlan, Poison, truth_of

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.providers.base import FetchResult
    from stockstream.testing.source_server import MarketFrames, SourceServer

SESSIONS = [dt.date(2024, 3, day) for day in (25, 26, 27, 28)] + [
    dt.date(2024, 4, day) for day in (2, 3, 4, 5, 8, 9, 10)
]
FIRST, LAST = SESSIONS[0], SESSIONS[-1]
SYMBOLS = ["AAA.AX", "BBB.AX", "USA"]


def fetch(server: SourceServer, *symbols: str) -> FetchResult:
    with YahooProvider(server.url, timeout=5.0) as yahoo:
        return yahoo.fetch(symbols or SYMBOLS, FIRST, LAST)


@pytest.mark.parametrize("day", [dt.date(2024, 4, 3), dt.date(2024, 4, 9)])
def test_yahoos_client_gets_the_truth_of_the_day(
    day: dt.date, server: SourceServer, market: MarketFrames
) -> None:
    server.today(day)
    result = fetch(server)
    truth = truth_of(market, day)
    seen = pl.col("symbol").ne("USA") | pl.col("date").lt(day)  # its session has not begun
    assert result.failures == ()
    assert result.bars["is_final"].all()
    assert_frame_equal(
        result.bars.select(truth.bars.columns), truth.bars.filter(seen), rel_tol=1e-6
    )
    assert_frame_equal(result.actions.select(truth.actions.columns), truth.actions)


def test_yahoos_client_knows_a_bar_in_progress(server: SourceServer) -> None:
    server.today(LAST, dt.time(11))
    bars = fetch(server, "AAA.AX").bars
    assert bars["is_final"].to_list() == [True] * 10 + [False]
    assert bars["date"].to_list()[-1] == LAST
    assert set(bars["utc_offset"]) == {"+11:00", "+10:00"}


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        ("server_error", "transient"),
        ("reset", "transient"),
        ("timeout", "transient"),
        ("truncated", "transient"),
        ("rate_limited", "rate_limited"),
        ("malformed", "malformed"),
        ("html", "malformed"),
        ("null_chart", "malformed"),
        ("wrong_symbol", "malformed"),
        ("not_found", "not_found"),
        ("empty", "empty"),
    ],
)
def test_each_fault_is_one_of_the_clients_kinds(
    kind: Any, wanted: str, server: SourceServer
) -> None:
    server.plan(FaultPlan(timeout_seconds=0.05, poison=(Poison(kind, ("AAA.AX",)),)))
    result = fetch(server, "AAA.AX", "USA")
    assert [(failure.name, failure.kind) for failure in result.failures] == [("AAA.AX", wanted)]
    assert set(result.bars["symbol"]) == {"USA"}


def test_a_last_bar_without_prices_is_not_final(server: SourceServer) -> None:
    server.plan(FaultPlan(poison=(Poison("null_bar", ("AAA.AX",)),)))
    last = fetch(server, "AAA.AX").bars.tail(1)
    assert last.select("date", "close", "volume", "is_final").row(0) == (LAST, None, 1000, False)


def test_the_directory_can_be_read(server: SourceServer) -> None:
    server.today(dt.date(2024, 4, 5))
    with DirectorySource(server.directory_url) as source:
        download = source.download()
    listing = read_listing(download.body, download.content_type).rows
    assert listing["symbol"].to_list() == ["AAA", "BBB"]
    assert listing["listing_date"].to_list() == [FIRST, dt.date(2024, 4, 3)]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # pandas and yfinance warn for each symbol
def test_yfinance_can_read_it(server: SourceServer, tmp_path: Path) -> None:
    yfinance = pytest.importorskip("yfinance")

    class ToServer(Session[Response]):
        def request(self, method: Any, url: str, *args: Any, **options: Any) -> Response:
            path = url.partition("://")[2].partition("/")[2]
            return super().request(method, f"{server.url}/{path}", *args, **options)

    yfinance.set_tz_cache_location(str(tmp_path))
    with ToServer(impersonate="chrome") as session:
        history = yfinance.Ticker("AAA.AX", session=session).history(
            start=FIRST, end=LAST + dt.timedelta(days=1), auto_adjust=False, actions=True
        )
    assert [stamp.date() for stamp in history.index] == SESSIONS
    assert history["Close"].to_list() == pytest.approx(
        [5.0, 5.1, 4.9, 4.95, 5.0, 5.1, 5.1, 5.2, 5.0, 4.9, 5.0]
    )
    assert history["Dividends"].sum() == pytest.approx(0.35)
    assert history["Stock Splits"].max() == 2.0
