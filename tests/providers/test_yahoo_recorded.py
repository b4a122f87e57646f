"""Every recorded and every made-up answer of Yahoo that is kept beside the checkout."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from stockstream.providers.yahoo import YahooProvider

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl
    from tests.providers.conftest import Loopback

    from stockstream.providers.base import FetchResult

    Ask = Callable[..., FetchResult]

pytestmark = pytest.mark.shared

EVER = (dt.date(1990, 1, 1), dt.date(2030, 1, 1))
MADE_UP_DAYS = [dt.date(2025, 4, day) for day in (1, 2, 3, 4, 7, 8, 9, 10, 11, 14)]
"""Ten sessions in Sydney; the clocks went back on the sixth."""
OFFSETS = ["+11:00"] * 4 + ["+10:00"] * 6


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "yahoo-fixtures"


@pytest.fixture
def ask(loopback: Loopback, folder: Path) -> Ask:
    """Serve a file of the folder, and ask the provider for its symbol."""

    def fetch(name: str, symbol: str, status: int = 200) -> FetchResult:
        content = (folder / name).read_bytes()
        if name.startswith("recorded/"):
            response = json.loads(content)["response"]
            status = response["status"]
            content = json.dumps(response["bodyJson"]).encode()
        loopback.say(content, status)
        with YahooProvider(loopback.url) as provider:
            return provider.fetch([symbol], *EVER)

    return fetch


def all_final(bars: pl.DataFrame) -> bool:
    return bool(bars["is_final"].all())


class Failed(NamedTuple):
    name: str
    symbol: str
    kind: str
    status: int = 200


MADE_UP_FAILURES = [
    Failed("chart_bad_range_400_or_422.json", "A.AX", "empty", 400),
    Failed("chart_bad_range_400_or_422.json", "A.AX", "empty", 422),
    Failed("chart_chart_null_200.json", "A.AX", "malformed"),
    Failed("chart_empty_no_timestamp_200.json", "EMP.AX", "empty"),
    Failed("chart_not_found_404.json", "A.AX", "not_found", 404),
    Failed("chart_not_found_404.json", "A.AX", "not_found", 200),
    Failed("chart_result_null_error_null_200.json", "A.AX", "malformed"),
    Failed("gateway_502.html", "A.AX", "transient", 502),
    Failed("gateway_502.html", "A.AX", "malformed", 200),
    Failed("rate_limited_429.txt", "A.AX", "rate_limited", 429),
    Failed("will_be_right_back_200.html", "A.AX", "malformed"),
]
MADE_UP_CHARTS = {
    "chart_100x_error_200.json": "X100.AX",
    "chart_AAA.AX_dst_div_reverse_split_200.json": "AAA.AX",
    "chart_dividend_on_null_row_200.json": "DIVNULL.AX",
    "chart_duplicate_last_timestamp_200.json": "DUP.AX",
    "chart_in_progress_live_bar_200.json": "LIVE.AX",
    "chart_last_bar_null_ohlc_with_volume_200.json": "NANLAST.AX",
    "chart_null_row_200.json": "NUL.AX",
}


@pytest.mark.parametrize("case", MADE_UP_FAILURES, ids=lambda case: f"{case.name}-{case.status}")
def test_made_up_failures(case: Failed, ask: Ask) -> None:
    result = ask(f"synthetic/{case.name}", case.symbol, case.status)
    (failure,) = result.failures
    assert (failure.name, failure.kind) == (case.symbol, case.kind)
    assert "delist" not in failure.reason
    assert result.bars.is_empty()
    assert result.actions.is_empty()


def test_no_made_up_answer_is_left_out(folder: Path) -> None:
    known = {case.name for case in MADE_UP_FAILURES} | MADE_UP_CHARTS.keys()
    assert {path.name for path in (folder / "synthetic").iterdir()} == known
    assert len(known) == 15


@pytest.mark.parametrize("name", MADE_UP_CHARTS)
def test_made_up_charts_are_of_sydneys_days(name: str, ask: Ask) -> None:
    result = ask(f"synthetic/{name}", MADE_UP_CHARTS[name])
    assert result.failures == ()
    assert result.bars["date"].unique().sort().to_list() == MADE_UP_DAYS
    assert result.bars["utc_offset"].head(10).to_list() == OFFSETS
    assert set(result.bars["symbol"]) == {MADE_UP_CHARTS[name]}
    assert result.bars["close"].head(2).to_list() == pytest.approx([41.2, 41.3])
    assert result.bars["adjusted_close"][0] == pytest.approx(40.376)


def test_a_price_a_hundred_times_too_high_is_not_judged_here(ask: Ask) -> None:
    bars = ask("synthetic/chart_100x_error_200.json", "X100.AX").bars
    assert bars["close"][2] == pytest.approx(4140.0)
    assert all_final(bars)


def test_a_dividend_and_a_consolidation(ask: Ask) -> None:
    result = ask("synthetic/chart_AAA.AX_dst_div_reverse_split_200.json", "AAA.AX")
    assert all_final(result.bars)
    assert result.actions.rows() == [
        ("AAA.AX", dt.date(2025, 4, 4), "dividend", 0.79, "yahoo", None),
        ("AAA.AX", dt.date(2025, 4, 10), "split", 0.1, "yahoo", None),
    ]


def test_a_dividend_on_a_row_without_prices(ask: Ask) -> None:
    result = ask("synthetic/chart_dividend_on_null_row_200.json", "DIVNULL.AX")
    day = dt.date(2025, 4, 8)
    assert result.bars.filter(~result.bars["is_final"])["date"].to_list() == [day]
    assert result.actions.rows() == [("DIVNULL.AX", day, "dividend", 0.012, "yahoo", None)]


def test_a_time_stamp_sent_twice(ask: Ask) -> None:
    bars = ask("synthetic/chart_duplicate_last_timestamp_200.json", "DUP.AX").bars
    assert len(bars) == 10
    assert all_final(bars)


def test_a_bar_in_progress(ask: Ask) -> None:
    bars = ask("synthetic/chart_in_progress_live_bar_200.json", "LIVE.AX").bars
    last = bars.tail(2).select("date", "close", "volume", "is_final").rows()
    assert last == [
        (dt.date(2025, 4, 14), pytest.approx(42.1), 1_009_000, True),
        (dt.date(2025, 4, 14), pytest.approx(42.8), 512_345, False),
    ]
    assert len(bars) == 11


@pytest.mark.parametrize(
    ("name", "row", "volume"),
    [
        ("chart_last_bar_null_ohlc_with_volume_200.json", 9, 6527),
        ("chart_null_row_200.json", 4, None),
    ],
)
def test_rows_without_prices(name: str, row: int, volume: int | None, ask: Ask) -> None:
    bars = ask(f"synthetic/{name}", MADE_UP_CHARTS[name]).bars
    assert bars["is_final"].to_list() == [number != row for number in range(10)]
    assert bars.row(row, named=True)["volume"] == volume
    assert bars["close"][row] is None


class Recorded(NamedTuple):
    """What a recorded chart holds."""

    name: str
    symbol: str
    first: str
    last: str
    rows: int
    offsets: str
    actions: tuple[tuple[str, str, float], ...] = ()


_TWO_DAYS = "-2020-01-01-to-2020-01-03.json"
_YEAR = "-2021-02-01-to-2022-01-31.csv.json"
NEW_YORK = "-04:00 -05:00"
RECORDED = [
    Recorded(
        "chart-AAPL-2020-08-31-to-2020-11-07.json",
        *("AAPL", "2020-08-31", "2020-11-06", 49, NEW_YORK),
        actions=(("2020-08-31", "split", 4.0), ("2020-11-06", "dividend", 0.205)),
    ),
    Recorded("chart-AAPL.json", "AAPL", "2022-02-22", "2022-02-22", 1, "-05:00"),
    Recorded(f"chart-BTC-USD{_TWO_DAYS}", "BTC-USD", "2020-01-01", "2020-01-03", 3, "+00:00"),
    Recorded(f"chart-EURUSD=X{_TWO_DAYS}", "EURUSD=X", "2020-01-01", "2020-01-03", 3, "+00:00"),
    Recorded(f"chart-OCDO.L{_TWO_DAYS}", "OCDO.L", "2020-01-02", "2020-01-02", 1, "+00:00"),
    Recorded(f"chart-WSKT.JK{_TWO_DAYS}", "WSKT.JK", "2020-01-02", "2020-01-02", 1, "+07:00"),
    Recorded(
        "chart-WSU.DE-2023-08-04-to-2023-08-09.json",
        *("WSU.DE", "2023-08-04", "2023-08-08", 3, "+02:00"),
    ),
    Recorded(
        f"historical-via-chart-MSFT-dividends{_YEAR}",
        *("MSFT", "2021-02-01", "2022-01-28", 252, NEW_YORK),
        actions=(
            ("2021-02-17", "dividend", 0.56),
            ("2021-05-19", "dividend", 0.56),
            ("2021-08-18", "dividend", 0.56),
            ("2021-11-17", "dividend", 0.62),
        ),
    ),
    Recorded(
        f"historical-via-chart-NVDA-split{_YEAR}",
        *("NVDA", "2021-02-01", "2022-01-28", 252, NEW_YORK),
        actions=(("2021-07-20", "split", 4.0),),
    ),
]
MINUTES = "chart-AAPL-2025-02-01-to-2025-02-02-includePrePost-false-interval-1m.json"
NO_STAMP = "chart-notimestamp-weird-quote.fake.json"


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: case.name)
def test_recorded_charts(case: Recorded, ask: Ask) -> None:
    result = ask(f"recorded/{case.name}", case.symbol)
    bars = result.bars
    assert result.failures == ()
    assert (str(bars["date"][0]), str(bars["date"][-1]), len(bars)) == case[2:5]
    assert " ".join(bars["utc_offset"].unique().sort()) == case.offsets
    assert all_final(bars.drop_nulls("close"))
    assert tuple((str(row[1]), *row[2:4]) for row in result.actions.rows()) == case.actions


def test_recorded_charts_that_are_none_of_ours(ask: Ask) -> None:
    """Bars of a minute, and prices without a time stamp."""
    for name in (MINUTES, NO_STAMP):
        result = ask(f"recorded/{name}", "AAPL")
        assert [failure.kind for failure in result.failures] == ["malformed"]
        assert result.bars.is_empty()


def test_recorded_pages_about_cookies_are_no_charts(loopback: Loopback, folder: Path) -> None:
    """Consent pages and crumbs: the chart API needs none, and none is taken for a chart."""
    pages = sorted((folder / "recorded").glob("getCrumb*.json"))
    assert len(pages) == 5
    for page in pages:
        response: dict[str, Any] = json.loads(page.read_bytes())["response"]
        loopback.say(response["bodyText"].encode(), response["status"])
        with YahooProvider(loopback.url) as provider:
            (failure,) = provider.fetch(["AAPL"], *EVER).failures
        assert failure.kind == "malformed"


def test_no_recorded_answer_is_left_out(folder: Path) -> None:
    known = {MINUTES, NO_STAMP, *(case.name for case in RECORDED)}
    found = {path.name for path in (folder / "recorded").iterdir()}
    assert {name for name in found if not name.startswith("getCrumb")} == known


def test_a_chart_of_another_symbol(ask: Ask) -> None:
    (failure,) = ask("recorded/chart-AAPL.json", "MSFT").failures
    assert failure.kind == "malformed"
    assert "another symbol, 'AAPL'" in failure.reason
