"""Returns, ratios and their edges: short, flat, ruined."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.metrics import returns, shape

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

EMPTY = np.empty(0)


def test_the_first_return_is_zero() -> None:
    found = returns.simple_returns(np.array([100.0, 110.0, 99.0]))
    np.testing.assert_allclose(found, [0.0, 0.1, -0.1], rtol=1e-14)
    assert returns.simple_returns(np.array([5.0])).tolist() == [0.0]
    assert returns.simple_returns(EMPTY).tolist() == []


def test_after_ruin_returns_are_nan() -> None:
    found = returns.simple_returns(np.array([100.0, -50.0, 10.0, 20.0]))
    np.testing.assert_array_equal(found, [0.0, -1.5, np.nan, 1.0])
    assert math.isnan(returns.sharpe(found))


@pytest.mark.parametrize(
    ("growth", "bars", "expected"),
    [
        (1.1, 252, 0.1),
        (1.21, 504, 0.1),
        (0.0, 10, -1.0),
        (-3.0, 10, -1.0),
        (math.nan, 10, math.nan),
        (1.1, 0, math.nan),
        (1e6, 1, math.nan),  # beyond every float
    ],
)
def test_annualised(growth: float, bars: int, expected: float) -> None:
    assert returns.annualised(growth, bars) == pytest.approx(expected, nan_ok=True)


def test_a_rate_per_bar_compounds_to_the_rate_per_year() -> None:
    assert (1.0 + returns.per_bar(0.05)) ** 252 == pytest.approx(1.05)
    assert returns.per_bar(0.0) == 0.0


@pytest.mark.parametrize("measure", [returns.sharpe, returns.sortino, returns.volatility])
def test_too_few_returns_are_nan(measure: Callable[[Floats], float]) -> None:
    assert math.isnan(measure(EMPTY))
    assert math.isnan(measure(np.array([0.01])))


def test_measures_without_returns_are_nan() -> None:
    assert math.isnan(returns.total_return(EMPTY))
    assert math.isnan(returns.annualised_return(EMPTY))
    assert math.isnan(returns.downside_deviation(EMPTY))
    assert math.isnan(shape.tail_ratio(EMPTY))
    assert math.isnan(shape.stability(EMPTY))
    assert math.isnan(shape.omega(EMPTY))


def test_flat_returns_have_no_ratio_though_rounding_moves_them() -> None:
    growing = 1e6 * np.power(1.0001, np.arange(500.0))
    flat = returns.simple_returns(growing)[1:]
    assert 0.0 < flat.std() < 1e-15
    assert math.isnan(returns.sharpe(flat))
    assert math.isnan(returns.sortino(flat))
    assert math.isnan(returns.sharpe(np.zeros(10)))


def test_cash_comes_off_the_mean() -> None:
    series = np.array([0.0, 0.02, -0.01, 0.03])
    plain = returns.sharpe(series)
    assert returns.sharpe(series, 0.01) == pytest.approx(
        plain - 0.01 / series.std(ddof=1) * math.sqrt(252)
    )


def test_shape_of_the_returns() -> None:
    series = np.array([-0.02, 0.01, 0.03, -0.01, 0.02])
    assert shape.omega(series) == pytest.approx(2.0)
    assert math.isnan(shape.omega(np.array([0.01, 0.02])))
    assert shape.stability(np.full(20, 0.01)) == pytest.approx(1.0)
    assert math.isnan(shape.stability(np.zeros(20)))
    assert math.isnan(shape.stability(np.array([0.1, -1.0])))
    assert math.isnan(shape.tail_ratio(np.zeros(5)))


def test_skew_and_kurtosis() -> None:
    assert shape.skew_and_kurtosis(np.array([-1.0, 1.0])) == (0.0, 1.0)
    normal = np.random.default_rng(1).normal(size=200_000)
    assert shape.skew_and_kurtosis(normal) == pytest.approx((0.0, 3.0), abs=0.05)
    assert all(math.isnan(moment) for moment in shape.skew_and_kurtosis(np.zeros(9)))
    assert all(math.isnan(moment) for moment in shape.skew_and_kurtosis(EMPTY))
