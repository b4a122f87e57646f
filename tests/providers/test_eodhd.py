"""The provider over EODHD: the contract, the truth, and what each fault becomes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError
from stockstream.market.simulated import simulate_market
from stockstream.providers.eodhd import EodhdProvider
from stockstream.testing.provider_contract import ProviderContract
from stockstream.testing.source_server import (
    FaultPlan,
    Poison,
    SourceServer,
    market_from_bars,
    read_market,
)
from stockstream.testing.source_server.frames import as_traded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.providers.conftest import Loopback

    from stockstream.testing.source_server import Planted

FIRST, LAST = dt.date(2024, 2, 1), dt.date(2024, 5, 31)
BARS = simulate_market(3, FIRST, LAST, seed=5).bars
SYMBOLS = tuple(BARS["symbol"].unique().sort())
TOKEN = "6123abc.k3y"  # noqa: S105 - made up
SETTING = r"setting 'eodhd.token' \(in the environment STOCKSTREAM__EODHD__TOKEN\)"


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
def provider(server: SourceServer) -> Iterator[EodhdProvider]:
    with EodhdProvider(TOKEN, server.url, timeout=5.0) as made:
        yield made


class TestEodhdProvider(ProviderContract):
    symbols = SYMBOLS
    unknown = "NOPE.AX"
    start, end = dt.date(2024, 3, 25), dt.date(2024, 4, 30)


@pytest.mark.parametrize("day", [dt.date(2024, 4, 10), LAST])
def test_it_brings_what_was_traded_and_paid(
    day: dt.date, provider: EodhdProvider, server: SourceServer, planted: Planted
) -> None:
    server.today(day)
    result = provider.fetch(SYMBOLS, FIRST, LAST)
    bars, actions = (
        frame.filter(pl.col("date") <= day) for frame in as_traded(read_market(planted.folder))
    )
    assert set(actions["kind"]) == {"split", "dividend"}
    assert result.failures == ()
    assert result.bars["is_final"].all()
    columns = ["symbol", "date", "open", "high", "low", "close"]
    assert_frame_equal(result.bars.select(columns), bars.select(columns), abs_tol=1e-6)
    # volumes come in whole shares of the day on which they are sent, so half of one may be lost
    half = 0.5 * pl.col("shares").last().over("symbol") / pl.col("shares")
    lost = (result.bars["volume"] - bars["volume"]).abs()
    assert (lost <= bars.select(half.clip(0.5)).to_series()).all()
    assert bars["shares"].n_unique() > 1
    events = ["symbol", "date", "kind", "value"]
    assert_frame_equal(
        result.actions.select(events), actions.select(events), check_row_order=False, abs_tol=1e-6
    )


def test_three_requests_for_each_symbol(provider: EodhdProvider, server: SourceServer) -> None:
    before = server.requests().endpoints
    provider.fetch([*SYMBOLS, "NOPE.AX"], FIRST, LAST)
    after = server.requests().endpoints
    made = {name: after[name] - before.get(name, 0) for name in ("eod", "div", "splits")}
    assert made == {"eod": 4, "div": 3, "splits": 3}


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
        ("not_found", "not_found"),
        ("empty", "empty"),
    ],
)
def test_each_fault_has_its_kind(
    kind: Any, wanted: str, provider: EodhdProvider, server: SourceServer
) -> None:
    bad, good, *_ = SYMBOLS
    server.plan(FaultPlan(timeout_seconds=0.05, poison=(Poison(kind, (bad,)),)))
    result = provider.fetch([bad, good], FIRST, LAST)
    assert [(failure.name, failure.kind) for failure in result.failures] == [(bad, wanted)]
    assert set(result.bars["symbol"]) == {good}


def test_a_last_bar_without_prices_is_not_final(
    provider: EodhdProvider, server: SourceServer
) -> None:
    symbol, *_ = SYMBOLS
    server.plan(FaultPlan(poison=(Poison("null_bar", (symbol,)),)))
    bars = provider.fetch([symbol], FIRST, LAST).bars
    assert bars["is_final"].to_list() == [True] * (len(bars) - 1) + [False]


def test_it_needs_a_token() -> None:
    with pytest.raises(ConfigError, match=f"needs a token; .*{SETTING}"):
        EodhdProvider("")


@pytest.mark.parametrize(
    ("status", "body"),
    [(401, b"Unauthenticated"), (403, b"Forbidden"), (200, b"Unauthenticated\n")],
)
def test_a_token_that_is_refused_ends_it(status: int, body: bytes, loopback: Loopback) -> None:
    loopback.say(body + b" " + TOKEN.encode() if status == 403 else body, status)
    with (
        EodhdProvider(TOKEN, loopback.url) as provider,
        pytest.raises(
            ConfigError, match=rf"refuses the token .*HTTP {status}.*{SETTING}"
        ) as caught,
    ):
        provider.fetch(["BHP.AX", "CBA.AX"], FIRST, LAST)
    assert TOKEN not in str(caught.value)
    (asked,) = loopback.asked
    assert asked.path == "/api/eod/BHP.AU"
    assert asked.query == {
        "from": "2024-02-01",
        "to": "2024-05-31",
        "period": "d",
        "fmt": "json",
        "api_token": TOKEN,
    }


def test_no_message_shows_the_token(loopback: Loopback) -> None:
    loopback.say(f'{{"error": "bad {TOKEN}"}}'.encode())
    with (
        EodhdProvider(TOKEN, loopback.url) as provider,
        EodhdProvider(TOKEN, "http://127.0.0.1:9") as nobody,
    ):
        said = [*provider.fetch(["BHP.AX"], FIRST, LAST).failures]
        said += nobody.fetch(["BHP.AX"], FIRST, LAST).failures
        shown = repr(provider)
    assert [failure.kind for failure in said] == ["malformed", "transient"]
    assert TOKEN not in f"{said} {shown}"


def test_other_markets_are_not_asked_for(loopback: Loopback) -> None:
    with EodhdProvider(TOKEN, loopback.url) as provider:
        failures = provider.fetch(["SHEL.L", "^AXJO", "../user", "A&B"], FIRST, LAST).failures
    assert {failure.kind for failure in failures} == {"malformed"}
    assert len(failures) == 4
    assert loopback.asked == []
