"""Negative and positive volume index (Paul Dysart, 1936; Norman Fosback, 1976)."""

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
    "NVI",
    "PVI",
    "NegativeVolumeIndex",
    "PositiveVolumeIndex",
    "nvi_array",
    "nvi_step",
    "pvi_array",
    "pvi_step",
]

SEEN, CLOSE, VOLUME, INDEX, SLOTS = 0, 1, 2, 3, 4


@kernel
def nvi_step(state: MutableSequence[float], close: float, volume: float, at: int = 0) -> float:
    """An index from 1000 that moves by the return of bars whose volume fell (TA-Lib's NVI).

    The level depends on where the data begin; compare the index with its own past, Fosback with
    its mean of 255 bars. A return from a close of 0 counts as none.
    """
    bar = close + volume
    if bar - bar != 0.0:
        return math.nan
    before = state[at + CLOSE]
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        state[at + INDEX] = 1000.0
    elif volume < state[at + VOLUME] and before != 0.0:
        state[at + INDEX] += state[at + INDEX] * ((close - before) / before)
    state[at + CLOSE] = close
    state[at + VOLUME] = volume
    return state[at + INDEX]


@kernel
def nvi_array(
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`nvi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = nvi_step(state, close[t], volume[t])


@kernel
def pvi_step(state: MutableSequence[float], close: float, volume: float, at: int = 0) -> float:
    """An index from 1000 that moves by the return of bars whose volume rose (TA-Lib's PVI).

    The level depends on where the data begin; compare the index with its own past, Fosback with
    its mean of 255 bars. A return from a close of 0 counts as none.
    """
    bar = close + volume
    if bar - bar != 0.0:
        return math.nan
    before = state[at + CLOSE]
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        state[at + INDEX] = 1000.0
    elif volume > state[at + VOLUME] and before != 0.0:
        state[at + INDEX] += state[at + INDEX] * ((close - before) / before)
    state[at + CLOSE] = close
    state[at + VOLUME] = volume
    return state[at + INDEX]


@kernel
def pvi_array(
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`pvi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = pvi_step(state, close[t], volume[t])


def _slots() -> int:
    return SLOTS


def _reach() -> int:
    """One: its changes are exact from the second bar on, its level never is."""
    return 1


NVI = IndicatorSpec(
    name="nvi",
    inputs=("close", "volume"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("nvi",),
    step=nvi_step,
    array=nvi_array,
    slots=_slots,
    reach=_reach,
)

PVI = IndicatorSpec(
    name="pvi",
    inputs=("close", "volume"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("pvi",),
    step=pvi_step,
    array=pvi_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class NegativeVolumeIndex(KernelIndicator):
    """Negative volume index; adds ``nvi``."""

    spec: ClassVar[IndicatorSpec] = NVI


@dataclass(frozen=True)
class PositiveVolumeIndex(KernelIndicator):
    """Positive volume index; adds ``pvi``."""

    spec: ClassVar[IndicatorSpec] = PVI
