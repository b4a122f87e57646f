"""Indicators on data frames: per symbol, in the order of dates, rows left where they were."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import polars as pl
import pytest

from stockstream.errors import DataError
from stockstream.indicators import ATR, MACD, OBV, RSI, SMA, BollingerBands, Stochastic, compute

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    MakeBars: TypeAlias = Callable[..., dict[str, NDArray[np.float64]]]

DAYS = 60


@pytest.fixture
def frame(make_bars: MakeBars) -> pl.DataFrame:
    """Three symbols of 60 bars, sorted."""
    days = [date(2024, 1, 1) + timedelta(days=i) for i in range(DAYS)]
    parts = [
        pl.DataFrame({"symbol": [symbol] * DAYS, "date": days, **make_bars("walk", DAYS, seed)})
        for seed, symbol in enumerate(("AAA.AX", "BBB.AX", "CCC.AX"))
    ]
    return pl.concat(parts)


def test_each_symbol_is_a_series_of_its_own(frame: pl.DataFrame) -> None:
    found = SMA(5).calculate(frame)
    for symbol in ("AAA.AX", "BBB.AX", "CCC.AX"):
        alone = frame.filter(pl.col("symbol") == symbol)
        (expected,) = compute("sma", [alone["close"].to_numpy()], [0, DAYS], (5,))
        np.testing.assert_array_equal(
            found.filter(pl.col("symbol") == symbol)["sma_5"].to_numpy(), expected
        )


def test_rows_in_any_order_get_the_same_values_and_stay(frame: pl.DataFrame) -> None:
    shuffled = frame.sample(fraction=1.0, shuffle=True, seed=4)
    found = RSI().calculate(shuffled)
    assert found.drop("rsi_14").equals(shuffled)
    expected = RSI().calculate(frame)
    assert found.sort("symbol", "date").equals(expected, null_equal=True)


def test_columns_are_added_and_nothing_else_changes(frame: pl.DataFrame) -> None:
    found = frame
    for indicator in (SMA(20), MACD(), BollingerBands(), ATR(), OBV(), Stochastic()):
        found = indicator.calculate(found)
    added = [name for name in found.columns if name not in frame.columns]
    assert added == [
        *("sma_20", "macd", "macd_signal", "macd_hist"),
        *("bollinger_upper", "bollinger_middle", "bollinger_lower", "atr_14", "obv"),
        *("stochastic_k", "stochastic_d"),
    ]
    assert found.select(frame.columns).equals(frame)
    assert set(found.select(added).dtypes) == {pl.Float64}


def test_a_frame_without_symbols_is_one_series(frame: pl.DataFrame) -> None:
    alone = frame.filter(pl.col("symbol") == "AAA.AX")
    expected = SMA(5).calculate(alone)["sma_5"]
    assert SMA(5).calculate(alone.drop("symbol"))["sma_5"].equals(expected)
    assert SMA(5).calculate(alone.drop("symbol", "date"))["sma_5"].equals(expected)


def test_nulls_and_whole_numbers() -> None:
    frame = pl.DataFrame({"close": [1, None, 3, 5]})
    found = SMA(2).calculate(frame)["sma_2"].to_numpy()
    np.testing.assert_array_equal(found, [np.nan, np.nan, 2.0, 4.0])


def test_an_empty_frame_gets_its_column() -> None:
    schema = {"symbol": pl.String, "date": pl.Date, "close": pl.Float64}
    found = SMA(5).calculate(pl.DataFrame(schema=schema))
    assert found.schema == {**schema, "sma_5": pl.Float64}


def test_missing_columns_are_named(frame: pl.DataFrame) -> None:
    with pytest.raises(DataError, match=r"missing columns: high, low; the frame has: .*close"):
        ATR().calculate(frame.drop("high", "low"))


def test_columns_without_numbers_are_named(frame: pl.DataFrame) -> None:
    with pytest.raises(DataError, match=r"not numbers: close \(String\)"):
        SMA().calculate(frame.with_columns(pl.col("close").cast(pl.String)))
