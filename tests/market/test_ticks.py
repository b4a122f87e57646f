"""Price steps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.market.ticks import ASX_TICKS, TICKS, US_TICKS

if TYPE_CHECKING:
    from stockstream.market.ticks import TickTable


@pytest.mark.parametrize(
    ("ticks", "price", "size"),
    [
        (ASX_TICKS, 0.001, 0.001),
        (ASX_TICKS, 0.0995, 0.001),
        (ASX_TICKS, 0.10, 0.005),
        (ASX_TICKS, 1.995, 0.005),
        (ASX_TICKS, 2.00, 0.01),
        (US_TICKS, 0.9999, 0.0001),
        (US_TICKS, 1.00, 0.01),
    ],
)
def test_the_step_at_a_price(ticks: TickTable, price: float, size: float) -> None:
    assert pl.select(ticks.size(pl.lit(price))).item() == size


def test_snapped_prices_are_the_decimals_one_would_type() -> None:
    prices = np.array([0.0004, 0.01501, 0.0996, 0.1024, 0.1026, 1.9976, 2.004, 57.128])
    assert ASX_TICKS.snap(prices).tolist() == [0.001, 0.015, 0.1, 0.1, 0.105, 2.0, 2.0, 57.13]


@given(st.sampled_from(sorted(TICKS)), st.lists(st.floats(1e-5, 1e4), min_size=2, max_size=50))
def test_snapping_keeps_the_order_and_stays_near(name: str, values: list[float]) -> None:
    ticks, prices = TICKS[name], np.sort(np.array(values))
    snapped = ticks.snap(prices)
    assert (np.diff(snapped) >= 0).all()
    np.testing.assert_array_equal(ticks.snap(snapped), snapped)
    step = pl.Series(prices).to_frame("p").select(ticks.size(pl.col("p"))).to_series().to_numpy()
    assert (np.abs(snapped - prices) <= np.maximum(step / 2, ticks.sizes[0]) * (1 + 1e-9)).all()
