"""RSIMeanReversion does what its page says."""

from __future__ import annotations

import numpy as np
import pytest

from stockstream.errors import ConfigError
from stockstream.indicators.registry import compute
from stockstream.strategies.rsi_mean_reversion import RSIMeanReversion
from stockstream.strategy.evaluate import evaluate


def test_defaults_are_those_of_the_mission() -> None:
    assert RSIMeanReversion().parameters == {"period": 14, "oversold": 30.0, "overbought": 70.0}
    assert RSIMeanReversion(oversold=20, overbought=80).oversold == 20.0


def test_it_buys_below_and_sells_above() -> None:
    close = 100 + np.cumsum(np.random.default_rng(3).normal(0, 1, 400))
    offsets = np.array([0, 400])
    plan = RSIMeanReversion().plan()
    assert set(plan.expressions()) == {"enter_long", "exit_long"}
    enter, leave = evaluate(list(plan.expressions().values()), {"close": close}, offsets)
    [strength] = compute("rsi", [close], offsets, (14,))
    np.testing.assert_array_equal(enter, strength < 30)
    np.testing.assert_array_equal(leave, strength > 70)
    assert enter.any()
    assert leave.any()


def test_levels_must_not_be_swapped() -> None:
    with pytest.raises(ConfigError, match="oversold=80 must be below overbought=70"):
        RSIMeanReversion(oversold=80)
    with pytest.raises(ConfigError, match="too large"):
        RSIMeanReversion(overbought=101)
