"""One way to read both zones."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.errors import ConfigError, NoDataError, UnknownNameError
from stockstream.lake import DataAggregator, Lake
from stockstream.lake.aggregator import AGGREGATED_SCHEMA
from stockstream.lake.raw import RawZone

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lake.conftest import MakeBars, Reject

DAYS = [dt.date(2025, 12, day) for day in (22, 23, 24)]


@pytest.fixture
def bucket(tmp_path: Path, make_bars: MakeBars) -> Path:
    """Three sessions of two batches with a symbol each; of the second only batch 1."""
    zone = RawZone(tmp_path)
    for number, symbol in enumerate(["BHP.AX", "CBA.AX"]):
        for day in DAYS:
            bars = make_bars({symbol: [10.0 * (number + 1)]}, first=day)
            stamped = bars.with_columns(fetch_timestamp=pl.lit(f"{day}T20:00:00+11:00"))
            zone.write_batch(day, number, stamped)
    (tmp_path / "raw-data" / "2025-12-23-batch-0.parquet").unlink()
    return tmp_path


def keys(frame: pl.DataFrame) -> list[tuple[str, int]]:
    return [(symbol[:3], date.day) for symbol, date in frame.select("symbol", "date").rows()]


def test_everything(bucket: Path) -> None:
    aggregator = DataAggregator(bucket)
    frame = aggregator.load_all_data()
    assert keys(frame) == [("BHP", 22), ("BHP", 24), ("CBA", 22), ("CBA", 23), ("CBA", 24)]
    assert frame.schema == AGGREGATED_SCHEMA
    assert aggregator.report.batches == 5
    elsewhere = DataAggregator(bucket / "nowhere").load_all_data(bucket, "raw-data")
    assert elsewhere.equals(frame)


def test_a_missing_batch_is_listed_and_logged(
    bucket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    aggregator = DataAggregator(bucket)
    with caplog.at_level(logging.WARNING):
        aggregator.load_all_data()
    assert aggregator.report.missing == ("2025-12-23-batch-0.parquet",)
    assert "2025-12-23-batch-0.parquet is missing" in caplog.text


def test_a_damaged_batch_is_listed_and_logged(
    bucket: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = bucket / "raw-data" / "2025-12-24-batch-0.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    aggregator = DataAggregator(bucket)
    frame = aggregator.load_date("2025-12-24")
    assert keys(frame) == [("CBA", 24)]
    assert list(aggregator.report.failed) == ["raw-data/2025-12-24-batch-0.parquet"]
    assert "2025-12-24-batch-0.parquet cannot be read" in caplog.text


def test_dates_and_ranges(bucket: Path) -> None:
    aggregator = DataAggregator(str(bucket))
    assert keys(aggregator.load_date("2025-12-22")) == [("BHP", 22), ("CBA", 22)]
    some = aggregator.load_date_range("2025-12-23", dt.date(2025, 12, 24))
    assert keys(some) == [("BHP", 24), ("CBA", 23), ("CBA", 24)]
    with pytest.raises(ConfigError, match="'26/12/2025' is not a date; write it as 2025-12-26"):
        aggregator.load_date("26/12/2025")
    with pytest.raises(ConfigError, match="before it starts"):
        aggregator.load_date_range("2025-12-24", "2025-12-22")
    with pytest.raises(NoDataError, match=r"no bars in .*batches from 2025-12-22 to 2025-12-24"):
        aggregator.load_date("2025-12-25")
    with pytest.raises(NoDataError, match="which has no batches"):
        DataAggregator(bucket / "nowhere").load_all_data()


def test_symbols(bucket: Path) -> None:
    aggregator = DataAggregator(bucket)
    assert keys(aggregator.load_symbols(["CBA"])) == [("CBA", 22), ("CBA", 23), ("CBA", 24)]
    with pytest.raises(UnknownNameError, match=r"did you mean 'BHP.AX'"):
        aggregator.load_symbols(["BPH.AX"])


def test_the_latest_fetch_wins(bucket: Path, make_bars: MakeBars) -> None:
    zone = RawZone(bucket)
    # Fetched later, although the text of its time sorts earlier: the offset differs.
    later = make_bars({"BHP.AX": [11.0]}, first=DAYS[0])
    zone.write_batch(
        DAYS[0], 7, later.with_columns(fetch_timestamp=pl.lit("2025-12-22T10:00:00+00:00"))
    )
    unknown = make_bars({"BHP.AX": [99.0]}, first=DAYS[0])
    zone.write_batch(DAYS[0], 8, unknown)
    aggregator = DataAggregator(bucket)
    frame = aggregator.merge_daily_batches("2025-12-22")
    assert frame.filter(pl.col("symbol") == "BHP.AX")["close"].to_list() == [11.0]
    assert aggregator.report.duplicates == 2
    assert len(aggregator.report.missing) == 5


def test_equal_times_go_by_session_and_number(bucket: Path, make_bars: MakeBars) -> None:
    zone = RawZone(bucket)
    stamp = pl.lit("2025-12-25T00:00:00+11:00")
    for day, number, close in ((DAYS[2], 5, 3.0), (DAYS[0], 9, 1.0), (DAYS[2], 3, 2.0)):
        bars = make_bars({"BHP.AX": [close]}, first=DAYS[0])
        zone.write_batch(day, number, bars.with_columns(fetch_timestamp=stamp))
    frame = DataAggregator(bucket).load_symbols(["BHP"])
    assert frame.filter(pl.col("date") == DAYS[0])["close"].to_list() == [3.0]


def test_merging_a_day_keeps_the_overlap_that_was_fetched(
    bucket: Path, make_bars: MakeBars
) -> None:
    RawZone(bucket).write_batch(DAYS[2], 2, make_bars({"XYZ.AX": [1.0, 2.0]}, first=DAYS[1]))
    aggregator = DataAggregator(bucket)
    assert ("XYZ", 23) in keys(aggregator.merge_daily_batches(DAYS[2]))
    assert ("XYZ", 23) not in keys(aggregator.load_date(DAYS[2]))
    with pytest.raises(NoDataError, match=r"no batch of 2020-01-01"):
        aggregator.merge_daily_batches("2020-01-01")


def test_checked_bars_win_and_rejected_ones_stay_away(
    bucket: Path, make_bars: MakeBars, reject: Reject
) -> None:
    lake = Lake.create(bucket)
    checked = make_bars({"BHP.AX": [10.5]}, first=DAYS[0])
    rejected = reject(make_bars({"CBA.AX": [20.0]}, first=DAYS[1]))
    lake.merge(checked, quarantine=rejected)
    aggregator = DataAggregator(bucket)
    frame = aggregator.load_all_data()
    assert keys(frame) == [("BHP", 22), ("BHP", 24), ("CBA", 22), ("CBA", 24)]
    assert frame["close"][0] == 10.5
    assert aggregator.report.curated == 1
    assert keys(aggregator.load_date(DAYS[0])) == [("BHP", 22), ("CBA", 22)]


def test_a_lake_alone(tmp_path: Path, two_years: pl.DataFrame) -> None:
    Lake.create(tmp_path).merge(two_years)
    aggregator = DataAggregator(tmp_path)
    assert len(aggregator.load_all_data()) == aggregator.report.curated == len(two_years)
    january = aggregator.load_date_range("2024-01-01", "2024-01-31")
    assert january["date"].min() == dt.date(2024, 1, 1)
    assert aggregator.scan().select(pl.len()).collect().item() == len(two_years)
