"""Aroon: how long ago the highest high and the lowest low were (Tushar Chande, 1995)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "AROON_OSCILLATOR_SPEC",
    "AROON_SPEC",
    "Aroon",
    "AroonOscillator",
    "aroon_array",
    "aroon_oscillator_array",
    "aroon_oscillator_step",
    "aroon_step",
    "since_highest_step",
]

COUNT, HEAD, SIZE, RINGS = 0, 1, 2, 3


@kernel
def since_highest_step(state: MutableSequence[float], x: float, window: int, at: int = 0) -> float:
    """Values since the highest of the last ``window``: 0.0 if it is this one; NaN until so many.

    Of equal ones the newest counts. A queue of falling values is kept: what is below a newer
    value can never again be the highest, so each value enters and leaves once.
    """
    if x - x != 0.0:
        return math.nan
    values = at + RINGS
    bars = values + window
    count = state[at + COUNT]
    head = int(state[at + HEAD])
    size = int(state[at + SIZE])
    if size > 0 and state[bars + head] <= count - window:
        head = head + 1 if head + 1 < window else 0
        size -= 1
    last = head + size if head + size < window else head + size - window  # the first free place
    while size > 0:
        newest = last - 1 if last > 0 else window - 1
        if state[values + newest] > x:
            break
        last = newest
        size -= 1
    state[values + last] = x
    state[bars + last] = count
    state[at + COUNT] = count + 1.0
    state[at + HEAD] = float(head)
    state[at + SIZE] = size + 1.0
    return count - state[bars + head] if count + 1.0 >= window else math.nan


@kernel
def aroon_step(
    state: MutableSequence[float], high: float, low: float, period: int, at: int = 0
) -> tuple[float, float]:
    """``100 * (period - bars since the extreme) / period``: up for highs, down for lows.

    The window is today and ``period`` bars before; of equal extremes the newest counts, as in
    TA-Lib.
    """
    bar = high + low
    if bar - bar != 0.0:
        return math.nan, math.nan
    window = period + 1
    top = since_highest_step(state, high, window, at)
    bottom = since_highest_step(state, -low, window, at + RINGS + 2 * window)
    return 100.0 * (period - top) / period, 100.0 * (period - bottom) / period


@kernel
def aroon_oscillator_step(
    state: MutableSequence[float], high: float, low: float, period: int, at: int = 0
) -> float:
    """Aroon up - Aroon down, -100 to 100."""
    up, down = aroon_step(state, high, low, period, at)
    return up - down


def _slots(period: int) -> int:
    return 2 * (RINGS + 2 * (period + 1))


def _reach(period: int) -> int:
    return period


@kernel
def aroon_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    up: MutableSequence[float],
    down: MutableSequence[float],
) -> None:
    """:func:`aroon_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            up[t], down[t] = aroon_step(state, high[t], low[t], period)


AROON_SPEC = IndicatorSpec(
    name="aroon",
    inputs=("high", "low"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("up", "down"),
    step=aroon_step,
    array=aroon_array,
    slots=_slots,
    reach=_reach,
)


@kernel
def aroon_oscillator_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`aroon_oscillator_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = aroon_oscillator_step(state, high[t], low[t], period)


AROON_OSCILLATOR_SPEC = IndicatorSpec(
    name="aroon_oscillator",
    inputs=("high", "low"),
    parameters=("period",),
    defaults=(14,),
    minimums=(2,),
    outputs=("aroon_oscillator",),
    step=aroon_oscillator_step,
    array=aroon_oscillator_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Aroon(KernelIndicator):
    """Aroon up and down, 0 to 100; adds ``aroon_up_<period>`` and ``aroon_down_<period>``."""

    spec: ClassVar[IndicatorSpec] = AROON_SPEC

    period: int = 14


@dataclass(frozen=True)
class AroonOscillator(KernelIndicator):
    """Aroon up less Aroon down; adds ``aroon_oscillator_<period>``."""

    spec: ClassVar[IndicatorSpec] = AROON_OSCILLATOR_SPEC

    period: int = 14
