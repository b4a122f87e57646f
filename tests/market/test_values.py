"""Values that speak against themselves: adjusted closes, prices that stand, dividends."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., pl.DataFrame]

ASX = get_calendar("XASX")


def test_an_adjusted_close_above_the_close_is_noted_once_for_a_symbol(make_bars: Make) -> None:
    closes = [1.0, 1.1, 1.2, 1.3]
    bars = make_bars(closes, basis="split", adjusted_close=[1.0, 1.2, 2.4, None])
    (row,) = check_bars(bars, ASX).findings.rows(named=True)
    assert (row["rule"], row["severity"]) == ("adjusted_above_close", "warning")
    assert row["date"] == dt.date(2024, 3, 5)
    assert row["detail"] == "on 2 bar(s) until 2024-03-06, up to 2.0 times the close"


def test_noise_of_32_bit_floats_is_not_above_the_close(make_bars: Make) -> None:
    bars = make_bars([14.550000190734863], basis="split", adjusted_close=[14.550000429153442])
    assert check_bars(bars, ASX).noted == {}


def test_as_traded_prices_before_a_consolidation_are_below_adjusted_ones(make_bars: Make) -> None:
    bars = make_bars([0.02, 0.021], basis="raw", adjusted_close=[0.2, 0.21])
    assert check_bars(bars, ASX).noted == {}


def standing(make_bars: Make, bars: int, price: float, traded: int = 0) -> pl.DataFrame:
    volume = [100] * traded + [0] * (bars - traded)
    before, after = price * 1.2, price * 1.3
    closes = [before, *[price] * bars, after]
    return make_bars(closes, start=dt.date(2024, 5, 1), volume=[50, *volume, 50])


@pytest.mark.parametrize(
    ("bars", "price", "found"),
    [
        (20, 1.0, True),
        (19, 1.0, False),
        (20, 0.02, False),  # one step is 5 %
        (20, 0.15, False),
        (20, 0.25, True),
    ],
)
def test_a_price_that_stands_for_long_is_stale(
    make_bars: Make, bars: int, price: float, found: bool
) -> None:
    assert ("stale_run" in check_bars(standing(make_bars, bars, price), None).noted) == (bars > 19)
    assert ("stale_run" in check_bars(standing(make_bars, bars, price), ASX).noted) == found


def test_what_is_said_about_a_stale_run(make_bars: Make) -> None:
    checked = check_bars(standing(make_bars, 25, 1.0, traded=3), ASX)
    (row,) = checked.findings.filter(rule="stale_run").rows(named=True)
    assert row["date"] == dt.date(2024, 5, 2)
    assert row["detail"] == "1.0 on 25 bars until 2024-06-05, 3 of them traded"


def test_runs_end_with_their_symbol_and_reach_to_the_last_bar(make_bars: Make) -> None:
    two = pl.concat([make_bars([1.0] * 15, symbol=name) for name in ("A", "B")])
    assert check_bars(two, None).noted == {}
    runs = pl.concat([make_bars([1.0] * 20, symbol=name) for name in ("A", "B")])
    found = check_bars(runs, None).findings
    assert found.select("symbol", "rule").rows() == [("A", "stale_run"), ("B", "stale_run")]


def test_the_same_dividend_again_within_days_is_odd(make_bars: Make, make_actions: Make) -> None:
    bars = make_bars([10.0, 10.1, 10.2, 10.3])
    paid = [("2024-03-05", "dividend", 0.5), ("2024-03-06", "dividend", 0.5)]
    (row,) = check_bars(bars, ASX, make_actions(*paid)).findings.rows(named=True)
    assert (row["rule"], row["date"]) == ("odd_dividend", dt.date(2024, 3, 6))
    assert row["detail"] == "0.5 after 0.5: again after days"


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ((0.02, 0.02, 0.0002, 0.016), 0.0002),
        ((0.02, 0.02, 2.0, 0.016), 2.0),
        ((0.755, 0.006, 0.116, 0.997), None),  # small, and true
        ((0.02, 0.021, 0.022, 0.022), None),
    ],
)
def test_a_dividend_in_another_unit_is_odd(
    make_bars: Make, make_actions: Make, values: tuple[float, ...], odd: float | None
) -> None:
    bars = make_bars([10.0 + day % 3 for day in range(200)])
    paid = [(f"2024-0{4 + month}-10", "dividend", value) for month, value in enumerate(values)]
    found = check_bars(bars, None, make_actions(*paid)).findings.filter(rule="odd_dividend")
    said = [float(detail.split()[0]) for detail in found["detail"]]
    assert said == ([] if odd is None else [odd])


def test_dividends_of_other_symbols_and_times_are_not_looked_at(
    make_bars: Make, make_actions: Make
) -> None:
    paid = [("2023-03-06", "dividend", 0.5), ("2023-03-07", "dividend", 0.5)]
    bars = make_bars([10.0, 10.1])
    assert check_bars(bars, ASX, make_actions(*paid)).noted == {}
    others = make_actions(
        *[(day.replace("2023", "2024"), *rest) for day, *rest in paid], symbol="Z"
    )
    assert check_bars(bars, ASX, others).noted == {}
