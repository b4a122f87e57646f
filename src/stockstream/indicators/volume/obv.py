"""On-balance volume (Joseph Granville, 1963)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["OBV", "SPEC", "obv_array", "obv_step"]

STARTED, CLOSE, TOTAL, SLOTS = 0, 1, 2, 3


@kernel
def obv_step(state: MutableSequence[float], close: float, volume: float, at: int = 0) -> float:
    """A running total: the volume of a bar that closed higher added, of one that fell taken off.

    The first bar starts it at its volume (TA-Lib, followed here) or at 0 (StockCharts, Skender):
    the two differ by a constant. The level means nothing by itself, it depends on where the data
    begin; compare OBV with its own past.
    """
    bar = close + volume
    if bar - bar != 0.0:
        return math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    direction = (close > before) - (close < before)
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        direction = 1
    state[at + TOTAL] += direction * volume
    return state[at + TOTAL]


@kernel
def obv_array(
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`obv_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = obv_step(state, close[t], volume[t])


@kernel
def obv_dense(
    close: Sequence[float],
    volume: Sequence[float],
    begins: Sequence[int],
    rows: Sequence[int],
    _scratch: MutableSequence[float],
    _spare: Sequence[int],
    out: MutableSequence[float],
) -> bool:
    """:func:`obv_array` of series without a gap."""
    for s in range(len(rows)):
        begin, end = begins[s], begins[s] + rows[s]
        c, v, o = close[begin:end], volume[begin:end], out[begin:end]
        total = v[0]
        o[0] = total
        for t in range(1, len(c)):
            total += ((c[t] > c[t - 1]) - (c[t] < c[t - 1])) * v[t]
            o[t] = total
    return True


def _slots() -> int:
    return SLOTS


def _reach() -> int:
    """One: its changes are exact from the second bar on, its level never is."""
    return 1


SPEC = IndicatorSpec(
    name="obv",
    inputs=("close", "volume"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("obv",),
    step=obv_step,
    array=obv_array,
    dense=obv_dense,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class OBV(KernelIndicator):
    """On-balance volume; adds ``obv``."""

    spec: ClassVar[IndicatorSpec] = SPEC
