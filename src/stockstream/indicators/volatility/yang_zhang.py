"""Yang-Zhang volatility (Dennis Yang, Qiang Zhang, 2000)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.indicators.volatility.range_volatility import rogers_satchell_bar
from stockstream.indicators.volatility.std import RING as STD_HEAD
from stockstream.indicators.volatility.std import std_slots, std_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["SPEC", "YangZhangVolatility", "yang_zhang_array", "yang_zhang_step"]

SEEN, CLOSE, GAP_AT = 0, 1, 2


@kernel
def yang_zhang_step(
    state: MutableSequence[float],
    opening: float,
    high: float,
    low: float,
    close: float,
    period: int,
    sessions: float,
    at: int = 0,
) -> float:
    """``sqrt((gap + k * body + (1 - k) * rogers_satchell) * sessions)``: sees gaps and trends.

    ``gap`` is the variance (divided by n - 1) of ln(open / close before), ``body`` that of
    ln(close / open), and ``k = 0.34 / (1.34 + (n + 1) / (n - 1))`` makes the error least.
    Units: a fraction a year of ``sessions`` bars; with 1, that of one bar. NaN for the first
    ``period`` bars, the first of which has no gap. A bar whose prices are not above 0 counts as
    absent.
    """
    bar = opening + high + low + close
    if bar - bar != 0.0 or min(opening, high, low, close) <= 0.0:
        return math.nan
    before = state[at + CLOSE]
    state[at + CLOSE] = close
    if state[at + SEEN] == 0.0:
        state[at + SEEN] = 1.0
        return math.nan
    body_at = at + GAP_AT + STD_HEAD + period
    gap = std_step(state, math.log(opening / before), period, at + GAP_AT)
    body = std_step(state, math.log(close / opening), period, body_at)
    bars = rogers_satchell_bar(opening, high, low, close)
    inside = sum_step(state, bars, period, body_at + STD_HEAD + period)
    if inside - inside != 0.0:
        return math.nan
    sample = period / (period - 1.0)
    k = 0.34 / (1.34 + (period + 1.0) / (period - 1.0))
    variance = (gap * gap + k * (body * body)) * sample + (1.0 - k) * (inside / period)
    return math.sqrt(variance * sessions) if variance > 0.0 else 0.0


@kernel
def yang_zhang_array(
    opening: Sequence[float],
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    offsets: Sequence[int],
    period: int,
    sessions: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`yang_zhang_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = yang_zhang_step(state, opening[t], high[t], low[t], close[t], period, sessions)


def _slots(period: int, _sessions: float) -> int:
    return GAP_AT + 2 * std_slots(period) + sum_slots(period)


def _reach(period: int, _sessions: float) -> int:
    return period


SPEC = IndicatorSpec(
    name="yang_zhang",
    inputs=("open", "high", "low", "close"),
    parameters=("period", "sessions"),
    defaults=(20, 252.0),
    minimums=(2, 1.0),
    outputs=("yang_zhang",),
    step=yang_zhang_step,
    array=yang_zhang_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class YangZhangVolatility(KernelIndicator):
    """Volatility of gaps and of bars together; adds ``yang_zhang``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 20
    sessions: float = 252.0
