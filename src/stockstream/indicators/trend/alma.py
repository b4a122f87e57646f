"""Arnaud Legoux moving average (Arnaud Legoux and Dimitrios Kouzis-Loukas, 2009)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from stockstream.indicators.base import KernelIndicator
from stockstream.indicators.spec import IndicatorSpec
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

__all__ = ["ALMA", "SPEC", "alma_array", "alma_step"]

STARTED, TOTAL, SLOT, FULL, RINGS = 0, 1, 2, 3, 4


@kernel
def alma_step(
    state: MutableSequence[float],
    x: float,
    period: int,
    offset: float,
    sigma: float,
    at: int = 0,
) -> float:
    """The mean of ``period`` values under a bell: weight ``exp(-(i - m)**2 / (2 * s**2))``.

    *i* counts from 0 (oldest) to ``period - 1``, ``m = offset * (period - 1)`` is the top of the
    bell and ``s = period / sigma`` its width, as in TradingView's ``ta.alma``. Such weights have
    no rolling form: each bar costs ``period`` products.
    """
    if x - x != 0.0:
        return math.nan
    weights = at + RINGS
    values = weights + period
    if state[at + STARTED] == 0.0:
        state[at + STARTED] = 1.0
        width = period / sigma
        for i in range(period):
            away = i - offset * (period - 1)
            state[weights + i] = math.exp(-(away * away) / (2.0 * width * width))
            state[at + TOTAL] += state[weights + i]
    slot = int(state[at + SLOT])
    state[values + slot] = x
    slot += 1
    if slot == period:
        slot = 0
        state[at + FULL] = 1.0
    state[at + SLOT] = float(slot)
    if state[at + FULL] == 0.0:
        return math.nan
    total = 0.0
    for i in range(period):
        place = slot + i
        if place >= period:
            place -= period
        total += state[weights + i] * state[values + place]
    return total / state[at + TOTAL]


@kernel
def alma_array(
    x: Sequence[float],
    offsets: Sequence[int],
    period: int,
    offset: float,
    sigma: float,
    state: MutableSequence[float],
    out: MutableSequence[float],
) -> None:
    """:func:`alma_step` along every series."""
    for series in range(len(offsets) - 1):
        for i in range(len(state)):
            state[i] = 0.0
        for t in range(offsets[series], offsets[series + 1]):
            out[t] = alma_step(state, x[t], period, offset, sigma)


def _slots(period: int, offset: float, sigma: float) -> int:  # noqa: ARG001 - whatever the bell
    return RINGS + 2 * period


def _reach(period: int, offset: float, sigma: float) -> int:  # noqa: ARG001 - whatever the bell
    return period - 1


SPEC = IndicatorSpec(
    name="alma",
    inputs=("close",),
    parameters=("period", "offset", "sigma"),
    defaults=(9, 0.85, 6.0),
    minimums=(1, 0.0, 0.1),
    outputs=("alma",),
    step=alma_step,
    array=alma_array,
    slots=_slots,
    reach=_reach,
)


@dataclass(frozen=True)
class ALMA(KernelIndicator):
    """Arnaud Legoux moving average of ``close``; adds ``alma``."""

    spec: ClassVar[IndicatorSpec] = SPEC

    period: int = 9
    offset: float = 0.85
    sigma: float = 6.0
