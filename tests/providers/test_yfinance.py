"""The provider over yfinance: the contract, the truth, and what each fault becomes."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from curl_cffi.requests import Response, Session
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError
from stockstream.market.simulated import simulate_market
from stockstream.providers import yfinance as package
from stockstream.providers.yfinance import YFinanceProvider
from stockstream.providers.yfinance.session import ChartSession
from stockstream.testing.provider_contract import ProviderContract
from stockstream.testing.source_server import (
    FaultPlan,
    Poison,
    SourceServer,
    market_from_bars,
    read_market,
    truth_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.testing.source_server import Planted

# whichever test comes first imports pandas
pytestmark = pytest.mark.slow

FIRST, LAST = dt.date(2024, 2, 1), dt.date(2024, 5, 31)
BARS = simulate_market(3, FIRST, LAST, seed=5).bars
SYMBOLS = tuple(BARS["symbol"].unique().sort())


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    return market_from_bars(BARS, tmp_path_factory.mktemp("market"), splits=4, dividends=9)


@pytest.fixture(scope="module")
def _running(planted: Planted) -> Iterator[SourceServer]:
    with SourceServer.start(planted.folder) as running:
        yield running


@pytest.fixture
def server(_running: SourceServer, socket_enabled: None) -> SourceServer:
    _running.today(LAST)
    _running.plan(FaultPlan())
    return _running


@pytest.fixture
def provider(server: SourceServer) -> Iterator[YFinanceProvider]:
    with YFinanceProvider(server.url, timeout=5.0) as made:
        yield made


class TestYFinanceProvider(ProviderContract):
    symbols = SYMBOLS
    unknown = "NOPE.AX"
    start, end = dt.date(2024, 3, 25), dt.date(2024, 4, 30)


@pytest.mark.parametrize("day", [dt.date(2024, 4, 10), LAST])
def test_it_brings_the_truth_of_the_day(
    day: dt.date, provider: YFinanceProvider, server: SourceServer, planted: Planted
) -> None:
    server.today(day)
    result = provider.fetch(SYMBOLS, FIRST, LAST)
    truth = truth_of(read_market(planted.folder), day)
    assert set(truth.actions["kind"]) == {"split", "dividend"}
    assert result.failures == ()
    assert result.bars["is_final"].all()
    assert set(result.bars["utc_offset"]) == {"+11:00", "+10:00"}
    assert_frame_equal(result.bars.select(truth.bars.columns), truth.bars, rel_tol=1e-6)
    assert_frame_equal(
        result.actions.select(truth.actions.columns),
        truth.actions,
        check_row_order=False,
        rel_tol=1e-6,
    )


def test_one_request_for_each_symbol(provider: YFinanceProvider, server: SourceServer) -> None:
    before = server.requests().endpoints["chart"]
    provider.fetch([*SYMBOLS, "NOPE.AX"], FIRST, LAST)
    assert server.requests().endpoints["chart"] == before + len(SYMBOLS) + 1


def test_a_bar_in_progress_is_not_final(provider: YFinanceProvider, server: SourceServer) -> None:
    symbol, *_ = traded(LAST)
    server.today(LAST, dt.time(11))
    bars = provider.fetch([symbol], FIRST, LAST).bars
    assert bars["date"].to_list()[-1] == LAST
    assert bars["is_final"].to_list() == [True] * (len(bars) - 1) + [False]
    server.today(LAST, dt.time(6))
    assert provider.fetch([symbol], FIRST, LAST).bars["is_final"].all()


def test_a_day_that_is_over_is_final_while_the_next_is_traded(
    provider: YFinanceProvider, server: SourceServer
) -> None:
    symbol, *_ = traded(LAST)
    server.today(LAST, dt.time(11))
    bars = provider.fetch([symbol], FIRST, dt.date(2024, 5, 30)).bars
    assert bars["date"].max() == dt.date(2024, 5, 30)
    assert bars["is_final"].all()


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
def test_each_fault_has_its_kind(
    kind: Any, wanted: str, provider: YFinanceProvider, server: SourceServer
) -> None:
    bad, good, *_ = SYMBOLS
    server.plan(FaultPlan(timeout_seconds=0.05, poison=(Poison(kind, (bad,)),)))
    result = provider.fetch([bad, good], FIRST, LAST)
    assert [(failure.name, failure.kind) for failure in result.failures] == [(bad, wanted)]
    assert "delist" not in result.failures[0].reason
    assert set(result.bars["symbol"]) == {good}


def test_a_last_bar_without_prices_is_not_final(
    provider: YFinanceProvider, server: SourceServer
) -> None:
    symbol, *_ = SYMBOLS
    server.plan(FaultPlan(poison=(Poison("null_bar", (symbol,)),)))
    bars = provider.fetch([symbol], FIRST, LAST).bars
    assert bars["is_final"].to_list() == [True] * (len(bars) - 1) + [False]
    assert bars["close"].null_count() == 1


def test_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(package, "client", raising=False)
    monkeypatch.delitem(sys.modules, f"{package.__name__}.client", raising=False)
    monkeypatch.setitem(sys.modules, "yfinance.config", None)
    with pytest.raises(ConfigError, match=r"pip install 'stockstream\[yfinance\]'"):
        YFinanceProvider()


def test_yahoo_itself_is_asked_if_nobody_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def request(self: Any, method: Any, url: str, **options: Any) -> Response:
        asked.append((method, url, options))
        return Response()

    monkeypatch.setattr(Session, "request", request)
    url = "https://query2.finance.yahoo.com/v8/finance/chart/BHP.AX"
    with ChartSession(None, 3.0) as session:
        session.get(url, timeout=30)
    assert asked == [("GET", url, {"timeout": 3.0})]


def test_an_address_that_is_none() -> None:
    with pytest.raises(ConfigError, match="'localhost:80' is not the address of a web server"):
        YFinanceProvider("localhost:80")


def test_pandas_comes_with_the_provider_only() -> None:
    check = (
        "import sys; from stockstream.providers.registry import get_provider; "
        "get_provider('yfinance'); "
        "sys.exit('pandas' in sys.modules or 'yfinance' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def traded(day: dt.date) -> list[str]:
    """Symbols with a bar on a day."""
    return BARS.filter(pl.col("date") == day)["symbol"].to_list()
