"""Raw batches of what a provider sent."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl

from stockstream.ingest.raw_batches import SYMBOLS_IN_A_BATCH, write_batches
from stockstream.market.actions import conform_actions
from stockstream.market.bars import conform
from stockstream.providers.base import FetchResult

if TYPE_CHECKING:
    from pathlib import Path

DAY = dt.date(2024, 1, 2)


def test_batches_of_a_hundred_symbols_with_their_events(tmp_path: Path) -> None:
    symbols = [f"S{i:03}" for i in range(SYMBOLS_IN_A_BATCH + 50)]
    prices = dict.fromkeys(("open", "high", "low", "close"), 10.0)
    bars = pl.DataFrame({"symbol": symbols}).with_columns(date=DAY, volume=1, **prices)
    rows = [("S001", "dividend", 0.1), ("S001", "dividend", 0.2), ("S149", "split", 2.0)]
    events = pl.DataFrame(rows, ["symbol", "kind", "value"], orient="row").with_columns(date=DAY)
    result = FetchResult(
        conform(bars, provider="test", basis="raw"), conform_actions(events, provider="test")
    )
    names = write_batches(result, tmp_path)
    assert names == [f"raw-data/2024-01-02-batch-{number}.parquet" for number in (0, 1)]
    first, second = (pl.read_parquet(tmp_path / name) for name in names)
    assert first["symbol"].to_list() == symbols[:SYMBOLS_IN_A_BATCH]
    assert second["batch_number"].unique().to_list() == [1]
    assert round(first.filter(pl.col("symbol") == "S001")["dividends"].item(), 10) == 0.3
    assert second.filter(pl.col("symbol") == "S149")["splits"].item() == 2.0
    assert first["splits"].null_count() == len(first)
