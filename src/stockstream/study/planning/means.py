"""Rolling means of one series over many periods at once: what most grids read most of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stockstream.indicators.four import FOUR, means_of_periods
from stockstream.jit import kernel

if TYPE_CHECKING:
    from collections.abc import MutableSequence, Sequence

    from stockstream.backtest.broker.records import Codes

__all__ = ["means_in_rows"]


@kernel
def means_in_rows(
    x: Sequence[float],
    periods: Codes,
    rows: Codes,
    numbers: Sequence[MutableSequence[float]],
) -> bool:
    """Rolling means of one series over many periods, or False: it has a gap, or is too short."""
    for i in range(0, len(rows), FOUR):
        if not means_of_periods(
            x,
            periods[i],
            periods[i + 1],
            periods[i + 2],
            periods[i + 3],
            numbers[rows[i]],
            numbers[rows[i + 1]],
            numbers[rows[i + 2]],
            numbers[rows[i + 3]],
        ):
            return False
    return True
