"""Columns are known by their header, never by their place."""

from __future__ import annotations

import pytest

from stockstream.errors import ConfigError, DataError, UnknownNameError
from stockstream.providers.files.layout import demand_fields, recognise

BARE = ["date", "open", "high", "low", "close", "volume"]


@pytest.mark.parametrize(
    ("headers", "field", "header"),
    [
        (["Date", "Open", "High", "Low", "Close", "Volume", "Adj Close"], "adjusted_close", 6),
        (["timestamp", "open", "high", "low", "close", "adjusted_close", "volume"], "date", 0),
        (["1. open", "2. high", "3. low", "4. close", "5. volume", "Date"], "open", 0),
        ([*BARE, "Stock Splits"], "splits", 6),
        ([*BARE, "split_coefficient"], "splits", 6),
        ([*BARE, "dividend_amount"], "dividends", 6),
        ([*BARE, "divCash"], "dividends", 6),
        ([*BARE, "ASX code"], "symbol", 6),
        ([*BARE, "Ticker"], "symbol", 6),
        (["Volume", "CLOSE", "LOW", "HIGH", "OPEN", "Trade Date"], "close", 1),
    ],
)
def test_headers_have_many_names(headers: list[str], field: str, header: int) -> None:
    assert recognise(headers, "x.csv").fields[field] == headers[header]


def test_other_columns_are_left_out() -> None:
    assert set(recognise([*BARE, "Repaired?", "fetch_timestamp"], "x").fields) == set(BARE)


@pytest.mark.parametrize(
    ("headers", "yahoo"),
    [(BARE, False), ([*BARE, "Adj Close"], True), ([*BARE, "adjusted_close", "splits"], False)],
)
def test_yahoo_is_recognised(headers: list[str], yahoo: bool) -> None:
    assert recognise(headers, "x").is_yahoo is yahoo


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"x.csv has no column for: close, volume; its columns are"):
        recognise(BARE[:4], "x.csv")


def test_two_columns_of_one_meaning_are_refused() -> None:
    with pytest.raises(DataError, match="columns 'close' and 'Close' are both the close"):
        recognise([*BARE, "Close"], "x.csv")


@pytest.mark.parametrize(
    "line",
    ["14d,2020-09-16,0.125,0.125,0.135,0.125,129656.000", "BHP.AX,16/09/2020,1,2,3,4,5"],
)
def test_a_first_line_of_values_is_no_header(line: str) -> None:
    with pytest.raises(DataError, match=r"has no header line.*--columns symbol,date,open"):
        recognise(line.split(","), "x.csv")


def test_columns_given_by_hand() -> None:
    demand_fields(["code", "date", "open", "-", "-", "close"])
    with pytest.raises(UnknownNameError, match="did you mean 'close'"):
        demand_fields(["date", "closee"])
    with pytest.raises(ConfigError, match="name close twice"):
        demand_fields(["close", "Last"])
