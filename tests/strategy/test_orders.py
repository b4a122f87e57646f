"""Actions and brackets."""

from __future__ import annotations

import math

import pytest

from stockstream.errors import ConfigError, StrategyError
from stockstream.strategy import Action, Bracket
from stockstream.strategy.orders import NO_BRACKET, ActionKind


def test_a_bracket_is_off_unless_told() -> None:
    assert Bracket() == NO_BRACKET
    assert Bracket().as_row() == (0.0, 0.0, 0.0, 0.0, 0.0)
    assert Bracket(0.05, 0.1, 0.08, 20, 5).as_row() == (0.05, 0.1, 0.08, 20.0, 5.0)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"stop_loss": 5}, "stop_loss=5 .* 5 % is 0.05"),
        ({"stop_loss": -0.1}, "stop_loss"),
        ({"stop_loss": math.nan}, "stop_loss"),
        ({"trailing_stop": 1.0}, "trailing_stop"),
        ({"take_profit": math.inf}, "take_profit"),
        ({"take_profit": -1}, "take_profit"),
        ({"max_bars": -1}, "max_bars"),
        ({"cooldown": 1.5}, "cooldown"),
    ],
)
def test_a_bracket_out_of_range_is_refused(values: dict[str, float], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        Bracket(**values)  # type: ignore[arg-type]


def test_each_action_says_what_its_value_means() -> None:
    guard = Bracket(stop_loss=0.05)
    assert Action.target_weight(0.1, "BHP.AX", guard) == Action(
        ActionKind.TARGET_WEIGHT, 0.1, "BHP.AX", guard
    )
    assert Action.target_value(-1_000).kind == "target_value"
    assert Action.target_quantity(7).value == 7
    assert (Action.buy(5).kind, Action.buy(5).value) == ("trade_quantity", 5)
    assert Action.sell(5).value == -5
    assert Action.close("X") == Action.target_quantity(0.0, "X")


@pytest.mark.parametrize("quantity", [0, -3, math.nan])
def test_buying_nothing_is_a_mistake(quantity: float) -> None:
    with pytest.raises(StrategyError, match=r"buy\("):
        Action.buy(quantity)
    with pytest.raises(StrategyError, match=r"sell\("):
        Action.sell(quantity)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_orders_need_finite_numbers(value: float) -> None:
    with pytest.raises(StrategyError, match=r"target_weight of .* for BHP\.AX"):
        Action.target_weight(value, "BHP.AX")
    with pytest.raises(StrategyError, match="finite"):
        Action.target_value(value)
