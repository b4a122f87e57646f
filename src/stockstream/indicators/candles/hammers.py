"""Candles with a small body and one long shadow: hammer, hanging man, and both upside down.

The same shape is good news at the bottom and bad news at the top, so each rule looks at the bar
before; none asks for a trend. By the rules of TA-Lib.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.candles.anatomy import (
    body,
    body_average,
    bottom,
    candle_slots,
    high_of,
    low_of,
    lower_shadow,
    near,
    remember,
    tenth_of_range,
    top,
    upper_shadow,
)
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "HAMMER",
    "HANGING_MAN",
    "INVERTED_HAMMER",
    "SHOOTING_STAR",
    "Hammer",
    "HangingMan",
    "InvertedHammer",
    "ShootingStar",
    "hammer_array",
    "hammer_step",
    "hanging_man_array",
    "hanging_man_step",
    "inverted_hammer_array",
    "inverted_hammer_step",
    "shooting_star_array",
    "shooting_star_step",
]


@kernel
def hammer_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A small body on a long lower shadow, low beside the bar before: 100.0, else 0.0.

    The body is shorter than the mean of ten, the lower shadow longer than the body, the upper one
    very short; the body is at or below the low before, or near it (TA-Lib's CDLHAMMER).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 11:
        return math.nan
    first = seen == 12
    usual = body_average(state, 0, 0, first, at)
    small = tenth_of_range(state, 1, 0, first, at)
    slack = near(state, 2, 1, first, at)
    small_body = body(state, 0, at) < usual
    shape = lower_shadow(state, 0, at) > body(state, 0, at) and upper_shadow(state, 0, at) < small
    low_down = bottom(state, 0, at) <= low_of(state, 1, at) + slack
    return 100.0 if small_body and shape and low_down else 0.0


@kernel
def hammer_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`hammer_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = hammer_step(state, opening[t], high[t], low[t], close[t])


@kernel
def hanging_man_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A hammer high beside the bar before: -100.0, else 0.0.

    As ``hammer``, but the body is at or above the high before, or near it (TA-Lib's
    CDLHANGINGMAN).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 11:
        return math.nan
    first = seen == 12
    usual = body_average(state, 0, 0, first, at)
    small = tenth_of_range(state, 1, 0, first, at)
    slack = near(state, 2, 1, first, at)
    small_body = body(state, 0, at) < usual
    shape = lower_shadow(state, 0, at) > body(state, 0, at) and upper_shadow(state, 0, at) < small
    high_up = bottom(state, 0, at) >= high_of(state, 1, at) - slack
    return -100.0 if small_body and shape and high_up else 0.0


@kernel
def hanging_man_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`hanging_man_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = hanging_man_step(state, opening[t], high[t], low[t], close[t])


@kernel
def inverted_hammer_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A small body under a long upper shadow, below the body before: 100.0, else 0.0.

    The body is shorter than the mean of ten, the upper shadow longer than the body, the lower one
    very short; the body lies below that of the bar before (TA-Lib's CDLINVERTEDHAMMER).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 11:
        return math.nan
    first = seen == 12
    usual = body_average(state, 0, 0, first, at)
    small = tenth_of_range(state, 1, 0, first, at)
    small_body = body(state, 0, at) < usual
    shape = upper_shadow(state, 0, at) > body(state, 0, at) and lower_shadow(state, 0, at) < small
    gap = top(state, 0, at) < bottom(state, 1, at)
    return 100.0 if small_body and shape and gap else 0.0


@kernel
def inverted_hammer_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`inverted_hammer_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = inverted_hammer_step(state, opening[t], high[t], low[t], close[t])


@kernel
def shooting_star_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """An inverted hammer above the body before: -100.0, else 0.0.

    As ``inverted_hammer``, but the body lies above that of the bar before (TA-Lib's
    CDLSHOOTINGSTAR).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 11:
        return math.nan
    first = seen == 12
    usual = body_average(state, 0, 0, first, at)
    small = tenth_of_range(state, 1, 0, first, at)
    small_body = body(state, 0, at) < usual
    shape = upper_shadow(state, 0, at) > body(state, 0, at) and lower_shadow(state, 0, at) < small
    gap = bottom(state, 0, at) > top(state, 1, at)
    return -100.0 if small_body and shape and gap else 0.0


@kernel
def shooting_star_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`shooting_star_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = shooting_star_step(state, opening[t], high[t], low[t], close[t])


def _hammer_reach() -> int:
    return 11


def _hanging_man_reach() -> int:
    return 11


def _inverted_hammer_reach() -> int:
    return 11


def _shooting_star_reach() -> int:
    return 11


HAMMER = IndicatorSpec(
    name="hammer",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("hammer",),
    step=hammer_step,
    array=hammer_array,
    slots=candle_slots,
    reach=_hammer_reach,
)

HANGING_MAN = IndicatorSpec(
    name="hanging_man",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("hanging_man",),
    step=hanging_man_step,
    array=hanging_man_array,
    slots=candle_slots,
    reach=_hanging_man_reach,
)

INVERTED_HAMMER = IndicatorSpec(
    name="inverted_hammer",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("inverted_hammer",),
    step=inverted_hammer_step,
    array=inverted_hammer_array,
    slots=candle_slots,
    reach=_inverted_hammer_reach,
)

SHOOTING_STAR = IndicatorSpec(
    name="shooting_star",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("shooting_star",),
    step=shooting_star_step,
    array=shooting_star_array,
    slots=candle_slots,
    reach=_shooting_star_reach,
)


@dataclass(frozen=True)
class Hammer(KernelIndicator):
    """A small body on a long lower shadow, low down; adds ``hammer``."""

    spec: ClassVar[IndicatorSpec] = HAMMER


@dataclass(frozen=True)
class HangingMan(KernelIndicator):
    """A hammer high up; adds ``hanging_man``."""

    spec: ClassVar[IndicatorSpec] = HANGING_MAN


@dataclass(frozen=True)
class InvertedHammer(KernelIndicator):
    """A small body under a long upper shadow, low down; adds ``inverted_hammer``."""

    spec: ClassVar[IndicatorSpec] = INVERTED_HAMMER


@dataclass(frozen=True)
class ShootingStar(KernelIndicator):
    """An inverted hammer high up; adds ``shooting_star``."""

    spec: ClassVar[IndicatorSpec] = SHOOTING_STAR
