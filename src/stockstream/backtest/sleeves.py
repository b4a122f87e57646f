"""The strategies of one run: alone, or several that share the cash of one book."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stockstream.strategy.registry import canonical_name, get_strategy
from stockstream.strategy.strategy import Strategy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from stockstream.backtest.config import BacktestConfig

__all__ = ["Manager", "as_managers", "columns_of", "lookback_of", "managers_of", "written_out"]


@dataclass(frozen=True)
class Manager:
    """One strategy of a run, and the share of the capital that it manages.

    Attributes:
        name: of its sleeve; unique in the run.
        strategy: with its parameters.
        weight: share of equity that its own weights are taken of; 1.0 where it is alone.
    """

    name: str
    strategy: Strategy
    weight: float = 1.0

    @classmethod
    def alone(cls, strategy: Strategy) -> Manager:
        """A strategy that has the whole book to itself."""
        return cls(type(strategy).__name__, strategy)


def as_managers(strategy: Strategy | Sequence[Manager]) -> Sequence[Manager]:
    """Several strategies as they are; one alone has the whole book."""
    return [Manager.alone(strategy)] if isinstance(strategy, Strategy) else strategy


def managers_of(config: BacktestConfig) -> tuple[Manager, ...]:
    """The strategies that a configuration names, in its order.

    Raises:
        UnknownNameError: a strategy that is not registered.
        ConfigError: parameters that do not fit.
        StrategyError: a file of one's own that cannot be used.
    """
    if not config.sleeves:
        return (Manager.alone(get_strategy(config.strategy_class)(**config.parameters)),)
    return tuple(
        Manager(
            sleeve.name or sleeve.strategy_class,
            get_strategy(sleeve.strategy_class)(**sleeve.parameters),
            sleeve.weight,
        )
        for sleeve in config.sleeves
    )


def written_out(config: BacktestConfig, managers: Sequence[Manager]) -> BacktestConfig:
    """The configuration with every parameter of its strategies, and full names of their classes."""
    if not config.sleeves:
        [manager] = managers
        return config.changed(
            strategy_class=canonical_name(config.strategy_class),
            parameters=manager.strategy.parameters,
        )
    sleeves = [
        sleeve.model_copy(
            update={
                "name": manager.name,
                "strategy_class": canonical_name(sleeve.strategy_class),
                "parameters": manager.strategy.parameters,
            }
        )
        for sleeve, manager in zip(config.sleeves, managers, strict=True)
    ]
    return config.changed(sleeves=tuple(sleeves))


def columns_of(managers: Sequence[Manager]) -> tuple[str, ...]:
    """Columns beyond the five fields of a bar that the strategies read, each once."""
    return tuple(dict.fromkeys(name for m in managers for name in m.strategy.columns()))


def lookback_of(managers: Sequence[Manager]) -> int:
    """Bars before the first trading day that some strategy wants to know."""
    return max(manager.strategy.lookback() for manager in managers)
