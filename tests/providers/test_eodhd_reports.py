"""EODHD's reports: what an answer means, and what its rows become."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

import pytest

from stockstream.errors import MalformedError, NotFoundError, RateLimitedError
from stockstream.providers.eodhd import EodhdProvider
from stockstream.providers.eodhd.codes import Code, code_of
from stockstream.providers.eodhd.reply import read_rows
from stockstream.providers.eodhd.tables import Split, read_actions, read_bars, read_splits
from stockstream.providers.http import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from stockstream.errors import FetchError
    from stockstream.providers.base import FetchResult

FIRST, LAST = dt.date(2024, 4, 2), dt.date(2024, 4, 5)
PRICES = {"open": 10.0, "high": 11, "low": 9.5, "close": 10.5, "adjusted_close": 2.5}


def bar(day: str, volume: float | None = 1000, **changes: Any) -> dict[str, Any]:
    return {"date": day, **PRICES, "volume": volume, **changes}


def answer(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(status, headers or {}, raw)


def fetched(**reports: object) -> FetchResult:
    """What the provider makes of the bodies of the reports of TST.AX."""

    class Client:
        def get(self, path: str, params: Mapping[str, object]) -> Answer:
            _, _, name, code = path.split("/")
            assert code == "TST.AU"
            assert ("to" in params) == (name != "splits")
            return answer(reports.get(name, []))

    provider = EodhdProvider("token")
    provider._client = Client()  # type: ignore[assignment]
    return provider.fetch(["TST.AX"], FIRST, LAST)


def test_symbols() -> None:
    assert code_of("bhp.ax") == Code("BHP.AU", "AUD")
    assert code_of("BRK-B") == Code("BRK-B.US", "USD")


@pytest.mark.parametrize(
    ("status", "headers", "kind", "wait"),
    [
        (404, {}, NotFoundError, 0.0),
        (429, {"retry-after": "9"}, RateLimitedError, 9.0),
        (402, {"date": "Fri, 05 Apr 2024 23:00:00 GMT"}, RateLimitedError, 3600.0),
        (402, {}, RateLimitedError, 86_400.0),
        (402, {"date": "today"}, RateLimitedError, 86_400.0),
    ],
)
def test_statuses(
    status: int, headers: Mapping[str, str], kind: type[FetchError], wait: float
) -> None:
    with pytest.raises(kind, match=f"the report.*HTTP {status}") as caught:
        read_rows(answer(b"Ticker Not Found.", status, headers), "the report")
    assert caught.value.retry_after == wait


@pytest.mark.parametrize("body", [b"<html>", b"", {"error": "no", "code": 403}, ["a"], 10.5, None])
def test_bodies_that_are_no_report(body: object) -> None:
    with pytest.raises(MalformedError, match="the report: "):
        read_rows(answer(body, headers={"content-type": "text/html"}), "the report")


def test_volumes_are_brought_back_to_what_was_traded() -> None:
    sent = {2: 6000, 3: 6000, 4: 100, 5: None}
    rows = [bar(f"2024-04-0{day}", volume) for day, volume in sent.items()]
    splits = [Split(dt.date(2024, 4, 3), 3.0), Split(dt.date(2024, 4, 4), 0.1)]
    splits.append(Split(dt.date(2024, 6, 1), 2.0))  # after the window
    bars = read_bars(rows, "TST.AX", splits)
    assert bars["volume"].to_list() == [10_000, 30_000, 50, None]
    assert set(bars["close"]) == {10.5}
    assert set(bars["adjusted_close"]) == {2.5}
    assert set(bars["basis"]) == {"raw"}


def test_a_bar_is_final_if_it_is_whole_and_the_last_of_its_day() -> None:
    rows = [bar("2024-04-02", low=None), bar("2024-04-03"), bar("2024-04-03", adjusted_close=None)]
    assert read_bars(rows, "TST.AX", [])["is_final"].to_list() == [False, False, True]


@pytest.mark.parametrize(
    "row",
    [
        bar("2024-04-31"),
        bar("2024-04-02", close="ten"),
        bar("2024-04-02", close=[1]),
        {"date": "2024-04-02"},
    ],
)
def test_bars_that_cannot_be_read(row: dict[str, Any]) -> None:
    with pytest.raises(MalformedError, match="bar of EODHD"):
        read_bars([bar("2024-04-01"), row], "TST.AX", [])


def test_ratios_of_splits() -> None:
    sent = ["4.000000/1.000000", "1.000000/10.000000", "3/2", "0.333333/1.000000"]
    splits = read_splits({"date": "2024-04-02", "split": text} for text in sent)
    assert [split.ratio for split in splits] == [4.0, 0.1, 1.5, 1 / 3]


@pytest.mark.parametrize("text", ["", "4.0", "2:1", "1/0", "0/1", "-1/2", "nan/1", "inf/1", None])
def test_a_split_that_cannot_be_read_fails_its_symbol(text: str | None) -> None:
    result = fetched(eod=[bar("2024-04-02")], splits=[{"date": "2024-04-03", "split": text}])
    assert result.bars.is_empty()
    assert [failure.kind for failure in result.failures] == ["malformed"]


def test_dividends_as_they_were_paid() -> None:
    sent: list[dict[str, Any]] = [
        {"date": "2024-04-02", "value": 0.1, "unadjustedValue": 0.4, "currency": "AUD"},
        {"date": "2024-04-03", "value": 0.1, "currency": None},
        {"date": "2024-04-04", "value": 0.1, "unadjustedValue": None},
        {"date": "2024-04-05", "value": 0.7, "currency": "USD"},
        {"date": "2024-04-05", "value": None},
        {"date": "2024-04-05", "value": -1.0},
        {"date": "soon", "value": 1.0},
    ]
    splits, left_out = [Split(dt.date(2024, 4, 4), 4.0)], list[str]()
    actions = read_actions(sent, splits, "TST.AX", "AUD", left_out)
    assert actions.select("date", "kind", "value").rows() == [
        (dt.date(2024, 4, 2), "dividend", 0.4),
        (dt.date(2024, 4, 3), "dividend", 0.4),
        (dt.date(2024, 4, 4), "dividend", 0.1),
        (dt.date(2024, 4, 4), "split", 4.0),
    ]
    assert left_out[0] == (
        "the dividend of 2024-04-05 is in USD and the prices are in AUD; left out"
    )
    assert len(left_out) == 4


def test_only_what_was_asked_for_is_kept() -> None:
    """EODHD sends everything if it does not like a parameter."""
    days = ["2024-04-01", "2024-04-02", "2024-04-05", "2024-04-08"]
    result = fetched(
        eod=[bar(day, 200) for day in days],
        div=[{"date": day, "value": 0.5} for day in days],
        splits=[{"date": "2024-04-08", "split": "2/1"}],
    )
    assert result.failures == ()
    assert result.bars["date"].to_list() == [FIRST, LAST]
    assert result.bars["volume"].to_list() == [100, 100]
    assert result.actions["date"].to_list() == [FIRST, LAST]
    assert result.actions["value"].to_list() == [1.0, 1.0]


def test_splits_that_contradict_each_other() -> None:
    splits = [{"date": "2024-04-03", "split": text} for text in ("2/1", "3/1")]
    (failure,) = fetched(eod=[bar("2024-04-02")], splits=splits).failures
    assert failure.kind == "malformed"
    assert "contradict each other" in failure.reason


def test_a_history_that_the_plan_cuts_short_is_told() -> None:
    said = "Data is limited by one year as you have free subscription"
    beside = fetched(eod=[bar("2024-04-02", warning=said), bar("2024-04-03", warning=said)])
    below = fetched(eod=[bar("2024-04-02"), {"warning": said}])
    for result in (beside, below):
        assert [failure.reason for failure in result.failures] == [f"EODHD says: {said}"]
        assert not result.bars.is_empty()


def test_events_come_without_a_bar() -> None:
    result = fetched(splits=[{"date": "2024-04-03", "split": "1/10"}])
    assert [failure.kind for failure in result.failures] == ["empty"]
    assert result.actions["value"].to_list() == [0.1]


def test_long_stories_are_cut() -> None:
    long, good = "x" * 5000, bar("2024-04-02")
    stories = [
        fetched(eod=[{**good, "warning": long}]),
        fetched(eod=[{**good, "close": long}]),
        fetched(eod=[good], splits=[{"date": "2024-04-02", "split": long}]),
        fetched(eod=[good], div=[{"date": long}]),
    ]
    for result in stories:
        (failure,) = result.failures
        assert 100 < len(failure.reason) < 300
