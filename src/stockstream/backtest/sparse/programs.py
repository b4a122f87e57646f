"""Programs: what the rules of many points come to, as arrays that a kernel reads.

A program enters and leaves by one test each. A test compares two numbers of a bar, a number with a
constant, or reads a condition that was computed beforehand. The points of one batch share the
operation of their tests and differ in which numbers they compare, and in constants.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from stockstream.strategy.node import Expr

    Floats: TypeAlias = NDArray[np.float64]
    Ints: TypeAlias = NDArray[np.int64]

__all__ = [
    "ABOVE",
    "AT_LEAST",
    "AT_MOST",
    "BELOW",
    "CROSSES_ABOVE",
    "CROSSES_BELOW",
    "GIVEN",
    "NEVER",
    "Programs",
    "Test",
]

NEVER = 0
ABOVE = 1  # a > b
BELOW = 2  # a < b
AT_LEAST = 3  # a >= b
AT_MOST = 4  # a <= b
CROSSES_ABOVE = 5
CROSSES_BELOW = 6
GIVEN = 7  # row a of the conditions


class Test(NamedTuple):
    """When something is done, for each point.

    A test with NaN is false.

    Attributes:
        op: what is asked, the same for every point.
        a: ``[n]``, row of the numbers (of the conditions for ``GIVEN``).
        b: ``[n]``, row of the numbers that it is compared with; -1: with ``constant``.
        constant: ``[n]``, NaN where there is none.
    """

    op: int
    a: Ints
    b: Ints
    constant: Floats


class Programs(NamedTuple):
    """Rules of one shape, for many points; all trade one symbol, long only.

    Attributes:
        points: ``[n]``, places of the points in their block.
        enter, exit: when to buy, when to sell.
        weight: ``[n]``, share of equity that an entry buys.
        stop_loss, take_profit, trailing_stop: ``[n]`` each, fractions; 0.0 is off.
        max_bars, cooldown: ``[n]`` each, bars; 0 is off.
        numbers: the expressions that ``a`` and ``b`` are rows of.
        conditions: those that ``a`` of a ``GIVEN`` test is a row of.
    """

    points: Ints
    enter: Test
    exit: Test
    weight: Floats
    stop_loss: Floats
    take_profit: Floats
    trailing_stop: Floats
    max_bars: Ints
    cooldown: Ints
    numbers: tuple[Expr, ...]
    conditions: tuple[Expr, ...]
