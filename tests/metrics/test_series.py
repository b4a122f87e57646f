"""What the measures take: arrays, and series of any library that speaks Arrow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import polars as pl
import pytest

from stockstream.metrics import bootstrap, drawdown, relative, returns, shape, tails
from stockstream.metrics.series import floats

VALUES = np.random.default_rng(1).normal(0.0005, 0.01, 100)


class ArrowOnly:
    """A column of a library of which nothing is known but that it exports Arrow."""

    def __init__(self, data: pl.Series | pl.DataFrame) -> None:
        self._data = data

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._data.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize(
    "series",
    [pl.Series(VALUES), pd.Series(VALUES), ArrowOnly(pl.Series(VALUES)), VALUES.tolist()],
    ids=["polars", "pandas", "arrow", "list"],
)
def test_measures_take_a_series_of_any_library(series: object) -> None:
    given: pl.Series = series  # type: ignore[assignment]
    assert returns.sharpe(given) == returns.sharpe(VALUES)
    assert returns.sortino(given) == returns.sortino(VALUES)
    assert drawdown.max_drawdown(drawdown.wealth(given)) < 0.0
    assert tails.value_at_risk(given) == tails.value_at_risk(VALUES)
    assert shape.tail_ratio(given) == shape.tail_ratio(VALUES)
    assert relative.beta(given, VALUES) == pytest.approx(1.0)
    drawn = bootstrap.confidence(given, resamples=10)
    assert drawn == bootstrap.confidence(VALUES, resamples=10)


def test_an_array_passes_untouched() -> None:
    assert floats(VALUES) is VALUES


def test_what_is_missing_is_nan() -> None:
    missing = pl.Series([0.1, None, 0.3])
    for series in (missing, ArrowOnly(missing)):
        np.testing.assert_array_equal(floats(series), [0.1, np.nan, 0.3])
    np.testing.assert_array_equal(floats(ArrowOnly(pl.Series([1, 2]))), [1.0, 2.0])


def test_what_is_no_series_of_numbers_is_refused() -> None:
    with pytest.raises(TypeError, match="a series of numbers is needed"):
        floats(["a", "b"])
    with pytest.raises(TypeError, match="one column"):
        floats(np.zeros((3, 2)))
    with pytest.raises(TypeError, match="this table has x, y; take one"):
        floats(ArrowOnly(pl.DataFrame({"x": [1.0], "y": [2.0]})))
