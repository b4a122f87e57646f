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
from stockstream.strategy.node import from_document, in_order, to_document
from stockstream.strategy.operations import FIELDS
from stockstream.strategy.orders import NO_BRACKET, Bracket, SizeIn
from stockstream.strategy.schedule import check_schedule

if TYPE_CHECKING:
    from stockstream.strategy.expression import Condition, Expr, Operand

__all__ = ["Rules", "Signals", "Weights", "rules_from_json"]

_CONDITIONS = ("enter_long", "exit_long", "enter_short", "exit_short")
_SIZES = {"weight": SizeIn.WEIGHT, "value": SizeIn.VALUE, "quantity": SizeIn.QUANTITY}
_NUMBERS = (*_SIZES, "limit", "stop")


class _Rules(ABC):
    """What both kinds of rules can do."""

    __slots__ = ()

    @abstractmethod
    def expressions(self) -> dict[str, Expr]:
        """The expressions by name, those that were left out missing."""

    def lookback(self) -> int:
        """Bars before a bar that its decision rests on."""
        return max(expression.lookback() for expression in self.expressions().values())

    def columns(self) -> tuple[str, ...]:
        """What they read beside the bars, sorted: factors as ``factor:NAME``, ``sector`` ..."""
        nodes = in_order(self.expressions().values())
        read = {str(node.parameters[0]) for node in nodes if node.operation == "field"}
        return tuple(sorted(read - set(FIELDS)))

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

    The size of a position is a ``weight``, a ``value`` or a ``quantity``, as known when the order
    is placed. Where it is not a number above zero, nothing is entered; the same holds for a
    ``limit`` or ``stop`` that is given.

    Attributes:
        enter_long, exit_long, enter_short, exit_short: conditions; None is never.
        weight: share of equity per position; without any size it is one by the number of symbols.
        value: money per position.
        quantity: shares per position.
        limit: entries fill at this price or better; on the scale of ``bars.close``, like
            ``stop``. Exits are market orders.
        stop: entries wait until the market trades there: above it to buy, below it to sell short.
        day: entries that have not filled in the next bar are dropped; without, they wait until
            another order of the symbol takes their place.
        bracket: exits that the broker watches.

    Raises:
        StrategyError: no entry is given, or something else than an expression.
        ConfigError: several sizes, or a size or price that is not above zero.
    """

    enter_long: Condition | None = None
    exit_long: Condition | None = None
    enter_short: Condition | None = None
    exit_short: Condition | None = None
    weight: Operand | None = None
    bracket: Bracket = NO_BRACKET
    value: Operand | None = None
    quantity: Operand | None = None
    limit: Operand | None = None
    stop: Operand | None = None
    day: bool = False

    def __post_init__(self) -> None:
        for name in _CONDITIONS:
            value = getattr(self, name)
            if value is not None:
                _as_condition(name, value)
        if self.enter_long is None and self.enter_short is None:
            raise StrategyError(
                "Signals without an entry never trade: give enter_long or enter_short"
            )
        sizes = [name for name in _SIZES if getattr(self, name) is not None]
        if len(sizes) > 1:
            raise ConfigError(f"{' and '.join(sizes)} are several sizes of one position: give one")
        for name in _NUMBERS:
            _demand_above_zero(name, getattr(self, name))

    @property
    def size_in(self) -> SizeIn:
        """What the size of a position is counted in."""
        given = (name for name in _SIZES if getattr(self, name) is not None)
        return _SIZES[next(given, "weight")]

    def expressions(self) -> dict[str, Expr]:
        """The expressions by name, those that were left out missing."""
        given = {name: getattr(self, name) for name in _CONDITIONS}
        found: dict[str, Expr] = {name: value for name, value in given.items() if value is not None}
        for name in _NUMBERS:
            value = getattr(self, name)
            if value is not None:
                found[name] = number(value)
        return found

    def _document(self) -> dict[str, Any]:
        graph = to_document(self.expressions())
        return {"kind": "signals", **graph, "day": self.day, "bracket": asdict(self.bracket)}


@dataclass(frozen=True, slots=True)
class Weights(_Rules):
    """How much of each symbol to hold.

    Attributes:
        target: share of equity to hold in the symbol; negative is short; NaN leaves the position
            as it is.
        every: when to rebalance. A number of sessions from one to the next, beginning with the
            first of the run; or ``"day"``, ``"week"``, ``"month"``, ``"quarter"`` for the last
            session of each by the exchange's calendar, ``"week_start"``, ``"month_start"`` and
            ``"quarter_start"`` for the first one. A session on which nothing of the run traded is
            made good at the next.
        offset: how many sessions later than that.
        bracket: exits that the broker watches.

    Raises:
        ConfigError: ``every`` or ``offset`` cannot be used.
        StrategyError: ``target`` is no expression of numbers.
    """

    target: Operand
    every: int | str = 1
    bracket: Bracket = NO_BRACKET
    offset: int = 0

    def __post_init__(self) -> None:
        number(self.target)
        check_schedule(self.every, self.offset)

    def expressions(self) -> dict[str, Expr]:
        """The target, by its name."""
        return {"target": number(self.target)}

    def _document(self) -> dict[str, Any]:
        graph = to_document(self.expressions())
        every = self.every if isinstance(self.every, str) else int(self.every)
        return {
            "kind": "weights",
            **graph,
            "every": every,
            "offset": int(self.offset),
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
            return Signals(**made, day=document["day"], bracket=bracket)
        if kind == "weights":
            every, offset = document["every"], document["offset"]
            return Weights(**made, every=every, offset=offset, bracket=bracket)
    except (ValueError, KeyError, TypeError) as error:
        raise StrategyError(f"not rules: {type(error).__name__}: {error}") from error
    raise StrategyError(f"not rules: kind {kind!r} is neither 'signals' nor 'weights'")


def _as_condition(name: str, value: Any) -> None:
    try:
        condition(value)
    except StrategyError as error:
        raise StrategyError(f"{name}: {error}") from None


_HINTS = {
    "weight": "is no share of equity: 10 % is 0.1; a short position is asked for with enter_short",
    "value": "is no amount of money to open a position with",
    "quantity": "is no number of shares to open a position with",
    "limit": "is no price",
    "stop": "is no price",
}


def _demand_above_zero(name: str, value: Any) -> None:
    if value is None:
        return
    number(value)
    if isinstance(value, int | float) and not 0.0 < value < math.inf:
        raise ConfigError(f"{name}={value!r} {_HINTS[name]}")
