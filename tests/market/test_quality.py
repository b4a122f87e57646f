"""The whole of what is known against some bars."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest

from stockstream.market.actions import empty_actions, from_columns
from stockstream.market.bars import conform, empty_bars
from stockstream.market.calendars import get_calendar
from stockstream.market.check import check_bars
from stockstream.market.findings import FINDINGS, SEVERITIES, SEVERITY
from stockstream.market.quality import assess, compare_adjusted
from stockstream.market.quality.adjusted import ADJUSTED_SCHEMA
from stockstream.settings import QualitySettings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Make = Callable[..., pl.DataFrame]

ASX = get_calendar("XASX")
DEFAULT = QualitySettings()


def market(make_bars: Make, symbols: int = 30, sessions: int = 18) -> pl.DataFrame:
    closes = [10.0 + day % 2 for day in range(sessions)]
    return pl.concat([make_bars(closes, symbol=f"S{i:03}") for i in range(symbols)])


@pytest.fixture
def dirty(make_bars: Make) -> tuple[pl.DataFrame, list[dt.date]]:
    """Thirty symbols on eighteen sessions; one session lacks, one is short, one price jumps."""
    bars = market(make_bars)
    days = bars["date"].unique().sort().to_list()
    short = (pl.col("date") == days[12]) & (pl.col("symbol") > "S004")
    kept = bars.filter(pl.col("date") != days[9], ~short)
    jumps = (pl.col("symbol") == "S003") & (pl.col("date") == days[15])
    close = pl.when(jumps).then(40.0).otherwise("close")
    return kept.with_columns(close=close, high=pl.max_horizontal("high", close)), days


def test_every_finding_has_a_severity() -> None:
    assert SEVERITY.keys() == FINDINGS.keys()
    assert set(SEVERITY.values()) == set(SEVERITIES)


def test_counts_by_rule_the_severest_first(dirty: tuple[pl.DataFrame, list[dt.date]]) -> None:
    bars, days = dirty
    quality = assess(bars, empty_actions(), ASX, DEFAULT)
    assert quality.bars == len(bars)
    assert quality.counts == {"info": 0, "warning": 2, "error": 2}
    columns = ("rule", "severity", "count", "symbols", "first", "worst")
    assert quality.rules.select(columns).rows() == [
        ("missing_session", "error", 1, 0, days[9], None),
        ("short_session", "error", 1, 0, days[12], None),
        ("jump", "warning", 2, 1, days[15], "S003 (2)"),
    ]
    assert quality.set_aside == 0


def test_sessions_with_their_state(dirty: tuple[pl.DataFrame, list[dt.date]]) -> None:
    bars, days = dirty
    sessions = assess(bars, empty_actions(), ASX, DEFAULT).sessions
    assert sessions["date"].to_list() == days
    odd = sessions.filter(pl.col("state") != "ok")
    assert odd.rows() == [
        (days[9], 0, 30.0, 0.0, "missing"),
        (days[12], 5, 30.0, 5 / 30, "short"),
    ]
    assert sessions["share"].head(6).to_list() == [None] * 5 + [1.0]


def test_symbols_the_worst_first(dirty: tuple[pl.DataFrame, list[dt.date]]) -> None:
    bars, days = dirty
    gone = bars.filter((pl.col("symbol") != "S007") | (pl.col("date") != days[3]))
    rejected = check_bars(gone.tail(1).with_columns(high=pl.lit(1.0)), ASX).quarantine
    quality = assess(gone, empty_actions(), ASX, DEFAULT, quarantine=rejected)
    worst = quality.symbols.row(0, named=True)
    assert (worst["symbol"], worst["warning"], worst["bars"]) == ("S003", 2, 17)
    second = quality.symbols.row(1, named=True)
    assert (second["symbol"], second["set_aside"]) == ("S029", 1)
    third = quality.symbols.row(2, named=True)
    assert (third["symbol"], third["coverage"]) == ("S007", 15 / 17)
    assert len(quality.symbols) == 30


def test_quarantine_says_what_was_replaced_by_now(make_bars: Make) -> None:
    bars = make_bars([10.0, 10.1, 10.2])
    bad = make_bars([-1.0, 10.1, 10.2, 10.3, -1.0])
    rejected = check_bars(bad, ASX).quarantine
    quality = assess(bars, empty_actions(), ASX, DEFAULT, quarantine=rejected)
    columns = ("rule", "count", "replaced", "worst")
    assert quality.quarantine.select(columns).rows() == [("not_positive", 2, 1, "BHP.AX (2)")]
    assert quality.set_aside == 2


def test_what_the_store_cannot_show_comes_from_the_notes(make_bars: Make) -> None:
    bars = make_bars([10.0, 10.1], volume=[None, 5])
    checked = check_bars(pl.concat([bars, bars]), ASX)
    assert checked.noted == {"repeated_row": 2, "missing_volume": 1}
    stale = checked.findings.with_columns(rule=pl.lit("jump"))
    noted = pl.concat([checked.findings, stale]).with_columns(source=pl.lit("somewhere"))
    quality = assess(checked.bars, empty_actions(), ASX, DEFAULT, noted=noted)
    assert dict(quality.rules.select("rule", "count").iter_rows()) == {
        "repeated_row": 2,
        "missing_volume": 1,
        "zero_volume": 1,  # missing volumes are stored as 0
    }


def test_a_window_is_judged_by_what_was_before_it(make_bars: Make) -> None:
    bars = market(make_bars)
    days = bars["date"].unique().sort().to_list()
    short = (pl.col("date") == days[14]) & (pl.col("symbol") > "S004")
    left = (pl.col("symbol") == "S001") & (pl.col("date") > days[1])
    quality = assess(bars.filter(~short, ~left), empty_actions(), ASX, DEFAULT, start=days[13])
    assert quality.sessions["date"].to_list() == days[13:]
    assert quality.sessions["state"].to_list() == ["ok", "short", "ok", "ok", "ok"]
    assert quality.rules["rule"].to_list() == ["short_session"]
    assert quality.bars == 29 * 4 + 4


def test_thresholds_are_reported(make_bars: Make) -> None:
    strict = QualitySettings(jump_above=1.05)
    quality = assess(make_bars([10.0, 10.6]), empty_actions(), ASX, strict)
    assert quality.thresholds is strict
    assert quality.counts["warning"] == 1


def test_nothing_to_look_at() -> None:
    quality = assess(empty_bars(), empty_actions(), None, DEFAULT)
    assert (quality.bars, quality.set_aside) == (0, 0)
    assert quality.counts == {"info": 0, "warning": 0, "error": 0}
    frames = (quality.rules, quality.sessions, quality.symbols, quality.adjusted)
    assert all(frame.is_empty() for frame in frames)


def test_adjusted_closes_that_events_explain(make_bars: Make, make_actions: Make) -> None:
    paid = make_actions(("2024-03-06", "dividend", 0.5), ("2024-03-07", "split", 2.0))
    factor = 1 - 0.5 / 10.0
    explained = [10.0 * factor / 2, 10.0 * factor / 2, 9.5 / 2, 4.8]
    for scale in (1.0, 0.9):  # a dividend after the last bar moves the whole series
        adjusted = [close * scale for close in explained]
        bars = make_bars([10.0, 10.0, 9.5, 4.8], adjusted_close=adjusted)
        (row,) = compare_adjusted(bars, paid).rows(named=True)
        assert (row["convention"], row["events"], row["bars"], row["off"]) == ("yahoo", 2, 4, 0)
        assert row["worst"] < 1e-12


def test_adjusted_closes_by_the_other_convention(make_bars: Make, make_actions: Make) -> None:
    paid = make_actions(("2024-03-06", "dividend", 0.5))
    factor = 9.0 / 9.5
    bars = make_bars([10.0, 10.0, 9.0], adjusted_close=[10.0 * factor, 10.0 * factor, 9.0])
    (row,) = compare_adjusted(bars, paid).rows(named=True)
    assert (row["convention"], row["off"]) == ("return", 0)


def test_an_event_that_is_missing_shows(make_bars: Make) -> None:
    bars = make_bars([10.0, 10.0, 9.5], adjusted_close=[9.5, 9.5, 9.5])
    (row,) = compare_adjusted(bars, empty_actions()).rows(named=True)
    assert (row["off"], row["events"], row["date"]) == (2, 0, dt.date(2024, 3, 5))
    assert row["worst"] == pytest.approx(0.05)


def test_impossible_events_are_told_of_their_symbol_alone(
    make_bars: Make, make_actions: Make
) -> None:
    names = ("A", "B", "C", "D")
    bars = pl.concat([make_bars([1.0, 1.0], symbol=n, adjusted_close=[1.0, 1.0]) for n in names])
    huge = make_actions(("2024-03-05", "dividend", 5.0), symbol="C")
    compared = compare_adjusted(bars, huge)
    # the return convention can live with it, and disagrees
    assert dict(compared.select("symbol", "off").iter_rows()) == {"A": 0, "B": 0, "C": 1, "D": 0}
    assert compared["symbol"][0] == "C"
    mixed = make_bars([1.0, 1.0], symbol="C", adjusted_close=[1.0, 1.0], basis="split")
    both = pl.concat([bars, mixed.with_columns(pl.col("date").dt.offset_by("7d"))])
    reasons = compare_adjusted(both.sort("symbol", "date"), empty_actions()).filter(symbol="C")
    assert "both raw and split-adjusted" in reasons["reason"][0]


def test_symbols_without_adjusted_closes_are_left_out(make_bars: Make) -> None:
    compared = compare_adjusted(make_bars([1.0, 1.1]), empty_actions())
    assert compared.is_empty()
    assert compared.schema == ADJUSTED_SCHEMA


@pytest.mark.slow
@pytest.mark.shared
def test_the_adjusted_closes_of_the_american_market(shared_data: Path) -> None:
    frame = pl.read_parquet(shared_data / "us_sp500_raw_actions_2010_2021.parquet")
    bars = conform(frame, provider="av", basis="raw")
    compared = compare_adjusted(bars, from_columns(frame, provider="av"))
    assert len(compared) == 255
    assert compared["off"].sum() == 0
    assert compared.filter(pl.col("worst") > 4e-4).is_empty()


@pytest.mark.shared
def test_a_dividend_that_was_not_taken_into_the_adjusted_close(shared_data: Path) -> None:
    def off(name: str) -> int:
        path = shared_data / "yahoo-fixtures" / "yfinance-bad-data" / f"8TRA-DE-1d-{name}.csv"
        rows = pl.read_csv(path, infer_schema_length=None).rename(str.lower)
        frame = rows.rename({"adj close": "adjusted_close", "stock splits": "splits"})
        dated = frame.with_columns(pl.col("date").str.head(10).str.to_date(), symbol=pl.lit("8TRA"))
        bars = conform(dated, provider="yahoo", basis="split")
        compared = compare_adjusted(bars, from_columns(dated, provider="yahoo"))
        return int(compared["off"].item())

    assert (off("missing-div-adjust"), off("missing-div-adjust-fixed")) == (2, 0)
