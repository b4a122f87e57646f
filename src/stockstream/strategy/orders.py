"""What a strategy asks for: actions, and the bracket that watches a position afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from stockstream.errors import ConfigError, StrategyError

__all__ = ["NO_BRACKET", "Action", "ActionKind", "Bracket"]


@dataclass(frozen=True, slots=True)
class Bracket:
    """Exits that the broker watches from the entry bar on; zero switches one off.

    Attributes:
        stop_loss: fraction of the entry price lost at which the position is closed, in [0, 1).
        take_profit: fraction of the entry price won at which the position is closed.
        trailing_stop: fraction of the best price since the entry lost at which the position is
            closed, in [0, 1).
        max_bars: sessions held, that of the entry included, after whose close the position is sold.
        cooldown: bars for which a stopped-out symbol is not entered again.

    Raises:
        ConfigError: a value that is out of range; fractions are asked for, 0.05 is 5 %.
    """

    stop_loss: float = 0.0
    take_profit: float = 0.0
    trailing_stop: float = 0.0
    max_bars: int = 0
    cooldown: int = 0

    def __post_init__(self) -> None:
        for name in ("stop_loss", "trailing_stop"):
            value = getattr(self, name)
            if not 0.0 <= value < 1.0:
                raise ConfigError(
                    f"{name}={value!r} is not in [0, 1): it is a fraction, so 5 % is 0.05"
                )
        if not 0.0 <= self.take_profit < math.inf:
            raise ConfigError(
                f"take_profit={self.take_profit!r} is not a fraction of at least 0: 10 % is 0.1"
            )
        for name in ("max_bars", "cooldown"):
            value = getattr(self, name)
            if value < 0 or value != int(value):
                raise ConfigError(f"{name}={value!r} is not a whole number of bars of at least 0")

    def as_row(self) -> tuple[float, float, float, int, int]:
        """The five values in the order of the attributes, as the broker kernel keeps them."""
        return (
            float(self.stop_loss),
            float(self.take_profit),
            float(self.trailing_stop),
            int(self.max_bars),
            int(self.cooldown),
        )


NO_BRACKET = Bracket()


class ActionKind(StrEnum):
    """What the value of an :class:`Action` means."""

    TARGET_WEIGHT = "target_weight"
    TARGET_VALUE = "target_value"
    TARGET_QUANTITY = "target_quantity"
    TRADE_QUANTITY = "trade_quantity"


@dataclass(frozen=True, slots=True)
class Action:
    """One order, made by one of the class methods below.

    ``symbol`` may be left out where the engine knows it (in ``on_data``); ``bracket`` watches the
    position that the order opens or increases.

    Attributes:
        kind: what ``value`` means.
        value: share of equity, value in money, or shares; negative is short, or a sale.
    """

    kind: ActionKind
    value: float
    symbol: str | None = None
    bracket: Bracket = NO_BRACKET

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise StrategyError(
                f"{self.kind} of {self.value!r} for {self.symbol or 'this symbol'}: "
                "an order needs a finite number (an indicator that has not warmed up is NaN)"
            )

    @classmethod
    def target_weight(
        cls, weight: float, symbol: str | None = None, bracket: Bracket = NO_BRACKET
    ) -> Action:
        """Hold this share of equity: 0.1 is 10 % long, -0.1 is 10 % short."""
        return cls(ActionKind.TARGET_WEIGHT, weight, symbol, bracket)

    @classmethod
    def target_value(
        cls, value: float, symbol: str | None = None, bracket: Bracket = NO_BRACKET
    ) -> Action:
        """Hold shares worth this much money; negative is short."""
        return cls(ActionKind.TARGET_VALUE, value, symbol, bracket)

    @classmethod
    def target_quantity(
        cls, quantity: float, symbol: str | None = None, bracket: Bracket = NO_BRACKET
    ) -> Action:
        """Hold this many shares; negative is short."""
        return cls(ActionKind.TARGET_QUANTITY, quantity, symbol, bracket)

    @classmethod
    def buy(
        cls, quantity: float, symbol: str | None = None, bracket: Bracket = NO_BRACKET
    ) -> Action:
        """Buy this many shares, more than none."""
        return cls(ActionKind.TRADE_QUANTITY, _positive("buy", quantity), symbol, bracket)

    @classmethod
    def sell(
        cls, quantity: float, symbol: str | None = None, bracket: Bracket = NO_BRACKET
    ) -> Action:
        """Sell this many shares, more than none; beyond what is held it goes short."""
        return cls(ActionKind.TRADE_QUANTITY, -_positive("sell", quantity), symbol, bracket)

    @classmethod
    def close(cls, symbol: str | None = None) -> Action:
        """Hold no shares."""
        return cls(ActionKind.TARGET_QUANTITY, 0.0, symbol)


def _positive(verb: str, quantity: float) -> float:
    if not quantity > 0.0:
        raise StrategyError(
            f"{verb}({quantity!r}): give a number of shares above zero; "
            "Action.target_quantity sets a position, and Action.close ends it"
        )
    return quantity
