"""From the events of a chart to dividends and splits."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from stockstream.market.actions import ACTION_SCHEMA, conform_actions
from stockstream.providers.yahoo.events import Events, read_events
from stockstream.providers.yahoo.stamps import exchange_zone

if TYPE_CHECKING:
    from tests.providers.conftest import MakeChart, Stamp

FRIDAY, MONDAY = dt.date(2025, 4, 4), dt.date(2025, 4, 7)


def read(
    make_chart: MakeChart, events: object, start: dt.date = FRIDAY, end: dt.date = MONDAY
) -> Events:
    chart = make_chart([FRIDAY, MONDAY], events=events)
    return read_events(chart, "TST.AX", exchange_zone(chart["meta"]), start, end)


def dividend(stamp: int, amount: object) -> dict[str, Any]:
    return {str(stamp): {"amount": amount, "date": stamp}}


def split(stamp: int, new: object, old: object) -> dict[str, Any]:
    return {str(stamp): {"date": stamp, "numerator": new, "denominator": old}}


def test_a_dividend_and_a_consolidation(make_chart: MakeChart, stamp: Stamp) -> None:
    events = {
        "splits": split(stamp(MONDAY), 1, 10),
        "dividends": dividend(stamp(FRIDAY), 0.79),
        "earnings": {"1": {"date": 1}},
    }
    actions, left_out = read(make_chart, events)
    assert left_out == []
    assert actions == [
        ("TST.AX", FRIDAY, "dividend", 0.79, "yahoo", None),
        ("TST.AX", MONDAY, "split", 0.1, "yahoo", None),
    ]
    frame = pl.DataFrame(actions, ACTION_SCHEMA, orient="row")
    assert frame.equals(conform_actions(frame))


def test_events_are_of_the_exchanges_day(make_chart: MakeChart, stamp: Stamp) -> None:
    """10:00 on Monday in Sydney is still Sunday in UTC."""
    events = {"dividends": dividend(stamp(MONDAY), 1)}
    assert read(make_chart, events, MONDAY, MONDAY).actions[0][1] == MONDAY
    assert read(make_chart, events, FRIDAY, FRIDAY).actions == []


def test_capital_gains_are_added_to_the_dividend_of_the_day(
    make_chart: MakeChart, stamp: Stamp
) -> None:
    """Also where the two are the same amount."""
    for gain in (0.5, 0.25):
        events = {
            "dividends": dividend(stamp(FRIDAY), 0.5),
            "capitalGains": dividend(stamp(FRIDAY), gain),
        }
        assert read(make_chart, events).actions == [
            ("TST.AX", FRIDAY, "dividend", 0.5 + gain, "yahoo", None)
        ]
    alone = read(make_chart, {"capitalGains": dividend(stamp(FRIDAY), 2)})
    assert alone.actions == [("TST.AX", FRIDAY, "dividend", 2.0, "yahoo", None)]


def test_several_dividends_of_a_day(make_chart: MakeChart, stamp: Stamp) -> None:
    """An ordinary and a special one are two; the same one at two times of the day is one."""
    at = stamp(FRIDAY)
    different = dividend(at, 0.5) | dividend(at + 60, 0.25)
    repeated = dividend(at, 0.5) | dividend(at + 60, 0.5)
    assert read(make_chart, {"dividends": different}).actions[0][3] == 0.75
    assert read(make_chart, {"dividends": repeated}).actions[0][3] == 0.5


def test_ratios_are_whole_numbers_of_shares(make_chart: MakeChart, stamp: Stamp) -> None:
    for new, old, ratio in ((4, 1, 4.0), (3.0, 2.0, 1.5), (1, 3, 1 / 3), (1.0145, 1, 1.0145)):
        actions = read(make_chart, {"splits": split(stamp(FRIDAY), new, old)}).actions
        assert actions == [("TST.AX", FRIDAY, "split", ratio, "yahoo", None)]


def test_events_that_change_nothing(make_chart: MakeChart, stamp: Stamp) -> None:
    events = {
        "dividends": dividend(stamp(FRIDAY), 0),
        "splits": split(stamp(FRIDAY), 2, 2),
    }
    assert read(make_chart, events) == Events([], [])


@pytest.mark.parametrize("events", [None, [], {}, "x", {"dividends": None}, {"splits": [1]}])
def test_no_events(events: object, make_chart: MakeChart) -> None:
    assert read(make_chart, events) == Events([], [])


@pytest.mark.parametrize(
    ("new", "old"),
    [
        (1, 0),
        (0, 1),
        (None, 1),
        (1, None),
        ("4", 1),
        (-1, 2),
        (-1, -2),
        (float("inf"), 1),
        (1, [2]),
        (10**400, 1),
        (1, 10**400),
    ],
)
def test_a_ratio_that_is_none(
    new: object, old: object, make_chart: MakeChart, stamp: Stamp
) -> None:
    """The event is left out and said so; the others stay."""
    events = {
        "splits": split(stamp(FRIDAY), new, old),
        "dividends": dividend(stamp(FRIDAY), 0.5),
    }
    actions, left_out = read(make_chart, events)
    assert [action[2] for action in actions] == ["dividend"]
    (said,) = left_out
    assert "was left out: splits" in said


@pytest.mark.parametrize("amount", [None, "0.5", -0.1, float("inf"), float("nan"), {}, 10**400])
def test_an_amount_that_is_none(amount: object, make_chart: MakeChart, stamp: Stamp) -> None:
    actions, left_out = read(make_chart, {"dividends": dividend(stamp(FRIDAY), amount)})
    assert actions == []
    assert len(left_out) == 1


@pytest.mark.parametrize(
    "event", [None, 3, [], {}, {"amount": 1}, {"amount": 1, "date": None}, {"date": 1743721200}]
)
def test_an_event_without_its_parts(event: object, make_chart: MakeChart) -> None:
    for what in ("dividends", "splits", "capitalGains"):
        actions, left_out = read(make_chart, {what: {"1": event}})
        assert actions == []
        assert len(left_out) == 1


def test_an_event_at_no_moment(make_chart: MakeChart) -> None:
    for stamp in (10**30, "now", 10**12):
        assert len(read(make_chart, {"dividends": {"1": {"amount": 1, "date": stamp}}})[1]) == 1


def test_splits_that_contradict_each_other(make_chart: MakeChart, stamp: Stamp) -> None:
    at = stamp(FRIDAY)
    same = split(at, 2, 1) | split(at + 60, 4, 2)
    assert [action[3] for action in read(make_chart, {"splits": same}).actions] == [2.0]
    other = split(at, 2, 1) | split(at + 60, 3, 1)
    actions, left_out = read(make_chart, {"splits": other})
    assert actions == []
    assert "contradict" in left_out[0]
