"""Strategies with names of one's own, and books of several, in a YAML file.

Such as::

    strategies:
      trend:
        class: MovingAverageCrossover
        parameters: {fast_period: 20, slow_period: 100}
    books:
      balanced: {trend: 0.6, RSIMeanReversion: 0.4}

A book says which share of the capital each of its strategies gets. Its members are names of the
file, or strategies that every command knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.strategy.conversion import as_float
from stockstream.strategy.registry import canonical_name, get_strategy, strategy_names

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLACE", "Catalogue", "NamedStrategy", "StrategyChoice", "read_catalogue", "resolve"]

PLACE = Path("config/strategies.yaml")
"""Where the file is unless another is named; it need not be there."""

_STRATEGIES, _BOOKS = "strategies", "books"
_CLASS, _PARAMETERS, _DESCRIPTION = "class", "parameters", "description"


@dataclass(frozen=True, slots=True)
class NamedStrategy:
    """A strategy with its parameters, and its share of the capital.

    Attributes:
        name: what reports call it.
        strategy_class: registered name, or ``path.py:Class``.
        parameters: values that replace defaults.
        weight: share of the capital, above zero.
    """

    name: str
    strategy_class: str
    parameters: dict[str, Any] = field(default_factory=dict)
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class StrategyChoice:
    """What a name means: one strategy, or a book of several.

    Attributes:
        name: as it was asked for.
        parts: the strategies, in the order of the file; a strategy alone has the weight 1.
    """

    name: str
    parts: tuple[NamedStrategy, ...]

    @property
    def is_book(self) -> bool:
        """Whether several strategies share the capital, or one gets a part of it."""
        return len(self.parts) > 1 or self.parts[0].weight != 1.0


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The strategies and books of a file.

    Attributes:
        source: the file.
        strategies: by name.
        books: by name: the weight of each member, by the member's name.
    """

    source: Path
    strategies: dict[str, NamedStrategy]
    books: dict[str, dict[str, float]]

    @property
    def names(self) -> tuple[str, ...]:
        """Every name of the file."""
        return (*self.strategies, *self.books)

    def choose(self, name: str) -> StrategyChoice:
        """What a name of the file means, checked: classes exist and take the parameters.

        Raises:
            UnknownNameError: neither the file nor the registry has the name, or a parameter.
            ConfigError: parameters that the strategy refuses.
            StrategyError: a strategy's own file fails.
        """
        members = self.books.get(name, {name: 1.0})
        parts = tuple(self._part(member, weight) for member, weight in members.items())
        return StrategyChoice(name, parts)

    def _part(self, name: str, weight: float) -> NamedStrategy:
        named = self.strategies.get(name) or NamedStrategy(name, self._known(name))
        try:
            made = get_strategy(named.strategy_class)(**named.parameters)
        except UnknownNameError as error:
            raise UnknownNameError(
                f"{error.kind} ({self.source}: {name})", error.name, error.known
            ) from None
        except ConfigError as error:
            raise ConfigError(f"{self.source}: strategy {name!r}: {error}") from None
        given = {key: made.parameters[key] for key in named.parameters}
        return NamedStrategy(name, canonical_name(named.strategy_class), given, weight)

    def _known(self, name: str) -> str:
        """The registered strategy of this name."""
        try:
            return canonical_name(name)
        except UnknownNameError:
            known = (*self.names, *strategy_names())
            hint = f"names of your own stand in {self.source}"
            raise UnknownNameError("strategy", name, known, hint) from None


def resolve(name: str, file: Path | None = None) -> StrategyChoice:
    """The strategy or book that a name means: of the file, of the registry, or ``path.py:Class``.

    Paths of strategy files are taken from the working folder, as on the command line.

    Args:
        name: what a person typed.
        file: the catalogue; ``config/strategies.yaml`` by default, if it is there.

    Raises:
        UnknownNameError: there is none of this name; says the nearest ones.
        ConfigError: the file is missing or cannot be used, or parameters that do not fit.
        StrategyError: a strategy's own file fails.
    """
    if file is None and (not PLACE.is_file() or _is_registered(name)):
        return StrategyChoice(name, (NamedStrategy(name, canonical_name(name)),))
    return read_catalogue(file or PLACE).choose(name)


def read_catalogue(file: Path) -> Catalogue:
    """Read a file of strategies and books.

    Raises:
        ConfigError: the file is missing, is no YAML, or says something that is not understood.
    """
    document = _mapping(_parsed(file), f"{file}")
    _demand_keys(document, (_STRATEGIES, _BOOKS), str(file))
    entries = _mapping(document.get(_STRATEGIES), f"{file}: {_STRATEGIES}")
    books = _mapping(document.get(_BOOKS), f"{file}: {_BOOKS}")
    strategies = {
        name: _strategy(name, entry, f"{file}: strategy {name!r}")
        for name, entry in entries.items()
    }
    catalogue = Catalogue(
        file,
        strategies,
        {name: _weights(book, f"{file}: book {name!r}") for name, book in books.items()},
    )
    _demand_new_names(catalogue)
    return catalogue


def _parsed(file: Path) -> Any:
    if not file.is_file():
        raise ConfigError(f"{file} does not exist: it is to hold named strategies")
    import yaml

    try:
        text = file.read_text(encoding="utf-8")
        _demand_single_names(yaml.compose(text, yaml.SafeLoader), file)
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{file} is no YAML: {' '.join(str(error).split())}") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is no text: {error}") from None


def _demand_single_names(node: Any, file: Path) -> None:
    """YAML takes the last of two entries of one name; a reader may have meant the first."""
    inner = getattr(node, "value", None)
    if not isinstance(inner, list):
        return
    pairs = [item for item in inner if isinstance(item, tuple)]
    names = [key.value for key, _ in pairs]
    for name in names:
        if names.count(name) > 1:
            raise ConfigError(f"{file}: {name!r} is given twice")
    for child in [value for _, value in pairs] or inner:
        _demand_single_names(child, file)


def _strategy(name: str, value: Any, where: str) -> NamedStrategy:
    entry = _mapping(value, where)
    _demand_keys(entry, (_CLASS, _PARAMETERS, _DESCRIPTION), where)
    given = entry.get(_CLASS)
    if not isinstance(given, str):
        raise ConfigError(
            f"{where} has no class; write `class: MovingAverageCrossover`, or another of "
            f"{', '.join(strategy_names())}, or path/to/file.py:ClassName"
        )
    parameters = _mapping(entry.get(_PARAMETERS), f"{where}: {_PARAMETERS}")
    return NamedStrategy(name, given, parameters)


def _weights(value: Any, where: str) -> dict[str, float]:
    members = _mapping(value, where)
    weights = {name: _weight(given, f"{where}: {name}") for name, given in members.items()}
    if not weights:
        raise ConfigError(f"{where} is empty: give each strategy its weight, as `trend: 0.6`")
    return weights


def _weight(value: Any, where: str) -> float:
    try:
        weight = as_float(value)
    except ValueError as error:
        raise ConfigError(f"{where}: weight {value!r} {error}") from None
    if weight <= 0.0:
        raise ConfigError(
            f"{where}: weight {value!r} is not above zero: it is the share of the capital, "
            "0.6 for 60 %"
        )
    return weight


def _mapping(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ConfigError(f"{where}: expected names with values, got {value!r}")
    return value


def _demand_keys(entry: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for name in entry:
        if name not in known:
            raise UnknownNameError(f"key in {where}", name, known)


def _demand_new_names(catalogue: Catalogue) -> None:
    """A name that means two things would run another strategy than the reader thinks."""
    both = catalogue.strategies.keys() & catalogue.books.keys()
    taken = [name for name in catalogue.names if _is_registered(name)]
    for name in sorted(both):
        raise ConfigError(f"{catalogue.source}: {name!r} is a strategy and a book: rename one")
    for name in taken:
        raise ConfigError(
            f"{catalogue.source}: {name!r} is the name of a strategy that exists already; "
            "choose another"
        )


def _is_registered(name: str) -> bool:
    try:
        canonical_name(name)
    except ConfigError:
        return False
    return True
