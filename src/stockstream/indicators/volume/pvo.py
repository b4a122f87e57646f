"""Percentage volume oscillator."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "PercentageVolumeOscillator", "pvo_array", "pvo_step"]


@kernel
def pvo_step(state: MutableSequence[float], x: float, fast: int, slow: int, at: int = 0) -> float:
    """``100 * (EMA(fast) - EMA(slow)) / EMA(slow)``; its signal line is ``ema(pvo, 9)``.

    TA-Lib's PVO: each average is seeded from the first values it sees. 0.0 where the slow one is 0.
    """
    quick = ema_step(state, x, fast, at)
    slow_average = ema_step(state, x, slow, at + EMA_SLOTS)
    if slow_average - slow_average != 0.0:
        return math.nan
    return (quick - slow_average) / slow_average * 100.0 if slow_average != 0.0 else 0.0


@kernel
def pvo_array(
    x: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    slow: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`pvo_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = pvo_step(state, x[t], fast, slow)


def _slots(_fast: int, _slow: int) -> int:
    return 2 * EMA_SLOTS


def _reach(_fast: int, slow: int) -> int:
    return ema_reach(slow)


SPEC = IndicatorSpec(
    name="pvo",
    inputs=("volume",),
    parameters=("fast", "slow"),
    defaults=(12, 26),
    minimums=(1, 2),
    outputs=("pvo",),
    step=pvo_step,
    array=pvo_array,
    slots=_slots,
    reach=_reach,
    ascending=("fast", "slow"),
)


@dataclass(frozen=True)
class PercentageVolumeOscillator(KernelIndicator):
    """Fast average volume beside the slow one, in percent; adds ``pvo``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    fast: int = 12
    slow: int = 26
