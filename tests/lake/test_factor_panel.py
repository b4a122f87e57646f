"""What was known at a close: compared with a search through all rows, cell by cell."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.lake.factor_panel import factor_panel

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST = dt.date(2024, 1, 1)
SCHEMA = {
    "symbol": pl.String,
    "date": pl.Date,
    "name": pl.String,
    "value": pl.Float64,
    "known_at": pl.Date,
}


class Row(NamedTuple):
    symbol: str
    date: dt.date
    name: str
    value: float
    known_at: dt.date


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def row(symbol: str, date: int, known_at: int, value: float, name: str = "roe") -> Row:
    return Row(symbol, day(date), name, value, day(known_at))


def frame(rows: Sequence[Row]) -> pl.DataFrame:
    return pl.DataFrame(rows, SCHEMA, orient="row")


def panel(
    rows: Sequence[Row], sessions: Sequence[int], symbols: Sequence[str] = ("A",), **options: int
) -> list[list[float]]:
    days = np.array([day(number) for number in sessions], "datetime64[D]")
    found = factor_panel(frame(rows), symbols, days, ["roe"], max_age=options.get("max_age"))
    columns: list[list[float]] = found["roe"].T.tolist()
    return columns


def search(
    rows: Sequence[Row], symbol: str, name: str, session: dt.date, max_age: int | None
) -> float:
    """The definition, taken literally."""
    known = [
        row for row in rows if (row.symbol, row.name) == (symbol, name) and row.known_at <= session
    ]
    if not known:
        return math.nan
    newest = max(known, key=lambda row: (row.date, row.known_at))
    too_old = max_age is not None and (session - newest.known_at).days > max_age
    return math.nan if too_old else newest.value


NAN = math.nan


def test_a_value_is_seen_from_the_day_it_is_known() -> None:
    known = pytest.approx([NAN, NAN, 1, 1], nan_ok=True)
    assert panel([row("A", 0, 5, 1.0)], [3, 4, 5, 6]) == [known]


def test_known_on_a_weekend_is_seen_at_the_next_session() -> None:
    assert panel([row("A", 0, 6, 1.0)], [5, 8]) == [pytest.approx([NAN, 1.0], nan_ok=True)]


def test_a_restatement_replaces_the_value_from_its_own_day_on() -> None:
    rows = [row("A", 0, 3, 1.0), row("A", 0, 6, 2.0)]
    assert panel(rows, [2, 3, 5, 6, 7]) == [pytest.approx([NAN, 1, 1, 2, 2], nan_ok=True)]


def test_a_restated_older_period_does_not_hide_the_newer_one() -> None:
    rows = [row("A", 0, 3, 1.0), row("A", 4, 5, 2.0), row("A", 0, 7, 1.5)]
    assert panel(rows, [4, 5, 7, 9]) == [[1.0, 2.0, 2.0, 2.0]]


def test_two_periods_of_one_day_give_the_newer() -> None:
    rows = [row("A", 2, 5, 2.0), row("A", 0, 5, 1.0)]
    assert panel(rows, [5, 6]) == [[2.0, 2.0]]


def test_two_publications_between_sessions_give_the_newest_period() -> None:
    rows = [row("A", 3, 5, 3.0), row("A", 1, 6, 1.0), row("A", 3, 7, 3.5)]
    assert panel(rows, [4, 8]) == [pytest.approx([NAN, 3.5], nan_ok=True)]


def test_a_value_grows_too_old() -> None:
    rows = [row("A", 0, 3, 1.0), row("A", 5, 9, 2.0)]
    expected = pytest.approx([1, 1, NAN, 2, 2, NAN], nan_ok=True)
    assert panel(rows, [3, 5, 6, 9, 11, 12], max_age=2) == [expected]


def test_the_columns_are_those_of_the_universe() -> None:
    rows = [row("A", 0, 1, 1.0), row("C", 0, 1, 3.0), row("D", 0, 1, 4.0)]
    assert panel(rows, [2], ("C", "B", "A")) == [[3.0], pytest.approx([NAN], nan_ok=True), [1.0]]


def test_a_name_that_has_no_rows_is_unknown_everywhere() -> None:
    assert panel([row("A", 0, 1, 1.0, name="other")], [2, 3]) == [
        pytest.approx([NAN, NAN], nan_ok=True)
    ]


def test_every_name_of_the_rows_by_default() -> None:
    rows = [row("A", 0, 1, 1.0, name="z"), row("A", 0, 1, 2.0, name="a")]
    found = factor_panel(frame(rows), ["A"], [day(1)])
    assert {name: values.tolist() for name, values in found.items()} == {"a": [[2.0]], "z": [[1.0]]}


def test_nothing_in_nothing_out() -> None:
    assert factor_panel(frame([]), ["A"], [day(1)]) == {}
    assert factor_panel(frame([]), [], [], ["roe"])["roe"].shape == (0, 0)


_ROWS = st.lists(
    st.builds(
        row,
        st.sampled_from("ABC"),
        st.integers(0, 12),
        st.integers(0, 25),
        st.integers(-5, 5).map(float),
        st.sampled_from(["roe", "debt"]),
    ),
    unique_by=lambda row: (row.symbol, row.name, row.date, row.known_at),
    max_size=40,
)
_SESSIONS = st.lists(st.integers(0, 30), unique=True).map(sorted)


@given(_ROWS, _SESSIONS, st.none() | st.integers(0, 10))
def test_every_cell_is_what_a_search_finds(
    rows: list[Row], sessions: list[int], max_age: int | None
) -> None:
    symbols, days = ["B", "A", "C"], [day(number) for number in sessions]
    found = factor_panel(frame(rows), symbols, days, ["roe", "debt"], max_age=max_age)
    for name, values in found.items():
        assert values.shape == (len(days), len(symbols))
        expected = [[search(rows, s, name, session, max_age) for s in symbols] for session in days]
        np.testing.assert_array_equal(values, np.array(expected).reshape(values.shape))


@given(_ROWS, st.integers(0, 30))
def test_what_becomes_known_later_changes_nothing_before(rows: list[Row], now: int) -> None:
    days = [day(number) for number in range(now + 1)]
    past = [row for row in rows if row.known_at <= day(now)]
    before = factor_panel(frame(past), ["A", "B", "C"], days, ["roe"])["roe"]
    after = factor_panel(frame(rows), ["A", "B", "C"], days, ["roe"])["roe"]
    np.testing.assert_array_equal(before, after)
