"""Price oscillators: two exponential averages compared, in price or in percent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.ema import AVERAGE, EMA_SLOTS, ema_reach, ema_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["APO", "APO_SPEC", "PPO", "PPO_SPEC", "apo_array", "apo_step", "ppo_array", "ppo_step"]


@kernel
def apo_step(state: MutableSequence[float], x: float, fast: int, slow: int, at: int = 0) -> float:
    """``EMA(fast) - EMA(slow)``, NaN for the first ``slow - 1`` values: MACD's line by itself.

    Each average is seeded with the first values it meets, as in TA-Lib's APO and at StockCharts;
    TA-Lib's MACD (:func:`.macd_step`) lets both seeds end on one bar. They agree once the seeds
    have faded.
    """
    quick = ema_step(state, x, fast, at)
    return quick - ema_step(state, x, slow, at + EMA_SLOTS)


@kernel
def ppo_step(
    state: MutableSequence[float], x: float, fast: int, slow: int, signal: int, at: int = 0
) -> tuple[float, float, float]:
    """``100 * (EMA(fast) / EMA(slow) - 1)``, its EMA over ``signal`` bars, their difference.

    In percent of the slow average, so it compares across symbols (MACD does not). Seeds are those
    of :func:`apo_step`. The line is known ``signal - 1`` bars before the signal. Where the slow
    average is 0 the line is 0.0, as in TA-Lib.
    """
    gap = apo_step(state, x, fast, slow, at)
    slow_average = state[at + EMA_SLOTS + AVERAGE]
    line = gap / slow_average * 100.0 if slow_average != 0.0 else gap * 0.0
    smooth = ema_step(state, line, signal, at + 2 * EMA_SLOTS)
    return line, smooth, line - smooth


@kernel
def apo_array(
    x: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    slow: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`apo_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = apo_step(state, x[t], fast, slow)


def _apo_slots(fast: int, slow: int) -> int:  # noqa: ARG001 - the same for all
    return 2 * EMA_SLOTS


def _apo_reach(fast: int, slow: int) -> int:  # noqa: ARG001 - the slow one is longer
    return ema_reach(slow)


APO_SPEC = IndicatorSpec(
    name="apo",
    inputs=("close",),
    parameters=("fast", "slow"),
    defaults=(12, 26),
    minimums=(1, 2),
    ascending=("fast", "slow"),
    outputs=("apo",),
    step=apo_step,
    array=apo_array,
    slots=_apo_slots,
    reach=_apo_reach,
)


@kernel
def ppo_array(
    x: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    slow: int,
    signal: int,
    state: MutableSequence[float],
    line: MutableSequence[float],
    smooth: MutableSequence[float],
    histogram: MutableSequence[float],
) -> None:
    """:func:`ppo_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            line[t], smooth[t], histogram[t] = ppo_step(state, x[t], fast, slow, signal)


def _ppo_slots(fast: int, slow: int, signal: int) -> int:  # noqa: ARG001 - the same for all
    return 3 * EMA_SLOTS


def _ppo_reach(fast: int, slow: int, signal: int) -> int:  # noqa: ARG001 - the slow one is longer
    return ema_reach(slow) + ema_reach(signal)


PPO_SPEC = IndicatorSpec(
    name="ppo",
    inputs=("close",),
    parameters=("fast", "slow", "signal"),
    defaults=(12, 26, 9),
    minimums=(1, 2, 1),
    ascending=("fast", "slow"),
    outputs=("ppo", "signal", "hist"),
    step=ppo_step,
    array=ppo_array,
    slots=_ppo_slots,
    reach=_ppo_reach,
)


@dataclass(frozen=True)
class APO(KernelIndicator):
    """Difference of two averages of ``close``; adds ``apo``."""

    spec: ClassVar[IndicatorSpec] = APO_SPEC

    fast: int = 12
    slow: int = 26


@dataclass(frozen=True)
class PPO(KernelIndicator):
    """Two averages of ``close`` compared; adds ``ppo``, ``ppo_signal`` and ``ppo_hist``."""

    spec: ClassVar[IndicatorSpec] = PPO_SPEC

    fast: int = 12
    slow: int = 26
    signal: int = 9
