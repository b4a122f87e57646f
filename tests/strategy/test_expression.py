"""Expressions: interned, frozen, and clear about what cannot be said."""

from __future__ import annotations

import copy
import gc
import json
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from stockstream.errors import ConfigError, LookAheadError, StrategyError, UnknownNameError
from stockstream.strategy import (
    Bars,
    Condition,
    Expr,
    Number,
    atr,
    bollinger,
    constant,
    ema,
    indicator,
    macd,
    maximum,
    minimum,
    obv,
    rsi,
    sma,
    stochastic,
    vwap,
    where,
    wma,
)
from stockstream.strategy.node import in_order

bars = Bars()


def test_equal_expressions_are_one_object() -> None:
    assert sma(bars.close, 20) is sma(bars.close, 20)
    assert sma(bars.close, 20) is not sma(bars.close, 21)
    assert (bars.close + 1) is (bars.close + 1.0)
    assert constant(0.0) is not constant(-0.0)
    assert constant(float("nan")) is constant(np.nan)
    assert bars.close + bars.open is not bars.open + bars.close


def test_a_grid_of_twenty_by_twenty_needs_forty_averages() -> None:
    points = [
        sma(bars.close, fast).crosses_above(sma(bars.close, slow))
        for fast in range(5, 25)
        for slow in range(50, 70)
    ]
    nodes = in_order(points)
    assert sum(node.operation == "indicator" for node in nodes) == 40


def test_nodes_that_nobody_holds_are_forgotten() -> None:
    from stockstream.strategy import node

    def averages_of_12345_bars() -> int:
        gc.collect()
        return sum(12_345 in held.parameters for held in list(node._interned.values()))

    expression = sma(bars.close, 12_345)
    assert averages_of_12345_bars() == 1
    del expression
    assert averages_of_12345_bars() == 0


def test_expressions_are_frozen() -> None:
    expression = bars.close + 1
    with pytest.raises(AttributeError, match="frozen"):
        expression.operation = "subtract"
    with pytest.raises(AttributeError, match="frozen"):
        del expression.arguments


def test_copies_and_pickles_are_the_same_object() -> None:
    expression = where(bars.close > sma(bars.close, 3), bars.volume, -1)
    assert copy.copy(expression) is expression
    assert copy.deepcopy(expression) is expression
    assert pickle.loads(pickle.dumps(expression)) is expression  # noqa: S301


def test_json_gives_the_same_object_back() -> None:
    expression = where(
        macd(bars.close).signal.crosses_below(0.0) & ~(bars.volume.lag(2) >= 1e6),
        constant(float("-inf")),
        minimum(bollinger(bars.close).upper, -0.0) / constant(float("nan")),
    )
    text = expression.to_json()
    assert Expr.from_json(text) is expression
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_json_writes_shared_parts_once() -> None:
    doubled: Number = bars.close
    for _ in range(60):
        doubled = doubled + doubled
    assert len(doubled.to_json()) < 5_000
    assert Expr.from_json(doubled.to_json()) is doubled


def test_deep_graphs_need_no_recursion() -> None:
    deep: Number = bars.close
    for i in range(5_000):
        deep = deep + float(i)
    assert deep.lookback() == 0
    assert len(repr(deep)) <= 200
    assert Expr.from_json(deep.to_json()) is deep
    assert pickle.loads(pickle.dumps(deep)) is deep  # noqa: S301


def test_json_reaches_a_process_without_the_strategy() -> None:
    text = (sma(bars.close, 20) > bars.open).to_json()
    code = (
        "import sys; from stockstream.strategy import Expr; "
        "print(Expr.from_json(sys.stdin.read()), end='')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True
    )
    assert done.stdout == "(sma(close, 20) > open)"


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "[]",
        "{}",
        '{"nodes": [], "roots": {"root": 0}}',
        '{"nodes": [], "roots": {}}',
        '{"nodes": [{"op": "lag", "args": [-1], "params": [1]}], "roots": {"root": 0}}',
        '{"nodes": [{"op": "field", "args": [], "params": ["close", 1]}], "roots": {"root": 0}}',
        '{"nodes": [{"op": "add", "args": [], "params": []}], "roots": {"root": 0}}',
        '{"nodes": [{"op": "constant", "args": [], "params": ["many"]}], "roots": {"root": 0}}',
        '{"nodes": [{"op": "indicator", "args": [], "params": []}], "roots": {"root": 0}}',
        '{"nodes": [{"op": "indicator", "params": ["sma", "sma", 3]}], "roots": {"root": 0}}',
        '{"nodes": [{"op": "lag", "args": [], "params": []}], "roots": {"root": 0}}',
    ],
)
def test_json_that_is_no_expression_is_refused(text: str) -> None:
    with pytest.raises(StrategyError):
        Expr.from_json(text)


@pytest.mark.parametrize(
    ("op", "params", "hint"),
    [("field", ["closs"], "did you mean 'close'"), ("lagg", [1], "did you mean 'lag'")],
)
def test_json_with_unknown_names_says_which_exist(op: str, params: list[object], hint: str) -> None:
    node = {"op": op, "args": [], "params": params}
    with pytest.raises(UnknownNameError, match=hint):
        Expr.from_json(json.dumps({"nodes": [node], "roots": {"root": 0}}))


def test_the_future_cannot_be_asked_for() -> None:
    with pytest.raises(LookAheadError, match=r"lag\(-1\) would read 1 bars of the future"):
        bars.close.lag(-1)
    with pytest.raises(LookAheadError):
        (bars.close > 1).lag(-2)
    text = bars.close.lag(7).to_json().replace("[7]", "[-7]")
    with pytest.raises(LookAheadError):
        Expr.from_json(text)
    with pytest.raises(LookAheadError):
        bars.close.change(-1)


def test_a_lag_of_none_is_a_whole_number_of_bars() -> None:
    assert bars.close.lag(0).lookback() == 0
    with pytest.raises(StrategyError, match="whole number"):
        bars.close.lag(1.5)  # type: ignore[arg-type]


def test_expressions_have_no_truth() -> None:
    up: Any = bars.close > bars.open
    with pytest.raises(StrategyError, match=r"& \| ~ instead of and, or, not"):
        _ = 1 if up else 2
    with pytest.raises(StrategyError):
        _ = up and up
    with pytest.raises(StrategyError):
        _ = 30 < rsi(bars.close) < 70


def test_parentheses_forgotten_around_a_comparison() -> None:
    with pytest.raises(StrategyError, match="put each comparison in parentheses"):
        _ = bars.close > 5 & bars.volume > 0  # type: ignore[operator]
    with pytest.raises(StrategyError, match="parentheses"):
        _ = bars.close | bars.open  # type: ignore[arg-type]


def test_what_fits_nowhere_is_refused_with_a_hint() -> None:
    up = bars.close > bars.open
    with pytest.raises(StrategyError, match=r"where\(condition, 1.0, 0.0\)"):
        _ = bars.close + up  # type: ignore[operator]
    with pytest.raises(StrategyError, match=r"a\.equals\(b\)"):
        _ = up & (bars.close == bars.open)  # type: ignore[operator]
    with pytest.raises(StrategyError, match="no condition"):
        where(bars.close, 1, 2)  # type: ignore[arg-type]
    with pytest.raises(StrategyError, match="neither a number nor"):
        _ = bars.close + "1"  # type: ignore[operator]
    with pytest.raises(StrategyError, match="neither a number nor"):
        _ = bars.close > True


def test_numpy_scalars_are_numbers() -> None:
    scalars: list[Any] = [np.float64(2), np.float32(2), np.int64(2)]
    for scalar in scalars:
        assert bars.close * scalar is bars.close * 2
        assert scalar * bars.close is 2 * bars.close
        assert (scalar < bars.close) is (bars.close > 2)


def test_kinds() -> None:
    assert isinstance(bars.close - 1, Number)
    assert isinstance(bars.close <= 1, Condition)
    assert isinstance((bars.close <= 1).lag(), Condition)
    assert isinstance(bars.close.is_finite() | ~bars.close.equals(1), Condition)


def test_repr_reads_like_the_rule() -> None:
    fast, slow = sma(bars.close, 20), ema(bars.close, 50)
    assert repr(fast.crosses_above(slow)) == "sma(close, 20).crosses_above(ema(close, 50))"
    assert repr(~((fast > 1) & (slow.lag(2) <= -bars.open))) == (
        "~((sma(close, 20) > 1.0) & (ema(close, 50).lag(2) <= -open))"
    )
    assert repr(1 - 2 / (3 * (4 + bars.close))) == "(1.0 - (2.0 / (3.0 * (4.0 + close))))"
    assert repr(macd(bars.close).signal) == "macd(close, 12, 26, 9).signal"


def test_lookback_adds_up() -> None:
    assert bars.close.lookback() == 0
    assert sma(bars.close, 20).lookback() == 19
    assert sma(bars.close.lag(3), 20).lookback() == 22
    assert sma(sma(bars.close, 20), 5).lookback() == 23
    assert sma(bars.close, 20).crosses_above(sma(bars.close, 50)).lookback() == 50
    assert maximum(bars.close.lag(2), bars.close.lag(7)).lookback() == 7
    assert ema(bars.close, 20).lookback() > 100


def test_every_function_makes_its_indicator() -> None:
    assert sma(bars.close, 20) is bars.close.mean(20)
    assert repr(wma(bars.close, 3)) == "wma(close, 3)"
    assert repr(atr(bars)) == "atr(high, low, close, 14)"
    assert repr(obv(bars)) == "obv(close, volume)"
    assert repr(vwap(bars)) == "vwap(high, low, close, volume, 20)"
    assert repr(stochastic(bars).d) == "stochastic(high, low, close, 14, 3, 3).d"
    assert repr(bollinger(bars.close).lower) == "bollinger(close, 20, 2.0).lower"
    assert repr(bars.high.highest(5)) == "highest(high, 5)"
    assert repr(bars.low.lowest(5)) == "lowest(low, 5)"
    assert repr(bars.close.std(5)) == "std(close, 5)"
    assert indicator("roc", bars.close, parameters=(10,))[0].lookback() == 10


def test_indicators_check_what_they_are_given() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'sma'"):
        indicator("smaa", bars.close, parameters=(20,))
    with pytest.raises(ConfigError, match="period must be at least 1"):
        sma(bars.close, 0)
    with pytest.raises(ConfigError, match="fast < slow"):
        macd(bars.close, 26, 12)
    with pytest.raises(StrategyError, match="works on"):
        indicator("atr", bars.close, parameters=(14,))
    with pytest.raises(StrategyError, match="is a condition where a number is needed"):
        sma(bars.close > 1, 20)  # type: ignore[arg-type]
    with pytest.raises(StrategyError, match=r"works on \(number\), not on \(condition\)"):
        Expr.make("indicator", (bars.close > 1,), ("sma", "sma", 20))
    with pytest.raises(UnknownNameError, match="did you mean 'signal'"):
        Expr.make("indicator", (bars.close,), ("macd", "signl", 12, 26, 9))
    assert sma(bars.close, 20.0) is sma(bars.close, 20)  # type: ignore[arg-type]
