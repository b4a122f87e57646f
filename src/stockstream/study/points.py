"""The points of a sweep: one set of parameters each, checked before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from stockstream.errors import ConfigError, StockstreamError, UnknownNameError
from stockstream.strategy.node import in_order
from stockstream.strategy.operations import CROSS_SECTION
from stockstream.strategy.parameters import bind, parameters_of
from stockstream.strategy.rule import RuleStrategy
from stockstream.study.grid import check_values, demand_whole, expand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.backtest.config import BacktestConfig
    from stockstream.strategy.parameters import Parameter
    from stockstream.strategy.signals import Rules
    from stockstream.strategy.strategy import Strategy
    from stockstream.study.grid import Grid

__all__ = ["Point", "Points", "explained", "plan_points"]


@dataclass(frozen=True)
class Point:
    """One combination of parameters.

    Attributes:
        values: every parameter of the strategy; those of the grid first.
        strategy: with these parameters; None if it refuses them or its rules fail.
        rules: what a rule strategy plans; None for code that decides bar by bar.
        lookback: bars that it wants to know from before the first trading day.
        error: why there is no strategy.
    """

    values: dict[str, Any]
    strategy: Strategy | None = None
    rules: Rules | None = None
    lookback: int = 0
    error: str = ""


@dataclass(frozen=True)
class Points:
    """What a configuration asks to try.

    Attributes:
        grid: the values of each parameter that changes, as the strategy reads them.
        fixed: the other parameters of the strategy.
        ignored: values given directly for parameters of the grid: the grid wins.
        all: the combinations, the last parameter changing fastest.
    """

    grid: Grid
    fixed: dict[str, Any]
    ignored: dict[str, Any]
    all: Sequence[Point] = field(repr=False)

    @property
    def lookback(self) -> int:
        """The longest lookback of a point."""
        return max(point.lookback for point in self.all)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns beyond the five fields of a bar that a point reads, each once."""
        made = [point.strategy for point in self.all if point.strategy is not None]
        return tuple(dict.fromkeys(name for strategy in made for name in strategy.columns()))

    @property
    def look_across(self) -> bool:
        """Whether rules hold the symbols of a session against each other."""
        return any(point.rules is not None and _looks_across(point.rules) for point in self.all)

    @property
    def able(self) -> int:
        """How many of them can run."""
        return sum(point.strategy is not None for point in self.all)


def plan_points(strategy_class: type[Strategy], config: BacktestConfig) -> Points:
    """The points of a configuration's grid; a single one where it has none.

    A combination that the strategy refuses (such as a fast average that is not below the slow one)
    is a point with an error.

    Args:
        strategy_class: whose parameters they are.
        config: ``param_grid`` and ``parameters`` are read here.

    Raises:
        UnknownNameError: a name that is no parameter.
        ConfigError: a value that its parameter refuses, or no combination can run.
    """
    known = {parameter.name: parameter for parameter in parameters_of(strategy_class)}
    grid: Grid = {}
    for name, values in config.param_grid.items():
        if name not in known:
            raise UnknownNameError(f"parameter of {strategy_class.__name__}", name, known)
        grid[name] = _read(known[name], values)
    given = config.parameters
    direct = {name: value for name, value in given.items() if name not in grid}
    bound = bind(strategy_class, direct)
    fixed = {name: value for name, value in bound.items() if name not in grid}
    points = [_point(strategy_class, {**values, **fixed}) for values in expand(grid)]
    if all(point.strategy is None for point in points):
        raise ConfigError(_none_can_run(points))
    return Points(
        grid=grid,
        fixed=fixed,
        ignored={name: value for name, value in given.items() if name in grid},
        all=points,
    )


def _looks_across(rules: Rules) -> bool:
    nodes = in_order(rules.expressions().values())
    return any(node.operation in CROSS_SECTION for node in nodes)


def explained(error: Exception) -> str:
    """An error in one line: ours say it themselves, others need their kind."""
    if isinstance(error, StockstreamError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _read(parameter: Parameter, values: Sequence[Any]) -> tuple[Any, ...]:
    """The grid of one parameter, as the parameter reads it."""
    name, plain = parameter.name, check_values(parameter.name, values)
    if parameter.type is int:
        demand_whole(name, plain)
    if parameter.percent:
        _demand_one_unit(name, plain)
    return check_values(name, [parameter.read(value) for value in plain])


def _demand_one_unit(name: str, values: Sequence[Any]) -> None:
    """Refuse a grid in which 0.5 would be 50 % and 1 would be 1 %."""
    sizes = [abs(value) for value in values if isinstance(value, int | float)]
    small = [size for size in sizes if 0.0 < size < 1.0]
    if small and max(sizes) >= 1.0:
        raise ConfigError(
            f"{name} mixes fractions and percent: {small[0]:g} is read as {small[0] * 100:g} % "
            f"and {max(sizes):g} as {max(sizes):g} %; write all of them with a % sign"
        )


def _point(strategy_class: type[Strategy], values: dict[str, Any]) -> Point:
    try:
        strategy = strategy_class(**values)
        if not isinstance(strategy, RuleStrategy):
            return Point(values, strategy, lookback=strategy.lookback())
        rules = strategy.plan()
        return Point(values, strategy, rules, rules.lookback())
    except Exception as error:  # noqa: BLE001 - one bad combination never ends a sweep
        return Point(values, error=explained(error))


def _none_can_run(points: Sequence[Point]) -> str:
    if len(points) == 1:
        return points[0].error
    return f"none of the {len(points):,} combinations can run; the first: {points[0].error}"
