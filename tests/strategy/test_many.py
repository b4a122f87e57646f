"""A number with many values says what each of its values would have said."""

from __future__ import annotations

import copy
import math
import operator
import pickle
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.errors import ConfigError, StrategyError
from stockstream.strategy import Bracket, Signals, Weights, constant, indicator, macd, sma
from stockstream.strategy.expression import BARS
from stockstream.strategy.many import Many, Split, Together, each, join, mapped
from stockstream.strategy.node import Expr, in_order
from stockstream.strategy.unfold import longest_lookback, rules_at, unfold

if TYPE_CHECKING:
    from collections.abc import Callable

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name)
    for name in (
        *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"),
        *("lt", "le", "gt", "ge", "eq", "ne", "and_", "or_", "xor", "lshift", "rshift"),
    )
} | {"divmod": divmod, "min": min, "max": max, "round": round}

UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg,
    "abs": abs,
    "invert": operator.invert,
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "round": round,
    "sqrt": math.sqrt,
    "bool": bool,
    "int": int,
    "float": float,
    "text": str,
    "shown": "{:g}".format,
    "range": lambda n: list(range(n)[:5]),
    "key": {1: "one", 2: "two", 5: "five"}.get,
    "whole": lambda x: isinstance(x, int),
    "real": lambda x: isinstance(x, Real),
    "fraction": lambda x: isinstance(x, float),
    "method": lambda x: x.is_integer() if isinstance(x, float) else x.bit_length(),
    "numpy": np.sqrt,
    "scaled": lambda x: np.float64(2.0) * x,
    "chained": lambda x: 1 < x <= 5,
    "nested": lambda x: x or -x,
    "big": lambda x: x**40,
    "repeated": lambda x: "ab" * x,
    "listed": lambda x: [1, 2, 3][x],
    "member": lambda x: x in {1, 5},
}

VALUES: tuple[tuple[Any, ...], ...] = (
    (1, 2, 5, 7),
    (0, 3, -4),
    (0.0, -0.0, 1.5),
    (2.0, 0.1, -3.25, 1e300),
    (True, False),
    (1, 1.0, True),
    (2**70, -(2**53), 3),
)


def together_of(values: tuple[Any, ...], seed: int) -> Any:
    """Points with these values in some order, each at least once."""
    random = np.random.default_rng(seed)
    codes = np.append(np.arange(len(values)), random.integers(0, len(values), 12))
    return Together(len(codes)).spread(values, random.permutation(codes))


def plain(value: Any) -> tuple[str, str]:
    return type(value).__name__, repr(value)


def run_together(
    function: Callable[[dict[str, Any]], Any], columns: dict[str, list[Any]]
) -> list[tuple[str, str]]:
    """What a function says for each point; run again for parts until they agree."""
    count = len(next(iter(columns.values())))
    found: list[Any] = [None] * count
    waiting = [np.arange(count)]
    while waiting:
        points = waiting.pop()
        together = Together(len(points))
        try:
            given = {
                name: together.spread([values[i] for i in points], np.arange(len(points)))
                for name, values in columns.items()
            }
            result = function(given)
        except Split as split:
            labels = np.unique(split.parts)
            waiting += [points[split.parts == label] for label in labels]
        except Exception as error:  # noqa: BLE001 - compared with that of the point alone
            if len(points) > 1:
                waiting += [points[:1], points[1:]]
            else:
                found[points[0]] = plain(error)
        else:
            for place, i in enumerate(points.tolist()):
                found[i] = plain(_at(result, place))
    return found


def _at(result: Any, place: int) -> Any:
    if type(result) is Many:
        return result.at(place)
    return tuple(_at(item, place) for item in result) if isinstance(result, tuple) else result


def run_alone(
    function: Callable[[dict[str, Any]], Any], columns: dict[str, list[Any]]
) -> list[tuple[str, str]]:
    found = []
    for i in range(len(next(iter(columns.values())))):
        try:
            found.append(plain(function({name: values[i] for name, values in columns.items()})))
        except Exception as error:  # noqa: BLE001
            found.append(plain(error))
    return found


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("values", VALUES, ids=str)
def test_one_number(name: str, values: tuple[Any, ...]) -> None:
    columns = {"x": [*values, *values[::-1]]}
    function = UNARY[name]
    assert run_together(lambda of: function(of["x"]), columns) == run_alone(
        lambda of: function(of["x"]), columns
    )


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("left", VALUES, ids=str)
def test_two_numbers(name: str, left: tuple[Any, ...]) -> None:
    function = BINARY[name]
    for right in VALUES:
        if name in {"pow", "lshift", "round"} and max(map(abs, right)) > 100:
            continue  # a number of so many digits that nobody waits for it
        columns = {"a": [a for a in left for _ in right], "b": [b for _ in left for b in right]}
        for say in (
            lambda of: function(of["a"], of["b"]),
            lambda of: function(of["a"], 3),
            lambda of: function(2.5, of["b"]),
            lambda of: function(of["b"], of["b"]),
        ):
            assert run_together(say, columns) == run_alone(say, columns)


def test_what_all_points_agree_on_is_plain() -> None:
    n = together_of((4, 6, 9), 1)
    assert (n > 3) is True
    assert (n > 10) is False
    assert n * 0 == 0
    assert type(n // 10) is int
    assert isinstance(n, int)
    assert not isinstance(n, float | str)


def test_values_are_kept_once() -> None:
    n = together_of((4, 6, 9, 10), 2)
    assert sorted((n // 5).values) == [0, 1, 2]
    assert (n * 2).codes is n.codes
    assert copy.deepcopy(n) is n
    with pytest.raises(Split):
        pickle.dumps(n)


def test_values_of_the_same_points_only() -> None:
    n, m = together_of((1, 2), 3), together_of((1, 2), 3)
    with pytest.raises(TypeError, match="not planned together"):
        n + m


def test_text_is_never_many() -> None:
    together = Together(4)
    with pytest.raises(Split) as caught:
        together.spread(["a", "b"], np.array([0, 1, 1, 0]))
    assert caught.value.parts.tolist() == [0, 1, 1, 0]
    assert together.parted


def test_points_are_parted_where_a_function_raises() -> None:
    n = together_of((0, 1, 2), 4)
    with pytest.raises(Split) as caught:
        1 / n
    assert {bool(part): code for part, code in zip(caught.value.parts, n.codes, strict=True)}[
        True
    ] == n.values.index(0)


def test_each_takes_only_combinations_that_there_are() -> None:
    together = Together(3)
    a = together.spread([1, 2, 3], np.array([0, 1, 2]))
    b = together.spread([10, 20], np.array([0, 0, 1]))
    seen = []

    def pair(given: tuple[Any, ...]) -> tuple[Any, ...]:
        seen.append(given)
        return given[0] + given[2], given[1]

    total, text = each(pair, (a, "x", b))
    assert seen == [(1, "x", 10), (2, "x", 10), (3, "x", 20)]
    assert (total.values, text) == ((11, 12, 23), "x")
    codes, [of_a, of_b] = join([a, b])
    assert [(of_a[code], of_b[code]) for code in codes] == [(0, 0), (1, 0), (2, 1)]
    assert mapped(str, 5) == "5"


def test_expressions_stay_expressions() -> None:
    n = together_of((5, 10, 20), 5)
    for made in (
        n * BARS.close,
        BARS.close < n,
        n < BARS.close,
        sma(BARS.close, n),
        -n + BARS.open,
    ):
        assert isinstance(made, Expr)
        assert made.is_many
    assert not sma(BARS.close, 5).is_many
    assert constant(3) is (BARS.close + 3).arguments[1]


def test_many_expressions_are_not_compared() -> None:
    n = together_of((5, 10, 20), 6)
    a, b = sma(BARS.close, n), sma(BARS.close, 10)
    assert a == a  # noqa: PLR0124
    others: tuple[Any, ...] = ("sma", None, 10)
    assert a not in others
    with pytest.raises(Split):
        a == b  # noqa: B015
    with pytest.raises(Split):
        repr(a)


def test_a_value_that_an_indicator_refuses_parts_the_points() -> None:
    n = together_of((0, 5, 10), 7)
    with pytest.raises(Split):
        sma(BARS.close, n)
    with pytest.raises(Split):
        macd(BARS.close, fast=n, slow=9)
    with pytest.raises(Split):
        BARS.close.lag(n - 5)
    with pytest.raises(StrategyError, match="works on"):
        indicator("atr", BARS.close, parameters=(n,))


def test_unfolding_gives_the_interned_nodes_of_each_point() -> None:
    random = np.random.default_rng(8)
    together = Together(15)
    n: Any = together.spread([3, 5, 8], np.append([0, 1, 2], random.integers(0, 3, 12)))
    x: Any = together.spread([0.5, 2.0], np.append(random.integers(0, 2, 13), [0, 1]))
    close = BARS.close

    def written(n: Any, x: Any) -> Any:
        mean = sma(close * x, n)
        line = macd(mean, n, n * 2 + 1, 9).signal.lag(n)
        return (line - mean) / close.std(n * 2) > -x

    nodes, codes = unfold(written(n, x), together)
    assert [nodes[code] for code in codes] == [written(n.at(i), x.at(i)) for i in range(15)]
    assert len(nodes) == len(set(nodes)) <= 6
    alone, codes = unfold(close, together)
    assert (alone, codes.tolist()) == ([close], [0] * 15)
    root = written(n, x)
    expected = max(written(n.at(i), x.at(i)).lookback() for i in range(15))
    assert longest_lookback([root, close]) == expected


def test_unfolding_needs_no_recursion() -> None:
    together = Together(2)
    n = together.spread([2, 3], np.array([0, 1]))
    deep: Any = BARS.close * n
    for _ in range(3_000):
        deep = deep + BARS.open
    nodes, _ = unfold(deep, together)
    assert len(in_order(nodes)) == 6_006
    assert longest_lookback([deep]) == 0
    deep_of_second: Any = nodes[1]
    assert rules_at(Signals(enter_long=deep > 1.0), 1) == Signals(enter_long=deep_of_second > 1.0)


def test_rules_of_a_point_are_plain() -> None:
    together = Together(3)
    n = together.spread([2, 3], np.array([0, 1, 0]))
    x = together.spread([0.1, 0.2, 0.3], np.array([0, 1, 2]))
    bracket = Bracket(stop_loss=x, take_profit=2 * x, max_bars=n, cooldown=3)
    rules = Signals(enter_long=BARS.close > sma(BARS.close, n), weight=x, bracket=bracket)
    assert rules_at(rules, 1) == Signals(
        enter_long=BARS.close > sma(BARS.close, 3),
        weight=0.2,
        bracket=Bracket(stop_loss=0.2, take_profit=0.4, max_bars=3, cooldown=3),
    )
    weights = Weights(target=BARS.close * n, every=5)
    assert rules_at(weights, 2) == Weights(target=BARS.close * 2, every=5)


def test_brackets_and_sizes_part_the_points_that_they_refuse() -> None:
    x = together_of((0.5, 1.5), 9)
    with pytest.raises(Split):
        Bracket(stop_loss=x)
    with pytest.raises(Split):
        Bracket(max_bars=x * 2 + 0.5)
    with pytest.raises(Split):
        Signals(enter_long=BARS.close > 1.0, weight=x - 0.5)


def test_brackets_refuse_what_is_no_number_of_bars() -> None:
    for value in (1.5, -1, math.inf, math.nan):
        with pytest.raises(ConfigError, match="whole number of bars"):
            Bracket(max_bars=value)  # type: ignore[arg-type]
