"""The simulated provider: a market of each fetch's days, and one that grows day by day."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError
from stockstream.market.simulated import simulate_market
from stockstream.providers import simulated
from stockstream.providers.base import Provider
from stockstream.providers.simulated import SimulatedProvider
from stockstream.testing.provider_contract import ProviderContract

if TYPE_CHECKING:
    from collections.abc import Iterator

    from stockstream.market.simulated import SimulatedMarket
    from stockstream.providers.base import FetchResult

YEAR = (dt.date(2023, 1, 1), dt.date(2023, 12, 31))
FIRST, LAST = dt.date(2020, 1, 1), dt.date(2023, 12, 31)
WHOLE = simulate_market(40, FIRST, LAST, 3)
GONE = WHOLE.listings.drop_nulls("delisting_date").sort("delisting_date").row(0, named=True)
NEW = WHOLE.listings.filter(pl.col("listing_date") > FIRST).row(0, named=True)


@pytest.fixture
def growing() -> SimulatedProvider:
    return SimulatedProvider(40, 3, first=FIRST, last=LAST)


@pytest.fixture
def _forgotten() -> Iterator[None]:
    simulated._kept.cache_clear()
    yield
    simulated._kept.cache_clear()


class TestGrowingMarket(ProviderContract):
    start, end = dt.date(2023, 1, 1), dt.date(2023, 3, 31)
    symbols = tuple(
        WHOLE.listings.filter(
            pl.col("delisting_date").is_null() & (pl.col("listing_date") < FIRST)
        )["symbol"].head(4)
    )
    unknown = "NOPE.AX"

    @pytest.fixture
    def provider(self, growing: SimulatedProvider) -> SimulatedProvider:
        return growing


def test_the_simulated_market_by_symbol() -> None:
    provider = SimulatedProvider(companies=5, seed=3)
    assert isinstance(provider, Provider)
    everything = provider.fetch([], *YEAR)
    assert everything.bars["symbol"].n_unique() == 5
    assert set(everything.bars["provider"]) == {"simulated"}
    chosen = everything.bars["symbol"].unique().sort()[1]
    one = provider.fetch([chosen, "NOPE.AX"], *YEAR)
    assert one.bars["symbol"].unique().to_list() == [chosen]
    assert one.listings is not None
    assert one.listings["symbol"].to_list() == [chosen]
    assert [(failure.name, failure.kind) for failure in one.failures] == [("NOPE.AX", "not_found")]


def test_other_days_are_another_market_unless_it_has_days_of_its_own(
    growing: SimulatedProvider,
) -> None:
    days, longer = (dt.date(2023, 3, 1), dt.date(2023, 6, 30)), (dt.date(2023, 2, 1), LAST)
    fresh = SimulatedProvider(40, 3)
    assert not closes(fresh.fetch([], *days), days).equals(closes(fresh.fetch([], *longer), days))
    assert closes(growing.fetch([], *days), days).equals(closes(growing.fetch([], *longer), days))


def test_day_by_day_it_comes_to_the_whole(growing: SimulatedProvider) -> None:
    months = pl.date_range(FIRST, LAST, "1mo", eager=True).to_list()
    ends = [day - dt.timedelta(days=1) for day in months[1:]] + [LAST]
    pieces = [growing.fetch([], *days) for days in zip(months, ends, strict=True)]
    assert_frame_equal(
        pl.concat([piece.bars for piece in pieces]), WHOLE.bars, check_row_order=False
    )
    assert_frame_equal(
        pl.concat([piece.actions for piece in pieces]), WHOLE.actions, check_row_order=False
    )
    assert pieces[-1].listings is not None
    assert_frame_equal(pieces[-1].listings, WHOLE.listings)


def test_nothing_of_the_future_shows(growing: SimulatedProvider) -> None:
    before = GONE["delisting_date"] - dt.timedelta(days=1)
    result = growing.fetch([], FIRST, before)
    assert result.listings is not None
    for frame in (result.bars, result.actions):
        assert frame["date"].max() <= before
    assert result.listings["delisting_date"].null_count() == len(result.listings)
    assert (result.listings["listing_date"] <= before).all()
    unborn = NEW["listing_date"] - dt.timedelta(days=1)
    assert kinds(growing.fetch([NEW["symbol"]], FIRST, unborn)) == ["not_found"]
    assert kinds(growing.fetch([NEW["symbol"]], FIRST, NEW["listing_date"])) == []


def test_a_delisted_company_is_not_known_any_more(growing: SimulatedProvider) -> None:
    symbol, day = GONE["symbol"], GONE["delisting_date"]
    month = dt.timedelta(days=30)
    last = growing.fetch([symbol], day - month, day)
    assert not last.bars.is_empty()
    assert last.actions["kind"].to_list()[-1] == "delisting"
    assert kinds(growing.fetch([symbol], day, day + month)) == ["not_found"]


def test_a_company_without_a_bar_is_still_known(growing: SimulatedProvider) -> None:
    sunday = dt.date(2023, 3, 5)
    trading = TestGrowingMarket.symbols[0]
    assert kinds(growing.fetch([trading], sunday, sunday)) == ["empty"]


def test_days_outside_the_market(growing: SimulatedProvider) -> None:
    beyond = growing.fetch([], LAST + dt.timedelta(days=1), LAST + dt.timedelta(days=9))
    assert beyond.bars.is_empty()


@pytest.mark.usefixtures("_forgotten")
def test_it_is_simulated_once_for_all_threads(
    growing: SimulatedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Any] = []

    def simulate(*what: Any) -> SimulatedMarket:
        made.append(what)
        return WHOLE

    monkeypatch.setattr(simulated, "simulate_market", simulate)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: growing.fetch([], *YEAR), range(16)))
    SimulatedProvider(40, 3, first=FIRST, last=LAST).fetch([], *YEAR)
    assert made == [(40, FIRST, LAST, 3, "XASX")]


@pytest.mark.parametrize("days", [{"first": FIRST}, {"last": LAST}])
def test_half_a_range_is_none(days: dict[str, dt.date]) -> None:
    with pytest.raises(ConfigError, match="both a first and a last day, or neither"):
        SimulatedProvider(**days)  # type: ignore[arg-type]


def closes(result: FetchResult, days: tuple[dt.date, dt.date]) -> pl.DataFrame:
    inside = pl.col("date").is_between(*days)
    return result.bars.filter(inside).select("symbol", "date", "close")


def kinds(result: FetchResult) -> list[str]:
    return [failure.kind for failure in result.failures]
