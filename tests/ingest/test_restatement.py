"""Whether a source divided a symbol's history anew."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.ingest.restatement import (
    VERDICT_SCHEMA,
    compare_overlap,
    replacement,
    rescale_dividends,
)
from stockstream.market.actions import ACTION_SCHEMA, conform_actions
from stockstream.market.bars import BAR_SCHEMA, PRICES, conform
from stockstream.market.findings import FINDING_SCHEMA
from stockstream.market.ticks import ASX_TICKS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

FIRST = dt.date(2024, 3, 1)
STEADY = [15.42, 15.4, 15.61, 15.55, 15.5, 15.38, 15.44, 15.7, 15.72, 15.69]
PENNY = [0.012, 0.013, 0.012, 0.011, 0.012, 0.014, 0.013, 0.012, 0.012, 0.013]


def day(number: int) -> dt.date:
    return FIRST + dt.timedelta(days=number)


def bars(
    closes: Sequence[float | None], *, first: int = 0, symbol: str = "ABC.AX", volume: int = 1000
) -> pl.DataFrame:
    rows = [
        {"symbol": symbol, "date": day(first + at), **dict.fromkeys(PRICES, close)}
        for at, close in enumerate(closes)
        if close is not None
    ]
    frame = pl.DataFrame(rows, {name: BAR_SCHEMA[name] for name in ("symbol", "date", *PRICES)})
    return conform(frame.with_columns(volume=pl.lit(volume)), provider="test", basis="split")


def split_on(number: int, value: float, symbol: str = "ABC.AX") -> pl.DataFrame:
    row = {"symbol": symbol, "date": day(number), "kind": "split", "value": value}
    return conform_actions(pl.DataFrame([row]), provider="test")


def judge(
    stored: Sequence[float | None],
    fetched: Sequence[float | None],
    splits: pl.DataFrame | None = None,
) -> tuple[str, float | None, int, bool]:
    verdicts = compare_overlap(bars(stored), bars(fetched), splits)
    assert verdicts.schema == VERDICT_SCHEMA
    [row] = verdicts.drop("symbol").rows()
    return row


def rounded(values: Sequence[float], decimals: int) -> list[float]:
    return [round(value, decimals) for value in values]


def in_single_precision(values: Sequence[float]) -> list[float]:
    return pl.Series(values).cast(pl.Float32).cast(pl.Float64).to_list()


def test_nothing_changed() -> None:
    assert judge(STEADY, [*STEADY, 15.8]) == ("same", None, 10, False)
    assert judge(STEADY, in_single_precision(STEADY)) == ("same", None, 10, False)


def test_one_day_was_corrected() -> None:
    for odd in range(10):
        corrected = [*STEADY]
        corrected[odd] += 0.3
        assert judge(STEADY, corrected) == ("corrected", None, 10, False)


def test_scattered_corrections() -> None:
    shifts = (1.001, 0.998, 1.0, 1.004, 0.997, 1.002, 1.0, 0.999, 1.001, 1.003)
    corrected = [close * shift for close, shift in zip(STEADY, shifts, strict=True)]
    assert judge(STEADY, corrected) == ("corrected", None, 10, False)


@pytest.mark.parametrize("split", [2.0, 7.0, 0.1, 1.5, 1.0145, 0.8511, 100.0])
@pytest.mark.parametrize("decimals", [None, 4])
def test_a_split_divides_every_close(split: float, decimals: int | None) -> None:
    fetched = [close / split for close in STEADY]
    if decimals is not None:
        fetched = rounded(fetched, decimals)
    verdict, ratio, days, explained = judge(STEADY, fetched)
    assert (verdict, days, explained) == ("restated", 10, False)
    assert ratio == pytest.approx(split, rel=1e-3)
    assert judge(STEADY, fetched, split_on(10, split)) == ("restated", split, 10, True)


def test_the_last_day_was_corrected_as_well() -> None:
    """A bar fetched on its own evening is off by some hundredths of a percent as a rule."""
    fetched = [close / 2 for close in STEADY]
    fetched[-1] *= 1.0016
    verdict, ratio, *_ = judge(STEADY, fetched)
    assert verdict == "restated"
    assert ratio == pytest.approx(2.0)


def test_one_odd_day_among_the_oldest_does_not_hide_a_split() -> None:
    fetched = [close / 2 for close in STEADY]
    fetched[0] *= 1.1
    verdict, ratio, *_ = judge(STEADY, fetched)
    assert verdict == "restated"
    assert ratio == pytest.approx(2.0)


@pytest.mark.parametrize("late", [1, 3, 5])
def test_a_source_that_is_late_with_a_split(late: int) -> None:
    """Its last days were on the new scale at once, and only now it divides those before."""
    stored = [*STEADY[:-late], *(close / 4 for close in STEADY[-late:])]
    verdict, ratio, *_ = judge(stored, [close / 4 for close in STEADY])
    assert verdict == "restated"
    assert ratio == pytest.approx(4.0)


@pytest.mark.parametrize("split", [2.0, 5.0, 10.0, 0.1, 0.02])
def test_penny_prices_lose_digits(split: float) -> None:
    fetched = rounded([close / split for close in PENNY], 3)
    known = judge(PENNY, fetched, split_on(10, split))
    assert known == ("restated", split, 10, True)
    verdict, ratio, *_ = judge(PENNY, fetched)
    assert verdict == "restated"
    assert ratio == pytest.approx(split, rel=0.25)


def test_a_tick_on_penny_prices_is_no_split() -> None:
    up = [close + 0.001 if at % 3 else close for at, close in enumerate(PENNY)]
    assert judge(PENNY, rounded(up, 3))[0] == "corrected"
    assert judge([0.002] * 10, [0.003] * 10)[0] == "corrected"
    known = judge([0.002] * 10, [0.003] * 10, split_on(10, 0.5))
    assert known == ("restated", 0.5, 10, True)


def test_half_a_tick_of_rounding() -> None:
    assert judge([0.0115, 0.012, 0.0125], [0.012, 0.012, 0.013])[0] == "corrected"


def test_a_suspended_symbol_that_is_consolidated() -> None:
    assert judge([0.001] * 10, [0.1] * 10, split_on(12, 0.01)) == ("restated", 0.01, 10, True)
    verdict, ratio, *_ = judge([0.001] * 10, [0.1] * 10)
    assert verdict == "restated"
    assert ratio == pytest.approx(0.01)


def test_a_split_that_the_stored_bars_have_already() -> None:
    after = split_on(5, 2.0)
    assert judge(STEADY, STEADY, after)[0] == "same"
    corrected = [*STEADY[:-1], 15.9]
    assert judge(STEADY, corrected, after)[0] == "corrected"


def test_one_day_in_common() -> None:
    assert judge([15.42], [7.71]) == ("restated", 2.0, 1, False)
    assert judge([15.42], [15.4]) == ("corrected", None, 1, False)
    assert judge([15.42], [15.42]) == ("same", None, 1, False)
    assert judge([15.42], [15.0], split_on(1, 15.42 / 15.0))[0] == "restated"


def test_no_day_in_common_and_nothing_stored() -> None:
    long_ago = compare_overlap(bars(STEADY), bars(STEADY, first=700))
    assert long_ago.rows() == [("ABC.AX", "apart", None, 0, False)]
    new = compare_overlap(bars(STEADY, symbol="OLD.AX"), bars(STEADY))
    assert new.rows() == [("ABC.AX", "new", None, 0, False)]


def test_what_cannot_be_compared_is_left_out() -> None:
    nothing = bars(STEADY).with_columns(close=pl.lit(None, pl.Float64))
    assert compare_overlap(bars(STEADY), nothing).is_empty()
    unfinished = bars(STEADY).with_columns(close=pl.col("close") / 2, is_final=pl.lit(value=False))
    assert compare_overlap(bars(STEADY), unfinished).is_empty()
    assert compare_overlap(bars([]), bars([])).schema == VERDICT_SCHEMA
    zeros = [0.0, float("nan"), *STEADY[2:]]
    assert judge(STEADY, zeros) == ("same", None, 8, False)


def test_each_symbol_has_a_verdict_of_its_own() -> None:
    halves = [close / 2 for close in STEADY]
    stored = pl.concat([bars(STEADY, symbol=name) for name in ("A", "B", "C", "D")])
    fetched = pl.concat(
        [
            bars(STEADY, symbol="A"),
            bars(halves, symbol="B"),
            bars(STEADY, symbol="D", first=50),
            bars(halves, symbol="E"),
        ]
    )
    verdicts = compare_overlap(stored, fetched.sample(fraction=1, shuffle=True, seed=1))
    assert dict(verdicts.select("symbol", "verdict").rows()) == {
        "A": "same",
        "B": "restated",
        "D": "apart",
        "E": "new",
    }


@pytest.mark.slow
@given(
    st.lists(st.integers(200, 500_000), min_size=1, max_size=15),
    st.sampled_from([0.01, 0.05, 0.1, 0.5, 2 / 3, 1.5, 2.0, 3.0, 4.0, 10.0, 50.0]),
    st.sampled_from([2, 3, 4, 6]),
)
def test_a_split_of_any_prices_is_found_and_no_split_is_not(
    cents: list[int], split: float, decimals: int
) -> None:
    """From two dollars on, whatever number of decimals the source rounds to."""
    stored = [value / 100 for value in cents]
    fetched = [max(round(close / split, decimals), 10.0**-decimals) for close in stored]
    verdict, ratio, days, _ = judge(stored, fetched)
    assert (verdict, days) == ("restated", len(cents))
    assert ratio == pytest.approx(split, rel=0.6 * 10.0**-decimals * max(split, 1.0) / 2.0 + 1e-9)
    assert judge(stored, stored)[0] == "same"


def test_a_full_history_takes_the_place_of_the_old_one() -> None:
    stored, fetched = bars(STEADY), bars([close / 2 for close in STEADY], volume=2000)
    new = replacement(stored, fetched, compare_overlap(stored, fetched))
    assert new.bars.equals(fetched)
    assert new.findings.schema == FINDING_SCHEMA
    assert new.findings.is_empty()


def test_days_that_did_not_come_again_are_kept_on_the_new_scale() -> None:
    stored = bars(STEADY).with_columns(adjusted_close=pl.col("close") - 1)
    halves = bars([None, None, *(close / 2 for close in STEADY[2:8]), None, 7.845], volume=2000)
    fetched = halves.with_columns(provider=pl.lit("other"))
    new = replacement(stored, fetched, compare_overlap(stored, fetched, split_on(10, 2.0)))
    assert new.bars["date"].to_list() == [day(at) for at in range(10)]
    assert new.bars["close"].to_list() == pytest.approx([close / 2 for close in STEADY])
    assert new.bars["volume"].to_list() == [2000] * 10
    assert new.bars["adjusted_close"][0] == pytest.approx((15.42 - 1) / 2)
    assert [*new.bars["provider"]].count("test") == 3
    [finding] = new.findings.rows(named=True)
    assert (finding["symbol"], finding["date"]) == ("ABC.AX", FIRST)
    assert finding["rule"] == "restated_by_ratio"
    assert "3 stored bar(s)" in finding["detail"]
    assert "divided by 2.0" in finding["detail"]


def test_days_that_were_on_the_new_scale_already_stay_as_they_are() -> None:
    stored = bars([*STEADY[:6], *(close / 4 for close in STEADY[6:])])
    fetched = bars([None, *(close / 4 for close in STEADY[1:9])])
    new = replacement(stored, fetched, compare_overlap(stored, fetched))
    assert new.bars["close"].to_list() == pytest.approx([close / 4 for close in STEADY])
    assert new.findings["detail"].str.contains(r"^1 stored bar\(s\)").to_list() == [True]


def test_only_restated_symbols_are_replaced() -> None:
    stored, fetched = bars(STEADY), bars(STEADY[1:], first=1)
    verdicts = compare_overlap(stored, fetched)
    assert replacement(stored, fetched, verdicts).bars.is_empty()


@pytest.mark.slow
@given(st.sets(st.integers(0, 9), max_size=9), st.sampled_from([0.1, 2.0, 7.0]))
def test_no_day_is_lost_and_the_scale_is_one(missing: set[int], split: float) -> None:
    new_scale = [close / split for close in STEADY]
    stored = bars(STEADY)
    fetched = bars([None if at in missing else close for at, close in enumerate(new_scale)])
    verdicts = compare_overlap(stored, fetched, split_on(10, split))
    new = replacement(stored, fetched, verdicts)
    assert new.bars["close"].to_list() == pytest.approx(new_scale, rel=1e-9)
    again = replacement(new.bars, fetched, compare_overlap(new.bars, fetched))
    assert again.bars.is_empty()  # it is on the new scale now


def test_dividends_that_did_not_come_again() -> None:
    stored, fetched = bars(STEADY), bars([None, None, *(close / 2 for close in STEADY[2:])])
    verdicts = compare_overlap(stored, fetched, split_on(10, 2.0))
    events = pl.DataFrame(
        {
            "symbol": ["ABC.AX", "ABC.AX", "XYZ.AX"],
            "date": [day(0), day(1), day(0)],
            "kind": ["dividend", "split", "dividend"],
            "value": [0.4, 3.0, 0.6],
        }
    )
    new = rescale_dividends(conform_actions(events, provider="test"), stored, fetched, verdicts)
    assert new.schema == ACTION_SCHEMA
    assert new.select("symbol", "kind", "value").rows() == [("ABC.AX", "dividend", 0.2)]


def newest_ten(market: pl.DataFrame) -> pl.DataFrame:
    """The newest ten closes of every symbol."""
    priced = market.filter(pl.col("close") > 0).sort("symbol", "date")
    return priced.group_by("symbol", maintain_order=True).tail(10).select("symbol", "date", "close")


def share(verdicts: pl.DataFrame, verdict: str) -> float:
    return len(verdicts.filter(verdict=verdict)) / len(verdicts)


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.parametrize("split", [2.0, 5.0, 10.0, 1.5, 0.5, 0.1, 0.02])
def test_a_split_of_every_share_of_a_penny_market(shared_data: Path, split: float) -> None:
    """1,997 ASX symbols, 900 of them under ten cents; the source sends four decimals."""
    stored = newest_ten(pl.read_parquet(shared_data / "asx_market_2019_2023.parquet"))
    fetched = stored.with_columns((pl.col("close") / split).round(4))
    day = dt.date(2024, 1, 2)
    told = pl.DataFrame({"symbol": stored["symbol"].unique()}).with_columns(
        date=day, kind=pl.lit("split"), value=split
    )
    explained = compare_overlap(stored, fetched, told)
    assert set(explained["verdict"]) == {"restated"}
    assert set(explained["ratio"]) == {split}
    assert share(compare_overlap(stored, fetched), "restated") > 0.98
    assert set(compare_overlap(stored, stored)["verdict"]) == {"same"}


@pytest.mark.shared
def test_corrections_by_a_tick_are_no_splits(shared_data: Path) -> None:
    stored = newest_ten(pl.read_parquet(shared_data / "asx_market_2019_2023.parquet"))
    tick = ASX_TICKS.size(pl.col("close"))
    one_in_ten = pl.int_range(pl.len()).hash(seed=3) % 10 == 0
    fetched = stored.with_columns(
        pl.when(one_in_ten).then(pl.col("close") + tick).otherwise("close")
    )
    verdicts = compare_overlap(stored, fetched)
    assert share(verdicts, "restated") < 0.005
    assert share(verdicts, "corrected") > 0.5


@pytest.mark.slow
@pytest.mark.shared
def test_every_split_of_255_american_shares(shared_data: Path) -> None:
    """What a split-adjusting source sent the day before each split, and what it sent after it."""
    market = pl.read_parquet(shared_data / "us_sp500_raw_actions_2010_2021.parquet")
    bars = market.sort("symbol", "date")
    splits = bars.filter(pl.col("splits") != 1.0)
    later = pl.col("splits").cum_prod(reverse=True).over("symbol")
    adjusted = bars.with_columns(close=(pl.col("close") * pl.col("splits") / later))
    seen = 0
    for symbol, day, value in splits.select("symbol", "date", "splits").iter_rows():
        history = adjusted.filter(pl.col("symbol") == symbol, pl.col("date") < day).tail(10)
        if history.is_empty():
            continue
        seen += 1
        stored = history.with_columns((pl.col("close") * value).round(4))
        fetched = history.with_columns(pl.col("close").cast(pl.Float32).cast(pl.Float64))
        [(verdict, ratio)] = compare_overlap(stored, fetched).select("verdict", "ratio").rows()
        assert (verdict, round(ratio / value, 3)) == ("restated", 1.0), (symbol, day)
    assert seen > 50
