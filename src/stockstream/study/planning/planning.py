"""Planning: what each point of a grid would do, found out before anything runs.

A strategy is not made and asked once for each point: a sweep would spend more time on that than on
its trials. It is made once for many points, with a :class:`stockstream.strategy.many.Many` in place
of each parameter of the grid, and asked again for parts of them where they go different ways. What
comes out is what planning them one by one gives: refused points, messages, rules. Points that
cannot be planned together (their code raises, or they are few) are planned one by one, and a sample
of the others too; if that differs, all are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stockstream.errors import ConfigError, StockstreamError, UnknownNameError
from stockstream.strategy.many import Split, Together, numbered
from stockstream.strategy.parameters import bind, parameters_of
from stockstream.strategy.rule import RuleStrategy
from stockstream.strategy.unfold import longest_lookback, rules_at
from stockstream.study.grid import check_values, demand_whole, read_values
from stockstream.study.planning.groups import Part, group_parts, looks_across, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from stockstream.backtest.config import BacktestConfig
    from stockstream.strategy.parameters import Parameter
    from stockstream.strategy.signals import Rules
    from stockstream.strategy.strategy import Strategy
    from stockstream.study.grid import Grid
    from stockstream.study.planning.groups import Group

    Ints = NDArray[np.int64]

__all__ = ["Planned", "explained", "plan_block", "read_grid"]

FEW = 4
"""Points that are not worth planning together."""

MOST_SAMPLED = 8
"""Groups of which a point is planned by itself too."""

GOLDEN = 40_503
"""The golden section times 2**16: where in a group its sample stands."""

REFUSED = -1


class GridOf(NamedTuple):
    """What a configuration asks to try.

    Attributes:
        grid: the values of each parameter that changes, as the strategy reads them.
        fixed: the other parameters of the strategy.
        ignored: values given directly for parameters of the grid: the grid wins.
    """

    grid: Grid
    fixed: dict[str, Any]
    ignored: dict[str, Any]


@dataclass(frozen=True)
class Planned:
    """What the points of a block would do.

    Attributes:
        size: points in the block.
        errors: why those that are refused cannot run, by their places.
        lookback: bars before the first trading day that a point wants to know, at most.
        columns: what points read beside the five fields of a bar, each once.
        look_across: whether rules hold the symbols of a session against each other.
        is_rules: whether the strategy says rules; else it decides bar by bar.
        groups: the points that can run, by the shape of their rules; empty without rules.
    """

    size: int
    errors: dict[int, str]
    lookback: int
    columns: tuple[str, ...]
    look_across: bool
    is_rules: bool
    groups: tuple[Group, ...] = field(repr=False)
    _block: _Block = field(repr=False)
    _parts: Sequence[Part] = field(repr=False)
    _home: Ints = field(repr=False)
    _place: Ints = field(repr=False)

    def values(self, i: int) -> dict[str, Any]:
        """Every parameter of a point; those of the grid first."""
        return self._block.values(i)

    def strategy(self, i: int) -> Strategy:
        """A point's strategy, made anew.

        Raises:
            ConfigError: it refuses the values.
        """
        return self._block.strategy_class(**self._block.values(i))

    def rules(self, i: int) -> Rules:
        """A point's rules: interned expressions and plain values.

        Raises:
            ConfigError: the point was refused, or the strategy has no rules.
        """
        home = int(self._home[i])
        if home == REFUSED:
            name = self._block.strategy_class.__name__
            raise ConfigError(self.errors.get(i, f"{name} decides bar by bar: it has no rules"))
        part = self._parts[home]
        return rules_at(part.rules, int(self._place[i])) if len(part.points) > 1 else part.rules


def read_grid(strategy_class: type[Strategy], config: BacktestConfig) -> GridOf:
    """The values that a configuration wants to try, read by the strategy's parameters.

    Args:
        strategy_class: whose parameters they are.
        config: ``param_grid`` and ``parameters`` are read here.

    Raises:
        UnknownNameError: a name that is no parameter.
        ConfigError: a value that its parameter refuses.
    """
    known = {parameter.name: parameter for parameter in parameters_of(strategy_class)}
    grid: Grid = {}
    for name, values in config.param_grid.items():
        if name not in known:
            raise UnknownNameError(f"parameter of {strategy_class.__name__}", name, known)
        grid[name] = _read(known[name], values)
    given = config.parameters
    bound = bind(strategy_class, {name: given[name] for name in given if name not in grid})
    return GridOf(
        grid,
        {name: value for name, value in bound.items() if name not in grid},
        {name: value for name, value in given.items() if name in grid},
    )


def plan_block(
    strategy_class: type[Strategy], columns: Mapping[str, NDArray[Any]], fixed: Mapping[str, Any]
) -> Planned:
    """Plan the points of a block.

    A point that the strategy refuses, or whose rules fail, is an error of the plan.

    Args:
        strategy_class: what they are points of.
        columns: ``[size]``, the values of each parameter of the grid as :func:`read_grid` read
            them; without any there is one point.
        fixed: the other parameters.
    """
    block = _Block(strategy_class, columns, fixed)
    if not issubclass(strategy_class, RuleStrategy):
        return _plan_free_form(block)
    planning = _Planning(block, together=True)
    planned = planning.planned()
    if all(_same(planned, block, i) for i in planning.sample(planned.groups)):
        return planned
    return _Planning(block, together=False).planned()


def explained(error: BaseException) -> str:
    """An error in one line: ours say it themselves, others need their kind."""
    if isinstance(error, StockstreamError):
        return str(error)
    return f"{type(error).__name__}: {error}"


def _read(parameter: Parameter, given: Any) -> tuple[Any, ...]:
    """The grid of one parameter, as the parameter reads it."""
    name, plain = parameter.name, read_values(parameter.name, given)
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


class _Coded(NamedTuple):
    """The different values of a column, and which of them each point has."""

    values: list[Any]
    codes: Ints

    @classmethod
    def of(cls, column: NDArray[Any]) -> _Coded:
        if column.dtype == object:
            rank: dict[Any, int] = {}
            codes = [rank.setdefault((type(value), repr(value)), len(rank)) for value in column]
            values = [None] * len(rank)
            for code, value in zip(codes, column, strict=True):
                values[code] = value
            return cls(values, np.array(codes))
        bits = column.view(np.int64) if column.dtype == np.float64 else column  # 0.0 is not -0.0
        found, codes = np.unique(bits, return_inverse=True)
        return cls(found.view(column.dtype).tolist(), codes)

    def among(self, points: Ints) -> _Coded:
        """The same for some of the points, without the values that none of them has."""
        found, codes = numbered(self.codes[points], len(self.values))
        return _Coded([self.values[place] for place in found.tolist()], codes)


class _Block:
    """The points, as their values."""

    def __init__(
        self,
        strategy_class: type[Strategy],
        columns: Mapping[str, NDArray[Any]],
        fixed: Mapping[str, Any],
    ) -> None:
        self.strategy_class, self.fixed = strategy_class, dict(fixed)
        self.columns = {name: np.asarray(column) for name, column in columns.items()}
        self.size = len(next(iter(self.columns.values()), (None,)))

    def values(self, i: int) -> dict[str, Any]:
        """The parameters of a point."""
        own = {name: column[i : i + 1].tolist()[0] for name, column in self.columns.items()}
        return {**own, **self.fixed}


class _Alone(NamedTuple):
    """One point, planned by itself."""

    rules: Rules
    lookback: int
    columns: tuple[str, ...]


class _Planning:
    """The parts of a block as they are found.

    Args:
        block: the points.
        together: plan many at once where that can be done.
    """

    def __init__(self, block: _Block, *, together: bool) -> None:
        self.block, self.lookback = block, 0
        self.coded = {name: _Coded.of(column) for name, column in block.columns.items()}
        self.parts: list[Part] = []
        self.columns: list[tuple[int, tuple[str, ...]]] = []
        self.errors: dict[int, str] = {}
        waiting = [np.arange(block.size)]
        while waiting:
            points = waiting.pop()
            waiting.extend(self._plan(points, together=together and len(points) >= FEW))

    def planned(self) -> Planned:
        """What was found."""
        home = np.full(self.block.size, REFUSED)
        place = np.zeros(self.block.size, np.int64)
        for number, part in enumerate(self.parts):
            home[part.points] = number
            place[part.points] = np.arange(len(part.points))
        read = [name for _, names in sorted(self.columns) for name in names]
        return Planned(
            size=self.block.size,
            errors=dict(sorted(self.errors.items())),
            lookback=self.lookback,
            columns=tuple(dict.fromkeys(read)),
            look_across=any(looks_across(part.rules) for part in self.parts),
            is_rules=True,
            groups=group_parts(self.parts),
            _block=self.block,
            _parts=self.parts,
            _home=home,
            _place=place,
        )

    def sample(self, groups: Sequence[Group]) -> list[int]:
        """Some points that were planned together: the first, the last, and one of each group."""
        together = [part.points for part in self.parts if len(part.points) > 1]
        if not together:
            return []
        chosen = {int(together[0][0]), int(together[-1][-1])}
        among = np.concatenate(together)
        for group in groups[:MOST_SAMPLED]:
            some = group.points if len(together) == 1 else np.intersect1d(group.points, among)
            chosen.update(some[len(some) * GOLDEN >> 16 :][:1].tolist())
        return sorted(chosen)

    def _plan(self, points: Ints, *, together: bool) -> Iterator[Ints]:
        """Plan some points; gives those that are to be planned apart from each other."""
        if together:
            try:
                if self._plan_together(points):
                    return
            except Split as split:
                order = np.argsort(split.parts, kind="stable")
                bounds = np.flatnonzero(np.diff(split.parts[order])) + 1
                if 2 * len(bounds) < len(points):
                    yield from np.split(points[order], bounds)
                    return
            except Exception:  # noqa: BLE001, S110 - each point has its own message
                pass
        for i in points.tolist():
            self._plan_alone(i)

    def _plan_together(self, points: Ints) -> bool:
        together = Together(len(points))
        of_points = {name: coded.among(points) for name, coded in self.coded.items()}
        values = {name: together.spread(*coded) for name, coded in of_points.items()}
        strategy = self.block.strategy_class(**values, **self.block.fixed)
        assert isinstance(strategy, RuleStrategy)
        rules = strategy.plan()
        lookback = longest_lookback(rules.expressions().values())
        part = Part(points, rules, together, shape_of(rules))
        if together.parted or type(strategy).columns is not RuleStrategy.columns:
            return False  # a part that was caught, or code that tells each point's columns
        self._keep(part, lookback, rules.columns())
        return True

    def _plan_alone(self, i: int) -> None:
        try:
            alone = _plan_one(self.block, i)
        except Exception as error:  # noqa: BLE001 - one bad combination never ends a sweep
            self.errors[i] = explained(error)
            return
        part = Part(np.array([i]), alone.rules, Together(1), shape_of(alone.rules))
        self._keep(part, alone.lookback, alone.columns)

    def _keep(self, part: Part, lookback: int, columns: tuple[str, ...]) -> None:
        self.parts.append(part)
        self.lookback = max(self.lookback, lookback)
        if columns:
            self.columns.append((int(part.points.min()), columns))


def _plan_one(block: _Block, i: int) -> _Alone:
    strategy, rules = _written(block, i)
    own = type(strategy).columns is not RuleStrategy.columns
    return _Alone(rules, rules.lookback(), strategy.columns() if own else rules.columns())


def _written(block: _Block, i: int) -> tuple[RuleStrategy, Rules]:
    strategy = block.strategy_class(**block.values(i))
    assert isinstance(strategy, RuleStrategy)
    return strategy, strategy.plan()


def _plan_free_form(block: _Block) -> Planned:
    """Code that decides bar by bar is made once for each point, to be asked what it wants."""
    errors, columns, lookback = {}, dict[str, None](), 0
    for i in range(block.size):
        try:
            strategy = block.strategy_class(**block.values(i))
            lookback = max(lookback, strategy.lookback())
            columns.update(dict.fromkeys(strategy.columns()))
        except Exception as error:  # noqa: BLE001 - one bad combination never ends a sweep
            errors[i] = explained(error)
    nowhere = np.full(block.size, REFUSED)
    return Planned(
        block.size, errors, lookback, tuple(columns), False, False, (), block, (), nowhere, nowhere
    )


def _same(planned: Planned, block: _Block, i: int) -> bool:
    """Whether a point has the same rules when it is planned by itself."""
    try:
        return planned.rules(i) == _written(block, i)[1]
    except Exception:  # noqa: BLE001 - whatever it is, together it was none
        return False
