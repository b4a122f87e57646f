"""Sizes: the weight at which a position swings as wanted, and a part of the Kelly weight."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stockstream.errors import ConfigError
from stockstream.strategy import kelly, volatility_target
from stockstream.strategy.evaluate import evaluate
from stockstream.strategy.expression import BARS

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

    from stockstream.strategy import Number

RETURNS = np.random.default_rng(2).normal(0.001, 0.01, 300)
CLOSE = 50.0 * np.cumprod(1.0 + RETURNS)


def values(expression: Number, close: NDArray[Any] = CLOSE) -> NDArray[np.float64]:
    """The expression at each bar of one symbol."""
    [found] = evaluate([expression], {"close": close}, np.array([0, len(close)]))
    return found.astype(np.float64)


def test_volatility_target_is_the_target_over_the_yearly_volatility() -> None:
    found = values(volatility_target(BARS, 0.05, period=20))
    assert np.isnan(found[:20]).all()
    returns = CLOSE[1:] / CLOSE[:-1] - 1.0
    expected = [0.05 / (np.std(returns[t - 20 : t]) * math.sqrt(252)) for t in range(20, 300)]
    np.testing.assert_allclose(found[20:], np.minimum(expected, 1.0), rtol=1e-9)


def test_volatility_target_is_capped() -> None:
    assert values(volatility_target(BARS, 5.0, most=0.3))[-1] == 0.3
    still = values(volatility_target(BARS, 0.05, period=3, most=0.4), np.full(9, 2.0))
    np.testing.assert_array_equal(still[3:], 0.4)


def test_kelly_is_a_part_of_mean_over_variance() -> None:
    found = values(kelly(BARS, period=50, fraction=0.25, most=1e9))
    returns = CLOSE[1:] / CLOSE[:-1] - 1.0
    expected = [
        0.25 * returns[t - 50 : t].mean() / returns[t - 50 : t].var() for t in range(50, 300)
    ]
    np.testing.assert_allclose(found[50:], np.maximum(expected, 0.0), rtol=1e-9, atol=1e-9)
    assert (found[50:] == 0.0).any(), "a falling stretch must be in the sample"


def test_kelly_stays_between_none_and_the_most() -> None:
    falling = CLOSE[::-1].copy()
    assert values(kelly(BARS, period=250), falling)[-1] == 0.0
    assert values(kelly(BARS, period=250, most=0.7))[-1] == 0.7


def test_kelly_takes_returns_too() -> None:
    of_bars, of_returns = kelly(BARS, 20), kelly(BARS.close.change(), 20)
    assert of_bars is of_returns
    assert of_bars.lookback() == 20


@pytest.mark.parametrize("bad", [0.0, -0.1, math.nan, math.inf])
def test_sizes_are_above_zero(bad: float) -> None:
    with pytest.raises(ConfigError, match="target="):
        volatility_target(BARS, bad)
    with pytest.raises(ConfigError, match="fraction="):
        kelly(BARS, fraction=bad)
    with pytest.raises(ConfigError, match="most="):
        kelly(BARS, most=bad)
