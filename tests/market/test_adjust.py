"""Adjustment on read, against what two providers publish."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from stockstream.errors import DataError, UnknownNameError
from stockstream.market.actions import from_columns
from stockstream.market.adjust import adjust
from stockstream.market.bars import PRICES, conform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., pl.DataFrame]

TUESDAY, WEDNESDAY, FRIDAY = "2024-03-05", "2024-03-06", "2024-03-08"


def closes(bars: pl.DataFrame) -> list[float]:
    return bars["close"].to_list()


def test_none_gives_the_bars_as_they_are(make_bars: Make, make_actions: Make) -> None:
    bars = make_bars([10.0, 5.0])
    assert adjust(bars, make_actions((TUESDAY, "split", 2.0)), "none") is bars


def test_a_split_divides_older_prices_and_multiplies_older_volumes(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([70.0, 10.0, 11.0], high=[77.0, 10.0, 11.0], volume=[100, 700, 5])
    adjusted = adjust(bars, make_actions((TUESDAY, "split", 7.0)), "split")
    assert closes(adjusted) == [10.0, 10.0, 11.0]
    assert adjusted["high"].to_list() == [11.0, 10.0, 11.0]
    assert adjusted["volume"].to_list() == [700, 700, 5]
    assert adjusted["basis"].unique().to_list() == ["adjusted"]
    assert adjusted.schema == bars.schema


def test_the_two_conventions_for_a_dividend(make_bars: Make, make_actions: Make) -> None:
    bars, paid = make_bars([10.0, 9.0]), make_actions((TUESDAY, "dividend", 0.5))
    assert closes(adjust(bars, paid, "split")) == [10.0, 9.0]
    assert closes(adjust(bars, paid, "total_return")) == [10.0 * (1 - 0.5 / 10), 9.0]
    by_return = closes(adjust(bars, paid, "total_return", "return"))
    assert by_return == pytest.approx([9.0 / ((9.0 + 0.5) / 10.0), 9.0])


def test_a_dividend_of_a_split_day_is_paid_on_new_shares(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([10.0, 4.5])
    both = make_actions((TUESDAY, "split", 2.0), (TUESDAY, "dividend", 0.25))
    assert closes(adjust(bars, both, "total_return")) == [10.0 / 2 * (1 - 0.25 * 2 / 10), 4.5]
    by_return = closes(adjust(bars, both, "total_return", "return"))
    assert by_return == pytest.approx([4.5 / ((4.5 + 0.25) * 2 / 10.0), 4.5])


def test_events_of_days_without_a_bar_work_at_the_next_bar_in_their_order(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([10.0, 9.0, 8.0, 4.0]).filter(pl.col("close").is_in([10.0, 4.0]))
    events = make_actions((TUESDAY, "dividend", 1.0), (WEDNESDAY, "split", 2.0))
    adjusted = adjust(bars, events, "total_return")
    assert closes(adjusted) == pytest.approx([10.0 / 2 * (1 - 1.0 / 10), 4.0])
    later = make_actions((TUESDAY, "split", 2.0), (WEDNESDAY, "dividend", 0.5))
    assert closes(adjust(bars, later, "total_return")) == pytest.approx(closes(adjusted))


def test_an_event_after_the_last_bar_waits_and_one_before_the_first_is_past(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([10.0, 9.0])
    events = make_actions(
        ("2020-01-02", "dividend", 99.0), ("2024-03-04", "split", 3.0), (FRIDAY, "split", 2.0)
    )
    assert closes(adjust(bars, events, "total_return")) == [10.0, 9.0]


def test_split_adjusted_bars_are_not_split_again_but_pay_dividends(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([10.0, 9.0], basis="split")
    both = make_actions((TUESDAY, "split", 2.0), (TUESDAY, "dividend", 0.5))
    assert closes(adjust(bars, both, "split")) == [10.0, 9.0]
    assert closes(adjust(bars, both, "total_return")) == [10.0 * (1 - 0.5 / 10), 9.0]


def test_symbols_are_adjusted_for_their_own_events_only(
    make_bars: Make, make_actions: Make
) -> None:
    bars = pl.concat([make_bars([8.0, 4.0], symbol=name) for name in ("A.AX", "BHP.AX", "C.AX")])
    adjusted = adjust(bars, make_actions((TUESDAY, "split", 2.0)), "split")
    assert closes(adjusted) == [8.0, 4.0, 4.0, 4.0, 8.0, 4.0]


def test_what_cannot_be_adjusted_is_one_clear_error(make_bars: Make, make_actions: Make) -> None:
    bars, split = make_bars([10.0, 5.0]), make_actions((TUESDAY, "split", 2.0))
    with pytest.raises(DataError, match="'adjusted' cannot be adjusted"):
        adjust(adjust(bars, split, "split"), split, "split")
    mixed = pl.concat([bars.head(1), bars.tail(1).with_columns(basis=pl.lit("split"))])
    with pytest.raises(DataError, match=r"both raw and split-adjusted bars, such as BHP\.AX"):
        adjust(mixed, split, "split")
    with pytest.raises(DataError, match=r"paid 12\.0 for each share held before 2024-03-05"):
        adjust(bars, make_actions((TUESDAY, "dividend", 12.0)), "total_return")
    wrong: Any = "splits"
    with pytest.raises(UnknownNameError, match="unknown mode 'splits'; did you mean 'split'"):
        adjust(bars, split, wrong)
    with pytest.raises(UnknownNameError, match="unknown convention 'splits'"):
        adjust(bars, split, "split", wrong)


@given(
    st.lists(st.floats(1.0, 100.0), min_size=2, max_size=12),
    st.lists(
        st.tuples(
            st.integers(0, 15),
            st.sampled_from([("split", 2.0), ("split", 0.1), ("dividend", 0.3)]),
        ),
        max_size=6,
        unique_by=lambda event: event,
    ),
)
def test_the_return_convention_makes_returns_of_money(
    prices: list[float], drawn: list[tuple[int, tuple[str, float]]]
) -> None:
    """Reinvest by hand: shares times close must grow as the adjusted close does."""
    days = [dt.date(2024, 3, 1) + dt.timedelta(day) for day in range(len(prices))]
    bars = conform(
        pl.DataFrame({"symbol": "A", "date": days, **dict.fromkeys(PRICES, prices), "volume": 1}),
        provider="x",
        basis="raw",
    )
    events = {(day, kind): value for day, (kind, value) in drawn}
    frame = pl.DataFrame(
        {
            "symbol": "A",
            "date": days,
            "splits": [events.get((day, "split"), 1.0) for day in range(len(days))],
            "dividends": [events.get((day, "dividend"), 0.0) for day in range(len(days))],
        }
    )
    shares, worth = 1.0, [prices[0]]
    for price, split, cash in frame.select(pl.Series(prices), "splits", "dividends").rows()[1:]:
        shares *= split
        shares += shares * cash / price
        worth.append(shares * price)
    adjusted = adjust(bars, from_columns(frame, provider="x"), "total_return", "return")
    ratio = np.array(worth) / adjusted["close"].to_numpy()
    np.testing.assert_allclose(ratio, ratio[0], rtol=1e-12)


def gold(path: Path) -> tuple[pl.DataFrame, pl.DataFrame, pl.Series]:
    frame = pl.read_csv(path, try_parse_dates=True).sort("symbol", "date")
    close = pl.col("raw_close")
    bars = frame.with_columns(**dict.fromkeys(PRICES, close), volume=pl.lit(1))
    actions = from_columns(frame, provider="gold")
    return conform(bars, provider="x", basis="raw"), actions, frame["expected_adjusted_close"]


@pytest.mark.shared
def test_yahoo_s_adjusted_close(shared_data: Path) -> None:
    """Median error 4e-8; on 2024-01-15 the as-traded closes of the file are not Yahoo's."""
    path = shared_data / "gold" / "adjust_yahoo_convention_3asx_2024_2025.csv"
    bars, actions, expected = gold(path)
    assert len(actions) == 12
    adjusted = adjust(bars, actions, "total_return", "yahoo")
    error = (adjusted["close"] / expected - 1).abs()
    assert error.median() == pytest.approx(0.0, abs=1e-7)
    assert adjusted.filter(error > 1e-6)["date"].to_list() == [dt.date(2024, 1, 15)] * 3


@pytest.mark.shared
def test_alpha_vantage_s_adjusted_close_through_7_for_1_and_4_for_1(shared_data: Path) -> None:
    path = shared_data / "gold" / "adjust_alphavantage_convention_AAPL_2012_2021.csv"
    bars, actions, expected = gold(path)
    assert actions.filter(kind="split")["value"].to_list() == [7.00000700001, 4.0]
    adjusted = adjust(bars, actions, "total_return", "return")
    np.testing.assert_allclose(adjusted["close"], expected, rtol=1e-11)
    other = adjust(bars, actions, "total_return", "yahoo")
    assert (other["close"] / expected - 1).abs().max() == pytest.approx(1.9e-4, rel=0.1)


@pytest.mark.shared
def test_no_crash_in_apple_without_its_splits(shared_data: Path) -> None:
    frame = pl.read_parquet(shared_data / "sample" / "us_10_2014_2021.parquet")
    bars = conform(frame, provider="av", basis="raw")
    adjusted = adjust(bars, from_columns(frame, provider="av"), "split")
    moves = adjusted.filter(symbol="AAPL")["close"].pct_change().drop_nulls()
    assert moves.min() == pytest.approx(-0.1286, abs=1e-4)
    assert moves.max() == pytest.approx(0.1198, abs=1e-4)
    raw = bars.filter(symbol="AAPL")["close"].pct_change().drop_nulls()
    assert (raw < -0.7).sum() == 2


@pytest.mark.slow
@pytest.mark.shared
def test_the_adjusted_close_of_255_american_shares(shared_data: Path) -> None:
    """Every one of 687,235 rows within the rounding of the published column."""
    frame = pl.read_parquet(shared_data / "us_sp500_raw_actions_2010_2021.parquet")
    bars = conform(frame, provider="av", basis="raw")
    adjusted = adjust(bars, from_columns(frame, provider="av"), "total_return", "return")
    error = (adjusted["close"] / adjusted["adjusted_close"] - 1).abs()
    assert error.median() == pytest.approx(0.0, abs=1e-12)
    assert error.max() == pytest.approx(0.0, abs=1e-5)


def test_an_empty_list_of_actions_changes_nothing_but_the_basis(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([10.0, 9.0])
    adjusted = adjust(bars, make_actions(), "total_return")
    assert_frame_equal(adjusted.drop("basis"), bars.drop("basis"))
