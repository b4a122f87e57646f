"""Signals and weights: what rules amount to."""

from __future__ import annotations

import math
from typing import Any

import pytest

from stockstream.errors import ConfigError, LookAheadError, StrategyError
from stockstream.strategy import (
    Bars,
    Bracket,
    Signals,
    Weights,
    constant,
    long_short,
    neutralise,
    sma,
    where,
)
from stockstream.strategy.orders import SizeIn
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
        Weights(long_short(bars.factor("PE").zscore(), 0.3, 2.0), every="month", offset=1),
        Signals(enter_long=up, value=5_000, limit=bars.close * 0.99, day=True),
        Signals(enter_long=bars.listed & up, quantity=10, stop=bars.high, limit=bars.high * 1.01),
    ],
)
def test_json_gives_equal_rules_back(rules: Signals | Weights) -> None:
    found = rules_from_json(rules.to_json())
    assert type(found) is type(rules)
    assert found.expressions() == rules.expressions()
    assert found == rules or not isinstance(rules, Weights)
    for name in ("bracket", "day", "size_in", "every", "offset"):
        assert getattr(found, name, None) == getattr(rules, name, None)
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


def test_rules_say_which_columns_they_read() -> None:
    assert Signals(enter_long=up).columns() == ()
    score = neutralise(bars.factor("PE").zscore() - bars.factor("NewsSentiment"), by=bars.sector)
    rules = Weights(long_short(score.among(bars.listed & (bars.age > 60))))
    assert rules.columns() == ("age", "factor:NewsSentiment", "factor:PE", "listed", "sector")
    assert rules.lookback() == 0


def test_cross_sections_look_back_as_far_as_what_they_compare() -> None:
    score = bars.close.change(126).rank() + sma(bars.close.zscore(), 10).quantile(5)
    assert score.lookback() == 126
    assert sma(score, 21).lookback() == 146


def test_one_size_at_most() -> None:
    assert Signals(enter_long=up).size_in is SizeIn.WEIGHT
    assert Signals(enter_long=up, value=bars.close * 100).size_in is SizeIn.VALUE
    assert Signals(enter_long=up, quantity=3).size_in is SizeIn.QUANTITY
    with pytest.raises(ConfigError, match="weight and quantity are several sizes"):
        Signals(enter_long=up, weight=0.1, quantity=3)


@pytest.mark.parametrize("name", ["value", "quantity", "limit", "stop"])
def test_sizes_and_prices_are_above_zero(name: str) -> None:
    given: dict[str, Any] = {name: 0.0}
    with pytest.raises(ConfigError, match=f"{name}=0.0 is no"):
        Signals(enter_long=up, **given)
    given = {name: up}
    with pytest.raises(StrategyError, match="condition where a number is needed"):
        Signals(enter_long=up, **given)


def test_a_factor_has_a_name_and_shows_it() -> None:
    assert repr(bars.factor("PE").rank()) == "factor('PE').rank()"
    assert repr(long_short(bars.sector)) == "long_short(sector, quantile=0.2, gross=1.0)"
    with pytest.raises(StrategyError, match="a factor has a name"):
        bars.factor("")
