"""Force index (Alexander Elder, 1993)."""

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

__all__ = ["SPEC", "ForceIndex", "force_index_array", "force_index_step"]

SEEN, CLOSE, EMA_AT = 0, 1, 2


@kernel
def force_index_step(
    state: MutableSequence[float], close: float, volume: float, period: int, at: int = 0
) -> float:
    """The EMA of ``(close - close before) * volume``, in money; TA-Lib's EFI.

    The first bar has no change: NaN for the first ``period`` bars.
    """
    bar = close + volume
    if bar - bar != 0.0:
        return math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    return ema_step(state, (close - before) * volume, period, at + EMA_AT)


@kernel
def force_index_array(
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`force_index_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = force_index_step(state, close[t], volume[t], period)


def _slots(_period: int) -> int:
    return EMA_AT + EMA_SLOTS


def _reach(period: int) -> int:
    return ema_reach(period) + 1


SPEC = IndicatorSpec(
    name="force_index",
    inputs=("close", "volume"),
    parameters=("period",),
    defaults=(13,),
    minimums=(1,),
    outputs=("force_index",),
    step=force_index_step,
    array=force_index_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ForceIndex(KernelIndicator):
    """Change of the close times volume, averaged; adds ``force_index_<period>``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 13
