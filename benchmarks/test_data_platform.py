"""The lake: what it costs that rows are checked, versioned and kept by year, as ratios in one run.

The budget for one symbol's history, 50 ms on an idle machine, is printed.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from stockstream.lake import DataAggregator, Lake
from stockstream.market.bars import conform

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SYMBOLS, SESSIONS = 1_400, 1_257
"""As many rows as the Australian market had in five years: 1.76 million."""


def best(call: Callable[[], object], rounds: int = 5) -> float:
    """CPU seconds, so that what else runs on the machine does not count."""
    times = []
    for _ in range(rounds):
        began = time.process_time()
        call()
        times.append(time.process_time() - began)
    return min(times)


def market(symbols: int, sessions: int) -> pl.DataFrame:
    """Made-up bars in half cents, sorted by symbol and date."""
    random = np.random.default_rng(7)
    days = np.busday_offset(np.datetime64("2014-01-02"), np.arange(sessions))
    steps = random.normal(0.0, 0.02, (symbols, sessions)).cumsum(axis=1)
    level = random.lognormal(0.0, 1.5, (symbols, 1))
    close = np.maximum(np.round(level * np.exp(steps) / 0.005), 1).ravel() * 0.005
    rows = pl.DataFrame(
        {
            "symbol": np.repeat([f"S{number:04}.AX" for number in range(symbols)], sessions),
            "date": np.tile(days, symbols),
            "open": np.roll(close, 1),
            "high": close + 0.005 * random.integers(0, 4, close.size),
            "low": np.maximum(close - 0.005 * random.integers(0, 4, close.size), 0.005),
            "close": close,
            "volume": random.integers(0, 5_000_000, close.size),
        }
    )
    return conform(rows, provider="benchmark", basis="raw")


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    place = Lake.create(tmp_path_factory.mktemp("market") / "lake")
    place.merge(market(SYMBOLS, SESSIONS))
    return place


def test_the_whole_market(benchmark: Any, lake: Lake, tmp_path: Path) -> None:
    """Against one sorted file of the same rows: at most twice its time."""
    aggregator = DataAggregator(lake.location.address)
    file = tmp_path / "one.parquet"
    aggregator.load_all_data().write_parquet(file)
    benchmark.pedantic(aggregator.load_all_data, rounds=5, warmup_rounds=1)
    ours, one = best(aggregator.load_all_data), best(lambda: pl.read_parquet(file))
    benchmark.extra_info["times_one_file"] = ours / one
    print(f"\nwhole market {ours:.3f} CPU s, one sorted file {one:.3f}: {ours / one:.2f} times")
    assert ours <= 2.0 * one


@pytest.mark.parametrize("reader", ["aggregator", "lake"])
def test_the_history_of_one_symbol(benchmark: Any, lake: Lake, reader: str) -> None:
    """Most of each file is left unread."""
    aggregator = DataAggregator(lake.location.address)
    load = aggregator.load_symbols if reader == "aggregator" else lake.bars
    rows = benchmark.pedantic(load, (["S0700"],), rounds=20, warmup_rounds=1)
    assert len(rows) == SESSIONS
    ours, everything = best(lambda: load(["S0700"]), 20), best(aggregator.load_all_data)
    print(f"\n{reader}: one symbol {benchmark.stats.stats.min:.3f} s (budget 0.05)")
    assert ours < everything / 5


def test_a_day_with_a_fortnight_of_corrections(benchmark: Any, tmp_path: Path) -> None:
    """2,000 new rows and 10 sessions corrected, in 10 years of 2,000 symbols: at most a second."""
    rows = market(2_000, 2_520)
    days = rows["date"].unique().sort()
    lake = Lake.create(tmp_path / "lake")
    whole = best(lambda: lake.merge(rows.filter(pl.col("date") < days[-5])), 1)
    news, spent = iter(range(5, 0, -1)), []

    def merge() -> None:
        last = len(days) - next(news)
        fortnight = rows.filter(pl.col("date").is_between(days[last - 10], days[last]))
        changed = (pl.col("date") < days[last]) & (pl.col("volume") % 2 == 0)
        news_and_old = fortnight.with_columns(volume=pl.col("volume") + changed.cast(pl.Int64))
        spent.append(best(lambda: lake.merge(news_and_old), 1))

    benchmark.pedantic(merge, rounds=5)
    print(f"\na day with corrections {benchmark.stats.stats.min:.2f} s (budget 1)")
    assert min(spent) < whole / 4
