"""Trials over one panel, and the table of their numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from stockstream.strategy.parameters import parameters_of
from stockstream.strategy.registry import get_strategy
from stockstream.study.points import plan_points
from stockstream.study.trials import METRICS, TrialTable, run_trials

if TYPE_CHECKING:
    from tests.study.conftest import Configure, WriteStrategy

    from stockstream.market.panel import Panel

AWKWARD = """
class Mine(RuleStrategy):
    volatility: float = 0.5
    symbol: str = "x"
    factors: tuple[str, ...] = ("Value", "Size")
    both: bool = True

    def rules(self, bars):
        return Signals(enter_long=bars.close > 1.0)
"""


def test_the_columns_have_types_and_names_of_their_own(
    configure: Configure, market: Panel, write_strategy: WriteStrategy
) -> None:
    strategy = get_strategy(write_strategy(AWKWARD))
    config = configure(param_grid={"volatility": (0.5, 1.0)})
    points = plan_points(strategy, config).all
    table = TrialTable(points, ["A", "B"])
    for number, outcome in enumerate(run_trials(points, market, config)):
        table.put(number, 1, outcome)
    table.put(0, 0, "no luck")
    frame = table.frame(parameters_of(strategy), "symbol")
    assert frame.columns == [
        *("parameter_volatility", "parameter_symbol", "factors", "both", "symbol"),
        *METRICS,
        "error",
    ]
    assert frame.schema["factors"] == pl.List(pl.String)
    assert frame.schema["both"] == pl.Boolean
    assert frame.schema["trades"] == frame.schema["max_drawdown_length"] == pl.Int64
    assert frame["parameter_volatility"].to_list() == [0.5, 0.5, 1.0, 1.0]
    assert frame["symbol"].to_list() == ["A", "B", "A", "B"]
    assert frame["error"].to_list() == ["no luck", None, None, None]
    assert frame["trades"].is_null().to_list() == [True, False, True, False]


def test_a_symbol_without_bars_in_the_window_is_an_error_of_its_trials(
    configure: Configure, market: Panel
) -> None:
    config = configure(param_grid={"fast_period": (5, 60)})
    points = plan_points(get_strategy("MovingAverageCrossover"), config).all
    alone = replace(market, first=700).select([3])
    assert alone.first == alone.sessions
    silent, refused = run_trials(points, alone, config)
    assert silent == "OLD.AX: no bar in the trading window"
    assert isinstance(refused, str)
    assert refused.startswith("fast_period=60 must be below")
