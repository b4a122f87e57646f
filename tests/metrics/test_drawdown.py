"""Drawdowns: how deep, how long, which ones."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from stockstream.metrics.drawdown import (
    Drawdown,
    calmar,
    deepest_drawdowns,
    depth_and_length,
    drawdowns,
    max_drawdown,
    max_drawdown_length,
    wealth,
)

EQUITY = np.array([100.0, 110.0, 99.0, 104.0, 110.0, 120.0, 60.0, 90.0, 80.0])


def test_drawdowns_are_measured_from_the_highest_equity_so_far() -> None:
    np.testing.assert_allclose(
        drawdowns(EQUITY), [0, 0, -0.1, -6 / 110, 0, 0, -0.5, -0.25, -1 / 3], atol=1e-15
    )
    assert max_drawdown(EQUITY) == -0.5


def test_the_deepest_drawdowns() -> None:
    assert deepest_drawdowns(EQUITY) == (
        Drawdown(peak=5, trough=6, recovery=None, depth=-0.5, length=3),
        Drawdown(peak=1, trough=2, recovery=4, depth=99.0 / 110.0 - 1.0, length=3),
    )
    assert len(deepest_drawdowns(EQUITY, count=1)) == 1
    assert deepest_drawdowns(np.array([1.0, 2.0, 2.0, 3.0])) == ()


def test_the_longest_drawdown_need_not_be_the_deepest() -> None:
    equity = np.array([10.0, 9.9, 9.9, 9.9, 10.0, 5.0, 11.0])
    assert max_drawdown(equity) == -0.5
    assert max_drawdown_length(equity) == 4
    assert depth_and_length(equity) == (-0.5, 4)


def test_equity_that_never_falls() -> None:
    rising = np.array([1.0, 1.0, 2.0])
    assert depth_and_length(rising) == (0.0, 0)
    assert math.isnan(calmar(0.1, 0.0))


def test_no_equity() -> None:
    empty = np.empty(0)
    assert math.isnan(max_drawdown(empty))
    assert max_drawdown_length(empty) == 0
    assert math.isnan(depth_and_length(empty)[0])
    assert deepest_drawdowns(empty) == ()


def test_wealth_begins_before_the_first_return() -> None:
    np.testing.assert_allclose(wealth(np.array([-0.5, 1.0])), [1.0, 0.5, 1.0])


def test_calmar_is_return_over_depth() -> None:
    assert calmar(0.2, -0.1) == 2.0


@given(st.lists(st.floats(1.0, 1e6), min_size=1, max_size=60))
def test_the_list_of_drawdowns_agrees_with_the_maxima(values: list[float]) -> None:
    equity = np.array(values)
    falls = deepest_drawdowns(equity, count=100)
    assert max_drawdown(equity) == min((fall.depth for fall in falls), default=0.0)
    assert max_drawdown_length(equity) == max((fall.length for fall in falls), default=0)
    for fall in falls:
        end = len(equity) if fall.recovery is None else fall.recovery
        assert np.all(equity[fall.peak + 1 : end] < equity[fall.peak])
        assert fall.recovery is None or equity[fall.recovery] >= equity[fall.peak]
        assert fall.depth == equity[fall.trough] / equity[fall.peak] - 1.0
