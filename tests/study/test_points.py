"""From a configuration's grid to points that are checked before anything runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.strategies.moving_average_crossover import MovingAverageCrossover
from stockstream.strategies.rsi_mean_reversion import RSIMeanReversion
from stockstream.strategy.registry import get_strategy
from stockstream.study.points import plan_points

if TYPE_CHECKING:
    from tests.study.conftest import Configure, WriteStrategy

PERCENT = """
class Mine(RuleStrategy):
    stop: Annotated[float, Percent] = 0.05
    factors: tuple[str, ...] = ("Value",)

    def rules(self, bars):
        return Signals(enter_long=bars.close > 1.0, bracket=Bracket(stop_loss=self.stop))
"""

FREE_FORM = """
class Mine(Strategy):
    n: int = 1

"""


def test_the_points_are_every_combination_with_every_parameter(configure: Configure) -> None:
    config = configure(param_grid={"slow_period": (50, 60), "fast_period": ("5", 10.0)})
    points = plan_points(MovingAverageCrossover, config)
    assert [point.values for point in points.all] == [
        {"slow_period": 50, "fast_period": 5},
        {"slow_period": 50, "fast_period": 10},
        {"slow_period": 60, "fast_period": 5},
        {"slow_period": 60, "fast_period": 10},
    ]
    assert points.grid == {"slow_period": (50, 60), "fast_period": (5, 10)}
    assert points.lookback == MovingAverageCrossover(slow_period=60).lookback()
    assert points.able == 4


def test_without_a_grid_there_is_one_point(configure: Configure) -> None:
    points = plan_points(RSIMeanReversion, configure(period=7))
    [point] = points.all
    assert point.values == {"period": 7, "oversold": 30.0, "overbought": 70.0}
    assert (points.grid, points.fixed) == ({}, point.values)


def test_the_grid_wins_over_a_direct_value(configure: Configure) -> None:
    config = configure(param_grid={"fast_period": (5, 10)}, fast_period="20", slow_period="60")
    points = plan_points(MovingAverageCrossover, config)
    assert points.ignored == {"fast_period": "20"}
    assert points.fixed == {"slow_period": 60}
    assert [point.values["fast_period"] for point in points.all] == [5, 10]


def test_refused_combinations_are_points_with_an_error(configure: Configure) -> None:
    config = configure(param_grid={"fast_period": (5, 60)}, slow_period=50)
    points = plan_points(MovingAverageCrossover, config)
    fine, refused = points.all
    assert (fine.error, points.able) == ("", 1)
    assert refused.strategy is None
    assert refused.error.startswith("fast_period=60 must be below slow_period=50")


def test_one_of_them_must_run(configure: Configure) -> None:
    config = configure(param_grid={"fast_period": (60, 70)}, slow_period=50)
    with pytest.raises(ConfigError, match="none of the 2 combinations can run; the first: fast_p"):
        plan_points(MovingAverageCrossover, config)
    with pytest.raises(ConfigError, match=r"^fast_period=60 must be below"):
        plan_points(MovingAverageCrossover, configure(fast_period=60))


def test_a_crash_in_the_check_is_a_point_with_an_error(
    configure: Configure, write_strategy: WriteStrategy
) -> None:
    body = FREE_FORM + "    def check(self):\n        1 / self.n\n"
    points = plan_points(get_strategy(write_strategy(body)), configure(param_grid={"n": (0, 1)}))
    assert [point.error for point in points.all] == ["ZeroDivisionError: division by zero", ""]


def test_a_crash_while_planning_is_a_point_with_an_error(
    configure: Configure, write_strategy: WriteStrategy
) -> None:
    strategy = get_strategy(
        write_strategy(
            "class Mine(RuleStrategy):\n"
            "    n: int = 1\n"
            "    def rules(self, bars):\n"
            "        return Signals(enter_long=bars.close > 1.0 / self.n)\n"
        )
    )
    points = plan_points(strategy, configure(param_grid={"n": (0, 1)}))
    assert [point.error for point in points.all] == [
        "Mine.rules failed: ZeroDivisionError: float division by zero",
        "",
    ]


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
        plan_points(MovingAverageCrossover, configure(param_grid=grid))


def test_a_misspelt_parameter_is_one_error(configure: Configure) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'fast_period'"):
        plan_points(MovingAverageCrossover, configure(param_grid={"fast_perod": (5, 10)}))
    with pytest.raises(UnknownNameError, match="did you mean 'slow_period'"):
        plan_points(MovingAverageCrossover, configure(slow_perod=5))


def test_percentages_and_lists(configure: Configure, write_strategy: WriteStrategy) -> None:
    strategy = get_strategy(write_strategy(PERCENT))
    config = configure(param_grid={"stop": (5, 10, "12.5 %"), "factors": ("Size", ["A", "B"])})
    points = plan_points(strategy, config)
    assert points.grid == {"stop": (0.05, 0.1, 0.125), "factors": (("Size",), ("A", "B"))}
    with pytest.raises(ConfigError, match=r"stop has the value 0\.1 twice"):
        plan_points(strategy, configure(param_grid={"stop": (10, "10%")}))


def test_half_and_one_are_not_both_percentages(
    configure: Configure, write_strategy: WriteStrategy
) -> None:
    """0.5 would be 50 % and 1 would be 1 %."""
    strategy = get_strategy(write_strategy(PERCENT))
    with pytest.raises(
        ConfigError, match=r"0\.5 is read as 50 % and 2 as 2 %; write all of them with a % sign"
    ):
        plan_points(strategy, configure(param_grid={"stop": (0.5, 1, 2)}))
