"""True range (J. Welles Wilder, 1978)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.true_range import true_range
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "TRUE_RANGE_SLOTS", "TrueRange", "true_range_array", "true_range_step"]

SEEN, CLOSE, TRUE_RANGE_SLOTS = 0, 1, 2


@kernel
def true_range_step(
    state: MutableSequence[float], high: float, low: float, close: float, at: int = 0
) -> float:
    """The largest of high - low, |high - close before| and |low - close before|, in units of price.

    The first bar has no close before it: NaN, as in TA-Lib's TRANGE.
    """
    bar = high + low + close
    if bar - bar != 0.0:
        return math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    return true_range(high, low, before)


@kernel
def true_range_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`true_range_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = true_range_step(state, high[t], low[t], close[t])


def _slots() -> int:
    return TRUE_RANGE_SLOTS


def _reach() -> int:
    return 1


SPEC = IndicatorSpec(
    name="true_range",
    inputs=("high", "low", "close"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("true_range",),
    step=true_range_step,
    array=true_range_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class TrueRange(KernelIndicator):
    """True range of each bar; adds ``true_range``."""

    spec: ClassVar[IndicatorSpec] = SPEC
