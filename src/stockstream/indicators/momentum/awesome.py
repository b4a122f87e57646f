"""Awesome oscillator and accelerator (Bill Williams, 1998)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.sma import RING as SMA_HEAD
from stockstream.indicators.trend.sma import sma_slots, sma_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "ACCELERATOR_SPEC",
    "AWESOME_SPEC",
    "AcceleratorOscillator",
    "AwesomeOscillator",
    "accelerator_array",
    "accelerator_step",
    "awesome_array",
    "awesome_step",
]


@kernel
def awesome_step(
    state: MutableSequence[float], high: float, low: float, fast: int, slow: int, at: int = 0
) -> float:
    """``SMA(fast) - SMA(slow)`` of the median price (high + low) / 2.

    *New Trading Dimensions*, 1998.
    """
    median = (high + low) / 2.0
    quick = sma_step(state, median, fast, at)
    return quick - sma_step(state, median, slow, at + SMA_HEAD + fast)


@kernel
def accelerator_step(
    state: MutableSequence[float],
    high: float,
    low: float,
    fast: int,
    slow: int,
    signal: int,
    at: int = 0,
) -> float:
    """The awesome oscillator less its simple mean over ``signal`` bars."""
    line = awesome_step(state, high, low, fast, slow, at)
    return line - sma_step(state, line, signal, at + 2 * SMA_HEAD + fast + slow)


@kernel
def awesome_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    slow: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`awesome_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = awesome_step(state, high[t], low[t], fast, slow)


def _awesome_slots(fast: int, slow: int) -> int:
    return sma_slots(fast) + sma_slots(slow)


def _awesome_reach(fast: int, slow: int) -> int:  # noqa: ARG001 - the slow one is longer
    return slow - 1


AWESOME_SPEC = IndicatorSpec(
    name="awesome",
    inputs=("high", "low"),
    parameters=("fast", "slow"),
    defaults=(5, 34),
    minimums=(1, 2),
    ascending=("fast", "slow"),
    outputs=("awesome",),
    step=awesome_step,
    array=awesome_array,
    slots=_awesome_slots,
    reach=_awesome_reach,
)


@kernel
def accelerator_array(
    high: Sequence[float],
    low: Sequence[float],
    offsets: Sequence[int],
    fast: int,
    slow: int,
    signal: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`accelerator_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = accelerator_step(state, high[t], low[t], fast, slow, signal)


def _accelerator_slots(fast: int, slow: int, signal: int) -> int:
    return sma_slots(fast) + sma_slots(slow) + sma_slots(signal)


def _accelerator_reach(fast: int, slow: int, signal: int) -> int:  # noqa: ARG001 - the slow one is longer
    return slow + signal - 2


ACCELERATOR_SPEC = IndicatorSpec(
    name="accelerator",
    inputs=("high", "low"),
    parameters=("fast", "slow", "signal"),
    defaults=(5, 34, 5),
    minimums=(1, 2, 1),
    ascending=("fast", "slow"),
    outputs=("accelerator",),
    step=accelerator_step,
    array=accelerator_array,
    slots=_accelerator_slots,
    reach=_accelerator_reach,
)


@dataclass(frozen=True)
class AwesomeOscillator(KernelIndicator):
    """Awesome oscillator; adds ``awesome``."""

    spec: ClassVar[IndicatorSpec] = AWESOME_SPEC

    fast: int = 5
    slow: int = 34


@dataclass(frozen=True)
class AcceleratorOscillator(KernelIndicator):
    """Accelerator oscillator; adds ``accelerator``."""

    spec: ClassVar[IndicatorSpec] = ACCELERATOR_SPEC

    fast: int = 5
    slow: int = 34
    signal: int = 5
