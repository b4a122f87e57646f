"""MomentumStrategy does what its page says."""

from __future__ import annotations

import numpy as np

from stockstream.backtest.run import run_on_panel
from stockstream.strategies.momentum import MomentumStrategy
from stockstream.strategy.evaluate import evaluate
from stockstream.testing.play import config_of, panel_of
from stockstream.testing.strategy_contract import StrategyContract


class TestContract(StrategyContract):
    strategy = MomentumStrategy


def test_defaults_are_the_first_of_the_missions_forms() -> None:
    assert MomentumStrategy().parameters == {
        "momentum_period": 10,
        "signal_threshold": 0.05,
        "stop_loss_pct": 0.05,
        "cooldown_period": 3,
    }
    assert MomentumStrategy(momentum_period=30).lookback() == 30
    assert MomentumStrategy(signal_threshold=15).signal_threshold == 0.15


def test_it_buys_the_rise_and_sells_the_fall() -> None:
    close = 100 * np.exp(np.cumsum(np.random.default_rng(3).normal(0, 0.02, 300)))
    plan = MomentumStrategy(momentum_period=7, signal_threshold=0.04).plan()
    enter, leave = evaluate(
        list(plan.expressions().values()), {"close": close}, np.array([0, len(close)])
    )
    change = close[7:] / close[:-7] - 1.0
    np.testing.assert_array_equal(enter[7:], change > 0.04)
    np.testing.assert_array_equal(leave[7:], change < 0.0)
    assert enter.any()
    assert not enter[:7].any()


def test_between_threshold_and_zero_it_holds() -> None:
    rise, rest, fall = [100.0, 110.0], [111.0, 111.0, 112.0], [111.0, 110.0, 109.0]
    panel = panel_of({"A": [*rise, *rest, *fall]})
    strategy = MomentumStrategy(momentum_period=1, signal_threshold=0.05, stop_loss_pct=0)
    fills = run_on_panel(strategy, panel, config_of(), benchmark=False).fills
    days = [str(day)[-2:] for day in fills["date"]]
    assert list(zip(days, np.sign(fills["quantity"]), strict=True)) == [("03", 1.0), ("07", -1.0)]
