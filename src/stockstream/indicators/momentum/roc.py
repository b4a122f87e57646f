"""Change over a number of bars: in price, in percent, as a fraction, as a ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.indicators.trend.window import lag_slots, lag_step
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = [
    "MOM_SPEC",
    "ROCP_SPEC",
    "ROCR100_SPEC",
    "ROCR_SPEC",
    "ROC_SPEC",
    "Momentum",
    "RateOfChange",
    "RateOfChangeFraction",
    "RateOfChangeRatio",
    "RateOfChangeRatio100",
    "mom_array",
    "mom_step",
    "roc_array",
    "roc_step",
    "rocp_array",
    "rocp_step",
    "rocr100_array",
    "rocr100_step",
    "rocr_array",
    "rocr_step",
]


@kernel
def mom_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``x - x[period bars ago]``, in units of price; NaN for the first ``period`` values."""
    return x - lag_step(state, x, period, at)


@kernel
def roc_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``100 * (x / x[period bars ago] - 1)``, in percent; NaN for the first ``period`` values.

    TA-Lib's ROC, which is in percent (its ROCP is the fraction). From 0 every change is without
    measure: 0.0, as in TA-Lib.
    """
    before = lag_step(state, x, period, at)
    return (x / before - 1.0) * 100.0 if before != 0.0 else 0.0


@kernel
def rocp_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``(x - x[period bars ago]) / x[period bars ago]``, a fraction; from 0: 0.0."""
    before = lag_step(state, x, period, at)
    return (x - before) / before if before != 0.0 else 0.0


@kernel
def rocr_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``x / x[period bars ago]``; from 0: 0.0, as in TA-Lib."""
    before = lag_step(state, x, period, at)
    return x / before if before != 0.0 else 0.0


@kernel
def rocr100_step(state: MutableSequence[float], x: float, period: int, at: int = 0) -> float:
    """``100 * x / x[period bars ago]``; from 0: 0.0, as in TA-Lib."""
    return rocr_step(state, x, period, at) * 100.0


def _reach(period: int) -> int:
    return period


@kernel
def mom_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`mom_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = mom_step(state, x[t], period)


MOM_SPEC = IndicatorSpec(
    name="mom",
    inputs=("close",),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("mom",),
    step=mom_step,
    array=mom_array,
    slots=lag_slots,
    reach=_reach,
)


@kernel
def roc_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`roc_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = roc_step(state, x[t], period)


ROC_SPEC = IndicatorSpec(
    name="roc",
    inputs=("close",),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("roc",),
    step=roc_step,
    array=roc_array,
    slots=lag_slots,
    reach=_reach,
)


@kernel
def rocp_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`rocp_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = rocp_step(state, x[t], period)


ROCP_SPEC = IndicatorSpec(
    name="rocp",
    inputs=("close",),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("rocp",),
    step=rocp_step,
    array=rocp_array,
    slots=lag_slots,
    reach=_reach,
)


@kernel
def rocr_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`rocr_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = rocr_step(state, x[t], period)


ROCR_SPEC = IndicatorSpec(
    name="rocr",
    inputs=("close",),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("rocr",),
    step=rocr_step,
    array=rocr_array,
    slots=lag_slots,
    reach=_reach,
)


@kernel
def rocr100_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`rocr100_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = rocr100_step(state, x[t], period)


ROCR100_SPEC = IndicatorSpec(
    name="rocr100",
    inputs=("close",),
    parameters=("period",),
    defaults=(10,),
    minimums=(1,),
    outputs=("rocr100",),
    step=rocr100_step,
    array=rocr100_array,
    slots=lag_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class Momentum(KernelIndicator):
    """Change of ``close`` over a number of bars; adds ``mom_<period>``."""

    spec: ClassVar[IndicatorSpec] = MOM_SPEC

    period: int = 10


@dataclass(frozen=True)
class RateOfChange(KernelIndicator):
    """Change of ``close`` over a number of bars, in percent; adds ``roc_<period>``."""

    spec: ClassVar[IndicatorSpec] = ROC_SPEC

    period: int = 10


@dataclass(frozen=True)
class RateOfChangeFraction(KernelIndicator):
    """Change of ``close`` as a fraction; adds ``rocp_<period>``."""

    spec: ClassVar[IndicatorSpec] = ROCP_SPEC

    period: int = 10


@dataclass(frozen=True)
class RateOfChangeRatio(KernelIndicator):
    """``close`` over an earlier one; adds ``rocr_<period>``."""

    spec: ClassVar[IndicatorSpec] = ROCR_SPEC

    period: int = 10


@dataclass(frozen=True)
class RateOfChangeRatio100(KernelIndicator):
    """``close`` in percent of an earlier one; adds ``rocr100_<period>``."""

    spec: ClassVar[IndicatorSpec] = ROCR100_SPEC

    period: int = 10
