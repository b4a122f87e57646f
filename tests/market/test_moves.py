"""Moves from bar to bar: splits that the prices contradict, and slips of the unit."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stockstream.market.bars import conform
from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars
from stockstream.settings import QualitySettings

if TYPE_CHECKING:
    from collections.abc import Callable

    Make = Callable[..., pl.DataFrame]

ASX = get_calendar("XASX")
DAY = "2024-03-05"


@pytest.mark.parametrize(
    ("basis", "split", "closes", "found"),
    [
        ("raw", 2.0, (10.0, 5.1), False),
        ("raw", 2.0, (10.0, 9.9), True),
        ("raw", 0.1, (0.02, 0.021), True),
        ("raw", 0.1, (0.02, 0.2), False),
        ("split", 2.0, (10.0, 9.9), False),
        ("split", 2.0, (10.0, 5.1), True),
        ("raw", 0.8511, (12.0, 12.05), True),  # SUN
        ("raw", 0.8511, (12.0, 14.0), False),
        ("raw", 1.0145, (10.0, 10.01), True),  # QBE
        ("raw", 1.0145, (10.0, 9.86), False),
        ("split", 1.0145, (10.0, 9.86), True),
        ("raw", 1.0145, (0.050, 0.050), False),  # less than a price step
        ("raw", 2.0, (0.002, 0.002), False),
        ("raw", 1.5, (10.0, 8.2), False),  # half way: nobody can tell
    ],
)
def test_a_split_that_the_prices_contradict(
    make_bars: Make,
    make_actions: Make,
    basis: str,
    split: float,
    closes: tuple[float, float],
    found: bool,
) -> None:
    checked = check_bars(make_bars(closes, basis=basis), ASX, make_actions((DAY, "split", split)))
    assert checked.rejected == {}
    assert ("unconfirmed_split" in checked.noted) == found
    assert "jump" not in checked.noted


def test_the_way_over_a_split_is_from_the_close_to_the_open(
    make_bars: Make, make_actions: Make
) -> None:
    bars = make_bars([10.0, 7.0], open=[10.0, 5.0], high=[10.0, 7.0], low=[10.0, 5.0])
    assert check_bars(bars, ASX, make_actions((DAY, "split", 2.0))).noted == {}


def test_what_is_said_about_a_contradicted_split(make_bars: Make, make_actions: Make) -> None:
    bars = make_bars([10.0, 5.0], basis="split")
    (row,) = check_bars(bars, ASX, make_actions((DAY, "split", 2.0))).findings.rows(named=True)
    assert row["date"] == dt.date(2024, 3, 5)
    assert row["severity"] == "warning"
    assert row["detail"] == "split 2.0, but split-adjusted prices went 10.0 -> 5.0"


SOUND = [41.2, 41.3, 41.4, 41.5, 41.6, 41.7, 41.8]


@pytest.mark.parametrize("factor", [100.0, 0.01, 120.0, 1 / 120])
@pytest.mark.parametrize("day", range(7))
def test_one_bar_in_another_unit_is_set_aside(make_bars: Make, day: int, factor: float) -> None:
    slipped = [close * (factor if at == day else 1.0) for at, close in enumerate(SOUND)]
    checked = check_bars(make_bars(slipped), ASX)
    assert checked.rejected == {"hundredfold": 1}
    assert checked.quarantine["close"].to_list() == [slipped[day]]
    assert checked.quarantine["severity"].to_list() == ["error"]
    assert checked.bars["close"].to_list() == [close for close in SOUND if close in slipped]
    assert "jump" not in checked.noted


def test_the_newest_traded_bars_say_which_unit_is_right(make_bars: Make) -> None:
    cents, dollars = [3500.0 + day for day in range(22)], [35.0 + day / 100 for day in range(7)]
    checked = check_bars(make_bars([*cents, *dollars]), ASX)
    assert checked.bars["close"].to_list() == dollars
    untraded = make_bars([0.15] * 4 + [14.5, 14.55] + [0.15] * 10, volume=[0] * 5 + [9] + [0] * 10)
    assert check_bars(untraded, ASX).bars["close"].to_list() == [14.5, 14.55]
    never = make_bars([14.5, 14.55, 0.15], volume=[0, 0, 0])
    assert check_bars(never, ASX).bars["close"].to_list() == [14.5, 14.55]


def test_a_level_that_lasts_is_no_slip_but_an_unknown_consolidation(make_bars: Make) -> None:
    bars = make_bars([0.01] * 61 + [1.0] * 10)
    checked = check_bars(bars, None)
    assert checked.rejected == {}
    assert checked.noted["jump"] == 1
    shorter = check_bars(bars, None, thresholds=QualitySettings(slip_run=61))
    assert shorter.rejected == {"hundredfold": 61}
    never = check_bars(
        make_bars([10.0, 1000.0, 10.0]), None, thresholds=QualitySettings(slip_run=0)
    )
    assert never.rejected == {}


@pytest.mark.parametrize("basis", ["raw", "split"])
def test_a_known_consolidation_is_no_slip(make_bars: Make, make_actions: Make, basis: str) -> None:
    bars = make_bars([0.01, 1.05, 1.04], basis=basis)
    checked = check_bars(bars, ASX, make_actions((DAY, "split", 0.01)))
    assert checked.rejected == {}
    assert checked.noted == ({} if basis == "raw" else {"unconfirmed_split": 1})


def test_a_split_of_which_the_prices_show_nothing_is_no_slip(
    make_bars: Make, make_actions: Make
) -> None:
    checked = check_bars(make_bars([10.0, 10.1, 10.2]), ASX, make_actions((DAY, "split", 0.01)))
    assert checked.rejected == {}
    assert checked.noted == {"unconfirmed_split": 1}


def test_a_move_within_a_few_price_steps_is_no_slip(make_bars: Make) -> None:
    adjusted = make_bars([0.00002, 0.002, 0.00002], basis="split")
    assert check_bars(adjusted, ASX).rejected == {}


def test_fifty_times_is_not_a_hundred_times(make_bars: Make) -> None:
    checked = check_bars(make_bars([1.0, 1.0, 50.0, 1.0]), ASX)
    assert checked.rejected == {}
    assert checked.noted["jump"] == 2


def test_what_is_set_aside_leaves_the_other_symbols_alone(make_bars: Make) -> None:
    slipped = make_bars([10.0, 1010.0, 10.1], symbol="A")
    other = make_bars([900.0, 901.0, 902.0], symbol="B")
    checked = check_bars(pl.concat([slipped, other]), ASX)
    assert checked.quarantine.select("symbol", "close").rows() == [("A", 1010.0)]
    assert checked.bars.group_by("symbol").len().sort("symbol")["len"].to_list() == [2, 3]


WALK = st.lists(st.floats(-0.04, 0.04), min_size=12, max_size=60)


@pytest.mark.slow
@settings(max_examples=60)
@given(WALK, st.sampled_from([100.0, 0.01]), st.data())
def test_a_run_of_slips_before_nine_sound_bars_is_found_whole(
    moves: list[float], factor: float, data: st.DataObject
) -> None:
    closes = pl.Series([100.0, *moves]).cum_sum().to_list()  # 100, then small steps
    start = data.draw(st.integers(0, len(closes) - 10))
    length = data.draw(st.integers(1, len(closes) - 9 - start))
    inside = range(start, start + length)
    slipped = [close * factor if at in inside else close for at, close in enumerate(closes)]
    days = ASX.sessions("2024-01-02", "2024-12-31")[: len(closes)]
    frame = pl.DataFrame({"symbol": "A", "date": days, "close": slipped, "volume": 5})
    priced = frame.with_columns(open="close", high="close", low="close")
    checked = check_bars(conform(priced, provider="x", basis="raw"), ASX)
    assert checked.quarantine["date"].to_list() == [days[at].item() for at in inside]
    assert checked.rejected == {"hundredfold": length}
