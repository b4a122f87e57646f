"""Yahoo's chart endpoint: what it says on which day."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from stockstream.market.adjust import adjust
from stockstream.testing.source_server import market_frames

if TYPE_CHECKING:
    from tests.testing.conftest import Desk, MakeDesk

    from stockstream.testing.source_server import MarketFrames


def moments(stamps: list[int]) -> list[str]:
    return [f"{dt.datetime.fromtimestamp(stamp, dt.UTC):%m-%dT%H:%M}" for stamp in stamps]


def quote(result: dict[str, object], name: str = "close") -> list[float]:
    (values,) = result["indicators"]["quote"]  # type: ignore[index]
    return list(values[name])


def test_bars_are_stamped_with_the_open_on_both_sides_of_the_end_of_summer_time(desk: Desk) -> None:
    sydney = desk.chart("AAA.AX", "2024-04-05", "2024-04-08")
    assert moments(sydney["timestamp"])[:2] == ["04-04T23:00", "04-08T00:00"]
    assert sydney["meta"]["exchangeTimezoneName"] == "Australia/Sydney"
    assert sydney["meta"]["gmtoffset"] == 10 * 3600
    new_york = desk.chart("USA", "2024-04-05", "2024-04-08")
    assert moments(new_york["timestamp"])[0] == "04-04T13:30"
    assert new_york["meta"]["exchangeTimezoneName"] == "America/New_York"


def test_the_offset_is_the_one_of_the_clock(desk: Desk) -> None:
    desk.today("2024-04-05")
    meta = desk.chart("AAA.AX")["meta"]
    assert (meta["gmtoffset"], meta["timezone"]) == (11 * 3600, "AEDT")
    desk.today("2024-04-08")
    meta = desk.chart("AAA.AX")["meta"]
    assert (meta["gmtoffset"], meta["timezone"]) == (10 * 3600, "AEST")


def test_a_day_before_the_split_nobody_knows_of_it(desk: Desk) -> None:
    desk.today("2024-04-03")
    before = desk.chart("AAA.AX")
    assert quote(before) == pytest.approx([10.0, 10.2, 9.8, 9.9, 10.0, 10.2])
    assert set(before["events"]) == {"dividends"}
    assert [event["amount"] for event in before["events"]["dividends"].values()] == [0.5]


def test_a_day_after_the_split_prices_volumes_and_dividends_are_restated(desk: Desk) -> None:
    desk.today("2024-04-04")
    after = desk.chart("AAA.AX")
    assert quote(after) == pytest.approx([5.0, 5.1, 4.9, 4.95, 5.0, 5.1, 5.1])
    assert quote(after, "volume") == [2000] * 6 + [1000]
    (split,) = after["events"]["splits"].values()
    assert split == {
        "date": after["timestamp"][-1],
        "numerator": 2,
        "denominator": 1,
        "splitRatio": "2:1",
    }
    assert [event["amount"] for event in after["events"]["dividends"].values()] == [0.25]


def test_a_consolidation_is_a_split_of_one_for_many(
    market: MarketFrames, make_desk: MakeDesk
) -> None:
    events = pl.DataFrame(
        {"symbol": ["USA"], "date": [dt.date(2024, 4, 4)], "kind": ["split"], "value": [0.1]}
    )
    result = make_desk(market_frames(market.bars, events)).chart("USA")
    (split,) = result["events"]["splits"].values()
    assert split["splitRatio"] == "1:10"
    assert quote(result)[0] == pytest.approx(1000.0)


@pytest.mark.parametrize("day", ["2024-03-28", "2024-04-04", "2024-04-10"])
def test_the_adjusted_close_is_yahoos_of_what_had_happened_by_then(
    day: str, desk: Desk, market: MarketFrames
) -> None:
    desk.today(day)
    result = desk.chart("AAA.AX")
    past = pl.col("symbol").eq("AAA.AX") & pl.col("date").le(dt.date.fromisoformat(day))
    expected = adjust(market.bars.filter(past), market.actions.filter(past), "total_return")
    (adjusted,) = result["indicators"]["adjclose"]
    assert adjusted["adjclose"] == pytest.approx(expected["close"].to_list(), rel=1e-6)


def test_within_a_session_the_last_bar_is_in_progress(desk: Desk) -> None:
    desk.today("2024-04-10", "13:00")
    result = desk.chart("AAA.AX")
    assert moments(result["timestamp"])[-2:] == ["04-09T00:00", "04-10T03:00"]
    assert result["meta"]["regularMarketTime"] == result["timestamp"][-1]
    assert quote(result)[-1] == pytest.approx(4.995)  # half-way from 4.99 to 5.0
    assert quote(result, "high")[-1] < 5.03
    assert quote(result, "volume")[-1] == 500
    desk.today("2024-04-10", "16:00")
    assert quote(desk.chart("AAA.AX"))[-1] == pytest.approx(5.0)


def test_a_bar_in_progress_also_comes_a_little_beyond_the_window(desk: Desk) -> None:
    desk.today("2024-04-10", "13:00")
    assert len(desk.chart("AAA.AX", last="2024-04-08")["timestamp"]) == len(
        desk.chart("AAA.AX", last="2024-04-30")["timestamp"]
    )
    assert moments(desk.chart("AAA.AX", last="2024-04-05")["timestamp"])[-1] == "04-04T23:00"


def test_before_the_open_there_is_no_bar_of_the_day(desk: Desk) -> None:
    desk.today("2024-04-10", "06:00")
    assert moments(desk.chart("AAA.AX")["timestamp"])[-1] == "04-09T00:00"


def test_the_trading_period_is_the_one_of_the_day_or_the_last_one(desk: Desk) -> None:
    for day, begins, ends in (
        ("2024-04-05", "04-04T23:00", "04-05T05:00"),
        ("2024-04-06", "04-04T23:00", "04-05T05:00"),
        ("2024-12-24", "12-23T23:00", "12-24T03:10"),
    ):
        desk.today(day, "06:00")
        regular = desk.chart("AAA.AX")["meta"]["currentTradingPeriod"]["regular"]
        assert moments([regular["start"], regular["end"]]) == [begins, ends]


def test_a_window_cuts_bars_and_events(desk: Desk) -> None:
    result = desk.chart("AAA.AX", "2024-04-09", "2024-04-30")
    assert moments(result["timestamp"]) == ["04-08T00:00", "04-09T00:00", "04-10T00:00"]
    assert set(result["events"]) == {"dividends"}


def test_only_events_that_are_asked_for_come(desk: Desk) -> None:
    path = "/v8/finance/chart/AAA.AX?range=1mo&interval=1d&events="
    for wanted, given in (("div%7Csplit", {"dividends", "splits"}), ("split", {"splits"})):
        (result,) = json.loads(desk.get(path + wanted).body)["chart"]["result"]
        assert set(result["events"]) == given
    (result,) = json.loads(desk.get(path).body)["chart"]["result"]
    assert "events" not in result


def test_before_the_first_bar_the_answer_is_empty(desk: Desk) -> None:
    desk.today("2024-04-02")
    result = desk.chart("BBB.AX")
    assert "timestamp" not in result
    assert result["indicators"] == {"quote": [{}], "adjclose": [{}]}
    assert result["meta"]["regularMarketPrice"] is None


def test_nobody_knows_a_symbol_that_does_not_exist_or_is_delisted(desk: Desk) -> None:
    desk.today("2024-04-09")
    assert len(desk.chart("BBB.AX")["timestamp"]) == 5
    desk.today("2024-04-10")
    for symbol in ("BBB.AX", "ZZZ.AX", "%5EAXJO"):
        reply = desk.get(f"/v8/finance/chart/{symbol}?range=1d")
        assert reply.status == 404
        assert json.loads(reply.body) == {
            "chart": {
                "result": None,
                "error": {
                    "code": "Not Found",
                    "description": "No data found, symbol may be delisted",
                },
            }
        }


def test_a_row_without_prices_is_sent_as_null(market: MarketFrames, make_desk: MakeDesk) -> None:
    missing = (pl.col("symbol") == "AAA.AX") & (pl.col("date") == dt.date(2024, 4, 3))
    prices = [
        pl.when(~missing).then(pl.col(name)).alias(name)
        for name in ("open", "high", "low", "close", "volume")
    ]
    result = make_desk(market._replace(bars=market.bars.with_columns(prices))).chart("AAA.AX")
    row = moments(result["timestamp"]).index("04-02T23:00")
    assert [quote(result, name)[row] for name in ("open", "close", "volume")] == [None] * 3
    assert quote(result)[row - 1] == pytest.approx(5.0)


def test_prices_have_the_noise_of_single_precision(desk: Desk) -> None:
    assert quote(desk.chart("AAA.AX"))[0] == 5.0
    assert quote(desk.chart("AAA.AX"))[1] == 5.099999904632568


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("range=1d&interval=1m", 422),
        ("range=10d", 400),
        ("period1=x&period2=y", 400),
        ("period1=2&period2=1", 400),
    ],
)
def test_what_cannot_be_answered_is_refused_as_yahoo_does(
    query: str, status: int, desk: Desk
) -> None:
    reply = desk.get(f"/v8/finance/chart/AAA.AX?{query}")
    assert reply.status == status
    assert json.loads(reply.body)["chart"]["error"]["code"]


def test_the_session_of_a_clock_is_told_in_the_exchanges_time(desk: Desk) -> None:
    desk.today("2024-04-10", "06:00")  # in New York it is 16:00 the day before
    result = desk.chart("USA")
    last = dt.datetime.fromtimestamp(result["timestamp"][-1], ZoneInfo("America/New_York"))
    assert (last.date(), last.hour) == (dt.date(2024, 4, 9), 9)
