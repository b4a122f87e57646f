"""Historical volatility: that of the closes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.volatility.std import std_slots, std_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "SPEC",
    "HistoricalVolatility",
    "historical_volatility_array",
    "historical_volatility_step",
]

SEEN, BEFORE, STD_AT = 0, 1, 2


@kernel
def historical_volatility_step(
    state: MutableSequence[float], x: float, period: int, sessions: float, at: int = 0
) -> float:
    """The sample standard deviation of ``period`` log returns, times the root of ``sessions``.

    Units: a fraction a year of ``sessions`` bars; with 1, that of one bar. Divided by n - 1, as the
    estimators of options desks do (``std`` divides by n). NaN for the first ``period`` values. A
    value that is not above 0 counts as absent.
    """
    if not (x > 0.0 and x - x == 0.0):
        return math.nan
    before = state[at + BEFORE]
    state[at + BEFORE] = x
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    deviation = std_step(state, math.log(x / before), period, at + STD_AT)
    return deviation * math.sqrt(sessions * period / (period - 1.0))


@kernel
def historical_volatility_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    sessions: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`historical_volatility_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = historical_volatility_step(state, x[t], period, sessions)


def _slots(period: int, _sessions: float) -> int:
    return STD_AT + std_slots(period)


def _reach(period: int, _sessions: float) -> int:
    return period


SPEC = IndicatorSpec(
    name="historical_volatility",
    inputs=("close",),
    parameters=("period", "sessions"),
    defaults=(20, 252.0),
    minimums=(2, 1.0),
    outputs=("historical_volatility",),
    step=historical_volatility_step,
    array=historical_volatility_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class HistoricalVolatility(KernelIndicator):
    """Volatility of the closes, a year; adds ``historical_volatility``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
    sessions: float = 252.0
