"""The cost sensitivity run: one call, the same numbers as one backtest for each factor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.backtest.compiled import CompiledRunner
from stockstream.backtest.config import Costs
from stockstream.backtest.result import measure
from stockstream.backtest.run import run_on_panel
from stockstream.backtest.sensitivity import (
    FACTORS,
    cost_sensitivity,
    delayed_on_panel,
    sensitivity_on_panel,
)
from stockstream.backtest.sleeves import as_managers
from stockstream.errors import ConfigError
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategy.orders import Action
from stockstream.strategy.strategy import Strategy
from stockstream.testing.play import config_of, panel_of

if TYPE_CHECKING:
    import datetime as dt

    from stockstream.market.panel import Panel

COSTS = Costs(commission_bps=20, slippage_bps=10, commission_minimum=5)


class EveryOther(Strategy):
    """In and out, bar by bar."""

    def on_data(self, date: dt.date, symbol: str, data: dict[str, float], portfolio: Any) -> Action:
        return Action.target_weight(0.0 if portfolio.positions else 0.9)


def rising(sessions: int = 80) -> Panel:
    drift = np.exp(np.arange(sessions) * 0.01)
    return panel_of({"A": (20.0 * drift * (1.0 + 0.05 * np.sin(np.arange(sessions)))).tolist()})


@pytest.mark.parametrize(
    "strategy", [MovingAverageCrossover(fast_period=2, slow_period=3), EveryOther()]
)
def test_each_factor_is_a_backtest_of_its_own(strategy: Strategy) -> None:
    panel, config = rising(), config_of(costs=COSTS)
    found = sensitivity_on_panel(strategy, panel, config)
    assert found.factors == FACTORS == (0.0, 0.5, 1.0, 2.0, 3.0)
    for factor, metrics in zip(found.factors, found.metrics, strict=True):
        alone = config.changed(costs=COSTS.scaled(factor))
        assert metrics == run_on_panel(strategy, panel, alone, benchmark=False).metrics
    returns = found.frame["total_return"].to_list()
    assert returns == sorted(returns, reverse=True)
    assert found.frame["costs"].to_list()[0] == 0.0
    assert found.frame.columns[:3] == ["factor", "total_return", "annualised_return"]


def test_where_the_profit_is_gone() -> None:
    found = sensitivity_on_panel(EveryOther(), rising(), config_of(costs=COSTS), (0, 1, 50))
    low, high = (
        (factor, metrics.total_return)
        for factor, metrics in zip(found.factors, found.metrics, strict=True)
        if factor
    )
    assert low[0] < found.break_even < high[0]
    slope = (high[1] - low[1]) / (high[0] - low[0])
    assert low[1] + slope * (found.break_even - low[0]) == pytest.approx(0.0, abs=1e-12)
    assert math.isnan(
        sensitivity_on_panel(EveryOther(), rising(), config_of(costs=COSTS), (0,)).break_even
    )


def test_from_a_lake_in_one_call() -> None:
    class OnePanel:
        def resolve(self, symbols: Any) -> list[str]:
            return list(symbols)

        def symbols(self) -> list[str]:
            return ["A"]

        def panel(self, *_: Any, **__: Any) -> Panel:
            return rising()

    config = config_of(strategy_class="MovingAverageCrossover", slow_period=30, costs=COSTS)
    assert len(cost_sensitivity(config, OnePanel(), (1, 2)).metrics) == 2


@pytest.mark.parametrize("factors", [(), (-1.0,), (float("nan"),)])
def test_factors_that_cannot_be_used(factors: tuple[float, ...]) -> None:
    with pytest.raises(ConfigError, match="give multiples of the costs, 0 or more"):
        sensitivity_on_panel(EveryOther(), rising(), config_of(costs=COSTS), factors)


def test_without_costs_there_is_nothing_to_scale() -> None:
    with pytest.raises(ConfigError, match="no costs: give it some"):
        sensitivity_on_panel(EveryOther(), rising(), config_of())


def test_a_bar_late_is_a_run_of_the_delayed_decisions() -> None:
    panel, config = rising(), config_of(costs=COSTS)
    strategy = MovingAverageCrossover(fast_period=2, slow_period=3)
    late = delayed_on_panel(strategy, panel, config)
    at_once = run_on_panel(strategy, panel, config, benchmark=False).metrics
    assert late is not None
    assert late.total_return != at_once.total_return
    [made] = CompiledRunner(panel, config).decide_together(as_managers(strategy))
    assert late == measure(CompiledRunner(panel, config).follow(made.delayed(panel)), config)


def test_who_decides_bar_by_bar_cannot_be_late() -> None:
    assert delayed_on_panel(EveryOther(), rising(), config_of(costs=COSTS)) is None
