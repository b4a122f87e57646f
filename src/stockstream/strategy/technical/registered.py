"""Any registered indicator as an expression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.strategy.checks import indicator_spec
from stockstream.strategy.expression import number
from stockstream.strategy.node import Expr

if TYPE_CHECKING:
    from stockstream.strategy.expression import Number, Operand

__all__ = ["indicator"]


def indicator(name: str, *inputs: Operand, parameters: tuple[float, ...]) -> tuple[Number, ...]:
    """Any registered indicator, one of your own included; its outputs in their order.

    Raises:
        UnknownNameError: no indicator has this name.
        StrategyError: it works on another number of inputs.
        ConfigError: parameters that do not fit.
    """
    arguments = tuple(number(x) for x in inputs)
    return tuple(
        Expr.make("indicator", arguments, (name, output, *parameters))
        for output in indicator_spec(name).outputs
    )
