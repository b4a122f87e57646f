"""From a configuration's grid to points that are planned together, as if one by one."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pytest
from tests.study.planning.hard_strategies import GRIDS, FreeForm, Refusing

from stockstream.backtest.sparse.programs import (
    ABOVE,
    AT_LEAST,
    AT_MOST,
    BELOW,
    CROSSES_ABOVE,
    CROSSES_BELOW,
    GIVEN,
    NEVER,
    Programs,
)
from stockstream.errors import ConfigError, UnknownNameError
from stockstream.strategies import (
    MovingAverageCrossover,
    RSIMeanReversion,
)
from stockstream.strategy import (
    Bracket,
    Percent,
    RuleStrategy,
    Signals,
    ema,
    macd,
    sma,
)
from stockstream.study.grid import expand
from stockstream.study.planning.groups import looks_across
from stockstream.study.planning.planning import explained, plan_block, read_grid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.study.conftest import Configure

    from stockstream.backtest.sparse.programs import Test
    from stockstream.strategy import Strategy
    from stockstream.study.planning.planning import Planned

OPERATIONS = {
    "greater": (ABOVE, BELOW),
    "less": (BELOW, ABOVE),
    "greater_equal": (AT_LEAST, AT_MOST),
    "less_equal": (AT_MOST, AT_LEAST),
    "crosses_above": (CROSSES_ABOVE, CROSSES_BELOW),
    "crosses_below": (CROSSES_BELOW, CROSSES_ABOVE),
}
"""What a comparison is as a test, and with its sides exchanged."""


# --- planned one by one --------------------------------------------------------------------------


class OneByOne:
    """What a loop over the points says."""

    def __init__(self, strategy_class: type[Strategy], points: Sequence[dict[str, Any]]) -> None:
        self.rules: dict[int, Any] = {}
        self.errors: dict[int, str] = {}
        self.lookback, read, self.look_across = 0, dict[str, None](), False
        for i, values in enumerate(points):
            try:
                strategy = strategy_class(**values)
                if isinstance(strategy, RuleStrategy):
                    rules = strategy.plan()
                    lookback, columns = rules.lookback(), strategy.columns()
                    self.look_across |= looks_across(rules)
                    self.rules[i] = rules
                else:
                    lookback, columns = strategy.lookback(), strategy.columns()
            except Exception as error:  # noqa: BLE001
                self.errors[i] = explained(error)
            else:
                self.lookback = max(self.lookback, lookback)
                read.update(dict.fromkeys(columns))
        self.columns = tuple(read)


def columns_of(points: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    for name, value in points[0].items():
        values = [point[name] for point in points]
        kind = type(value)
        column = np.empty(len(values), kind if kind in {int, float, bool} else object)
        column[:] = values
        columns[name] = column
    return columns


def assert_same(planned: Planned, alone: OneByOne, size: int) -> None:
    assert planned.size == size
    assert planned.errors == alone.errors
    assert (planned.lookback, planned.columns) == (alone.lookback, alone.columns)
    assert planned.look_across == alone.look_across
    for i, rules in alone.rules.items():
        assert planned.rules(i) == rules
        assert type(planned.rules(i)) is type(rules)
    for i in alone.errors:
        with pytest.raises(ConfigError, match=re.escape(alone.errors[i])):
            planned.rules(i)
    assert sorted(i for group in planned.groups for i in group.points.tolist()) == [*alone.rules]
    for group in planned.groups:
        assert group.points.tolist() == sorted(group.points.tolist())
        if group.programs is None:
            assert group.why
        else:
            assert_programs(group.programs, alone)


def assert_programs(programs: Programs, alone: OneByOne) -> None:
    assert len(set(programs.numbers)) == len(programs.numbers)
    for place, i in enumerate(programs.points.tolist()):
        rules = alone.rules[i]
        assert shown(programs.enter, place, programs) == expected(rules.enter_long)
        assert shown(programs.exit, place, programs) == expected(rules.exit_long)
        assert programs.weight[place] == (1.0 if rules.weight is None else rules.weight)
        bracket = (getattr(programs, name)[place] for name in programs._fields[4:9])
        assert tuple(bracket) == rules.bracket.as_row()


def shown(test: Test, place: int, programs: Programs) -> tuple[Any, ...]:
    a, b, level = int(test.a[place]), int(test.b[place]), repr(float(test.constant[place]))
    if test.op == NEVER:
        return (NEVER, a, b, level)
    if test.op == GIVEN:
        return (GIVEN, programs.conditions[a], b, level)
    return (test.op, programs.numbers[a], level if b == -1 else programs.numbers[b])


def expected(condition: Any) -> tuple[Any, ...]:
    if condition is None:
        return (NEVER, -1, -1, "nan")
    constants = [
        repr(node.parameters[0]) if node.operation == "constant" else None
        for node in condition.arguments
    ]
    if condition.operation not in OPERATIONS or None not in constants:
        return (GIVEN, condition, -1, "nan")
    plain, turned = OPERATIONS[condition.operation]
    a, b = condition.arguments
    if constants[0] is not None:
        return (turned, b, constants[0])
    return (plain, a, b if constants[1] is None else constants[1])


@pytest.mark.parametrize(
    ("strategy_class", "grid", "most"), GRIDS, ids=[case[0].__name__ for case in GRIDS]
)
def test_planned_together_as_one_by_one(
    strategy_class: type[Strategy],
    grid: dict[str, Sequence[Any]],
    most: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    points = expand(grid)
    alone = OneByOne(strategy_class, points)
    asked: list[RuleStrategy] = []
    plan = RuleStrategy.plan

    def counted(self: RuleStrategy) -> Any:
        asked.append(self)
        return plan(self)

    monkeypatch.setattr(RuleStrategy, "plan", counted)
    planned = plan_block(strategy_class, columns_of(points), {})
    assert len(asked) <= most  # how often rules were written
    assert_same(planned, alone, len(points))
    assert planned.is_rules


@pytest.mark.parametrize("seed", range(40))
def test_made_up_rules(seed: int) -> None:
    """Random arithmetic on random parameters, with branches where they happen to fall."""
    rules = made_up_rules(seed)

    class MadeUp(RuleStrategy):
        a: int = 1
        b: int = 2
        x: float = 0.5
        y: float = 1.5

        def rules(self, bars: Any) -> Any:
            return rules(self, bars)

    random = np.random.default_rng(seed)
    grid = {
        "a": random.permutation(np.arange(-2, 12))[:4].tolist(),
        "b": random.permutation(np.arange(0, 9))[:4].tolist(),
        "x": [*random.normal(size=2).tolist(), 0.0],
        "y": [*random.normal(size=2).tolist(), -0.0, 2.0],
    }
    points = expand(grid)
    chosen = [points[i] for i in np.sort(random.permutation(len(points))[:120])]
    alone = OneByOne(MadeUp, chosen)
    assert_same(plan_block(MadeUp, columns_of(chosen), {}), alone, len(chosen))


def made_up_rules(seed: int) -> Callable[[Any, Any], Any]:
    random = np.random.default_rng([seed, 1])
    binary: list[Callable[[Any, Any], Any]] = [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a // b,
        lambda a, b: a % b,
        max,
        min,
        lambda a, b: a if a < b else b * 2,
    ]

    def scalar(depth: int) -> Callable[[Any], Any]:
        kind = int(random.integers(0, 3 if depth else 2))
        if kind == 0:
            name = ("a", "b", "x", "y")[int(random.integers(0, 4))]
            return lambda of: getattr(of, name)
        if kind == 1:
            value = (1, 3, 0.5, -2)[int(random.integers(0, 4))]
            return lambda _: value
        join = binary[int(random.integers(0, len(binary)))]
        left, right = scalar(depth - 1), scalar(depth - 1)
        return lambda of: join(left(of), right(of))

    def series(depth: int) -> Callable[[Any, Any], Any]:
        kind = int(random.integers(0, 6 if depth else 2))
        if kind <= 1:
            name = ("close", "open", "volume")[int(random.integers(0, 3))]
            return lambda _, bars: getattr(bars, name)
        inner, number = series(depth - 1), scalar(2)
        if kind == 2:
            return lambda of, bars: sma(inner(of, bars), abs(int(number(of))) + 2)
        if kind == 3:
            return lambda of, bars: ema(inner(of, bars), of.b + 1)
        if kind == 4:
            other = series(depth - 1)
            return lambda of, bars: inner(of, bars) * number(of) - other(of, bars).lag(of.b)
        return lambda of, bars: number(of) / macd(inner(of, bars), 3 + of.b, 12, 9).signal

    enter, exit_, level, weight = series(2), series(2), scalar(3), scalar(1)

    def rules(of: Any, bars: Any) -> Any:
        a, b = enter(of, bars), exit_(of, bars)
        leave = a.crosses_below(b) if of.a % 2 else b > level(of)
        return Signals(
            enter_long=a <= level(of),
            exit_long=leave,
            weight=weight(of) if of.x > 0 else None,
            bracket=Bracket(stop_loss=abs(of.x) / 4, max_bars=of.b),
        )

    return rules


def test_why_a_kernel_cannot_take_them() -> None:
    planned = plan_block(Refusing, {"n": np.arange(12)}, {})
    why = {i: group.why for group in planned.groups for i in group.points.tolist()}
    assert [why[i] for i in range(12)] == [
        "it sells short",
        "it sells short",
        "it has limit prices",
        "it has stop prices",
        "its positions are counted in money or shares",
        "its positions are counted in money or shares",
        "the weight of its positions changes from bar to bar",
        "its orders lapse after a day",
        "it holds symbols against each other",
        "",
        "",
        "",
    ]
    assert planned.look_across


def test_nothing_that_signals_can_say_is_overlooked() -> None:
    """A new field must become part of programs, or a reason why there are none."""
    assert {field.name for field in fields(Signals)} == {
        *("enter_long", "exit_long", "weight", "bracket"),
        *("enter_short", "exit_short", "value", "quantity", "limit", "stop", "day"),
    }
    assert {field.name for field in fields(Bracket)} < set(Programs._fields)


def test_a_thousand_points_share_what_they_have_in_common() -> None:
    grid = {"fast_period": range(5, 45), "slow_period": range(50, 300, 10)}
    planned = plan_block(MovingAverageCrossover, columns_of(expand(grid)), {})
    [group] = planned.groups
    assert group.programs is not None
    assert len(group.points) == 1_000
    assert len(group.programs.numbers) == 65
    first, last = planned.rules(0), planned.rules(24)
    assert (
        first.expressions()["enter_long"].arguments[0]
        is (last.expressions()["enter_long"].arguments[0])
    )


def test_without_columns_there_is_one_point() -> None:
    fixed = {"fast_period": 5, "slow_period": 9}
    planned = plan_block(MovingAverageCrossover, {}, fixed)
    assert (planned.size, planned.values(0), planned.lookback) == (1, fixed, 9)
    assert planned.rules(0) == MovingAverageCrossover(**fixed).plan()
    assert planned.strategy(0).parameters == fixed


def test_free_form_has_no_rules() -> None:
    columns = columns_of(expand({"n": range(1, 7), "factors": (("A",), ("B", "A"))}))
    planned = plan_block(FreeForm, columns, {})
    assert (planned.is_rules, planned.groups, planned.look_across) == (False, (), False)
    assert planned.errors == dict.fromkeys((2, 3), "ZeroDivisionError: division by zero")
    assert (planned.lookback, planned.columns) == (18, ("factor:A", "factor:B"))
    assert planned.strategy(5).parameters == {"n": 3, "factors": ("B", "A")}
    with pytest.raises(ConfigError, match="FreeForm decides bar by bar"):
        planned.rules(0)


# --- what a configuration asks to try ------------------------------------------------------------


class Percentages(RuleStrategy):
    stop: Annotated[float, Percent] = 0.05
    factors: tuple[str, ...] = ("Value",)

    def rules(self, bars: Any) -> Any:
        return Signals(enter_long=bars.close > 1.0, bracket=Bracket(stop_loss=self.stop))


def test_the_grid_is_read_as_the_strategy_reads_it(configure: Configure) -> None:
    config = configure(param_grid={"slow_period": (50, 60), "fast_period": ("5", 10.0)})
    grid, fixed, ignored = read_grid(MovingAverageCrossover, config)
    assert grid == {"slow_period": (50, 60), "fast_period": (5, 10)}
    assert list(map(type, grid["fast_period"])) == [int, int]
    assert (fixed, ignored) == ({}, {})


def test_a_grid_may_be_text(configure: Configure) -> None:
    config = configure(param_grid={"fast_period": "5:44:40", "slow_period": "50,100"})
    grid, _, _ = read_grid(MovingAverageCrossover, config)
    assert grid == {"fast_period": tuple(range(5, 45)), "slow_period": (50, 100)}


def test_without_a_grid_everything_is_fixed(configure: Configure) -> None:
    grid, fixed, _ = read_grid(RSIMeanReversion, configure(parameters={"period": 7}))
    assert (grid, fixed) == ({}, {"period": 7, "oversold": 30.0, "overbought": 70.0})


def test_the_grid_wins_over_a_direct_value(configure: Configure) -> None:
    config = configure(param_grid={"fast_period": (5, 10)}, fast_period="20", slow_period="60")
    grid, fixed, ignored = read_grid(MovingAverageCrossover, config)
    assert (grid, fixed) == ({"fast_period": (5, 10)}, {"slow_period": 60})
    assert ignored == {"fast_period": "20"}


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"fast_period": (5, 11.5, 18)}, "the nearest exact ranges are 5:17:3 and 5:18:2"),
        ({"fast_period": (5, "x")}, "fast_period='x' is not a number; it must be a whole number"),
        ({"fast_period": (1, 5)}, "fast_period=1 is too small"),
        ({"fast_period": ()}, "fast_period has no values"),
        ({"fast_period": (5, "5")}, "fast_period has the value 5 twice"),
        ({"fast_period": (5, float("nan"))}, "nan is not a finite number"),
    ],
)
def test_values_that_cannot_be_are_refused_before_anything_runs(
    configure: Configure, grid: dict[str, tuple[object, ...]], says: str
) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        read_grid(MovingAverageCrossover, configure(param_grid=grid))


def test_a_misspelt_parameter_is_one_error(configure: Configure) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fast_period'"):
        read_grid(MovingAverageCrossover, configure(param_grid={"fast_perod": (5, 10)}))
    with pytest.raises(UnknownNameError, match="did you mean 'slow_period'"):
        read_grid(MovingAverageCrossover, configure(slow_perod=5))


def test_percentages_and_lists(configure: Configure) -> None:
    config = configure(param_grid={"stop": (5, 10, "12.5 %"), "factors": ("Size", ["A", "B"])})
    grid, _, _ = read_grid(Percentages, config)
    assert grid == {"stop": (0.05, 0.1, 0.125), "factors": (("Size",), ("A", "B"))}
    with pytest.raises(ConfigError, match=r"stop has the value 0\.1 twice"):
        read_grid(Percentages, configure(param_grid={"stop": (10, "10%")}))


def test_half_and_one_are_not_both_percentages(configure: Configure) -> None:
    """0.5 would be 50 % and 1 would be 1 %."""
    with pytest.raises(
        ConfigError, match=r"0\.5 is read as 50 % and 2 as 2 %; write all of them with a % sign"
    ):
        read_grid(Percentages, configure(param_grid={"stop": (0.5, 1, 2)}))
