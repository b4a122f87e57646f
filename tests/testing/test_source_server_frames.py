"""Markets on disk, planted events, and what a perfect lake must hold."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.errors import ConfigError, DataError
from stockstream.market.adjust import adjust
from stockstream.market.basis import infer_basis
from stockstream.market.simulated import simulate_market
from stockstream.testing.source_server import (
    market_frames,
    market_from_bars,
    read_market,
    truth_of,
    write_market,
)
from stockstream.testing.source_server.frames import as_traded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.testing.conftest import MakeDesk

    from stockstream.testing.source_server import MarketFrames

KEY = ["symbol", "date"]


def test_a_market_comes_back_from_its_folder(market: MarketFrames, tmp_path: Path) -> None:
    lists = {dt.date(2024, 4, 2): b"one", dt.date(2024, 4, 3): b"two"}
    back = read_market(write_market(market._replace(lists=lists), tmp_path))
    assert_frame_equal(back.bars, market.bars)
    assert_frame_equal(back.actions, market.actions)
    assert back.lists == lists


def test_a_folder_that_is_no_market_is_explained(market: MarketFrames, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"holds no bars\.parquet"):
        read_market(tmp_path)
    (tmp_path / "bars.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match="is not Parquet"):
        read_market(tmp_path)
    write_market(market, tmp_path)
    (tmp_path / "lists" / "monday.csv").write_bytes(b"")
    with pytest.raises(ConfigError, match="named by its day"):
        read_market(tmp_path)


def test_two_bars_of_a_day_are_refused(market: MarketFrames) -> None:
    with pytest.raises(DataError, match=r"AAA\.AX on 2024-03-25"):
        market_frames(pl.concat([market.bars, market.bars.head(1)]))


def test_the_truth_is_split_adjusted_as_of_its_day(market: MarketFrames) -> None:
    own = pl.col("symbol") == "AAA.AX"
    early, late = truth_of(market, dt.date(2024, 4, 3)), truth_of(market)
    assert early.bars.filter(own)["close"].to_list() == pytest.approx(
        [10.0, 10.2, 9.8, 9.9, 10.0, 10.2]
    )
    assert early.actions["value"].to_list() == [0.5]
    expected = adjust(market.bars, market.actions, "split")
    assert_frame_equal(late.bars, expected.select(late.bars.columns))
    assert late.actions.rows() == [
        ("AAA.AX", dt.date(2024, 3, 27), "dividend", 0.25),
        ("AAA.AX", dt.date(2024, 4, 4), "split", 2.0),
        ("AAA.AX", dt.date(2024, 4, 9), "dividend", 0.1),
    ]


def test_it_does_not_matter_on_which_basis_a_market_is_given(market: MarketFrames) -> None:
    truth = truth_of(market)
    delisting = market.actions.filter(kind="delisting").select(truth.actions.columns)
    adjusted = market_frames(
        truth.bars.with_columns(basis=pl.lit("split")), pl.concat([truth.actions, delisting])
    )
    for given, wanted in zip(as_traded(adjusted), as_traded(market), strict=True):
        assert_frame_equal(given, wanted)


def simulated() -> tuple[pl.DataFrame, pl.DataFrame]:
    found = simulate_market(12, dt.date(2022, 1, 3), dt.date(2023, 6, 30), seed=3)
    return found.bars, found.actions


def test_planted_splits_jump_in_the_as_traded_prices(tmp_path: Path) -> None:
    bars, actions = simulated()
    planted = market_from_bars(bars, tmp_path, actions=actions, splits=15, dividends=40)
    traded, paid = as_traded(read_market(planted.folder))
    votes = infer_basis(traded.cast({"volume": pl.Int64}), paid)
    assert votes.basis == "raw"
    assert votes.raw >= 15
    assert votes.split == 0
    counts = dict(planted.truth.actions["kind"].value_counts().iter_rows())
    own = dict(actions["kind"].value_counts().iter_rows())
    assert counts == {
        "split": 15 + own.get("split", 0),
        "dividend": 40 + own["dividend"],
    }


def test_the_bars_as_they_are_at_the_end_stay_as_they_were_given(tmp_path: Path) -> None:
    bars, actions = simulated()
    planted = market_from_bars(bars, tmp_path, actions=actions, splits=15, dividends=40)
    expected = adjust(bars, actions, "split").select(planted.truth.bars.columns)
    assert_frame_equal(planted.truth.bars, expected, rel_tol=1e-12)


def test_planting_repeats_itself_and_changes_with_the_seed(tmp_path: Path) -> None:
    bars, _ = simulated()
    first, again, other = (
        market_from_bars(bars, tmp_path / str(number), seed=seed, splits=5, dividends=5)
        for number, seed in enumerate((1, 1, 2))
    )
    assert_frame_equal(first.truth.actions, again.truth.actions)
    assert not first.truth.actions.equals(other.truth.actions)


def test_more_events_than_bars_are_refused(market: MarketFrames, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"100 splits do not fit into 24 bars"):
        market_from_bars(market.bars, tmp_path, splits=100)


def test_what_is_served_at_the_end_is_the_truth(tmp_path: Path, make_desk: MakeDesk) -> None:
    bars, actions = simulated()
    planted = market_from_bars(bars, tmp_path, actions=actions, splits=15, dividends=40)
    gone = actions.filter(kind="delisting")["symbol"].to_list()
    desk = make_desk(read_market(planted.folder))
    served = []
    for symbol in planted.truth.bars["symbol"].unique().sort():
        if symbol in gone:
            continue
        result = desk.chart(symbol, "2022-01-01", "2023-07-01")
        (quote,) = result["indicators"]["quote"]
        served.append(pl.DataFrame({"symbol": symbol, **quote}))
    got = pl.concat(served)
    wanted = planted.truth.bars.filter(pl.col("symbol").is_in(got["symbol"].unique().implode()))
    assert len(got) > 1000
    columns = ["symbol", "open", "high", "low", "close", "volume"]
    assert_frame_equal(got.select(columns), wanted.select(columns), rel_tol=1e-7, abs_tol=0.0)
