"""True strength index (William Blau, 1991)."""

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

__all__ = ["SPEC", "TSI", "tsi_array", "tsi_step"]

STARTED, PREVIOUS, AVERAGES = 0, 1, 2


@kernel
def tsi_step(
    state: MutableSequence[float], x: float, slow: int, fast: int, signal: int, at: int = 0
) -> tuple[float, float]:
    """``100 * EMA(EMA(change)) / EMA(EMA(|change|))``, -100 to 100, and its EMA.

    The change is averaged over ``slow`` bars, then over ``fast``. Stocks & Commodities, November
    1991. Seeds as in TA-Lib. The line is known ``signal - 1`` bars before the signal. A series that
    never moved gives 0.0.
    """
    if x - x != 0.0:
        return math.nan, math.nan
    change = x - state[at + PREVIOUS]
    state[at + PREVIOUS] = x
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        return math.nan, math.nan
    averages = at + AVERAGES
    net = ema_step(state, change, slow, averages)
    moved = ema_step(state, abs(change), slow, averages + EMA_SLOTS)
    net = ema_step(state, net, fast, averages + 2 * EMA_SLOTS)
    moved = ema_step(state, moved, fast, averages + 3 * EMA_SLOTS)
    line = 100.0 * (net / moved) if moved != 0.0 else 0.0
    return line, ema_step(state, line, signal, averages + 4 * EMA_SLOTS)


@kernel
def tsi_array(
    x: Sequence[float],
    offsets: Sequence[int],
    slow: int,
    fast: int,
    signal: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    smooth: MutableSequence[float],
) -> None:
    """:func:`tsi_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], smooth[t] = tsi_step(state, x[t], slow, fast, signal)


def _slots(slow: int, fast: int, signal: int) -> int:  # noqa: ARG001 - the same for all
    return AVERAGES + 5 * EMA_SLOTS


def _reach(slow: int, fast: int, signal: int) -> int:
    return 1 + ema_reach(slow) + ema_reach(fast) + ema_reach(signal)


SPEC = IndicatorSpec(
    name="tsi",
    inputs=("close",),
    parameters=("slow", "fast", "signal"),
    defaults=(25, 13, 13),
    minimums=(1, 1, 1),
    outputs=("tsi", "signal"),
    step=tsi_step,
    array=tsi_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class TSI(KernelIndicator):
    """True strength index of ``close``; adds ``tsi`` and ``tsi_signal``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    slow: int = 25
    fast: int = 13
    signal: int = 13
