"""What a strategy asks for: actions, and the bracket that watches a position afterwards.

``docs/guide/orders.md`` shows every kind of order at work, ``docs/semantics.md`` says exactly when
and at what price each one fills.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from stockstream.errors import ConfigError, StrategyError

__all__ = [
    "NO_BRACKET",
    "Action",
    "ActionKind",
    "Bracket",
    "OrderType",
    "SizeIn",
    "Ticket",
    "TimeInForce",
]


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
            if value < 0 or value % 1 != 0:
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


class OrderType(StrEnum):
    """When an order may fill; it follows from the prices that it names."""

    MARKET = "market"
    LIMIT = "limit"
    STOP = "stop"
    STOP_LIMIT = "stop_limit"


class TimeInForce(StrEnum):
    """How long an order works: until it is filled, replaced or cancelled, or for one bar."""

    GTC = "gtc"
    DAY = "day"


class SizeIn(StrEnum):
    """What the size of an entry by signals means."""

    WEIGHT = "weight"
    VALUE = "value"
    QUANTITY = "quantity"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What all orders of some rules have in common.

    Attributes:
        size_in: whether sizes are shares of equity, money or shares.
        day: entries lapse after the first bar in which they worked; otherwise they keep working.
        bracket: exits of every position that is opened.
    """

    size_in: SizeIn = SizeIn.WEIGHT
    day: bool = False
    bracket: Bracket = NO_BRACKET


class ActionKind(StrEnum):
    """What the value of an :class:`Action` means."""

    TARGET_WEIGHT = "target_weight"
    TARGET_VALUE = "target_value"
    TARGET_QUANTITY = "target_quantity"
    TRADE_QUANTITY = "trade_quantity"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Action:
    """One order, made by one of the class methods below.

    ``symbol`` may be left out where the engine knows it (in ``on_data``); ``bracket`` watches the
    position that the order opens or increases. An order that names no price is a market order.

    Attributes:
        kind: what ``value`` means.
        value: share of equity, value in money, or shares; negative is short, or a sale.
        limit: buy at this price or lower, sell at this price or higher; as traded, above zero.
        stop: buy once the price is this high, sell once it is this low; with ``limit`` too, the
            stop turns the order into a limit order.
        day: lapse after the first bar in which the order worked; otherwise it works until it is
            filled, replaced or cancelled.

    Raises:
        StrategyError: a value or a price that is no number, or a price of zero or below.
    """

    kind: ActionKind
    value: float
    symbol: str | None = None
    bracket: Bracket = NO_BRACKET
    limit: float | None = None
    stop: float | None = None
    day: bool = False

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            raise StrategyError(
                f"{self.kind} of {self.value!r} for {self.symbol or 'this symbol'}: "
                "an order needs a finite number (an indicator that has not warmed up is NaN)"
            )
        for name, price in (("limit", self.limit), ("stop", self.stop)):
            if price is not None and not 0.0 < price < math.inf:
                raise StrategyError(
                    f"{name}={price!r} for {self.symbol or 'this symbol'}: give a price as traded, "
                    "above zero, or leave it out"
                )

    @property
    def order_type(self) -> OrderType:
        """Market, limit, stop or stop-limit."""
        if self.stop is None:
            return OrderType.MARKET if self.limit is None else OrderType.LIMIT
        return OrderType.STOP if self.limit is None else OrderType.STOP_LIMIT

    @property
    def time_in_force(self) -> TimeInForce:
        """Good till cancelled, or for one bar."""
        return TimeInForce.DAY if self.day else TimeInForce.GTC

    @classmethod
    def target_weight(
        cls,
        weight: float,
        symbol: str | None = None,
        bracket: Bracket = NO_BRACKET,
        *,
        limit: float | None = None,
        stop: float | None = None,
        day: bool = False,
    ) -> Action:
        """Hold this share of equity: 0.1 is 10 % long, -0.1 is 10 % short."""
        return cls(ActionKind.TARGET_WEIGHT, weight, symbol, bracket, limit, stop, day)

    @classmethod
    def target_value(
        cls,
        value: float,
        symbol: str | None = None,
        bracket: Bracket = NO_BRACKET,
        *,
        limit: float | None = None,
        stop: float | None = None,
        day: bool = False,
    ) -> Action:
        """Hold shares worth this much money; negative is short."""
        return cls(ActionKind.TARGET_VALUE, value, symbol, bracket, limit, stop, day)

    @classmethod
    def target_quantity(
        cls,
        quantity: float,
        symbol: str | None = None,
        bracket: Bracket = NO_BRACKET,
        *,
        limit: float | None = None,
        stop: float | None = None,
        day: bool = False,
    ) -> Action:
        """Hold this many shares; negative is short."""
        return cls(ActionKind.TARGET_QUANTITY, quantity, symbol, bracket, limit, stop, day)

    @classmethod
    def buy(
        cls,
        quantity: float,
        symbol: str | None = None,
        bracket: Bracket = NO_BRACKET,
        *,
        limit: float | None = None,
        stop: float | None = None,
        day: bool = False,
    ) -> Action:
        """Buy this many shares, more than none."""
        shares = _positive("buy", quantity)
        return cls(ActionKind.TRADE_QUANTITY, shares, symbol, bracket, limit, stop, day)

    @classmethod
    def sell(
        cls,
        quantity: float,
        symbol: str | None = None,
        bracket: Bracket = NO_BRACKET,
        *,
        limit: float | None = None,
        stop: float | None = None,
        day: bool = False,
    ) -> Action:
        """Sell this many shares, more than none; beyond what is held it goes short."""
        shares = -_positive("sell", quantity)
        return cls(ActionKind.TRADE_QUANTITY, shares, symbol, bracket, limit, stop, day)

    @classmethod
    def close(
        cls,
        symbol: str | None = None,
        *,
        limit: float | None = None,
        stop: float | None = None,
        day: bool = False,
    ) -> Action:
        """Hold no shares."""
        return cls(ActionKind.TARGET_QUANTITY, 0.0, symbol, NO_BRACKET, limit, stop, day)

    @classmethod
    def cancel(cls, symbol: str | None = None) -> Action:
        """Take the symbol's working order back; nothing happens if there is none."""
        return cls(ActionKind.CANCEL, 0.0, symbol)


def _positive(verb: str, quantity: float) -> float:
    if not quantity > 0.0:
        raise StrategyError(
            f"{verb}({quantity!r}): give a number of shares above zero; "
            "Action.target_quantity sets a position, and Action.close ends it"
        )
    return quantity
