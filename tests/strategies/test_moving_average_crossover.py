"""MovingAverageCrossover does what its page says."""

from __future__ import annotations

import numpy as np
import pytest

from stockstream.errors import ConfigError
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategy.evaluate import evaluate


def test_defaults_are_those_of_the_mission() -> None:
    assert MovingAverageCrossover().parameters == {"fast_period": 20, "slow_period": 50}
    assert MovingAverageCrossover(fast_period=10).lookback() == 50


def test_it_buys_the_upward_cross_and_sells_the_downward_one() -> None:
    plan = MovingAverageCrossover(fast_period=2, slow_period=3).plan()
    close = np.array([5.0, 4.0, 3.0, 4.0, 5.0, 6.0, 5.0, 4.0, 3.0])
    means = {n: np.convolve(close, np.ones(n) / n, "full")[: len(close)] for n in (2, 3)}
    above = means[2] > means[3]
    changed = np.flatnonzero(above[3:] != above[2:-1]) + 3
    assert set(plan.expressions()) == {"enter_long", "exit_long"}
    enter, leave = evaluate(
        list(plan.expressions().values()), {"close": close}, np.array([0, len(close)])
    )
    assert np.flatnonzero(enter).tolist() == [t for t in changed if above[t]] == [4]
    assert np.flatnonzero(leave).tolist() == [t for t in changed if not above[t]] == [7]


@pytest.mark.parametrize(("fast", "slow"), [(50, 50), (60, 50)])
def test_periods_must_not_be_swapped(fast: int, slow: int) -> None:
    with pytest.raises(ConfigError, match=f"fast_period={fast} must be below slow_period={slow}"):
        MovingAverageCrossover(fast_period=fast, slow_period=slow)
