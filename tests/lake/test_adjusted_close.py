"""Adjusted closes that are worked out around the events alone are those of the whole series."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_series_equal

from stockstream.lake.adjusted_close import fill_adjusted_close, find_factors
from stockstream.market.actions import conform_actions
from stockstream.market.adjust import adjust
from stockstream.market.bars import conform

FIRST = dt.date(2024, 1, 1)
BASIS = {"A": "raw", "B": "split", "C": "raw"}

BARS = st.sets(st.tuples(st.sampled_from("ABC"), st.integers(0, 20)), min_size=1)
EVENTS = st.dictionaries(
    st.tuples(st.sampled_from("ABC"), st.integers(-2, 23), st.sampled_from(("split", "dividend"))),
    st.sampled_from((0.1, 0.5, 2.0, 7.0)),
)


@pytest.mark.slow
@given(BARS, EVENTS)
def test_the_factors_around_events_are_enough(
    days: set[tuple[str, int]], told: dict[tuple[str, int, str], float]
) -> None:
    rows = [
        {
            "symbol": symbol,
            "date": FIRST + dt.timedelta(day),
            **dict.fromkeys(("open", "high", "low", "close"), 100.0 + 3 * day),
            "volume": 1,
            "basis": BASIS[symbol],
        }
        for symbol, day in days
    ]
    bars = conform(pl.DataFrame(rows), provider="test")
    schema = {"symbol": pl.String, "date": pl.Date, "kind": pl.String, "value": pl.Float64}
    happened = [
        (symbol, FIRST + dt.timedelta(day), kind, value)
        for (symbol, day, kind), value in told.items()
    ]
    events = conform_actions(pl.DataFrame(happened, schema, orient="row"), provider="test")
    filled = fill_adjusted_close(bars.lazy(), find_factors(bars, events)).collect()
    wanted = adjust(bars, events, "total_return")["close"]
    assert_series_equal(filled["adjusted_close"], wanted, check_names=False)
