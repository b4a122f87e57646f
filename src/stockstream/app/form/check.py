"""A draft, checked field by field."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

from stockstream.backtest.config import BacktestConfig
from stockstream.errors import ConfigError, GridError, StockstreamError, UnknownNameError
from stockstream.strategy.conversion import READERS
from stockstream.strategy.parameters import parameters_of
from stockstream.strategy.registry import get_strategy, strategy_names
from stockstream.study.cutting.splits import Split
from stockstream.study.grid import (
    MOST_POINTS,
    arithmetic,
    demand_few_points,
    demand_whole,
    parse_values,
)
from stockstream.study.points.sampling import Sample
from stockstream.study.points.space import Space
from stockstream.study.selection import demand_selector

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from stockstream.app.form.draft import Draft
    from stockstream.app.form.market import Market
    from stockstream.strategy.parameters import Parameter

__all__ = ["RUNNERS", "Checked", "Problem", "check"]

RUNNERS: Final = ("local", "step-functions", "aws-batch", "airflow", "cluster")
FACTORS: Final = "factors"
"""The parameter by which strategies name factors of the lake."""

FILLS: Final = ("next_open", "next_close", "same_close")
MONEY: Final = ("initial_capital", "commission_bps", "slippage_bps", "borrow_bps")
COSTS: Final = MONEY[1:]

BENCHMARKS: Final = ("buy_and_hold", "equal_weight", "none")

MOST_MONEY: Final = 1e15
LIMITS: Final = {
    "initial_capital": "give an amount above 0",
    **dict.fromkeys(COSTS, "give hundredths of a percent, 0 to 10000"),
}

SHOWN: Final = 240
"""Characters of a problem: the rest of what was typed is beside it."""

T = TypeVar("T")
_BETWEEN = re.compile(r"[\s,;]+")


class Problem(NamedTuple):
    """What is wrong with a field.

    Attributes:
        what: in a sentence.
        hint: what to write in its place; may be empty.
    """

    what: str
    hint: str = ""


@dataclass(frozen=True)
class Checked:
    """What became of a draft.

    Attributes:
        problems: by field; parameters of the strategy by their names, "" is the form as a whole.
        config: the configuration, if there is no problem.
        axes: values to try by parameter, as far as they can be read.
        split: how the data are cut.
        where: constraints.
        sample: of the grid.
        points: combinations that are tried; None as long as that is not known.
        size: the arithmetic of it in words.
    """

    problems: Mapping[str, Problem]
    config: BacktestConfig | None = None
    axes: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    split: str = "none"
    where: tuple[str, ...] = ()
    sample: Sample | None = None
    points: int | None = None
    size: str = ""

    @property
    def is_sweep(self) -> bool:
        """Whether there is more than one backtest in it."""
        return self.points != 1 or self.split != "none"


class _Reader:
    """Reads fields one by one and notes what is wrong with them."""

    def __init__(self, draft: Draft, market: Market) -> None:
        self.draft, self.market = draft, market
        self.problems: dict[str, Problem] = {}

    def at(self, name: str, make: Callable[[], T]) -> T | None:
        """What ``make`` gives; what it raises becomes the problem of a field, and None is given."""
        try:
            return make()
        except GridError as error:
            what = str(error).removesuffix(f": {error.hint}")
            self.problems[name] = Problem(what[:SHOWN], error.hint[:SHOWN])
        except (StockstreamError, ValueError) as error:
            what, _, hint = str(error).partition("; ")
            self.problems[name] = Problem(what[:SHOWN], hint[:SHOWN])
        return None

    def strategy(self) -> tuple[Parameter, ...] | None:
        """The parameters of the strategy; a file of code is no name of one."""

        def find() -> tuple[Parameter, ...]:
            demand_one_of("strategy", self.draft.strategy, strategy_names())
            return parameters_of(get_strategy(self.draft.strategy))

        return self.at("strategy", find)

    def values(self, known: tuple[Parameter, ...]) -> dict[str, tuple[Any, ...]]:
        """The values of each parameter that is given, as the strategy reads them."""
        found, names = {}, tuple(one.name for one in known)
        for name in self.draft.values:
            self.at(name, partial(demand_one_of, "parameter", name, names))
        for parameter in known:
            text = self.draft.values.get(parameter.name, "").strip()
            if text:
                values = self.at(parameter.name, partial(_values, parameter, text))
                if values is not None:
                    found[parameter.name] = values
        return found

    def factors(self, known: tuple[Parameter, ...], given: Mapping[str, tuple[Any, ...]]) -> None:
        """Whether the lake has the factors by which companies are ranked."""
        for one in known:
            if one.name == FACTORS and one.type is str:
                for value in given.get(FACTORS, (one.default,)):
                    for name in value if one.many else (value,):
                        self.at(FACTORS, partial(self._demand_factor, name.strip().lstrip("+-")))

    def _demand_factor(self, name: str) -> None:
        if not self.market.factors:
            raise ConfigError("the lake has no factors; `stockstream factors import` brings some")
        demand_one_of("factor of the lake", name, self.market.factors)

    def universe(self) -> tuple[str, ...] | None:
        names = [name for name in _BETWEEN.split(self.draft.symbols.strip()) if name]
        return self.at("symbols", lambda: self.market.resolve(names)) if names else None

    def day(self, name: str, default: dt.date) -> dt.date:
        text = getattr(self.draft, name).strip()

        def read() -> dt.date:
            day = _date(text) if text else default
            first, last = self.market.first, self.market.last
            if not first <= day <= last:
                raise ConfigError(f"the lake has bars from {first} to {last}; give a day of these")
            return day

        return self.at(name, read) or default

    def number(self, name: str) -> float:
        text: str = getattr(self.draft, name)

        def read() -> float:
            number = float(_number(float, text, LIMITS[name]))
            if not (
                0.0 < number <= MOST_MONEY if name == "initial_capital" else 0 <= number <= 1e4
            ):
                raise ConfigError(f"{text.strip()} is out of range; {LIMITS[name]}")
            return number

        return self.at(name, read) or 0.0

    def one_of(self, name: str, known: tuple[str, ...]) -> str:
        value: str = getattr(self.draft, name)
        self.at(name, lambda: demand_one_of(name, value, known))
        return value

    def split(self) -> str:
        text = self.draft.split.strip() or "none"
        return self.at("split", lambda: str(Split.parse(text))) or "none"

    def sample(self) -> Sample | None:
        text = self.draft.sample.strip()
        if not text:
            return None
        hint = "give how many of the combinations are tried"
        return self.at("sample", lambda: Sample("random", _number(int, text, hint)))

    def benchmark(self) -> str | None:
        text = self.draft.benchmark.strip()
        if text and text not in BENCHMARKS:

            def find() -> None:
                try:
                    self.market.resolve([text])
                except StockstreamError as error:
                    what, known = str(error).partition("; ")[0], ", ".join(BENCHMARKS)
                    raise ConfigError(f"{what}; write {known} or a symbol") from None

            self.at("benchmark", find)
        return text or None

    def select(self) -> None:
        self.at("select", lambda: demand_selector(self.draft.select))


def check(draft: Draft, market: Market) -> Checked:
    """Check a draft against the strategy and the lake. Nothing of it is run.

    Args:
        draft: what was typed.
        market: what the lake has.
    """
    reader = _Reader(draft, market)
    known = reader.strategy()
    given = {} if known is None else reader.values(known)
    reader.factors(known or (), given)
    grid = {name: values for name, values in given.items() if len(values) > 1}
    fixed = {name: values[0] for name, values in given.items() if len(values) == 1}
    fields: dict[str, Any] = {
        "universe": reader.universe(),
        "start_date": reader.day("start_date", market.first),
        "end_date": reader.day("end_date", market.last),
        "fill": reader.one_of("fill", FILLS),
        "benchmark": reader.benchmark(),
    }
    money = {name: reader.number(name) for name in MONEY}
    reader.one_of("runner", RUNNERS)
    reader.select()
    split, sample = reader.split(), reader.sample()
    where = tuple(line.strip() for line in draft.where.splitlines() if line.strip())
    space = _space(reader, grid, fixed, where, sample)
    found = Checked(
        reader.problems,
        axes=given,
        split=split,
        where=where,
        sample=sample,
        points=None if space is None else space.size,
        size="" if space is None else _size(space),
    )
    if reader.problems:
        return found
    config = reader.at(
        "",
        lambda: BacktestConfig(
            strategy_class=draft.strategy,
            parameters=fixed,
            param_grid=grid,
            initial_capital=money["initial_capital"],
            costs={name: money[name] for name in COSTS},
            **fields,
        ),
    )
    return Checked(**{**vars(found), "problems": reader.problems, "config": config})


def _values(parameter: Parameter, text: str) -> tuple[Any, ...]:
    """What is typed for one parameter: a grid, or for a list the items of one list."""
    if parameter.many and not text.startswith("["):
        return (parameter.read(text),)
    values = parse_values(text, parameter.name)
    if parameter.type is int and not parameter.many:
        demand_whole(parameter.name, values)
    read = tuple(parameter.read(value) for value in values)
    if len(set(read)) < len(read):
        raise GridError(f"{parameter.name} has the same value twice", "give each once")
    return read


def _number(kind: type, text: str, hint: str) -> Any:
    try:
        return READERS[kind](text)
    except ValueError as error:
        raise ConfigError(f"{text.strip()[:40]!r} {error}; {hint}") from None


def demand_one_of(kind: str, name: str, known: tuple[str, ...]) -> None:
    """Refuse a name that does not exist.

    Raises:
        UnknownNameError: it does not; says the nearest ones that do.
    """
    if name not in known:
        raise UnknownNameError(kind, name, known)


def _date(text: str) -> dt.date:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        raise ConfigError(f"{text[:40]!r} is no date; write YYYY-MM-DD")
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"there is no {text}; write a day of the calendar") from None


def _space(
    reader: _Reader,
    grid: dict[str, tuple[Any, ...]],
    fixed: dict[str, Any],
    where: tuple[str, ...],
    sample: Sample | None,
) -> Space | None:
    """The points of the grid; what is wrong with them is a problem of the constraints."""
    if reader.problems.keys() - {"symbols", "start_date", "end_date", *MONEY}:
        return None
    name = "where" if where else "sample" if sample else ""

    def make() -> Space:
        if sample is None:
            demand_few_points(grid, MOST_POINTS)
        space = Space(grid, where, sample, fixed=fixed)
        _ = space.size
        return space

    return reader.at(name, make)


def _size(space: Space) -> str:
    """``40 x 25 = 1,000 combinations, 780 of them tried``."""
    words = arithmetic(space.axes)
    return words if space.size == space.whole else f"{words}, {space.size:,} of them tried"
