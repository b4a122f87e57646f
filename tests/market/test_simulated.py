"""The simulated market: the same each time, sound, and as odd as a real one."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.market.actions import ACTION_SCHEMA, at_bars
from stockstream.market.adjust import adjust
from stockstream.market.bars import BAR_SCHEMA, PRICES
from stockstream.market.basis import infer_basis
from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars
from stockstream.market.simulated import simulate_market
from stockstream.market.simulated.company import CODES, code_of
from stockstream.market.simulated.simulate import LISTING_SCHEMA
from stockstream.market.ticks import ASX_TICKS

if TYPE_CHECKING:
    from stockstream.market.simulated import SimulatedMarket

START, END = dt.date(2015, 1, 1), dt.date(2024, 12, 31)


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return simulate_market(150, START, END, seed=7)


def assert_same(one: SimulatedMarket, other: SimulatedMarket) -> None:
    for name in ("bars", "actions", "listings"):
        assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def test_frames_have_the_schemas_of_the_lake(market: SimulatedMarket) -> None:
    assert market.bars.schema == BAR_SCHEMA
    assert market.actions.schema == ACTION_SCHEMA
    assert market.listings.schema == LISTING_SCHEMA
    assert market.bars.select(pl.struct("symbol", "date").is_sorted()).item()
    assert market.listings["symbol"].is_sorted()
    assert market.bars["basis"].unique().to_list() == ["raw"]
    assert market.bars["provider"].unique().to_list() == ["simulated"]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    first = simulate_market(5, START, dt.date(2016, 12, 31), seed=3)
    assert_same(first, simulate_market(5, START, dt.date(2016, 12, 31), seed=3))
    other = simulate_market(5, START, dt.date(2016, 12, 31), seed=4)
    assert first.bars["close"].to_list() != other.bars["close"].to_list()


def test_a_larger_market_has_the_companies_of_a_smaller_one(market: SimulatedMarket) -> None:
    small = simulate_market(20, START, END, seed=7)
    codes = small.listings["symbol"].implode()
    for name in ("bars", "actions", "listings"):
        large = getattr(market, name).filter(pl.col("symbol").is_in(codes))
        assert_frame_equal(large, getattr(small, name))


@pytest.mark.parametrize("calendar", ["XASX", "XNYS"])
def test_it_passes_its_own_check(calendar: str) -> None:
    market = simulate_market(60, START, END, seed=11, calendar=calendar)
    checked = check_bars(market.bars, get_calendar(calendar), market.actions)
    assert_frame_equal(checked.bars, market.bars)
    assert checked.rejected == {}
    assert checked.noted.keys() == {"long_gap"}


def test_prices_are_on_the_steps_of_the_exchange(market: SimulatedMarket) -> None:
    for name in PRICES:
        prices = market.bars[name].to_numpy()
        np.testing.assert_array_equal(ASX_TICKS.snap(prices), prices)


def test_everything_that_makes_real_markets_hard_is_there(market: SimulatedMarket) -> None:
    bars, actions, listings = market.bars, market.actions, market.listings
    splits = actions.filter(kind="split")["value"].to_list()
    assert {2.0, 3.0, 7.0, 0.1} == set(splits)
    placed = at_bars(actions, bars, "split", "dividend")
    assert placed.select((pl.col("date") != pl.col("bar_date")).any()).item()
    assert listings["listing_date"].is_between(START, END).sum() > 20
    assert listings["delisting_date"].is_not_null().sum() > 15
    assert listings["sector"].n_unique() > 7
    assert (bars.group_by("symbol").agg(pl.col("close").min())["close"] < 0.01).any()
    assert len(check_bars(bars, get_calendar("XASX")).findings.filter(rule="long_gap")) > 20


def test_a_delisting_is_the_session_after_the_last_bar(market: SimulatedMarket) -> None:
    last = market.bars.group_by("symbol").agg(pl.col("date", "close").last())
    delisted = market.actions.filter(kind="delisting").join(last, on="symbol", suffix="_last")
    delisted = delisted.sort("symbol")
    listings = market.listings.drop_nulls("delisting_date")
    assert delisted["symbol"].to_list() == listings["symbol"].to_list()
    assert delisted["date"].to_list() == listings["delisting_date"].to_list()
    assert delisted["value"].to_list() == delisted["close"].to_list()
    asx = get_calendar("XASX")
    for day, before in delisted.select("date", "date_last").rows():
        assert asx.next_session(before) == np.datetime64(day)
    kept = market.listings.filter(pl.col("delisting_date").is_null())["symbol"].implode()
    assert (last.filter(pl.col("symbol").is_in(kept))["date"] == END).all()


def test_events_are_in_the_prices_and_adjustment_takes_them_out(market: SimulatedMarket) -> None:
    """On the days of events, adjusted closes move as on any day."""
    assert infer_basis(market.bars, market.actions).basis == "raw"
    assert infer_basis(market.bars, market.actions).split == 0
    events = at_bars(market.actions, market.bars, "split", "dividend")
    adjusted = adjust(market.bars, market.actions, "total_return")
    dear = market.bars.group_by("symbol").agg(cheapest=pl.col("close").min())
    move = (pl.col("close") / pl.col("close").shift()).log().over("symbol")
    moves = adjusted.with_columns(move=move).join(dear, on="symbol").filter(pl.col("cheapest") > 1)
    on_events = moves.join(
        events, left_on=["symbol", "date"], right_on=["symbol", "bar_date"], how="semi"
    )["move"].drop_nulls()
    others = moves["move"].drop_nulls().to_numpy()
    assert len(on_events) > 500
    error = others.std() / np.sqrt(len(on_events))
    assert on_events.to_numpy().mean() == pytest.approx(others.mean(), abs=4 * error)
    assert on_events.to_numpy().std() == pytest.approx(others.std(), rel=0.25)
    assert on_events.abs().max() == pytest.approx(0.0, abs=0.36)


def test_returns_have_fat_tails_clustered_volatility_and_company(market: SimulatedMarket) -> None:
    adjusted = adjust(market.bars, market.actions, "total_return")
    move = (pl.col("close") / pl.col("close").shift()).log().over("symbol")
    liquid = adjusted.select("symbol", "date", "close", move=move)
    liquid = liquid.filter((pl.col("close") > 2).all().over("symbol")).drop_nulls()
    by_symbol = liquid.group_by("symbol").agg(pl.col("move").kurtosis())
    assert float(np.median(by_symbol["move"].to_numpy())) > 2.0
    market_move = liquid.group_by("date").agg(pl.col("move").mean()).sort("date")["move"]
    size = market_move.abs().to_numpy()
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1
    joined = liquid.join(liquid.group_by("date").agg(mean=pl.col("move").mean()), on="date")
    together = joined.group_by("symbol").agg(pl.corr("move", "mean"))
    assert float(np.median(together["move"].to_numpy())) > 0.2


def test_volume_rises_with_the_size_of_the_move(market: SimulatedMarket) -> None:
    frame = market.bars.with_columns(
        move=(pl.col("close") / pl.col("open")).log().abs(), volume=pl.col("volume").log()
    )
    by_symbol = frame.group_by("symbol").agg(pl.corr("move", "volume", method="spearman"))
    assert float(np.median(by_symbol["move"].to_numpy())) > 0.05
    assert (market.bars["volume"] > 0).all()


@pytest.mark.parametrize("end", ["2015-01-05", "2015-03-31", "2015-06-30"])
def test_a_short_range_is_a_market_too(end: str) -> None:
    market = simulate_market(8, START, dt.date.fromisoformat(end))
    assert check_bars(market.bars, get_calendar("XASX"), market.actions).rejected == {}


def test_codes_look_real_and_are_unique() -> None:
    assert [code_of(i) for i in (0, 1, 675, 676, CODES - 1)] == ["ZAA", "ZAB", "ZZZ", "YAA", "AZZ"]
    assert len({code_of(i) for i in range(CODES)}) == CODES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"symbols": 0}, "symbols must be 1 to 17,576, not 0"),
        ({"seed": -1}, "seed must be 0 or more"),
        ({"end": START}, "needs 2 sessions or more"),
        ({"end": dt.date(2014, 1, 1)}, "before start"),
        ({"end": dt.date(2030, 1, 1)}, "covers 1970-01-01 to 2027-12-31"),
    ],
)
def test_an_impossible_market_is_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        simulate_market(**{"symbols": 2, "start": START, **arguments})


def test_an_unknown_calendar_is_refused() -> None:
    with pytest.raises(UnknownNameError, match="unknown calendar 'ASX'"):
        simulate_market(2, calendar="ASX")
