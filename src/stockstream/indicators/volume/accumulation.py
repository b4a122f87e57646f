"""Accumulation and distribution (Marc Chaikin): the line, its oscillator, and money flow.

All three weigh the volume of a bar by where it closed in its range, from -1 (on the low) to 1 (on
the high); a bar without a range counts as 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.statistics.sums import RING as SUM_HEAD
from stockstream.indicators.statistics.sums import sum_slots, sum_step
from stockstream.indicators.trend.ema import ema_reach
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "AD",
    "ADOSC",
    "CMF",
    "AccumulationDistribution",
    "ChaikinMoneyFlow",
    "ChaikinOscillator",
    "ad_array",
    "ad_step",
    "adosc_array",
    "adosc_step",
    "cmf_array",
    "cmf_step",
    "money_flow",
]

TOTAL, FAST, SLOW, SEEN, ADOSC_SLOTS = 0, 1, 2, 3, 4


@kernel
def money_flow(high: float, low: float, close: float, volume: float) -> float:
    """``((close - low) - (high - close)) / (high - low) * volume``."""
    width = high - low
    return ((close - low) - (high - close)) / width * volume if width > 0.0 else 0.0


@kernel
def ad_step(
    state: MutableSequence[float], high: float, low: float, close: float, volume: float, at: int = 0
) -> float:
    """The running total of the money flow of each bar (TA-Lib's AD).

    The level means nothing by itself, it depends on where the data begin; compare the line with
    its own past.
    """
    bar = high + low + close + volume
    if bar - bar != 0.0:
        return math.nan

    state[at + TOTAL] += money_flow(high, low, close, volume)
    return state[at + TOTAL]


@kernel
def ad_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`ad_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = ad_step(state, high[t], low[t], close[t], volume[t])


@kernel
def adosc_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    volume: float,
    fast: int,
    slow: int,
    at: int = 0,
) -> float:
    """EMA(fast) less EMA(slow) of the accumulation/distribution line, in units of volume.

    As in TA-Lib's ADOSC both averages start from the first value of the line (its EMA starts from
    a mean of values); NaN for the first ``slow - 1`` bars.
    """
    bar = high + low + close + volume
    if bar - bar != 0.0:
        return math.nan

    line = ad_step(state, high, low, close, volume, at)
    seen = state[at + SEEN]
    if seen == 0.0:
        state[at + FAST] = line
        state[at + SLOW] = line
    else:
        state[at + FAST] += (line - state[at + FAST]) * (2.0 / (fast + 1.0))
        state[at + SLOW] += (line - state[at + SLOW]) * (2.0 / (slow + 1.0))
    if seen < slow:
        state[at + SEEN] = seen + 1.0
    if seen < slow - 1:
        return math.nan
    return state[at + FAST] - state[at + SLOW]


@kernel
def adosc_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    slow: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`adosc_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = adosc_step(state, high[t], low[t], close[t], volume[t], fast, slow)


@kernel
def cmf_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    close: float,
    volume: float,
    period: int,
    at: int = 0,
) -> float:
    """The sum of the money flow of ``period`` bars over the sum of their volume, -1 to 1.

    0.0 where none of them traded, as in TA-Lib's CMF.
    """
    bar = high + low + close + volume
    if bar - bar != 0.0:
        return math.nan

    flow = sum_step(state, money_flow(high, low, close, volume), period, at)
    traded = sum_step(state, volume, period, at + SUM_HEAD + period)
    return flow / traded if traded != 0.0 else 0.0


@kernel
def cmf_array(
    high: Sequence[float],
    low: Sequence[float],
    close: Sequence[float],
    volume: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`cmf_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = cmf_step(state, high[t], low[t], close[t], volume[t], period)


def _ad_slots() -> int:
    return 1


def _ad_reach() -> int:
    """None: its changes are exact from the first bar on, its level never is."""
    return 0


def _adosc_slots(_fast: int, _slow: int) -> int:
    return ADOSC_SLOTS


def _adosc_reach(_fast: int, slow: int) -> int:
    return ema_reach(slow)


def _cmf_slots(period: int) -> int:
    return 2 * sum_slots(period)


def _cmf_reach(period: int) -> int:
    return period - 1


AD = IndicatorSpec(
    name="ad",
    inputs=("high", "low", "close", "volume"),
    parameters=(),
    defaults=(),
    minimums=(),
    outputs=("ad",),
    step=ad_step,
    array=ad_array,
    slots=_ad_slots,
    reach=_ad_reach,
)

ADOSC = IndicatorSpec(
    name="adosc",
    inputs=("high", "low", "close", "volume"),
    parameters=("fast", "slow"),
    defaults=(3, 10),
    minimums=(2, 2),
    outputs=("adosc",),
    step=adosc_step,
    array=adosc_array,
    slots=_adosc_slots,
    reach=_adosc_reach,
    ascending=("fast", "slow"),
)

CMF = IndicatorSpec(
    name="cmf",
    inputs=("high", "low", "close", "volume"),
    parameters=("period",),
    defaults=(20,),
    minimums=(1,),
    outputs=("cmf",),
    step=cmf_step,
    array=cmf_array,
    slots=_cmf_slots,
    reach=_cmf_reach,
)


@dataclass(frozen=True)
class AccumulationDistribution(KernelIndicator):
    """Accumulation/distribution line; adds ``ad``."""

    spec: ClassVar[IndicatorSpec] = AD


@dataclass(frozen=True)
class ChaikinOscillator(KernelIndicator):
    """Chaikin oscillator; adds ``adosc``."""

    spec: ClassVar[IndicatorSpec] = ADOSC

    fast: int = 3
    slow: int = 10


@dataclass(frozen=True)
class ChaikinMoneyFlow(KernelIndicator):
    """Chaikin money flow, from -1 to 1; adds ``cmf_<period>``."""

    spec: ClassVar[IndicatorSpec] = CMF

    period: int = 20
