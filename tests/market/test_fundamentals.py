"""The figures of the simulated companies: the same seed, the same figures, never a day early."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.market.simulated import simulate_fundamentals, simulate_market

if TYPE_CHECKING:
    from stockstream.market.simulated import SimulatedMarket

FIRST, LAST = dt.date(2018, 1, 1), dt.date(2020, 12, 31)


@pytest.fixture(scope="module")
def market() -> SimulatedMarket:
    return simulate_market(10, FIRST, LAST, seed=2)


@pytest.fixture(scope="module")
def figures(market: SimulatedMarket) -> pl.DataFrame:
    return simulate_fundamentals(market)


def test_the_same_arguments_give_the_same_figures(
    market: SimulatedMarket, figures: pl.DataFrame
) -> None:
    assert figures.equals(simulate_fundamentals(market))
    assert not figures.equals(simulate_fundamentals(market, seed=8))


def test_every_company_has_both(market: SimulatedMarket, figures: pl.DataFrame) -> None:
    assert set(figures["symbol"]) == set(market.bars["symbol"])
    assert set(figures["name"]) == {"DebtToEquity", "NewsSentiment"}
    assert not figures.select("symbol", "name", "date").is_duplicated().any()
    assert figures.equals(figures.sort("symbol", "name", "date"))


def test_reports_come_late_and_sentiment_on_its_day(figures: pl.DataFrame) -> None:
    late = figures.with_columns(days=(pl.col("known_at") - pl.col("date")).dt.total_days())
    debt, mood = (late.filter(name=name) for name in ("DebtToEquity", "NewsSentiment"))
    assert debt["days"].is_between(40, 80).all()
    assert (mood["days"] == 0).all()
    assert set(debt["date"].dt.strftime("%m-%d")) == {"06-30", "12-31"}
    assert (debt["value"] > 0).all()
    assert mood["value"].is_between(-1.0, 1.0).all()


def test_something_is_known_soon_after_the_first_bar(
    market: SimulatedMarket, figures: pl.DataFrame
) -> None:
    first = market.bars.group_by("symbol").agg(first=pl.min("date"))
    known = figures.filter(name="DebtToEquity").group_by("symbol").agg(known=pl.min("known_at"))
    both = first.join(known, on="symbol")
    assert ((both["known"] - both["first"]).dt.total_days() <= 90).all()


def test_a_larger_market_has_the_same_companies(figures: pl.DataFrame) -> None:
    larger = simulate_fundamentals(simulate_market(15, FIRST, LAST, seed=2))
    shared = larger.filter(pl.col("symbol").is_in(figures["symbol"].to_list()))
    assert shared.equals(figures)
