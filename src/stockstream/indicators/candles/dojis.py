"""Candles of one bar whose body says it all: doji, dragonfly, gravestone, marubozu.

100.0 where the pattern is, -100.0 for a black marubozu, else 0.0; by the rules of TA-Lib.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.candles.anatomy import (
    body,
    body_average,
    candle_slots,
    colour,
    lower_shadow,
    remember,
    tenth_of_range,
    upper_shadow,
)
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "DOJI",
    "DRAGONFLY_DOJI",
    "GRAVESTONE_DOJI",
    "MARUBOZU",
    "Doji",
    "DragonflyDoji",
    "GravestoneDoji",
    "Marubozu",
    "doji_array",
    "doji_step",
    "dragonfly_doji_array",
    "dragonfly_doji_step",
    "gravestone_doji_array",
    "gravestone_doji_step",
    "marubozu_array",
    "marubozu_step",
]


@kernel
def doji_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """Open and close are as good as one: 100.0, else 0.0.

    The body is at most a tenth of the mean range of ten bars (TA-Lib's CDLDOJI). It says that
    buyers and sellers are even, not which way next.
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 10:
        return math.nan
    first = seen == 11
    small = tenth_of_range(state, 0, 0, first, at)
    return 100.0 if body(state, 0, at) <= small else 0.0


@kernel
def doji_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`doji_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = doji_step(state, opening[t], high[t], low[t], close[t])


@kernel
def dragonfly_doji_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A doji at the top of its range: 100.0, else 0.0.

    The upper shadow is very short and the lower one is not (TA-Lib's CDLDRAGONFLYDOJI).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 10:
        return math.nan
    first = seen == 11
    small = tenth_of_range(state, 0, 0, first, at)
    shape = body(state, 0, at) <= small and upper_shadow(state, 0, at) < small
    return 100.0 if shape and lower_shadow(state, 0, at) > small else 0.0


@kernel
def dragonfly_doji_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`dragonfly_doji_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = dragonfly_doji_step(state, opening[t], high[t], low[t], close[t])


@kernel
def gravestone_doji_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A doji at the bottom of its range: 100.0, else 0.0.

    The lower shadow is very short and the upper one is not (TA-Lib's CDLGRAVESTONEDOJI).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 10:
        return math.nan
    first = seen == 11
    small = tenth_of_range(state, 0, 0, first, at)
    shape = body(state, 0, at) <= small and lower_shadow(state, 0, at) < small
    return 100.0 if shape and upper_shadow(state, 0, at) > small else 0.0


@kernel
def gravestone_doji_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`gravestone_doji_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = gravestone_doji_step(state, opening[t], high[t], low[t], close[t])


@kernel
def marubozu_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    at: int = 0,
) -> float:
    """A long body without shadows: 100.0 white, -100.0 black, else 0.0.

    The body is longer than the mean of ten, both shadows are very short (TA-Lib's CDLMARUBOZU).
    """
    seen = remember(state, opening, high, low, close, at)
    if seen <= 10:
        return math.nan
    first = seen == 11
    usual = body_average(state, 0, 0, first, at)
    small = tenth_of_range(state, 1, 0, first, at)
    bare = upper_shadow(state, 0, at) < small and lower_shadow(state, 0, at) < small
    return colour(state, 0, at) * 100.0 if bare and body(state, 0, at) > usual else 0.0


@kernel
def marubozu_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`marubozu_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = marubozu_step(state, opening[t], high[t], low[t], close[t])


def _doji_reach() -> int:
    return 10


def _dragonfly_doji_reach() -> int:
    return 10


def _gravestone_doji_reach() -> int:
    return 10


def _marubozu_reach() -> int:
    return 10


DOJI = IndicatorSpec(
    name="doji",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("doji",),
    step=doji_step,
    array=doji_array,
    slots=candle_slots,
    reach=_doji_reach,
)

DRAGONFLY_DOJI = IndicatorSpec(
    name="dragonfly_doji",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("dragonfly_doji",),
    step=dragonfly_doji_step,
    array=dragonfly_doji_array,
    slots=candle_slots,
    reach=_dragonfly_doji_reach,
)

GRAVESTONE_DOJI = IndicatorSpec(
    name="gravestone_doji",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("gravestone_doji",),
    step=gravestone_doji_step,
    array=gravestone_doji_array,
    slots=candle_slots,
    reach=_gravestone_doji_reach,
)

MARUBOZU = IndicatorSpec(
    name="marubozu",
    inputs=("open", "high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("marubozu",),
    step=marubozu_step,
    array=marubozu_array,
    slots=candle_slots,
    reach=_marubozu_reach,
)


@dataclass(frozen=True)
class Doji(KernelIndicator):
    """Open and close as good as one; adds ``doji``."""

    spec: ClassVar[IndicatorSpec] = DOJI


@dataclass(frozen=True)
class DragonflyDoji(KernelIndicator):
    """A doji at the top of its range; adds ``dragonfly_doji``."""

    spec: ClassVar[IndicatorSpec] = DRAGONFLY_DOJI


@dataclass(frozen=True)
class GravestoneDoji(KernelIndicator):
    """A doji at the bottom of its range; adds ``gravestone_doji``."""

    spec: ClassVar[IndicatorSpec] = GRAVESTONE_DOJI


@dataclass(frozen=True)
class Marubozu(KernelIndicator):
    """A long body without shadows; adds ``marubozu``."""

    spec: ClassVar[IndicatorSpec] = MARUBOZU
