"""What must happen to real dirt: whole markets, and files that were kept because they are bad."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from stockstream.market.actions import from_columns
from stockstream.market.bars import conform
from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars

if TYPE_CHECKING:
    from pathlib import Path

    from stockstream.market.check import CheckedBars

pytestmark = pytest.mark.shared

ASX = get_calendar("XASX")
YAHOO = {
    "Open": "open",
    "High": "high",
    "Low": "low",
    "Close": "close",
    "Adj Close": "adjusted_close",
    "Volume": "volume",
    "Dividends": "dividends",
    "Stock Splits": "splits",
}


def check(frame: pl.DataFrame) -> CheckedBars:
    return check_bars(frame, ASX)


@pytest.mark.slow
def test_the_whole_asx_market(shared_data: Path) -> None:
    frame = pl.read_parquet(shared_data / "asx_market_2019_2023.parquet")
    checked = check(conform(frame, provider="asxgym", basis="raw"))
    # a consolidation that the source does not have, on the very last bar of its symbol
    assert checked.quarantine.select("symbol", "rule", "close").rows() == [
        ("TPS.AX", "hundredfold", 0.5)
    ]
    assert checked.noted == {
        "long_gap": 3226,
        "jump": 1537,
        "tail_gap": 656,
        "missing_session": 29,
        "stale_run": 11,
        "short_session": 6,
        "zero_volume": 4,
    }
    short = checked.findings.filter(rule="short_session")["date"].cast(pl.String).to_list()
    assert {"2020-06-23", "2020-09-17", "2020-09-18", "2022-12-23"} <= set(short)
    missing = checked.findings.filter(rule="missing_session")["date"]
    assert missing.dt.year().value_counts(sort=True).row(0) == (2022, 18)


def test_yahoo_files_of_2016(shared_data: Path) -> None:
    frame = pl.read_parquet(shared_data / "asx_yahoo_1988_2016.parquet")
    checked = check(conform(frame, provider="yahoo", basis="split"))
    assert checked.rejected == {"not_a_session": 2796, "close_outside_range": 1}
    holiday_fills = checked.quarantine.filter(rule="not_a_session", volume=0)
    assert len(holiday_fills) == 2674
    (bad,) = checked.quarantine.filter(rule="close_outside_range").rows(named=True)
    assert bad["date"] == dt.date(2010, 10, 29)
    assert bad["close"] < bad["low"]
    assert checked.noted["zero_volume"] == 17_956 - 2674
    above = checked.findings.filter(rule="adjusted_above_close")["symbol"]
    assert sorted(above) == ["CGF.AX", "IMF.AX", "WEB.AX"]


def test_a_day_of_37_rows_after_days_of_1597(shared_data: Path) -> None:
    columns = ["symbol", "date", "open", "close", "high", "low", "volume"]
    full, collapsed = (
        conform(
            pl.read_csv(
                shared_data / "raw-csv" / name, has_header=False, new_columns=columns
            ).with_columns(pl.col("date").str.to_date()),
            provider="asxgym",
            basis="raw",
        )
        for name in ("asxgym_2020_09_16_full.csv", "asxgym_2020_09_17_only_37_rows.csv")
    )
    days = ASX.sessions("2020-09-09", "2020-09-16")
    before = [full.with_columns(date=pl.lit(day.item())) for day in days]
    checked = check(pl.concat([*before, collapsed]))
    assert checked.rejected == {}
    (short,) = checked.findings.filter(rule="short_session")["detail"]
    assert short == "37 symbol(s) have a bar, usually 1597"


def test_american_splits_explain_their_jumps(shared_data: Path) -> None:
    from stockstream.market.actions import from_columns

    frame = pl.read_parquet(shared_data / "us_sp500_raw_actions_2010_2021.parquet")
    bars = conform(frame, provider="av", basis="raw")
    checked = check_bars(bars, get_calendar("XNYS"), from_columns(frame, provider="av"))
    assert checked.rejected == {}
    assert checked.noted == {"jump": 7, "zero_volume": 6, "unconfirmed_split": 1, "odd_dividend": 1}
    assert "AAPL" not in checked.findings.filter(rule="jump")["symbol"]
    bogus = checked.findings.filter(pl.col("rule").str.contains("split|dividend"))
    assert bogus.select("symbol", pl.col("date").cast(pl.String)).rows() == [
        ("GNRC", "2010-02-12"),
        ("EQR", "2011-03-17"),
    ]


def bad_file(shared_data: Path, name: str) -> tuple[pl.DataFrame, CheckedBars]:
    """One of the files that yfinance keeps to test its repairs: as it is, and its check."""
    path = shared_data / "yahoo-fixtures" / "yfinance-bad-data" / f"{name}.csv"
    rows = pl.read_csv(path, infer_schema_length=None)
    frame = rows.rename({rows.columns[0]: "date", **YAHOO}).with_columns(
        pl.col("date").str.head(10).str.to_date(), symbol=pl.lit(name.partition("-")[0])
    )
    bars = conform(frame, provider="yahoo", basis="split")
    return bars, check_bars(bars, None, from_columns(frame, provider="yahoo"))


@pytest.mark.parametrize(("name", "slips"), [("AET-L", 14), ("SSW-JO", 22)])
def test_prices_in_pence_and_pounds_go_on_in_one_unit(
    shared_data: Path, name: str, slips: int
) -> None:
    bad, checked = bad_file(shared_data, f"{name}-1d-100x-error")
    fixed, clean = bad_file(shared_data, f"{name}-1d-100x-error-fixed")
    assert len(checked.quarantine) == slips
    assert "hundredfold" in checked.rejected
    assert "hundredfold" not in clean.rejected
    right = bad["close"] / fixed["close"]
    in_unit = bad.filter(right.is_between(0.99, 1.01))
    assert_frame_equal(checked.bars, in_unit)
    assert "jump" not in {*checked.noted, *clean.noted}


def test_a_bar_multiplied_by_a_split_jumps_twice(shared_data: Path) -> None:
    _, checked = bad_file(shared_data, "ALPHA-PA-1d-bad-stock-split")
    assert checked.rejected == {}
    _, fixed = bad_file(shared_data, "ALPHA-PA-1d-bad-stock-split-fixed")
    jumped, usual = (
        set(found.findings.filter(rule="jump")["date"].cast(pl.String))
        for found in (checked, fixed)
    )
    assert jumped - usual == {"2023-05-08", "2023-05-09"}


def test_prices_of_before_a_split_that_were_not_adjusted_jump(shared_data: Path) -> None:
    _, checked = bad_file(shared_data, "DEX-AX-1d-bad-stock-split")
    (jump,) = checked.findings.filter(rule="jump").rows(named=True)
    assert str(jump["date"]) == "2023-05-22"
    assert jump["detail"].startswith("0.053 -> 0.12029 (127.0 %)")
    _, fixed = bad_file(shared_data, "DEX-AX-1d-bad-stock-split-fixed")
    assert "jump" not in fixed.noted
    assert fixed.noted["stale_run"] == 1


@pytest.mark.parametrize(
    ("name", "day", "said"),
    [
        ("KEN-TA-1d-bad-div", "2022-01-19", "3.5 after 3.5: again after days"),
        ("NVT-L-1d-bad-div", "2023-07-20", "0.0002 after 0.02: another unit"),
    ],
)
def test_dividends_that_nobody_paid(shared_data: Path, name: str, day: str, said: str) -> None:
    _, checked = bad_file(shared_data, name)
    odd = checked.findings.filter(rule="odd_dividend")
    assert odd.select(pl.col("date").cast(pl.String), "detail").rows() == [(day, said)]
    _, fixed = bad_file(shared_data, f"{name}-fixed")
    assert "odd_dividend" not in fixed.noted


def test_large_and_small_dividends_that_were_paid(shared_data: Path) -> None:
    _, checked = bad_file(shared_data, "CALM-1d-no-bad-divs")
    assert (checked.rejected, checked.noted) == ({}, {})


def test_a_hundredfold_bar_of_a_chart(shared_data: Path) -> None:
    path = shared_data / "yahoo-fixtures" / "synthetic" / "chart_100x_error_200.json"
    (chart,) = json.loads(path.read_text(encoding="utf-8"))["chart"]["result"]
    opened = pl.Series("date", chart["timestamp"]) * 1_000_000
    sydney = opened.cast(pl.Datetime("us", "UTC")).dt.convert_time_zone("Australia/Sydney")
    frame = pl.DataFrame({"date": sydney.dt.date(), **chart["indicators"]["quote"][0]})
    bars = conform(frame.with_columns(symbol=pl.lit("X100.AX")), provider="yahoo", basis="split")
    checked = check(bars)
    assert checked.rejected == {"hundredfold": 1}
    assert checked.quarantine["close"].round(2).to_list() == [4140.0]
    assert checked.noted == {"missing_session": 1}
