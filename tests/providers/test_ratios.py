"""Split ratios are ratios of whole numbers, whatever rounding they have been through."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.providers.ratios import whole_ratio, whole_ratios


@given(st.integers(1, 200), st.integers(1, 20))
def test_a_rounded_reciprocal_finds_its_ratio(many: int, few: int) -> None:
    for exact in (many / few, few / many):
        assert whole_ratio(round(exact, 9 if exact < 1 else 6)) == pytest.approx(exact, rel=1e-6)
    if many >= few:
        rounded = 1.0 / float(f"{few / many:.6g}")
        assert whole_ratio(rounded) == many / few


@pytest.mark.parametrize("ratio", [1.054, 1.122, 1.153, 1.4869999, 0.955000382, 0.303582270795])
def test_ratios_of_spin_offs_stay_as_they_are(ratio: float) -> None:
    assert whole_ratio(ratio) == ratio


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-9, 1e9, float("inf"), float("nan")])
def test_what_is_no_ratio_stays_as_it_is(value: float) -> None:
    assert str(whole_ratio(value)) == str(value)


def test_a_column() -> None:
    column = pl.Series([7.00000700001, None, 1.49999925, 0.33333333, 0.142857142857])
    assert whole_ratios(column).to_list() == [7.0, None, 1.5, 1 / 3, 1 / 7]
