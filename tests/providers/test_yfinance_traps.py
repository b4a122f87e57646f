"""What yfinance does when left to itself, and does not do behind the provider."""

from __future__ import annotations

import datetime as dt
import logging
import warnings
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from stockstream.providers.yfinance import YFinanceProvider

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.providers.conftest import AsBody, Asked, Loopback, MakeChart, Stamp

    from stockstream.providers.base import Failure

pytestmark = pytest.mark.slow

SYMBOL = "TST.AX"
FRIDAY, SUNDAY, MONDAY = (dt.date(2025, 4, day) for day in (4, 6, 7))
THURSDAY = dt.date(2025, 4, 3)
AT_NOON = dt.datetime(2025, 4, 7, 12)  # noqa: DTZ001 - on the exchange's clock


class SayChart(Protocol):
    def __call__(self, days: Sequence[dt.date], **parts: Any) -> None: ...


@pytest.fixture
def provider(loopback: Loopback) -> Iterator[YFinanceProvider]:
    with YFinanceProvider(loopback.url, timeout=5.0) as made:
        yield made


@pytest.fixture
def say_chart(loopback: Loopback, make_chart: MakeChart, as_body: AsBody, stamp: Stamp) -> SayChart:
    """Answer with a chart of TST.AX, with all that yfinance wants to have; closes 1.0, 2.0 ..."""

    def say(days: Sequence[dt.date], **parts: Any) -> None:
        parts.setdefault("last_trade", dt.datetime(2025, 4, 7, 16, 10))  # noqa: DTZ001
        opens = stamp(MONDAY)
        hours = {"start": opens, "end": opens + 6 * 3600, "gmtoffset": 36_000, "timezone": "AEST"}
        meta = {
            "instrumentType": "EQUITY",
            "currency": "AUD",
            "currentTradingPeriod": dict.fromkeys(("pre", "regular", "post"), hours),
        }
        chart = make_chart(days, meta=meta | parts.pop("meta", {}), **parts)
        loopback.say(as_body(chart), to=SYMBOL)

    return say


def only_failure(provider: YFinanceProvider) -> Failure:
    result = provider.fetch([SYMBOL], THURSDAY, MONDAY)
    assert result.bars.is_empty()
    (failure,) = result.failures
    assert "delist" not in failure.reason
    return failure


def charts(loopback: Loopback) -> list[Asked]:
    return [asked for asked in loopback.asked if "/chart/" in asked.path]


def test_an_error_of_the_server_is_no_delisting_and_is_forgotten(
    provider: YFinanceProvider, loopback: Loopback, say_chart: SayChart
) -> None:
    loopback.say(b"<html>oops</html>", 500)
    assert only_failure(provider).kind == "transient"
    assert only_failure(provider).kind == "transient"
    assert len(charts(loopback)) == 2, "each attempt is one real request"
    say_chart([THURSDAY, FRIDAY, MONDAY])
    assert len(provider.fetch([SYMBOL], THURSDAY, MONDAY).bars) == 3


def test_429_is_passed_on_at_once(
    provider: YFinanceProvider, loopback: Loopback, say_chart: SayChart
) -> None:
    loopback.say(b"Too Many Requests", 429, {"Retry-After": "7"}, to=SYMBOL)
    for _ in range(2):
        failure = only_failure(provider)
        assert (failure.kind, failure.retry_after) == ("rate_limited", 7.0)
    assert len(charts(loopback)) == 2
    say_chart([MONDAY])
    assert len(provider.fetch([SYMBOL], THURSDAY, MONDAY).bars) == 1


def test_a_symbol_that_is_not_there_costs_one_request(
    provider: YFinanceProvider, loopback: Loopback, as_body: AsBody
) -> None:
    said = {"code": "Not Found", "description": "No data found, symbol may be delisted"}
    loopback.say(as_body(error=said), 404)
    assert only_failure(provider).kind == "not_found"
    assert [asked.path for asked in loopback.asked] == [
        "/",  # a cookie
        "/v1/test/getcrumb",
        f"/v8/finance/chart/{SYMBOL}",
    ]
    assert only_failure(provider).kind == "not_found"
    assert len(loopback.asked) == 4


def test_days_without_data(provider: YFinanceProvider, loopback: Loopback, as_body: AsBody) -> None:
    said = {"code": "Bad Request", "description": "Data doesn't exist for startDate = 1"}
    loopback.say(as_body(error=said), 400, to=SYMBOL)
    assert only_failure(provider).kind == "empty"
    assert len(charts(loopback)) == 1


def test_it_signs_in_anew_when_told_to_and_asks_nobody_else(
    provider: YFinanceProvider,
    loopback: Loopback,
    as_body: AsBody,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from curl_cffi.requests import Session

    urls: list[str] = []
    request = Session.request

    def spy(self: Any, method: Any, url: str, *args: Any, **options: Any) -> Any:
        urls.append(url)
        return request(self, method, url, *args, **options)

    monkeypatch.setattr(Session, "request", spy)
    loopback.say(as_body(error={"code": "Unauthorized", "description": "Invalid Crumb"}), 401)
    failure = only_failure(provider)
    assert failure.kind == "malformed"
    assert "HTTP 401" in failure.reason
    assert len(charts(loopback)) == 2
    assert len(urls) == 7
    assert {url.partition("?")[0].count(loopback.url) for url in urls} == {1}


def test_rows_without_prices_are_kept_with_their_events(
    provider: YFinanceProvider, say_chart: SayChart, stamp: Stamp
) -> None:
    gap = {name: [1.0, None, 3.0] for name in ("open", "high", "low", "close")}
    dividend = {"1": {"amount": 0.5, "date": stamp(FRIDAY)}}
    say_chart(
        [THURSDAY, FRIDAY, MONDAY],
        quote={**gap, "volume": [10, None, 30]},
        events={"dividends": dividend},
    )
    result = provider.fetch([SYMBOL], THURSDAY, MONDAY)
    assert result.bars["close"].to_list() == [1.0, None, 3.0]
    assert result.bars["is_final"].to_list() == [True, False, True]
    assert result.actions.select("date", "kind", "value").rows() == [(FRIDAY, "dividend", 0.5)]


def test_an_event_keeps_its_day_when_that_has_no_row(
    provider: YFinanceProvider, say_chart: SayChart, stamp: Stamp
) -> None:
    split = {"date": stamp(FRIDAY), "numerator": 1, "denominator": 3}
    say_chart([THURSDAY, MONDAY], events={"splits": {"1": split}})
    actions = provider.fetch([SYMBOL], THURSDAY, MONDAY).actions
    assert actions.select("date", "kind", "value").rows() == [(FRIDAY, "split", 1 / 3)]


def test_dates_are_those_of_the_exchange(
    provider: YFinanceProvider, loopback: Loopback, say_chart: SayChart
) -> None:
    say_chart([THURSDAY, FRIDAY, MONDAY])  # in UTC Monday's open is on Monday, Friday's on Thursday
    bars = provider.fetch([SYMBOL], FRIDAY, MONDAY).bars
    assert bars.select("date", "utc_offset").rows() == [(FRIDAY, "+11:00"), (MONDAY, "+10:00")]
    query = charts(loopback)[0].query
    assert int(query["period1"]) <= dt.datetime(2025, 4, 3, 13, tzinfo=dt.UTC).timestamp()
    assert int(query["period2"]) >= dt.datetime(2025, 4, 8, 12, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("last_trade", "row", "is_final"),
    [
        (AT_NOON, AT_NOON, False),
        (AT_NOON, MONDAY, True),  # an illiquid share after the close: stamped with its open again
        (dt.datetime(2025, 4, 7, 16, 10), dt.datetime(2025, 4, 7, 16, 10), True),  # noqa: DTZ001
    ],
)
def test_a_day_is_over_when_its_session_is(
    last_trade: dt.datetime,
    row: dt.date,
    is_final: bool,
    provider: YFinanceProvider,
    say_chart: SayChart,
) -> None:
    say_chart([FRIDAY, row], last_trade=last_trade)
    bars = provider.fetch([SYMBOL], THURSDAY, MONDAY).bars
    assert bars.select("date", "is_final").rows() == [(FRIDAY, True), (MONDAY, is_final)]


def test_the_open_row_beside_the_live_one_is_not_final_either(
    provider: YFinanceProvider, say_chart: SayChart
) -> None:
    say_chart([FRIDAY, MONDAY, AT_NOON], last_trade=AT_NOON)
    bars = provider.fetch([SYMBOL], THURSDAY, MONDAY).bars
    assert bars.select("date", "is_final").rows() == [(FRIDAY, True), (MONDAY, False)]


def test_a_dividend_in_another_currency_is_left_out(
    provider: YFinanceProvider, say_chart: SayChart, stamp: Stamp
) -> None:
    dividends = {
        "1": {"amount": 0.5, "date": stamp(FRIDAY), "currency": "AUD"},
        "2": {"amount": 0.7, "date": stamp(MONDAY), "currency": "USD"},
    }
    say_chart([FRIDAY, MONDAY], events={"dividends": dividends})
    result = provider.fetch([SYMBOL], THURSDAY, MONDAY)
    assert result.actions.select("date", "value").rows() == [(FRIDAY, 0.5)]
    (failure,) = result.failures
    assert "2025-04-07 is in USD and the prices are in AUD" in failure.reason
    assert len(result.bars) == 2


def test_distributed_gains_are_cash_as_well(
    provider: YFinanceProvider, say_chart: SayChart, stamp: Stamp
) -> None:
    events = {
        "dividends": {"1": {"amount": 0.5, "date": stamp(FRIDAY)}},
        "capitalGains": {"1": {"amount": 0.25, "date": stamp(FRIDAY)}},
    }
    say_chart([FRIDAY, MONDAY], events=events, meta={"instrumentType": "ETF"})
    actions = provider.fetch([SYMBOL], THURSDAY, MONDAY).actions
    assert actions.select("date", "kind", "value").rows() == [(FRIDAY, "dividend", 0.75)]


@pytest.mark.parametrize(
    "parts",
    [
        {"meta": {"dataGranularity": "1wk"}},
        {"meta": {"exchangeTimezoneName": "Mars/Olympus"}},
        {"meta": {"currentTradingPeriod": {}}},
        {"quote": {"close": [1.0]}},
        {"quote": {"close": "none"}},
        {"indicators": None},
    ],
)
def test_odd_charts(parts: dict[str, Any], provider: YFinanceProvider, say_chart: SayChart) -> None:
    say_chart([FRIDAY, MONDAY], **parts)
    assert only_failure(provider).kind == "malformed"


def test_impossible_events_are_left_out(
    provider: YFinanceProvider, say_chart: SayChart, stamp: Stamp
) -> None:
    events = {
        "dividends": {"1": {"amount": -1.0, "date": stamp(FRIDAY)}},
        "splits": {"1": {"date": stamp(FRIDAY), "numerator": 2, "denominator": 0}},
    }
    say_chart([FRIDAY, MONDAY], events=events)
    result = provider.fetch([SYMBOL], THURSDAY, MONDAY)
    assert result.actions.is_empty()
    assert [failure.reason for failure in result.failures] == [
        "a dividend of -1.0 on 2025-04-04 is impossible; left out",
        "a split of inf on 2025-04-04 is impossible; left out",
    ]
    assert len(result.bars) == 2


def test_splits_that_contradict_each_other(
    provider: YFinanceProvider, say_chart: SayChart, stamp: Stamp
) -> None:
    split = {"numerator": 2, "denominator": 1, "date": stamp(FRIDAY)}
    other = {"numerator": 3, "denominator": 1, "date": stamp(FRIDAY) + 60}
    say_chart([FRIDAY, MONDAY], events={"splits": {"1": split, "2": other}})
    assert "contradict each other" in only_failure(provider).reason


@pytest.mark.parametrize("symbol", ["../v1/test", "A B", "", "AU000000BHP4"])
def test_a_symbol_that_leads_elsewhere_is_not_asked_for(
    symbol: str, provider: YFinanceProvider, loopback: Loopback
) -> None:
    (failure,) = provider.fetch([symbol], THURSDAY, MONDAY).failures
    assert failure.kind == "malformed"
    assert loopback.asked == []


def test_download_and_ticker_are_not_used(
    provider: YFinanceProvider, say_chart: SayChart, monkeypatch: pytest.MonkeyPatch
) -> None:
    import yfinance

    monkeypatch.setattr(yfinance, "download", None)
    monkeypatch.setattr(yfinance, "Ticker", None)
    say_chart([MONDAY])
    assert len(provider.fetch([SYMBOL], THURSDAY, MONDAY).bars) == 1


def test_the_process_is_left_as_it_was(
    provider: YFinanceProvider,
    loopback: Loopback,
    say_chart: SayChart,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    import yfinance
    from yfinance.data import SingletonMeta

    yfinance.set_tz_cache_location(str(tmp_path / "cache"))
    shared = dict(SingletonMeta._instances)
    filters = list(warnings.filters)
    say_chart([MONDAY])
    with caplog.at_level(logging.DEBUG, "yfinance"):
        provider.fetch([SYMBOL], THURSDAY, MONDAY)
        loopback.say(b"oops", 500, to=SYMBOL)
        only_failure(provider)
    assert yfinance.config.debug.hide_exceptions is True
    assert not logging.getLogger("yfinance").disabled
    assert warnings.filters == filters
    assert SingletonMeta._instances == shared
    assert not (tmp_path / "cache").exists()
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_providers_do_not_share_a_session(
    provider: YFinanceProvider, loopback: Loopback, say_chart: SayChart
) -> None:
    say_chart([MONDAY])
    with YFinanceProvider("http://127.0.0.1:9", timeout=1.0) as nobody:
        assert only_failure(nobody).kind == "transient"
        assert len(provider.fetch([SYMBOL], THURSDAY, MONDAY).bars) == 1
        assert only_failure(nobody).kind == "transient"
    assert len(charts(loopback)) == 1


def test_blocked_cookies_do_not_matter(
    provider: YFinanceProvider,
    loopback: Loopback,
    say_chart: SayChart,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import requests
    from yfinance import data

    monkeypatch.setattr(data, "requests", requests)  # as YF_DISABLE_CURL_CFFI=1 has it
    loopback.say(b"", missing=10)
    say_chart([MONDAY])
    assert len(provider.fetch([SYMBOL], THURSDAY, MONDAY).bars) == 1
