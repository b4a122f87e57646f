"""The moments of each point's returns: all that judging a study takes."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from stockstream.errors import ConfigError
from stockstream.metrics.returns import FLAT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["PointMoments"]


@dataclass(frozen=True, eq=False)
class PointMoments:
    """Moments of the returns of every point, in blocks that are the same for all.

    Points in the order of the study. A point that failed is NaN throughout.

    Attributes:
        counts: ``[B]``, returns in each block.
        sums, squares: ``[P, B]``, sum of the simple returns in each block, and of their squares.
        cubes, fourths: ``[P]``, sums of third and fourth powers over the whole window.
        periods: returns in a year: 252 for bars, fewer where a return is that of a whole block.
        curve: ``[P, K]``, equity over initial capital at the ends of intervals of equal length,
            where the study kept it.

    Raises:
        ConfigError: the shapes do not fit.
    """

    counts: Floats
    sums: Floats = field(repr=False)
    squares: Floats = field(repr=False)
    cubes: Floats = field(repr=False)
    fourths: Floats = field(repr=False)
    periods: float = 252.0
    curve: NDArray[np.floating] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        shape = (len(self.sums), len(self.counts))
        fits = self.sums.shape == self.squares.shape == shape
        if not fits or not len(self.cubes) == len(self.fourths) == shape[0]:
            raise ConfigError(
                f"moments of {shape[0]} points in {shape[1]} blocks do not fit together: sums "
                f"{self.sums.shape}, squares {self.squares.shape}, cubes {self.cubes.shape}, "
                f"fourths {self.fourths.shape}"
            )

    def __len__(self) -> int:
        return len(self.sums)

    def over(self, risk_free: float) -> PointMoments:
        """The same for returns over a rate per bar; skew and kurtosis do not change."""
        if not risk_free:
            return self
        sums = self.sums - risk_free * self.counts
        squares = self.squares + risk_free * (risk_free * self.counts - 2.0 * self.sums)
        third = self.cubes - risk_free * (
            3.0 * self.squares.sum(axis=1)
            - risk_free * (3.0 * self.sums.sum(axis=1) - risk_free * self.bars)
        )
        fourth = self.fourths - risk_free * (
            4.0 * self.cubes
            - risk_free
            * (
                6.0 * self.squares.sum(axis=1)
                - risk_free * (4.0 * self.sums.sum(axis=1) - risk_free * self.bars)
            )
        )
        return replace(self, sums=sums, squares=squares, cubes=third, fourths=fourth)

    @cached_property
    def bars(self) -> int:
        """Returns of each point."""
        return int(self.counts.sum())

    @property
    def years(self) -> float:
        """Length of the window."""
        return self.bars / self.periods

    @cached_property
    def ran(self) -> NDArray[np.bool_]:
        """``[P]``, points that did not fail."""
        return np.asarray(np.isfinite(self.sums + self.squares).all(axis=1))

    @cached_property
    def deviation(self) -> Floats:
        """``[P]``, standard deviation of a return (n - 1); NaN where it failed."""
        variance = np.maximum(self._central[1], 0.0) * (self.bars / max(self.bars - 1, 1))
        return np.asarray(np.sqrt(variance))

    @cached_property
    def sharpe(self) -> Floats:
        """``[P]``, Sharpe ratio per return; NaN where returns are flat, and where it failed."""
        ratio = np.full(len(self), np.nan)
        if self.bars > 1:
            np.divide(self._central[0], self.deviation, out=ratio, where=self.deviation > FLAT)
        return ratio

    @property
    def yearly(self) -> Floats:
        """``[P]``, Sharpe ratio per year."""
        return self.sharpe * math.sqrt(self.periods)

    @cached_property
    def shape(self) -> tuple[Floats, Floats]:
        """``[P]`` each, skew and kurtosis; NaN where there is no Sharpe ratio."""
        _, second, third, fourth = self._central
        variance = np.where(np.isfinite(self.sharpe), second, np.nan)
        return third / variance**1.5, fourth / variance**2

    @cached_property
    def _central(self) -> tuple[Floats, Floats, Floats, Floats]:
        """Mean and central moments of each point."""
        bars = max(self.bars, 1)
        mean = self.sums.sum(axis=1) / bars
        square = self.squares.sum(axis=1) / bars
        cube, fourth = self.cubes / bars, self.fourths / bars
        return (
            mean,
            square - mean**2,
            cube - 3.0 * mean * square + 2.0 * mean**3,
            fourth - 4.0 * mean * cube + 6.0 * mean**2 * square - 3.0 * mean**4,
        )

    def halves(self) -> tuple[Floats, Floats]:
        """``[P]`` each: Sharpe ratio a year in the first and in the second half of the blocks."""
        middle = len(self.counts) // 2
        parts = (slice(None, middle), slice(middle, None))
        first, second = (
            PointMoments(
                self.counts[part],
                self.sums[:, part],
                self.squares[:, part],
                self.cubes,
                self.fourths,
                self.periods,
            ).yearly
            for part in parts
        )
        return first, second
