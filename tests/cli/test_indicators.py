"""``stockstream indicators``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.indicators import RSI
from stockstream.lake.store import Lake

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Stockstream

DOCUMENTED = [
    *("sma_20", "sma_50", "ema_12", "ema_26", "rsi_14"),
    *("macd", "macd_signal", "bollinger_upper", "bollinger_lower", "atr_14"),
]
BARS = ["symbol", "date", "open", "high", "low", "close", "volume"]

MINE = """
import polars as pl
from stockstream.indicators import Indicator

class Range(Indicator):
    name = "day_range"

    def calculate(self, df):
        return df.with_columns(day_range=pl.col("high") - pl.col("low"))
"""


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_the_documented_columns(
    stockstream: Stockstream, lake: Path, symbols: list[str], tmp_path: Path, ending: str
) -> None:
    file = tmp_path / "out" / f"f.{ending}"
    said = stockstream(
        "indicators", "--lake", lake, "--symbols", ",".join(symbols[:2]), "--output", file
    )
    assert said.code == 0, said.err
    made = pl.read_parquet(file) if ending == "parquet" else pl.read_csv(file)
    assert made.columns == BARS + DOCUMENTED
    assert made["symbol"].unique().sort().to_list() == symbols[:2]
    assert "sma_20" in said.out
    assert "adjusted for splits" in said.err


def test_values_do_not_depend_on_the_first_day(
    stockstream: Stockstream, lake: Path, symbols: list[str], tmp_path: Path
) -> None:
    given = ("indicators", "--lake", lake, "--symbols", symbols[0], "--add", "rsi:14,obv")
    stockstream(*given, "--output", tmp_path / "all.parquet")
    days = ("--start-date", "2020-03-02", "--end-date", "2020-03-31")
    document = stockstream(*given, *days, "--output", tmp_path / "march.parquet", "--json").document
    march = pl.read_parquet(tmp_path / "march.parquet")
    assert document["columns"] == ["rsi_14", "obv"]
    assert document["rows"] == march.height > 15
    whole = pl.read_parquet(tmp_path / "all.parquet")
    assert march.equals(whole.filter(pl.col("date").is_in(march["date"].to_list())))
    bars = Lake.open(lake).bars(symbols[:1], adjust="split")
    assert RSI(14).calculate(bars)["rsi_14"].equals(whole["rsi_14"])


def test_one_of_ones_own(
    stockstream: Stockstream, lake: Path, symbols: list[str], tmp_path: Path
) -> None:
    (tmp_path / "mine.py").write_text(MINE, encoding="utf-8")
    file = tmp_path / "f.parquet"
    given = ("--lake", lake, "--symbols", symbols[0], "--output", file)
    assert stockstream("indicators", *given, "--add", "sma:5,mine.py:Range").code == 0
    assert pl.read_parquet(file).columns == [*BARS, "sma_5", "day_range"]


def test_the_list(stockstream: Stockstream) -> None:
    document = stockstream("indicators", "--list", "--json").document
    assert document["indicators"]["macd"] == {
        "inputs": ["close"],
        "parameters": {"fast": 12, "slow": 26, "signal": 9},
        "columns": ["macd", "macd_signal", "macd_hist"],
    }
    heads = {
        line.partition(" ")[0] for line in stockstream("indicators", "--list").out.splitlines()
    }
    assert document["indicators"].keys() <= heads


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--output", "f.xlsx"), "must end in .parquet or .csv"),
        ((), "--output FILE.parquet"),
        (("--output", "f.csv", "--add", "smaa:20"), "did you mean"),
        (("--output", "f.csv", "--add", "sma:x"), "no number"),
        (("--output", "f.csv", "--add", "sma:20:30"), "sma:20:30"),
        (("--output", "f.csv", "--add", "sma:0"), "at least 1"),
        (("--output", "f.csv", "--add", "sma:20,sma:20"), "sma_20"),
        (("--output", "f.csv", "--add", "nowhere.py:Mine"), "does not exist"),
    ],
)
def test_what_does_not_fit_is_said(
    stockstream: Stockstream, lake: Path, given: tuple[str, ...], message: str
) -> None:
    said = stockstream("indicators", "--lake", lake, *given)
    assert said.code != 0
    assert message in said.err
