"""Candles of three bars: morning star, evening star, three white soldiers, three black crows.

Positive is bullish. By the rules of TA-Lib, which ask for no trend before.
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
    close_of,
    colour,
    far,
    high_of,
    lower_shadow,
    near,
    open_of,
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
    "EVENING_STAR",
    "MORNING_STAR",
    "THREE_BLACK_CROWS",
    "THREE_WHITE_SOLDIERS",
    "EveningStar",
    "MorningStar",
    "ThreeBlackCrows",
    "ThreeWhiteSoldiers",
    "evening_star_array",
    "evening_star_step",
    "morning_star_array",
    "morning_star_step",
    "three_black_crows_array",
    "three_black_crows_step",
    "three_white_soldiers_array",
    "three_white_soldiers_step",
]


@kernel
def morning_star_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    penetration: float,
    at: int = 0,
) -> float:
    """A long black bar, a short body below it, a white bar back into the first: 100.0, else 0.0.

    The third closes more than ``penetration`` of the first body above its close, and is not short
    (TA-Lib's CDLMORNINGSTAR).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 12:
        return math.nan
    first = seen == 13
    usual_first = body_average(state, 0, 2, first, at)
    usual_star = body_average(state, 1, 1, first, at)
    usual = body_average(state, 2, 0, first, at)
    if colour(state, 2, at) > 0.0 or colour(state, 0, at) < 0.0:
        return 0.0
    bodies = body(state, 2, at) > usual_first and body(state, 1, at) <= usual_star
    gap = top(state, 1, at) < bottom(state, 2, at)
    back = close > close_of(state, 2, at) + body(state, 2, at) * penetration
    return 100.0 if bodies and gap and back and body(state, 0, at) > usual else 0.0


@kernel
def morning_star_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    penetration: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`morning_star_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = morning_star_step(state, opening[t], high[t], low[t], close[t], penetration)


@kernel
def evening_star_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    penetration: float,
    at: int = 0,
) -> float:
    """A long white bar, a short body above it, a black bar back into the first: -100.0, else 0.0.

    The third closes more than ``penetration`` of the first body below its close, and is not short
    (TA-Lib's CDLEVENINGSTAR).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 12:
        return math.nan
    first = seen == 13
    usual_first = body_average(state, 0, 2, first, at)
    usual_star = body_average(state, 1, 1, first, at)
    usual = body_average(state, 2, 0, first, at)
    if colour(state, 2, at) < 0.0 or colour(state, 0, at) > 0.0:
        return 0.0
    bodies = body(state, 2, at) > usual_first and body(state, 1, at) <= usual_star
    gap = bottom(state, 1, at) > top(state, 2, at)
    back = close < close_of(state, 2, at) - body(state, 2, at) * penetration
    return -100.0 if bodies and gap and back and body(state, 0, at) > usual else 0.0


@kernel
def evening_star_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    penetration: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`evening_star_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = evening_star_step(state, opening[t], high[t], low[t], close[t], penetration)


@kernel
def three_white_soldiers_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """Three white bars, each closing higher near its high: 100.0, else 0.0.

    Each opens within or near the body before it, above its open; no body is far shorter than the
    one before, and the last is not short (TA-Lib's CDL3WHITESOLDIERS).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 12:
        return math.nan
    first = seen == 13
    ranks = True
    for ago in range(2, -1, -1):
        small = tenth_of_range(state, ago, ago, first, at)
        ranks = ranks and colour(state, ago, at) > 0.0 and upper_shadow(state, ago, at) < small
    for ago in range(1, -1, -1):
        slack = near(state, 3 + ago, ago + 1, first, at)
        less = far(state, 5 + ago, ago + 1, first, at)
        ranks = ranks and close_of(state, ago, at) > close_of(state, ago + 1, at)
        ranks = ranks and open_of(state, ago, at) > open_of(state, ago + 1, at)
        ranks = ranks and open_of(state, ago, at) <= close_of(state, ago + 1, at) + slack
        ranks = ranks and body(state, ago, at) > body(state, ago + 1, at) - less
    usual = body_average(state, 7, 0, first, at)
    return 100.0 if ranks and body(state, 0, at) > usual else 0.0


@kernel
def three_white_soldiers_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`three_white_soldiers_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = three_white_soldiers_step(state, opening[t], high[t], low[t], close[t])


@kernel
def three_black_crows_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """After a white bar three black ones, each closing lower near its low: -100.0, else 0.0.

    Each opens within the body before it; the first closes below the high of the white bar (TA-Lib's
    CDL3BLACKCROWS).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 13:
        return math.nan
    first = seen == 14
    flock = colour(state, 3, at) > 0.0 and high_of(state, 3, at) > close_of(state, 2, at)
    for ago in range(2, -1, -1):
        small = tenth_of_range(state, ago, ago, first, at)
        flock = flock and colour(state, ago, at) < 0.0 and lower_shadow(state, ago, at) < small
    for ago in range(1, -1, -1):
        flock = flock and open_of(state, ago, at) < open_of(state, ago + 1, at)
        flock = flock and open_of(state, ago, at) > close_of(state, ago + 1, at)
        flock = flock and close_of(state, ago, at) < close_of(state, ago + 1, at)
    return -100.0 if flock else 0.0


@kernel
def three_black_crows_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`three_black_crows_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = three_black_crows_step(state, opening[t], high[t], low[t], close[t])


def _morning_star_reach(_penetration: float) -> int:
    return 12


def _evening_star_reach(_penetration: float) -> int:
    return 12


def _three_white_soldiers_reach() -> int:
    return 12


def _three_black_crows_reach() -> int:
    return 13


MORNING_STAR = IndicatorSpec(
    name="morning_star",
    inputs=("open", "high", "low", "close"),
    parameters=("penetration",),
    defaults=(0.3,),
    minimums=(0.0,),
    outputs=("morning_star",),
    step=morning_star_step,
    array=morning_star_array,
    slots=candle_slots,
    reach=_morning_star_reach,
)

EVENING_STAR = IndicatorSpec(
    name="evening_star",
    inputs=("open", "high", "low", "close"),
    parameters=("penetration",),
    defaults=(0.3,),
    minimums=(0.0,),
    outputs=("evening_star",),
    step=evening_star_step,
    array=evening_star_array,
    slots=candle_slots,
    reach=_evening_star_reach,
)

THREE_WHITE_SOLDIERS = IndicatorSpec(
    name="three_white_soldiers",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("three_white_soldiers",),
    step=three_white_soldiers_step,
    array=three_white_soldiers_array,
    slots=candle_slots,
    reach=_three_white_soldiers_reach,
)

THREE_BLACK_CROWS = IndicatorSpec(
    name="three_black_crows",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("three_black_crows",),
    step=three_black_crows_step,
    array=three_black_crows_array,
    slots=candle_slots,
    reach=_three_black_crows_reach,
)


@dataclass(frozen=True)
class MorningStar(KernelIndicator):
    """Black, a small body below, white; adds ``morning_star_<penetration>``."""

    spec: ClassVar[IndicatorSpec] = MORNING_STAR

    penetration: float = 0.3


@dataclass(frozen=True)
class EveningStar(KernelIndicator):
    """White, a small body above, black; adds ``evening_star_<penetration>``."""

    spec: ClassVar[IndicatorSpec] = EVENING_STAR

    penetration: float = 0.3


@dataclass(frozen=True)
class ThreeWhiteSoldiers(KernelIndicator):
    """Three white bars that march up; adds ``three_white_soldiers``."""

    spec: ClassVar[IndicatorSpec] = THREE_WHITE_SOLDIERS


@dataclass(frozen=True)
class ThreeBlackCrows(KernelIndicator):
    """Three black bars that go down after a white one; adds ``three_black_crows``."""

    spec: ClassVar[IndicatorSpec] = THREE_BLACK_CROWS
