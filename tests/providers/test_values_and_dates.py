"""From text to numbers and dates; what cannot be read is shown, what is ambiguous is asked."""

from __future__ import annotations

import datetime as dt
import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import DataError
from stockstream.providers.files.dates import to_dates
from stockstream.providers.files.values import NULLS, to_floats


@given(st.lists(st.floats(allow_nan=False)))
def test_numbers_come_back_to_the_last_bit(numbers: list[float]) -> None:
    text = pl.Series([repr(number) for number in numbers], dtype=pl.String)
    assert to_floats(text, "close", "x").to_list() == numbers


def test_every_sign_of_no_value_is_null() -> None:
    signs = [*NULLS, *(sign.upper() for sign in NULLS), " null ", "1.5 "]
    read = to_floats(pl.Series(signs), "close", "x").to_list()
    assert read.pop() == 1.5
    assert all(value is None or math.isnan(value) for value in read)


@pytest.mark.parametrize("value", ["dear", "1,234", "1.2M", "<b>"])
def test_text_among_prices_is_shown_with_its_row(value: str) -> None:
    column = pl.Series(["1.5", None, "null", value, "also bad"])
    with pytest.raises(DataError, match=r"x.csv, data row 4: the close is .* \(2 such value"):
        to_floats(column, "close", "x.csv")


def test_numbers_of_any_type_are_taken_and_others_are_not() -> None:
    assert to_floats(pl.Series([1, None]), "close", "x").to_list() == [1.0, None]
    assert to_floats(pl.Series([None, None]), "close", "x").dtype == pl.Float64
    with pytest.raises(DataError, match="the close column holds Boolean, not numbers"):
        to_floats(pl.Series([True]), "close", "x")


DAY = dt.date(2024, 1, 31)


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-31",
        "2024-01-31 00:00:00+11:00",
        "2024-01-31T10:00:00Z",
        "2024-01-31 00:00:00-05:00",
        " 2024-01-31 ",
        "2024/01/31",
        "20240131",
        "31-Jan-2024",
        "31-Jan-24",
        "31 Jan 2024",
        "31/01/2024",
        "31.01.2024",
        "31-01-2024",
        "31/1/24",
        "01/31/2024",
        "1/31/24",
    ],
)
def test_dates_in_many_forms(text: str) -> None:
    assert to_dates(pl.Series([text, None, ""]), "x").to_list() == [DAY, None, None]


def test_dates_of_other_types() -> None:
    sydney = pl.Series([dt.datetime(2024, 1, 30, 23, tzinfo=dt.UTC)]).dt.convert_time_zone(
        "Australia/Sydney"
    )
    assert to_dates(sydney, "x").to_list() == [DAY]
    assert to_dates(pl.Series([DAY]), "x").to_list() == [DAY]
    assert to_dates(pl.Series(["", None]), "x").to_list() == [None, None]
    with pytest.raises(DataError, match="the date column holds Int64, not dates"):
        to_dates(pl.Series([20240131]), "x")


def test_one_date_decides_for_the_file() -> None:
    read = to_dates(pl.Series(["03/04/2024", "31/04/2024".replace("31", "30")]), "x").to_list()
    assert read == [dt.date(2024, 4, 3), dt.date(2024, 4, 30)]


def test_days_and_months_are_never_guessed() -> None:
    ambiguous = pl.Series(["05/05/2024", "03/04/2024", "07/08/2024"])
    with pytest.raises(DataError, match=r"'03/04/2024' can be read as day/month or .*date_format"):
        to_dates(ambiguous, "x")
    with pytest.raises(DataError, match=r"some dates fit only day/month and others only"):
        to_dates(pl.Series(["31/01/2024", "01/31/2024"]), "x")
    assert to_dates(ambiguous, "x", "%d/%m/%Y")[1] == dt.date(2024, 4, 3)
    assert to_dates(ambiguous, "x", "%m/%d/%Y")[1] == dt.date(2024, 3, 4)


@given(st.lists(st.dates(dt.date(1970, 1, 1), dt.date(2060, 1, 1)), min_size=1))
def test_a_reading_without_error_is_right(dates: list[dt.date]) -> None:
    text = pl.Series([date.strftime("%d/%m/%Y") for date in dates])
    try:
        read = to_dates(text, "x").to_list()
    except DataError:
        assert all(date.day <= 12 for date in dates)
    else:
        assert read == dates


def test_what_is_no_date_is_shown() -> None:
    with pytest.raises(DataError, match=r"x.csv: 'soon' is not a date that can be read"):
        to_dates(pl.Series(["soon"]), "x.csv")
    with pytest.raises(DataError, match=r"data row 3: '2024-02-30' is not a date of the form %Y"):
        to_dates(pl.Series(["2024-02-28", None, "2024-02-30"]), "x.csv")
    with pytest.raises(DataError, match=r"data row 2: '31/01/2024' is not a date of the form"):
        to_dates(pl.Series(["2024-01-31", "31/01/2024"]), "x.csv")
    for layout in ("%Q", "%Y-%m", "%", "%H", "no layout"):
        with pytest.raises(DataError, match=f"'2024-01-31' is not a date of the form {layout}"):
            to_dates(pl.Series(["2024-01-31"]), "x.csv", layout)
