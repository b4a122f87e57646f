"""What rules amount to, as expressions.

:class:`Signals` say when to be in a position, :class:`Weights` how much of each symbol to hold.
"""

from __future__ import annotations

import json
import math
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from stockstream.errors import ConfigError, StrategyError
from stockstream.strategy.expression import condition, number
from stockstream.strategy.node import from_document, to_document
from stockstream.strategy.orders import NO_BRACKET, Bracket

if TYPE_CHECKING:
    from stockstream.strategy.expression import Condition, Expr, Operand

__all__ = ["Rules", "Signals", "Weights", "rules_from_json"]

_CONDITIONS = ("enter_long", "exit_long", "enter_short", "exit_short")


class _Rules(ABC):
    """What both kinds of rules can do."""

    __slots__ = ()

    @abstractmethod
    def expressions(self) -> dict[str, Expr]:
        """The expressions by name, those that were left out missing."""

    def lookback(self) -> int:
        """Bars before a bar that its decision rests on."""
        return max(expression.lookback() for expression in self.expressions().values())

    def to_json(self) -> str:
        """The rules as JSON text, for a worker that has no strategy code."""
        return json.dumps(self._document(), allow_nan=False)

    @abstractmethod
    def _document(self) -> dict[str, Any]:
        """The rules as plain JSON values."""


@dataclass(frozen=True, slots=True)
class Signals(_Rules):
    """When to be in a position, symbol by symbol.

    At the close of each bar:

    - flat, ``enter_long`` and not ``exit_long``: open long with ``weight`` of equity; in the same
      way short (both at once: nothing);
    - long, ``exit_long`` or ``enter_short``: close, or reverse where the entry says so; in the
      same way short;
    - an entry while already in that position is ignored: no pyramiding.

    Attributes:
        enter_long, exit_long, enter_short, exit_short: conditions; None is never.
        weight: share of equity per position, as known when the order is placed; None is one by
            the number of symbols. Where it is not a number above zero, nothing is entered.
        bracket: exits that the broker watches.

    Raises:
        StrategyError: no entry is given, or something else than an expression.
        ConfigError: a weight that is no share of equity.
    """

    enter_long: Condition | None = None
    exit_long: Condition | None = None
    enter_short: Condition | None = None
    exit_short: Condition | None = None
    weight: Operand | None = None
    bracket: Bracket = NO_BRACKET

    def __post_init__(self) -> None:
        for name in _CONDITIONS:
            value = getattr(self, name)
            if value is not None:
                _as_condition(name, value)
        if self.enter_long is None and self.enter_short is None:
            raise StrategyError(
                "Signals without an entry never trade: give enter_long or enter_short"
            )
        weight = self.weight
        if weight is not None:
            number(weight)
        if isinstance(weight, int | float) and not 0.0 < weight < math.inf:
            raise ConfigError(
                f"weight={weight!r} is no share of equity: 10 % is 0.1; "
                "a short position is asked for with enter_short"
            )

    def expressions(self) -> dict[str, Expr]:
        """The expressions by name, those that were left out missing."""
        given = {name: getattr(self, name) for name in _CONDITIONS}
        found: dict[str, Expr] = {name: value for name, value in given.items() if value is not None}
        if self.weight is not None:
            found["weight"] = number(self.weight)
        return found

    def _document(self) -> dict[str, Any]:
        graph = to_document(self.expressions())
        return {"kind": "signals", **graph, "bracket": asdict(self.bracket)}


@dataclass(frozen=True, slots=True)
class Weights(_Rules):
    """How much of each symbol to hold.

    Attributes:
        target: share of equity to hold in the symbol; negative is short; NaN leaves the position
            as it is.
        every: sessions from one rebalance to the next, the first session of the run included.
        bracket: exits that the broker watches.

    Raises:
        ConfigError: ``every`` is below 1.
        StrategyError: ``target`` is no expression of numbers.
    """

    target: Operand
    every: int = 1
    bracket: Bracket = NO_BRACKET

    def __post_init__(self) -> None:
        number(self.target)
        if self.every < 1 or self.every != int(self.every):
            raise ConfigError(f"every={self.every!r} is not a whole number of sessions from 1 on")

    def expressions(self) -> dict[str, Expr]:
        """The target, by its name."""
        return {"target": number(self.target)}

    def _document(self) -> dict[str, Any]:
        graph = to_document(self.expressions())
        return {
            "kind": "weights",
            **graph,
            "every": int(self.every),
            "bracket": asdict(self.bracket),
        }


Rules: TypeAlias = Signals | Weights


def rules_from_json(text: str) -> Rules:
    """The rules that ``to_json`` wrote.

    Raises:
        StrategyError: the text is no rules.
    """
    try:
        document = json.loads(text)
        kind, bracket = document["kind"], Bracket(**document["bracket"])
        made: dict[str, Any] = dict(from_document(document))
        if kind == "signals":
            return Signals(**made, bracket=bracket)
        if kind == "weights":
            return Weights(**made, every=document["every"], bracket=bracket)
    except (ValueError, KeyError, TypeError) as error:
        raise StrategyError(f"not rules: {type(error).__name__}: {error}") from error
    raise StrategyError(f"not rules: kind {kind!r} is neither 'signals' nor 'weights'")


def _as_condition(name: str, value: Any) -> None:
    try:
        condition(value)
    except StrategyError as error:
        raise StrategyError(f"{name}: {error}") from None
