"""The rows of trials: names, types, which engine ran them, what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl
import pytest

from stockstream.backtest.compiled import run_compiled
from stockstream.backtest.trial_rows import METRICS, empty_rows, rows_of
from stockstream.metrics.returns import simple_returns
from stockstream.metrics.shape import skew_and_kurtosis
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.study.sweep import run_sweep

if TYPE_CHECKING:
    from tests.study.conftest import Configure, PanelSource, WriteStrategy

    from stockstream.market.panel import Panel

AWKWARD = """
class Mine(RuleStrategy):
    volatility: float = 0.5
    symbol: str = "x"
    factors: tuple[str, ...] = ("Value", "Size")
    both: bool = True

    def rules(self, bars):
        return Signals(enter_long=bars.close > 1.0 + self.volatility)
"""


def test_the_columns_have_types_and_names_of_their_own(
    configure: Configure, lake: PanelSource, write_strategy: WriteStrategy
) -> None:
    config = configure(
        strategy_class=write_strategy(AWKWARD), param_grid={"volatility": (0.5, 1.0)}
    )
    frame = run_sweep(config, lake, split="ticker").frame()
    assert frame.columns == [
        *("parameter_volatility", "parameter_symbol", "factors", "both", "symbol"),
        *METRICS,
        "error",
        "path",
    ]
    assert frame.schema["factors"] == pl.List(pl.String)
    assert frame.schema["both"] == pl.Boolean
    assert frame.schema["trades"] == frame.schema["max_drawdown_length"] == pl.Int64
    assert frame["parameter_volatility"].to_list() == [0.5, 1.0] * 4
    assert frame["symbol"].to_list() == [name for name in lake.symbols() for _ in range(2)]


def test_the_result_says_which_engine_ran_each_trial_and_why(
    configure: Configure, lake: PanelSource, write_strategy: WriteStrategy
) -> None:
    config = configure(param_grid={"fast_period": (5, 60)})
    alone = run_sweep(config, lake, split="ticker")
    assert alone.paths == {"sparse": 4, "none": 4}
    together = run_sweep(config, lake)
    [broker] = [path for path in together.paths if path != "none"]
    assert broker.startswith("broker: ")
    free = "class Mine(Strategy):\n    def on_data(self, *given): return None\n"
    stepped = run_sweep(configure(strategy_class=write_strategy(free)), lake)
    assert stepped.paths == {"event": 1}


@pytest.mark.parametrize("risk_free", [0.0, 0.03])
def test_the_sums_of_a_row_are_those_of_its_returns(
    configure: Configure, market: Panel, risk_free: float
) -> None:
    config = configure(risk_free=risk_free)
    outcome = run_compiled(MovingAverageCrossover(fast_period=5).plan(), market, config)
    equity = outcome.days["equity"]
    edges = np.array([0, 0, 100, 350, len(equity)])
    row = rows_of(outcome, config, edges, np.array([-1, 0, 99, len(equity) - 1]))
    returns = simple_returns(equity)
    assert row.sums[0, 0] == 0.0
    assert row.sums.sum() == pytest.approx(returns.sum(), rel=1e-12)
    assert row.sums[0, 2] == pytest.approx(returns[100:350].sum(), rel=1e-12)
    assert row.squares[0, 1] == pytest.approx((returns[:100] ** 2).sum(), rel=1e-12)
    count, mean = len(returns), returns.mean()
    variance = row.squares.sum() / count - mean**2
    third = row.cubes[0] / count - 3 * mean * row.squares.sum() / count + 2 * mean**3
    assert third / variance**1.5 == pytest.approx(skew_and_kurtosis(returns)[0], rel=1e-9)
    assert row.curve[0] == pytest.approx(
        [1.0, *(equity[[0, 99, -1]] / config.initial_capital)], rel=1e-6
    )


def test_a_part_of_rows_is_written_to_in_place_and_has_its_own_errors() -> None:
    rows = empty_rows(3, 2, 0)
    part = rows.part(1, 3)
    part.cubes[0], part.metrics[1, 0] = 7.0, 8.0
    part.errors[0] = "a"
    assert (rows.cubes[1], rows.metrics[2, 0], rows.errors) == (7.0, 8.0, {})
