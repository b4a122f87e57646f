"""The shape of a bar."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.errors import DataError
from stockstream.market.bars import BAR_SCHEMA, conform, empty_bars

if TYPE_CHECKING:
    from collections.abc import Callable

    MakeBars = Callable[..., pl.DataFrame]


def test_every_row_is_kept_and_rows_of_a_day_keep_their_order() -> None:
    frame = pl.DataFrame(
        {
            "close": [3, 1, 2, 9, 5],
            "symbol": ["B", "A", "A", None, "A"],
            "date": ["2024-01-02", "2024-01-03", "2024-01-03", "2024-01-02", "2024-01-02"],
            "open": 1,
            "high": 1,
            "low": 1,
            "volume": 1,
            "noise": "x",
        }
    )
    bars = conform(frame, provider="csv", basis="raw")
    assert bars.schema == BAR_SCHEMA
    assert bars["close"].to_list() == [5.0, 1.0, 2.0, 3.0, 9.0]
    assert bars["symbol"].to_list() == ["A", "A", "A", "B", None]
    assert bars["provider"].unique().to_list() == ["csv"]


@given(st.permutations(range(6)))
def test_any_order_of_rows_gives_the_same_frame(order: list[int]) -> None:
    days = [dt.date(2024, 1, day) for day in (2, 3, 4)]
    frame = pl.DataFrame(
        {
            "symbol": ["A"] * 3 + ["B"] * 3,
            "date": days * 2,
            **{name: [float(i) for i in range(6)] for name in ("open", "high", "low", "close")},
            "volume": list(range(6)),
        }
    )
    sorted_already = conform(frame, provider="x", basis="raw")
    assert_frame_equal(conform(frame[list(order)], provider="x", basis="raw"), sorted_already)


def test_conform_is_idempotent(make_bars: MakeBars) -> None:
    bars = make_bars([1.0, 2.0])
    assert_frame_equal(conform(bars), bars)
    assert_frame_equal(conform(empty_bars()), empty_bars())


def test_volumes_round_and_unreadable_numbers_become_null(make_bars: MakeBars) -> None:
    bars = make_bars([1.0] * 4).with_columns(
        volume=pl.Series([129656.0, 1.6, float("nan"), float("inf")])
    )
    assert conform(bars)["volume"].to_list() == [129656, 2, None, None]


def test_midnight_in_the_exchange_s_zone_is_the_session(make_bars: MakeBars) -> None:
    moments = pl.Series(["2024-01-02T00:00:00+11:00"]).str.to_datetime(time_zone="Australia/Sydney")
    bars = conform(make_bars([1.0]).with_columns(date=moments))
    assert bars["date"].to_list() == [dt.date(2024, 1, 2)]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("open", "n/a", r"'open': 1 value\(s\) cannot be read as Float64, such as 'n/a'"),
        ("volume", 1e30, r"'volume': 1 value\(s\) cannot be read as Int64, such as 1e\+30"),
        ("date", "02/01/2024", r"'date': 1 value\(s\) cannot be read as Date"),
        ("date", 20240102, "'date' holds Int64, which is not a date"),
        (
            "date",
            dt.datetime(2024, 1, 1, 23, tzinfo=dt.UTC),
            "times of day.*the exchange's own time zone",
        ),
        ("low", [1.0], "'low' holds List"),
        ("basis", "total", "basis 'total' is not one of: raw, split"),
        ("basis", None, "basis None is not one of: raw, split"),
    ],
)
def test_what_does_not_fit_is_one_clear_error(
    make_bars: MakeBars, column: str, value: Any, message: str
) -> None:
    frame = make_bars([1.0]).with_columns(pl.Series(column, [value]))
    with pytest.raises(DataError, match=message):
        conform(frame)


def test_missing_columns_are_named_beside_those_that_exist(make_bars: MakeBars) -> None:
    with pytest.raises(DataError, match=r"close, volume are missing; the frame has: symbol, date"):
        conform(make_bars([1.0]).drop("close", "volume"))
    with pytest.raises(DataError, match="provider, basis are missing"):
        conform(make_bars([1.0]).drop("provider", "basis"))
    with pytest.raises(DataError, match="the frame has: none"):
        conform(pl.DataFrame())
