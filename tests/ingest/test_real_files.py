"""The path on real market data, with the dirt that is known to be in it."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import DataError
from stockstream.ingest.importer import import_files
from stockstream.lake import DataAggregator, Lake
from stockstream.market.panel import SPLIT
from stockstream.providers.files import FilesProvider

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.shared

ASXGYM = ["symbol", "date", "open", "close", "high", "low", "volume"]


@pytest.fixture(scope="module")
def asx(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Lake:
    place = tmp_path_factory.mktemp("asx")
    import_files([shared_data / "sample" / "asx_25_2019_2023.parquet"], place)
    return Lake(place)


def test_the_asx_sample_goes_in_whole(asx: Lake, shared_data: Path) -> None:
    original = pl.read_parquet(shared_data / "sample" / "asx_25_2019_2023.parquet")
    stored = asx.bars().select(original.columns)
    assert_frame_equal(stored, original.sort("symbol", "date"))
    assert asx.calendar == "XASX"


def test_names_that_stopped_trading_are_deemed_delisted(asx: Lake) -> None:
    panel = asx.panel(["BHP", "WPL", "SYD"], dt.date(2019, 1, 1), dt.date(2023, 12, 31))
    gone = {flag.split(":")[0]: flag for flag in panel.flags}
    assert set(gone) == {"WPL.AX", "SYD.AX"}
    assert "deemed delisted" in gone["WPL.AX"]
    last = int(panel.bar[panel.rows(1)][-1])
    assert panel.delisted.tolist()[:2] == [panel.sessions, last + 1]


def test_us_splits_jump_in_prices_and_are_in_the_panel(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "sample" / "us_10_2014_2021.parquet"
    summary = import_files([source], tmp_path, calendar="XNYS")
    assert summary.quarantined == {}
    assert summary.basis.startswith("raw: prices move with")
    panel = Lake(tmp_path).panel(["AAPL"], dt.date(2014, 1, 1), dt.date(2021, 1, 1))
    splits = panel.actions.kind == SPLIT
    days = panel.dates[panel.actions.bar[splits]].tolist()
    assert days == [dt.date(2014, 6, 9), dt.date(2020, 8, 31)]
    assert panel.actions.value[splits].tolist() == [7.0, 4.0]
    raw = np.diff(np.log(panel.close))
    seen = np.diff(np.log(panel.signal_column("close")))
    assert raw.min() < -1.3
    assert seen.min() > -0.2


def test_a_whole_folder_of_dirt(shared_data: Path, tmp_path: Path) -> None:
    summary = import_files([shared_data / "raw-csv"], tmp_path)
    reasons = {failure.name: failure.reason for failure in summary.failures}
    assert len(reasons) == 4
    assert "error message" in reasons["alphavantage_2021_BF.B_error_body.csv"]
    assert "web page ('Yahoo! - 404 Not" in reasons["yahoo_2016_AMM.AX_is_html_404.csv"]
    assert "no header line" in reasons["asxgym_2020_09_16_full.csv"]
    assert summary.quarantined["not_finite"] == 2
    quarantine = Lake(tmp_path).quarantine()
    bad = quarantine.filter(pl.col("symbol").str.contains("VAS"))
    assert dt.date(2010, 10, 29) in bad["date"].to_list()


@pytest.mark.parametrize(
    ("name", "date", "kind", "value"),
    [
        ("A1N.AX_dividend_on_null_row", dt.date(2025, 9, 4), "dividend", 0.012),
        ("CYB.AX_split_on_null_row", dt.date(2024, 6, 4), "split", None),
    ],
)
def test_events_on_null_rows(
    shared_data: Path, tmp_path: Path, name: str, date: dt.date, kind: str, value: float | None
) -> None:
    symbol = name.split("_", maxsplit=1)[0]
    path = shared_data / "raw-csv" / f"yahoo_2026_{name}.csv"
    provider = FilesProvider([path], symbol=symbol)
    result = provider.read()
    event = result.actions.filter((pl.col("date") == date) & (pl.col("kind") == kind))
    assert len(event) == 1
    assert value is None or event["value"].to_list() == [value]
    summary = import_files([path], tmp_path, symbol=symbol)
    assert summary.quarantined["not_finite"] == 1
    assert Lake(tmp_path).actions().height == len(result.actions)


def test_a_symbol_with_the_clock_of_another_exchange(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "raw-csv" / "yahoo_2026_AOH.AX_wrong_timezone.csv"
    summary = import_files([path], tmp_path, symbol="AOH.AX")
    assert summary.findings["foreign_time_zone"] >= 1


def test_the_order_of_asxgym_columns(shared_data: Path, asx: Lake) -> None:
    path = shared_data / "raw-csv" / "asxgym_2020_09_16_full.csv"
    rows = FilesProvider([path], columns=ASXGYM, suffix=".AX").read().bars
    day = dt.date(2020, 9, 16)
    stored = asx.bars(start=day, end=day)
    same = rows.filter(pl.col("symbol").is_in(stored["symbol"].implode()))
    assert_frame_equal(
        same.select("symbol", "open", "high", "low", "close", "volume"),
        stored.select("symbol", "open", "high", "low", "close", "volume"),
    )


def test_the_aggregator_on_real_bars(asx: Lake) -> None:
    aggregator = DataAggregator(asx.location.address)
    assert len(aggregator.load_all_data()) == asx.info().bars
    day = aggregator.load_date("2020-09-16")
    assert 20 <= len(day) <= 25
    assert aggregator.load_symbols(["BHP"])["symbol"].unique().to_list() == ["BHP.AX"]


def test_intraday_quotes_are_refused(shared_data: Path) -> None:
    with pytest.raises(DataError, match="several bars of one day"):
        FilesProvider([shared_data / "gold" / "skender_quotes_intraday.csv"]).read()


@pytest.mark.slow
def test_the_whole_market(shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "asx_market_2019_2023.parquet"
    summary = import_files([source], tmp_path)
    assert summary.rows == 1_759_411
    assert summary.added + sum(summary.quarantined.values()) == summary.rows
    assert summary.symbols == 1_997
    assert summary.findings["short_session"] >= 4
    again = import_files([source], tmp_path)
    assert (again.added, again.updated) == (0, 0)
    assert again.version_after == summary.version_after
    lake = Lake(tmp_path)
    panel = lake.panel(lake.symbols(), dt.date(2019, 1, 1), dt.date(2023, 12, 31))
    assert len(panel.close) == summary.added
    assert not np.isnan(panel.close).any()
