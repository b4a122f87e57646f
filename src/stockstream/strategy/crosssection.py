"""Across the symbols of a session: neutral scores, picks, and weights for a whole portfolio.

Each takes the symbols that have a bar that day and a finite value. Of equal values that of the
symbol named earlier in the universe counts as the higher one, and sums run in the universe's order.
The methods of a number (``rank``, ``zscore``, ``quantile``, ``demean``, ``winsorise``, ``among``)
do the rest.
"""

from __future__ import annotations

from functools import reduce
from operator import add
from typing import TYPE_CHECKING

from stockstream.errors import StrategyError
from stockstream.strategy.expression import condition, number
from stockstream.strategy.node import Expr

if TYPE_CHECKING:
    from collections.abc import Iterable

    from stockstream.strategy.expression import Condition, Number, Operand

__all__ = ["equal_weight", "long_short", "neutralise", "sum_of", "top"]


def neutralise(x: Number, by: Operand) -> Number:
    """The value less the mean of the symbol's group: ``neutralise(score, by=bars.sector)``.

    Symbols with the same number ``by`` are one group; those whose group is not a finite number are
    one group too.
    """
    made: Number = Expr.make("neutralise", (number(x), number(by)))
    return made


def top(x: Number, n: int) -> Condition:
    """Whether the symbol has one of the ``n`` highest values of the session.

    The lowest are ``top(-x, n)``. False where the value is not known.

    Raises:
        StrategyError: ``n`` is not a whole number of at least 1.
    """
    made: Condition = Expr.make("top", (number(x),), (n,))
    return made


def long_short(x: Number, quantile: float = 0.2, gross: float = 1.0) -> Number:
    """Weights that hold the symbols of the highest values and are short those of the lowest.

    Each side has k symbols in equal parts of ``gross / 2``; k is ``quantile`` times the number of
    symbols with a value, rounded down and at least 1. All others get 0.0, those too whose value is
    not known; so do all where fewer than two symbols have a value.

    Args:
        x: the score; high is good.
        quantile: share of the symbols on each side, at most 0.5.
        gross: long and short together, as a multiple of equity.

    Raises:
        StrategyError: ``quantile`` or ``gross`` is out of range.
    """
    made: Number = Expr.make("long_short", (number(x),), (quantile, gross))
    return made


def equal_weight(holds: Condition) -> Number:
    """Weights that divide equity by the symbols where the condition holds; 0.0 for the others."""
    made: Number = Expr.make("equal_weight", (condition(holds),))
    return made


def sum_of(numbers: Iterable[Operand]) -> Number:
    """The sum of some numbers, in their order; NaN where one of them is.

    Raises:
        StrategyError: there are none.
    """
    terms = [number(x) for x in numbers]
    if not terms:
        raise StrategyError("sum_of has nothing to add: give at least one number")
    return reduce(add, terms)
