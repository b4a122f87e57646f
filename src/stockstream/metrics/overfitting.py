"""Probability of backtest overfitting: does what was best in one half of the data stay good?

Bailey, Borwein, Lopez de Prado and Zhu, "The probability of backtest overfitting" (Journal of
Computational Finance 20(4), 2017; SSRN 2326253, 2015): combinatorially symmetric cross-validation
(CSCV). The window is cut into B blocks. Every half of the blocks is once the sample in which the
point with the best Sharpe ratio is chosen, and the other half is the data that it has not seen::

    omega = rank of the chosen point out of sample / (points + 1)      1 is the worst
    logit = ln(omega / (1 - omega))
    PBO   = share of the halves with logit <= 0

16 blocks have 12,870 halves. Sums and sums of squares of the returns in each block are all that it
takes: sums over blocks are matrix products, and a half and its complement are done together.

Ratios that differ by rounding have the same rank, the mean of theirs. A point that is out of the
market in all of a half has ratio 0 there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockstream.metrics.products import inner_products
from stockstream.metrics.returns import FLAT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["MOST_BLOCKS", "MOST_POINTS", "Overfitting", "overfitting"]

MOST_BLOCKS = 16
"""More blocks than these are joined with their neighbours: 12,870 halves tell enough."""

MOST_POINTS = 10_000
"""Of more points a sample is taken, drawn evenly with the seed."""

FEWEST_BLOCKS = 4
AT_ONCE = 1 << 18
"""Ratios computed at a time: what stays in the cache of a core."""

ROUNDING = 1e-9
"""Difference of two t-values below which they are equal."""


@dataclass(frozen=True, slots=True, eq=False)
class Overfitting:
    """What CSCV found. NaN and empty where it cannot be measured.

    Attributes:
        probability: of backtest overfitting (PBO): how often the point that was best in one half
            is not above the median of all points in the other half.
        loss: how often its Sharpe ratio is below zero there.
        in_sample: median over the halves of the chosen point's ratio where it was chosen, a year.
        out_of_sample: the same in the other half.
        slope, intercept: of the line through the pairs (in sample, out of sample): performance
            degradation. A half takes from the other what it has, so the slope is negative for
            pure noise, too.
        logits: ``[halves]``.
        pairs: ``[halves, 2]``, the chosen point's ratios a year, in and out of sample.
        points: how many were compared; of more than ``MOST_POINTS`` a sample.
        blocks: how many the window was cut into.
    """

    probability: float
    loss: float
    in_sample: float
    out_of_sample: float
    slope: float
    intercept: float
    logits: Floats
    pairs: Floats
    points: int
    blocks: int

    @property
    def halves(self) -> int:
        """In how many ways the window was halved."""
        return len(self.logits)


class _Blocks(NamedTuple):
    counts: Floats
    sums: Floats
    squares: Floats


class _Chosen(NamedTuple):
    """For each half of a chunk: t-value of its best point, that point's in the other half, rank."""

    inside: Floats
    outside: Floats
    rank: Floats


def overfitting(
    counts: Floats,
    sums: Floats,
    squares: Floats,
    *,
    periods: float = 252,
    most_points: int = MOST_POINTS,
    seed: int = 0,
) -> Overfitting:
    """PBO by CSCV, from the returns' moments in blocks.

    Args:
        counts: ``[B]``, bars in each block; empty blocks are left out. An odd number of blocks
            becomes even by joining two neighbours.
        sums: ``[P, B]``, sum of each point's excess returns per bar in the block. No NaN.
        squares: ``[P, B]``, sum of their squares.
        periods: bars in a year.
        most_points: of more, a sample is compared.
        seed: of the sample.
    """
    blocks = _even(np.asarray(counts, np.float64), _sampled(sums, squares, most_points, seed))
    size = len(blocks.counts)
    points = len(blocks.sums)
    if points < 2 or size < FEWEST_BLOCKS or not (blocks.squares.max() > FLAT * FLAT):
        empty = np.empty(0)
        nan = math.nan
        return Overfitting(nan, nan, nan, nan, nan, nan, empty, np.empty((0, 2)), points, size)
    ranks, pairs = _all_halves(blocks, math.sqrt(periods))
    omega = ranks / (points + 1.0)
    logits = np.log(omega / (1.0 - omega))
    slope, intercept = _line(pairs[:, 0], pairs[:, 1])
    return Overfitting(
        probability=float((logits <= 0.0).mean()),
        loss=float((pairs[:, 1] < 0.0).mean()),
        in_sample=float(np.median(pairs[:, 0])),
        out_of_sample=float(np.median(pairs[:, 1])),
        slope=slope,
        intercept=intercept,
        logits=logits,
        pairs=pairs,
        points=points,
        blocks=size,
    )


def _sampled(sums: Floats, squares: Floats, most: int, seed: int) -> tuple[Floats, Floats]:
    if len(sums) <= most:
        return sums, squares
    taken = np.random.default_rng(seed).choice(len(sums), most, replace=False)
    taken.sort()
    return sums[taken], squares[taken]


def _even(counts: Floats, moments: tuple[Floats, Floats]) -> _Blocks:
    """The blocks that hold bars, joined with neighbours to an even number of at most 16."""
    filled = np.flatnonzero(counts > 0)
    size = min(len(filled) // 2 * 2, MOST_BLOCKS)
    if size == 0:
        return _Blocks(np.empty(0), np.empty((len(moments[0]), 0)), np.empty((len(moments[1]), 0)))
    starts = filled[np.arange(size) * len(filled) // size]
    sums, squares = (np.add.reduceat(values, starts, axis=1) for values in moments)
    return _Blocks(np.add.reduceat(counts, starts), sums, squares)


def _all_halves(blocks: _Blocks, year: float) -> tuple[Floats, Floats]:
    """Rank out of sample ``[halves]``, and ratios in and out of sample ``[halves, 2]``.

    Only halves with the first block are formed: the others are their complements.
    """
    size = len(blocks.counts)
    chosen = combinations(range(1, size), size // 2 - 1)
    members = np.array([(0, *rest) for rest in chosen], np.intp)
    inside = np.zeros((len(members), size))
    np.put_along_axis(inside, members, 1.0, axis=1)
    outside = 1.0 - inside
    bars, other_bars = inside @ blocks.counts, outside @ blocks.counts
    ranks = np.empty((2, len(members)))
    pairs = np.empty((2, len(members), 2))
    step = max(AT_ONCE // len(blocks.sums), 1)
    for first in range(0, len(members), step):
        part = slice(first, first + step)
        here, there = _t_values(blocks, inside[part]), _t_values(blocks, outside[part])
        for side, found in enumerate((_choose(here, there), _choose(there, here))):
            n, m = (bars, other_bars) if side == 0 else (other_bars, bars)
            ranks[side, part] = found.rank
            pairs[side, part, 0] = _ratio(found.inside, n[part]) * year
            pairs[side, part, 1] = _ratio(found.outside, m[part]) * year
    return ranks.reshape(-1), pairs.reshape(-1, 2)


def _t_values(blocks: _Blocks, halves: Floats) -> Floats:
    """``sum(r) / sqrt(sum(r^2))`` of each point in each half, ``[halves, P]``.

    It puts points in the same order as the Sharpe ratio does, and takes less work.
    """
    found = inner_products(halves, blocks.sums)
    size = inner_products(halves, blocks.squares)
    np.sqrt(size, out=size)
    # out of the market: 0 / 1
    size[size <= FLAT] = 1.0
    found /= size
    return found


def _ratio(value: Floats, bars: Floats) -> Floats:
    """Sharpe ratio per bar of what :func:`_t_values` gives; 0.0 where the returns are constant."""
    risk = 1.0 - value * value / bars
    flat = risk <= ROUNDING
    risk[flat] = 1.0
    ratio = value / bars * np.sqrt(np.maximum(bars - 1.0, 0.0) / risk)
    ratio[flat] = 0.0
    return np.asarray(ratio)


def _choose(here: Floats, there: Floats) -> _Chosen:
    rows = np.arange(len(here))
    best = here.argmax(axis=1)
    value = there[rows, best]
    below = np.count_nonzero(there < (value - ROUNDING)[:, None], axis=1)
    above = np.count_nonzero(there > (value + ROUNDING)[:, None], axis=1)
    equal = here.shape[1] - below - above
    return _Chosen(here[rows, best], value, below + (equal + 1.0) / 2.0)


def _line(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept of least squares; NaN where x never varies."""
    away = x - x.mean()
    spread = float(away @ away)
    if not spread > FLAT:
        return math.nan, math.nan
    slope = float(away @ (y - y.mean())) / spread
    return slope, float(y.mean()) - slope * float(x.mean())
