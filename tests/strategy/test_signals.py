"""Signals and weights: what rules amount to."""

from __future__ import annotations

import math
from typing import Any

import pytest

from stockstream.errors import ConfigError, LookAheadError, StrategyError
from stockstream.strategy import Bars, Bracket, Signals, Weights, constant, sma, where
from stockstream.strategy.signals import rules_from_json

bars = Bars()
up = bars.close > sma(bars.close, 10)
down = bars.close < sma(bars.close, 30)


def test_expressions_are_those_that_were_given() -> None:
    assert Signals(enter_long=up).expressions() == {"enter_long": up}
    full = Signals(up, down, down, up, weight=0.5)
    assert full.expressions() == {
        "enter_long": up,
        "exit_long": down,
        "enter_short": down,
        "exit_short": up,
        "weight": constant(0.5),
    }
    target = where(up, 0.1, math.nan)
    assert Weights(target).expressions() == {"target": target}
    assert Weights(0.1).expressions() == {"target": constant(0.1)}


def test_lookback_is_the_longest() -> None:
    assert Signals(enter_long=up, exit_long=down).lookback() == 29
    assert Signals(enter_long=up, weight=1 / bars.close.std(40)).lookback() == 39
    assert Weights(0.1).lookback() == 0


@pytest.mark.parametrize(
    "rules",
    [
        Signals(enter_long=up),
        Signals(enter_short=up, exit_short=down, weight=0.2, bracket=Bracket(0.05, cooldown=3)),
        Signals(enter_long=up, weight=0.1 / bars.close.std(20)),
        Weights(where(up, 0.1, math.nan), every=21, bracket=Bracket(trailing_stop=0.1)),
    ],
)
def test_json_gives_equal_rules_back(rules: Signals | Weights) -> None:
    found = rules_from_json(rules.to_json())
    assert type(found) is type(rules)
    assert found.expressions() == rules.expressions()
    assert found.bracket == rules.bracket
    assert found.to_json() == rules.to_json()


@pytest.mark.parametrize(
    "text", ["x", "{}", "[]", '{"kind": "hold", "bracket": {}, "nodes": [], "roots": {}}']
)
def test_json_that_is_no_rules_is_refused(text: str) -> None:
    with pytest.raises(StrategyError, match="not rules"):
        rules_from_json(text)


def test_json_cannot_smuggle_the_future_in() -> None:
    text = Signals(enter_long=up.lag(4)).to_json()
    with pytest.raises(LookAheadError):
        rules_from_json(text.replace("[4]", "[-4]"))
    with pytest.raises(StrategyError, match="unexpected keyword"):
        rules_from_json(text.replace("enter_long", "enter_lng"))


def test_signals_without_an_entry_are_refused() -> None:
    with pytest.raises(StrategyError, match="never trade"):
        Signals(exit_long=down)


def test_what_is_no_condition_is_named() -> None:
    wrong: Any = bars.close
    with pytest.raises(StrategyError, match="enter_long: close is no condition"):
        Signals(enter_long=wrong)
    equal: Any = bars.close == bars.open
    with pytest.raises(StrategyError, match=r"exit_long: .*a\.equals\(b\)"):
        Signals(enter_long=up, exit_long=equal)


@pytest.mark.parametrize("weight", [0.0, -0.1, math.nan, math.inf])
def test_weights_of_signals_are_shares(weight: float) -> None:
    with pytest.raises(ConfigError, match="share of equity"):
        Signals(enter_long=up, weight=weight)


def test_weights_check_their_parts() -> None:
    wrong: Any = up
    with pytest.raises(StrategyError, match="condition where a number is needed"):
        Weights(wrong)
    with pytest.raises(ConfigError, match="every=0"):
        Weights(0.1, every=0)
    half: Any = 1.5
    with pytest.raises(ConfigError, match="every"):
        Weights(0.1, every=half)
