"""Corporate actions as frames."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import DataError
from stockstream.market.actions import (
    ACTION_SCHEMA,
    at_bars,
    conform_actions,
    empty_actions,
    from_columns,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., pl.DataFrame]


def test_events_that_change_nothing_are_left_out_and_repeats_count_once(make_actions: Make) -> None:
    actions = make_actions(
        ("2024-03-05", "split", 1.0),
        ("2024-03-05", "dividend", 0.0),
        ("2024-03-06", "split", 2.0),
        ("2024-03-06", "split", 2.0),
    )
    assert actions.schema == ACTION_SCHEMA
    assert actions.select("date", "kind", "value").rows() == [(dt.date(2024, 3, 6), "split", 2.0)]


def test_ordinary_and_special_dividend_of_one_day_are_added(make_actions: Make) -> None:
    actions = make_actions(("2024-03-05", "dividend", 0.5), ("2024-03-05", "dividend", 0.25))
    assert actions["value"].to_list() == [0.75]


def test_actions_are_sorted_whatever_their_order(make_actions: Make) -> None:
    actions = make_actions(("2024-03-06", "split", 2.0), ("2024-03-05", "dividend", 0.5))
    assert actions["date"].is_sorted()


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("bonus", 1.0, r"cannot be used.*split, dividend, delisting"),
        ("split", -2.0, "positive value"),
        ("dividend", float("nan"), "positive value"),
        ("split", float("inf"), "positive value"),
        ("split", None, "positive value"),
        (None, 1.0, "cannot be used"),
    ],
)
def test_an_unusable_action_is_one_clear_error(
    kind: str | None, value: float | None, message: str
) -> None:
    frame = pl.DataFrame(
        {"symbol": ["A"], "date": ["2024-03-05"], "kind": [kind], "value": [value]}
    )
    with pytest.raises(DataError, match=message):
        conform_actions(frame, provider="x")


def test_contradicting_splits_are_refused(make_actions: Make) -> None:
    with pytest.raises(DataError, match=r"two split actions of BHP.AX on 2024-03-05.*2.0 and 3.0"):
        make_actions(("2024-03-05", "split", 2.0), ("2024-03-05", "split", 3.0))


def test_missing_columns_are_named() -> None:
    with pytest.raises(DataError, match="kind, value, provider are missing"):
        conform_actions(pl.DataFrame({"symbol": ["A"], "date": ["2024-03-05"]}))


def test_both_marks_for_no_split_are_understood() -> None:
    frame = pl.DataFrame(
        {
            "symbol": "A",
            "date": [dt.date(2024, 3, day) for day in (4, 5, 6, 7)],
            "dividends": [0.0, 0.5, None, float("nan")],
            "splits": [0, 1, 7, None],
        }
    )
    actions = from_columns(frame, provider="x")
    assert actions.select("kind", "value").rows() == [("dividend", 0.5), ("split", 7.0)]
    assert from_columns(frame, provider="x", dividends=None, splits=None).is_empty()
    assert from_columns(frame, provider="x", dividends=None)["kind"].to_list() == ["split"]


def test_an_action_works_at_the_next_bar_if_its_day_has_none(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([1.0, 1.0, 1.0]).filter(pl.col("date") != dt.date(2024, 3, 5))
    actions = make_actions(
        ("2024-03-04", "dividend", 0.1),
        ("2024-03-05", "dividend", 0.2),
        ("2024-03-07", "split", 2.0),
    )
    placed = at_bars(actions, bars, "dividend", "split")
    assert placed.select("value", "bar_date").rows() == [
        (0.1, dt.date(2024, 3, 4)),
        (0.2, dt.date(2024, 3, 6)),
    ]


def test_actions_do_not_work_on_the_bars_of_another_symbol(
    make_bars: Make, make_actions: Make
) -> None:
    actions = make_actions(("2024-03-04", "split", 2.0), symbol="A.AX")
    assert at_bars(actions, make_bars([1.0], symbol="B.AX"), "split").is_empty()
    assert at_bars(empty_actions(), make_bars([1.0]), "split").columns == [
        "symbol",
        "date",
        "kind",
        "value",
        "bar_date",
    ]


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "day", "kind", "value"),
    [
        ("A1N.AX_dividend", dt.date(2025, 9, 4), "dividend", 0.012),
        ("CYB.AX_split", dt.date(2024, 6, 4), "split", 0.1),
    ],
)
def test_an_event_on_a_row_without_prices_is_kept(
    shared_data: Path, file: str, day: dt.date, kind: str, value: float
) -> None:
    raw = pl.read_csv(shared_data / "raw-csv" / f"yahoo_2026_{file}_on_null_row.csv")
    frame = raw.select(
        symbol=pl.lit("X.AX"),
        date=pl.col("Date").str.head(10).str.to_date(),
        close=pl.col("Close"),
        dividends="Dividends",
        splits="Stock Splits",
    )
    (row,) = frame.filter(pl.col("close").is_null() & (pl.col("date") == day)).rows()
    assert row is not None
    actions = from_columns(frame, provider="yahoo").filter(date=day)
    assert actions.select("kind", "value").rows() == [(kind, value)]
