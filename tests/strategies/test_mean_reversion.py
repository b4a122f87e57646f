"""MeanReversionStrategy does what its page says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from stockstream.errors import ConfigError
from stockstream.strategies.mean_reversion import MeanReversionStrategy
from stockstream.strategy.evaluate import evaluate
from stockstream.testing.strategy_contract import StrategyContract


class TestContract(StrategyContract):
    strategy = MeanReversionStrategy


def test_defaults_are_the_first_of_the_missions_forms() -> None:
    assert MeanReversionStrategy().parameters == {
        "lookback_period": 20,
        "entry_threshold": 2.0,
        "stop_loss_pct": 0.05,
        "cooldown_period": 5,
    }


def test_percentages_are_read_either_way() -> None:
    written: tuple[Any, ...] = (0.08, 8, "8", "8%", "8 %")
    for given in written:
        assert MeanReversionStrategy(stop_loss_pct=given).stop_loss_pct == 0.08
    assert MeanReversionStrategy(stop_loss_pct=1).stop_loss_pct == 0.01


def test_it_buys_far_below_the_mean_and_sells_back_at_it() -> None:
    close = 100 + np.cumsum(np.random.default_rng(3).normal(0, 1, 400))
    plan = MeanReversionStrategy(lookback_period=10, entry_threshold=1.5).plan()
    enter, leave = evaluate(
        list(plan.expressions().values()), {"close": close}, np.array([0, len(close)])
    )
    windows = np.lib.stride_tricks.sliding_window_view(close, 10)
    mean, deviation = windows.mean(axis=1), windows.std(axis=1)
    np.testing.assert_array_equal(enter[9:], (close[9:] - mean) / deviation < -1.5)
    np.testing.assert_array_equal(leave[9:], close[9:] >= mean)
    assert 0 < enter.sum() < leave.sum()
    assert not enter[:9].any()


def test_the_bracket_is_the_parameters() -> None:
    bracket = MeanReversionStrategy(stop_loss_pct=0.08, cooldown_period=10).plan().bracket
    assert (bracket.stop_loss, bracket.cooldown, bracket.take_profit) == (0.08, 10, 0.0)


def test_a_price_that_stands_still_is_never_bought() -> None:
    plan = MeanReversionStrategy(lookback_period=5, entry_threshold=1.0).plan()
    [enter, _] = evaluate(
        list(plan.expressions().values()), {"close": np.full(20, 7.0)}, np.array([0, 20])
    )
    assert not enter.any()


def test_a_threshold_that_no_close_can_reach_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"never reached.*5 closes is at most 2\.00"):
        MeanReversionStrategy(lookback_period=5, entry_threshold=2.0)
    assert MeanReversionStrategy(lookback_period=5, entry_threshold=1.99).lookback() == 4
