"""One way to read both zones."""

from __future__ import annotations

import datetime as dt
import logging
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError, LakeError, NoDataError, UnknownNameError
from stockstream.lake import DataAggregator, Lake
from stockstream.lake.aggregator import AGGREGATED_SCHEMA
from stockstream.lake.raw import RawZone
from stockstream.market.adjust import adjust

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lake.conftest import MakeActions, MakeBars, Reject

DAYS = [dt.date(2025, 12, day) for day in (22, 23, 24)]


@pytest.fixture
def folder(tmp_path: Path, make_bars: MakeBars) -> Path:
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


def test_everything(folder: Path) -> None:
    aggregator = DataAggregator(folder)
    frame = aggregator.load_all_data()
    assert keys(frame) == [("BHP", 22), ("BHP", 24), ("CBA", 22), ("CBA", 23), ("CBA", 24)]
    assert frame.schema == AGGREGATED_SCHEMA
    assert aggregator.report.batches == 5
    elsewhere = DataAggregator(folder / "nowhere").load_all_data(folder, "raw-data")
    assert elsewhere.equals(frame)


def test_a_missing_batch_is_listed_and_logged(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    aggregator = DataAggregator(folder)
    with caplog.at_level(logging.WARNING):
        aggregator.load_all_data()
    assert aggregator.report.missing == ("2025-12-23-batch-0.parquet",)
    assert "2025-12-23-batch-0.parquet is missing" in caplog.text


def test_a_damaged_batch_is_listed_and_logged(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = folder / "raw-data" / "2025-12-24-batch-0.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    aggregator = DataAggregator(folder)
    frame = aggregator.load_date("2025-12-24")
    assert keys(frame) == [("CBA", 24)]
    assert list(aggregator.report.failed) == ["raw-data/2025-12-24-batch-0.parquet"]
    assert "2025-12-24-batch-0.parquet cannot be read" in caplog.text


def test_dates_and_ranges(folder: Path) -> None:
    aggregator = DataAggregator(str(folder))
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
        DataAggregator(folder / "nowhere").load_all_data()


def test_symbols(folder: Path) -> None:
    aggregator = DataAggregator(folder)
    assert keys(aggregator.load_symbols(["CBA"])) == [("CBA", 22), ("CBA", 23), ("CBA", 24)]
    with pytest.raises(UnknownNameError, match=r"did you mean 'BHP.AX'"):
        aggregator.load_symbols(["BPH.AX"])


def test_the_latest_fetch_wins(folder: Path, make_bars: MakeBars) -> None:
    zone = RawZone(folder)
    # Fetched later, although the text of its time sorts earlier: the offset differs.
    later = make_bars({"BHP.AX": [11.0]}, first=DAYS[0])
    zone.write_batch(
        DAYS[0], 7, later.with_columns(fetch_timestamp=pl.lit("2025-12-22T10:00:00+00:00"))
    )
    unknown = make_bars({"BHP.AX": [99.0]}, first=DAYS[0])
    zone.write_batch(DAYS[0], 8, unknown)
    aggregator = DataAggregator(folder)
    frame = aggregator.merge_daily_batches("2025-12-22")
    assert frame.filter(pl.col("symbol") == "BHP.AX")["close"].to_list() == [11.0]
    assert aggregator.report.duplicates == 2
    assert len(aggregator.report.missing) == 5


def test_equal_times_go_by_session_and_number(folder: Path, make_bars: MakeBars) -> None:
    zone = RawZone(folder)
    stamp = pl.lit("2025-12-25T00:00:00+11:00")
    for day, number, close in ((DAYS[2], 5, 3.0), (DAYS[0], 9, 1.0), (DAYS[2], 3, 2.0)):
        bars = make_bars({"BHP.AX": [close]}, first=DAYS[0])
        zone.write_batch(day, number, bars.with_columns(fetch_timestamp=stamp))
    frame = DataAggregator(folder).load_symbols(["BHP"])
    assert frame.filter(pl.col("date") == DAYS[0])["close"].to_list() == [3.0]


def test_merging_a_day_keeps_the_overlap_that_was_fetched(
    folder: Path, make_bars: MakeBars
) -> None:
    RawZone(folder).write_batch(DAYS[2], 2, make_bars({"XYZ.AX": [1.0, 2.0]}, first=DAYS[1]))
    aggregator = DataAggregator(folder)
    assert ("XYZ", 23) in keys(aggregator.merge_daily_batches(DAYS[2]))
    assert ("XYZ", 23) not in keys(aggregator.load_date(DAYS[2]))
    with pytest.raises(NoDataError, match=r"no batch of 2020-01-01"):
        aggregator.merge_daily_batches("2020-01-01")


def test_checked_bars_win_and_rejected_ones_stay_away(
    folder: Path, make_bars: MakeBars, reject: Reject
) -> None:
    lake = Lake.create(folder)
    checked = make_bars({"BHP.AX": [10.5]}, first=DAYS[0])
    rejected = reject(make_bars({"CBA.AX": [20.0]}, first=DAYS[1]))
    lake.merge(checked, quarantine=rejected)
    aggregator = DataAggregator(folder)
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


def test_a_bucket_of_somebody_else(tmp_path: Path, make_bars: MakeBars) -> None:
    """Only the documented columns, in a folder of another name, and no lake."""
    place = tmp_path / "prices" / "daily"
    place.mkdir(parents=True)
    for number, symbol in enumerate(["BHP", "CBA"]):
        documented = make_bars({symbol: [10.0, 11.0]}, first=DAYS[0]).select(
            "symbol",
            "date",
            "open",
            "high",
            "low",
            "close",
            "volume",
            adjusted_close=pl.col("close") - 0.5,
            fetch_timestamp=pl.lit("2025-12-23T20:00:00+11:00"),
            batch_number=pl.lit(number, pl.Int32),
        )
        documented.write_parquet(place / f"2025-12-23-batch-{number}.parquet")
    aggregator = DataAggregator(tmp_path, prefix="prices/daily")
    frame = aggregator.load_all_data()
    assert frame.schema == AGGREGATED_SCHEMA
    assert keys(frame) == [("BHP", 22), ("BHP", 23), ("CBA", 22), ("CBA", 23)]
    assert frame["adjusted_close"].to_list() == [9.5, 10.5] * 2
    assert frame["provider"].null_count() == 4
    for loaded in (
        DataAggregator(tmp_path).load_all_data(prefix="prices/daily"),
        DataAggregator("elsewhere").load_all_data(tmp_path, "prices/daily"),
        aggregator.scan().collect().sort("symbol", "date"),
        aggregator.merge_daily_batches("2025-12-23"),
        aggregator.load_symbols(["CBA", "BHP"]),
    ):
        assert_frame_equal(loaded, frame)
    assert aggregator.load_date("2025-12-23").equals(frame.filter(pl.col("date") == DAYS[1]))
    with pytest.raises(NoDataError, match="which has no batches"):
        DataAggregator(tmp_path).load_all_data()


def test_what_is_not_final_or_has_no_price_is_no_bar(folder: Path, make_bars: MakeBars) -> None:
    zone = RawZone(folder)
    later = pl.lit("2025-12-26T20:00:00+11:00")
    bars = make_bars({"BHP.AX": [11.0, 12.0, 13.0]}, first=DAYS[0])
    prices = ("open", "high", "low", "close")
    for number, broken in enumerate(
        [
            bars.with_columns(is_final=pl.lit(value=False)),
            bars.with_columns(pl.lit(None, pl.Float64).alias(name) for name in prices),
            bars.with_columns(close=pl.lit(float("nan"))),
        ],
        start=2,
    ):
        zone.write_batch(DAYS[2], number, broken.with_columns(fetch_timestamp=later))
    aggregator = DataAggregator(folder)
    frame = aggregator.load_all_data()
    # The older row is a bar still, although a newer fetch brought a worse one.
    assert frame.filter(pl.col("symbol") == "BHP.AX")["close"].to_list() == [10.0, 10.0]
    assert aggregator.report.unfinished == 9
    assert aggregator.report.duplicates == 0


def test_old_and_new_rows_of_both_zones_are_in_order(folder: Path, make_bars: MakeBars) -> None:
    days = [*DAYS, dt.date(2026, 1, 2)]
    lake = Lake.create(folder)
    for day in days[1:]:
        lake.merge(make_bars({"BHP.AX": [10.5], "NEW.AX": [2.0]}, first=day))
    RawZone(folder).write_batch(days[3], 0, make_bars({"ZZZ.AX": [5.0]}, first=days[3]))
    frame = DataAggregator(folder).load_all_data()
    assert frame.equals(frame.sort("symbol", "date"))
    assert frame["symbol"].to_list() == (
        ["BHP.AX"] * 4 + ["CBA.AX"] * 3 + ["NEW.AX"] * 3 + ["ZZZ.AX"]
    )
    assert frame["close"].to_list()[:4] == [10.0, 10.5, 10.5, 10.5]


def test_symbols_of_both_zones(folder: Path, make_bars: MakeBars) -> None:
    Lake.create(folder).merge(make_bars({"BHP.AX": [10.5], "XYZ.AX": [1.0]}, first=DAYS[0]))
    aggregator = DataAggregator(folder)
    assert keys(aggregator.load_symbols(["XYZ", "cba"])) == [
        *[("CBA", day) for day in (22, 23, 24)],
        ("XYZ", 22),
    ]
    assert aggregator.load_symbols(["BHP"])["close"].to_list() == [10.5, 10.0]
    many = ["BHP", "CBA", "XYZ.AX", *(f"S{n}" for n in range(30))]
    with pytest.raises(UnknownNameError, match="S0"):
        aggregator.load_symbols(many)
    with pytest.raises(UnknownNameError, match=r"did you mean 'XYZ.AX'.*holds 3 symbols"):
        aggregator.load_symbols(["XZY.AX"])
    with pytest.raises(ConfigError, match="given twice"):
        aggregator.load_symbols(["BHP", "BHP.AX"])
    with pytest.raises(ConfigError, match="no symbol was given"):
        aggregator.load_symbols([])


def test_prices_on_two_scales_are_not_mixed(
    tmp_path: Path, make_bars: MakeBars, caplog: pytest.LogCaptureFixture
) -> None:
    """A source has divided its history by a split, and that is not ingested yet."""
    checked = make_bars({"BHP.AX": [40.0, 41.0], "CBA.AX": [100.0, 101.0]}, first=DAYS[0])
    Lake.create(tmp_path).merge(checked)
    new = make_bars({"NEW.AX": [7.0]}, first=DAYS[2])
    halved = make_bars({"BHP.AX": [20.5, 21.0], "CBA.AX": [101.5, 102.0]}, first=DAYS[1])
    RawZone(tmp_path).write_batch(DAYS[2], 0, pl.concat([halved, new]))
    aggregator = DataAggregator(tmp_path)
    wanted = [("BHP", 22), ("BHP", 23), ("CBA", 22), ("CBA", 23), ("CBA", 24), ("NEW", 24)]
    for loaded in (
        aggregator.load_symbols(["BHP", "CBA", "NEW"]),
        aggregator.load_date_range(DAYS[0], DAYS[2]),
        aggregator.load_all_data(),
        aggregator.scan().collect().sort("symbol", "date"),
    ):
        assert keys(loaded) == wanted
        assert loaded["close"].to_list() == [40.0, 41.0, 100.0, 101.0, 102.0, 7.0]
        assert aggregator.report.apart == ("BHP.AX",)
    assert "BHP.AX: raw bars left out until a split is ingested" in caplog.text


EVENTS = (
    ("BHP.AX", "2023-12-20", "dividend", 1.5),
    ("BHP.AX", "2024-01-03", "split", 2.0),
    ("BHP.AX", "2024-01-03", "dividend", 0.25),
    ("BHP.AX", "2024-03-01", "dividend", 5.0),  # after the last bar: waits for its own
    ("CBA.AX", "2023-12-18", "dividend", 9.0),  # no bar before it
    ("CBA.AX", "2024-01-08", "dividend", 3.0),  # no bar on this day: works at the next
    ("CBA.AX", "2024-01-10", "delisting", 1.0),
)


@pytest.mark.parametrize("basis", ["raw", "split"])
def test_adjusted_closes_are_worked_out(
    tmp_path: Path, make_bars: MakeBars, make_actions: MakeActions, basis: str
) -> None:
    closes = [40.0 + day for day in range(30)]
    thinned = [close if day % 3 else None for day, close in enumerate(closes)]
    bars = make_bars({"BHP.AX": closes, "CBA.AX": thinned, "XYZ.AX": closes}, basis=basis)
    events = make_actions(*EVENTS)
    Lake.create(tmp_path).merge(bars, events)
    wanted = bars.select("symbol", "date", "close").with_columns(
        adjusted_close=adjust(bars, events, "total_return")["close"]
    )
    aggregator = DataAggregator(tmp_path)
    frame = aggregator.load_all_data()
    assert_frame_equal(frame.select(wanted.columns), wanted)
    assert frame["adjusted_close"][0] != frame["close"][0]
    lazy = aggregator.scan()
    assert_frame_equal(lazy.collect().sort("symbol", "date"), frame)
    for first, last in (
        ("2023-12-18", "2023-12-20"),
        ("2023-12-25", "2024-01-02"),
        ("2024-01-03", "2024-01-03"),
        ("2024-01-07", "2024-01-16"),
    ):
        start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
        inside = pl.col("date").is_between(start, end)
        part = aggregator.load_date_range(first, last)
        assert_frame_equal(part, frame.filter(inside))
        assert_frame_equal(lazy.filter(inside).collect().sort("symbol", "date"), part)
    for symbol in ("BHP.AX", "XYZ.AX"):
        rows = frame.filter(pl.col("symbol") == symbol)
        assert_frame_equal(aggregator.load_symbols([symbol]), rows)
        assert_frame_equal(lazy.filter(pl.col("symbol") == symbol).collect(), rows)
    assert lazy.select(pl.len()).collect().item() == len(bars)


def test_a_stored_adjusted_close_is_kept(
    tmp_path: Path, make_bars: MakeBars, make_actions: MakeActions
) -> None:
    bars = make_bars({"BHP.AX": [40.0, 41.0, 42.0, 43.0]})
    sent = bars.with_columns(adjusted_close=pl.Series([39.0, None, 41.5, None], dtype=pl.Float64))
    events = make_actions(("BHP.AX", "2023-12-20", "dividend", 4.1))
    Lake.create(tmp_path).merge(sent, events)
    frame = DataAggregator(tmp_path).load_all_data()
    assert frame["adjusted_close"].to_list() == pytest.approx([39.0, 36.9, 41.5, 43.0])
    whole = bars.with_columns(adjusted_close=pl.col("close") / 2)
    Lake.create(tmp_path / "whole").merge(whole, events)
    frame = DataAggregator(tmp_path / "whole").load_all_data()
    assert frame["adjusted_close"].to_list() == [20.0, 20.5, 21.0, 21.5]


def test_an_event_that_contradicts_the_prices_costs_its_symbol_alone(
    tmp_path: Path,
    make_bars: MakeBars,
    make_actions: MakeActions,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bars = make_bars({f"{name}.AX": [40.0, 41.0, 42.0] for name in ("AAA", "BBB", "CCC", "DDD")})
    events = [
        ("AAA.AX", "2023-12-19", "dividend", 4.0),
        ("CCC.AX", "2023-12-19", "dividend", 40.0),  # more than the share
        ("DDD.AX", "2023-12-20", "split", 2.0),
    ]
    Lake.create(tmp_path).merge(bars, make_actions(*events))
    frame = DataAggregator(tmp_path).load_all_data()
    assert frame["adjusted_close"].to_list() == pytest.approx(
        [36.0, 41.0, 42.0, 40.0, 41.0, 42.0, None, None, 42.0, 20.0, 20.5, 42.0]
    )
    [warning] = caplog.messages
    assert warning.startswith("CCC.AX has no adjusted close: CCC.AX paid 40.0")


def test_a_lake_without_bars_beside_a_raw_zone(folder: Path) -> None:
    raw = DataAggregator(folder).load_all_data()
    Lake.create(folder)
    aggregator = DataAggregator(folder)
    assert_frame_equal(aggregator.load_all_data(), raw)
    assert_frame_equal(aggregator.load_symbols(["BHP", "CBA"]), raw)
    assert_frame_equal(aggregator.scan().collect().sort("symbol", "date"), raw)


def test_a_damaged_lake_is_an_error(tmp_path: Path, two_years: pl.DataFrame) -> None:
    Lake.create(tmp_path).merge(two_years)
    next(tmp_path.glob("bars/*/*.parquet")).write_bytes(b"")
    aggregator = DataAggregator(tmp_path)
    with pytest.raises(LakeError, match="the lake is damaged"):
        aggregator.load_all_data()
    with pytest.raises(LakeError, match="the lake is damaged"):
        aggregator.load_symbols(["BHP"])
