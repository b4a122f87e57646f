"""Volume price trend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "VolumePriceTrend", "vpt_array", "vpt_step"]

SEEN, CLOSE, TOTAL, SLOTS = 0, 1, 2, 3


@kernel
def vpt_step(state: MutableSequence[float], close: float, volume: float, at: int = 0) -> float:
    """The running total of ``volume * (close - close before) / close before``, from 0.0.

    TA-Lib's PVT. The level depends on where the data begin. A return from a close of 0 counts as
    none.
    """
    bar = close + volume
    if bar - bar != 0.0:
        return math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
    elif before != 0.0:
        state[at + TOTAL] += volume * ((close - before) / before)
    return state[at + TOTAL]


@kernel
def vpt_array(
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`vpt_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = vpt_step(state, close[t], volume[t])


def _slots() -> int:
    return SLOTS


def _reach() -> int:
    """One: its changes are exact from the second bar on, its level never is."""
    return 1


SPEC = IndicatorSpec(
    name="vpt",
    inputs=("close", "volume"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("vpt",),
    step=vpt_step,
    array=vpt_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class VolumePriceTrend(KernelIndicator):
    """Running total of volume times return; adds ``vpt``."""

    spec: ClassVar[IndicatorSpec] = SPEC
