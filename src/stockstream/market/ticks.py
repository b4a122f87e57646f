"""Price steps of an exchange: the smallest move that a price can make.

At a close of 0.002 one step is half the price, so a rule about moves or ranges that does not know
the step calls half of a penny market wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import polars as pl

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["ASX_TICKS", "TICKS", "US_TICKS", "TickTable"]


@dataclass(frozen=True)
class TickTable:
    """Steps of price by level.

    Attributes:
        levels: the price from which each step holds; ascending, the first is 0.
        sizes: the step, in the currency of the price; each level is a multiple of both its own
            step and the one below, so rounding across a level stays on the grid.
    """

    levels: tuple[float, ...]
    sizes: tuple[float, ...]

    def size(self, price: pl.Expr) -> pl.Expr:
        """The step at each price, as an expression."""
        step = pl.lit(self.sizes[0])
        for level, size in zip(self.levels[1:], self.sizes[1:], strict=True):
            step = pl.when(price >= level).then(pl.lit(size)).otherwise(step)
        return step

    def snap(self, prices: Floats) -> Floats:
        """The nearest prices on the grid, never below one step; same shape.

        Each result is the double nearest to its decimal (0.015, not 0.015000000000000001), as if it
        had been read from text.
        """
        place = np.searchsorted(self.levels, prices, side="right") - 1
        # Whole steps per unit are exact in binary; their reciprocals (0.005) are not.
        per_unit = np.round(1.0 / np.array(self.sizes))[place]
        snapped: Floats = np.maximum(np.round(prices * per_unit), 1.0) / per_unit
        return snapped


ASX_TICKS: Final = TickTable((0.0, 0.10, 2.00), (0.001, 0.005, 0.01))
"""ASX Operating Rules, Procedure 3000 series: 0.1 c under 10 c, 0.5 c under $2, 1 c from there."""

US_TICKS: Final = TickTable((0.0, 1.00), (0.0001, 0.01))
"""SEC Regulation NMS, Rule 612 (17 CFR 242.612)."""

TICKS: Final = {"XASX": ASX_TICKS, "XNYS": US_TICKS}
"""Price steps by the name of the exchange's calendar."""
