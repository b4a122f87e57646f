"""Candles of two bars: engulfing, harami, piercing line, dark cloud cover.

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
    high_of,
    low_of,
    open_of,
    remember,
    top,
)
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "DARK_CLOUD_COVER",
    "ENGULFING",
    "HARAMI",
    "PIERCING",
    "DarkCloudCover",
    "Engulfing",
    "Harami",
    "PiercingLine",
    "dark_cloud_cover_array",
    "dark_cloud_cover_step",
    "engulfing_array",
    "engulfing_step",
    "harami_array",
    "harami_step",
    "piercing_array",
    "piercing_step",
]


@kernel
def engulfing_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A body that holds the whole body before, of the other colour: 100.0 or -100.0, else 0.0.

    Positive where the second bar is white. 80.0 or -80.0 where the two bodies share one end.
    TA-Lib's CDLENGULFING, which begins one bar later.
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 1:
        return math.nan
    tint = colour(state, 0, at)
    lower = bottom(state, 1, at) - bottom(state, 0, at)
    upper = top(state, 0, at) - top(state, 1, at)
    if tint == colour(state, 1, at) or lower < 0.0 or upper < 0.0 or lower + upper <= 0.0:
        return 0.0
    return tint * 100.0 if lower > 0.0 and upper > 0.0 else tint * 80.0


@kernel
def engulfing_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`engulfing_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = engulfing_step(state, opening[t], high[t], low[t], close[t])


@kernel
def harami_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A short body within the long body before: 100.0 or -100.0, else 0.0.

    Positive where the first bar is black. 80.0 or -80.0 where the two bodies share one end
    (TA-Lib's CDLHARAMI).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 11:
        return math.nan
    first = seen == 12
    usual_before = body_average(state, 0, 1, first, at)
    usual = body_average(state, 1, 0, first, at)
    if body(state, 1, at) <= usual_before or body(state, 0, at) > usual:
        return 0.0
    tint = -colour(state, 1, at)
    if top(state, 0, at) < top(state, 1, at) and bottom(state, 0, at) > bottom(state, 1, at):
        return tint * 100.0
    if top(state, 0, at) <= top(state, 1, at) and bottom(state, 0, at) >= bottom(state, 1, at):
        return tint * 80.0
    return 0.0


@kernel
def harami_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`harami_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = harami_step(state, opening[t], high[t], low[t], close[t])


@kernel
def piercing_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A long white bar that opens below a long black one and closes in its upper half: 100.0.

    It opens below the low and closes above the middle of the body, below its open; else 0.0
    (TA-Lib's CDLPIERCING).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 11:
        return math.nan
    first = seen == 12
    usual_before = body_average(state, 0, 1, first, at)
    usual = body_average(state, 1, 0, first, at)
    if colour(state, 1, at) > 0.0 or colour(state, 0, at) < 0.0:
        return 0.0
    both_long = body(state, 1, at) > usual_before and body(state, 0, at) > usual
    middle = close_of(state, 1, at) + body(state, 1, at) * 0.5
    inside = close < open_of(state, 1, at) and close > middle
    return 100.0 if both_long and opening < low_of(state, 1, at) and inside else 0.0


@kernel
def piercing_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`piercing_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = piercing_step(state, opening[t], high[t], low[t], close[t])


@kernel
def dark_cloud_cover_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    penetration: float,
    at: int = 0,
) -> float:
    """A black bar that opens above a long white one and closes deep in its body: -100.0.

    It opens above the high and closes more than ``penetration`` of the body below its close, but
    above its open; else 0.0 (TA-Lib's CDLDARKCLOUDCOVER).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 11:
        return math.nan
    first = seen == 12
    usual_before = body_average(state, 0, 1, first, at)
    if colour(state, 1, at) < 0.0 or colour(state, 0, at) > 0.0:
        return 0.0
    depth = close_of(state, 1, at) - body(state, 1, at) * penetration
    inside = close > open_of(state, 1, at) and close < depth
    covers = opening > high_of(state, 1, at) and inside
    return -100.0 if covers and body(state, 1, at) > usual_before else 0.0


@kernel
def dark_cloud_cover_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    penetration: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`dark_cloud_cover_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = dark_cloud_cover_step(
                state, opening[t], high[t], low[t], close[t], penetration
            )


def _engulfing_reach() -> int:
    return 1


def _harami_reach() -> int:
    return 11


def _piercing_reach() -> int:
    return 11


def _dark_cloud_cover_reach(_penetration: float) -> int:
    return 11


ENGULFING = IndicatorSpec(
    name="engulfing",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("engulfing",),
    step=engulfing_step,
    array=engulfing_array,
    slots=candle_slots,
    reach=_engulfing_reach,
)

HARAMI = IndicatorSpec(
    name="harami",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("harami",),
    step=harami_step,
    array=harami_array,
    slots=candle_slots,
    reach=_harami_reach,
)

PIERCING = IndicatorSpec(
    name="piercing",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("piercing",),
    step=piercing_step,
    array=piercing_array,
    slots=candle_slots,
    reach=_piercing_reach,
)

DARK_CLOUD_COVER = IndicatorSpec(
    name="dark_cloud_cover",
    inputs=("open", "high", "low", "close"),
    parameters=("penetration",),
    defaults=(0.5,),
    minimums=(0.0,),
    outputs=("dark_cloud_cover",),
    step=dark_cloud_cover_step,
    array=dark_cloud_cover_array,
    slots=candle_slots,
    reach=_dark_cloud_cover_reach,
)


@dataclass(frozen=True)
class Engulfing(KernelIndicator):
    """A body that holds the whole body before; adds ``engulfing``."""

    spec: ClassVar[IndicatorSpec] = ENGULFING


@dataclass(frozen=True)
class Harami(KernelIndicator):
    """A short body within the long body before; adds ``harami``."""

    spec: ClassVar[IndicatorSpec] = HARAMI


@dataclass(frozen=True)
class PiercingLine(KernelIndicator):
    """White into the upper half of a black body; adds ``piercing``."""

    spec: ClassVar[IndicatorSpec] = PIERCING


@dataclass(frozen=True)
class DarkCloudCover(KernelIndicator):
    """Black deep into the white body before; adds ``dark_cloud_cover_<penetration>``."""

    spec: ClassVar[IndicatorSpec] = DARK_CLOUD_COVER

    penetration: float = 0.5
