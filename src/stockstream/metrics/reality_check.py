"""Is the best of many points better than cash, or the best of much luck? Two bootstrap tests.

- White, "A reality check for data snooping" (Econometrica 68(5), 2000): the largest mean return of
  all points against the largest of resamples in which no point has an edge.
- Hansen, "A test for superior predictive ability" (SPA; Journal of Business and Economic
  Statistics 23(4), 2005): the same with each point divided by its error, so that a wild point does
  not drown the others, and with hopeless points kept from making the test toothless.

Both resample all points together, with the stationary bootstrap of Politis and Romano (1994): how
the points hang together stays as it was, and needs no model. With ``n`` observations of each point,
mean ``m``, resampled mean ``m*`` and standard error ``w / sqrt(n)``::

    White   max sqrt(n) m            against   max sqrt(n) (m* - m)
    SPA     max(0, max sqrt(n) m/w)  against   max(0, max sqrt(n) (m* - g(m)) / w)

with ``g(m)`` = m (upper bound), max(m, 0) (lower bound), or m where
``sqrt(n) m / w >= -sqrt(2 log log n)`` and 0 elsewhere (consistent). A p-value is
``(1 + resamples at least as large) / (1 + resamples)``, which is never 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from stockstream.metrics.bootstrap import mean_block_length, resampled
from stockstream.metrics.products import inner_products
from stockstream.metrics.returns import FLAT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

__all__ = ["RealityCheck", "reality_check"]

RESAMPLES = 2_000
FEWEST = 60
"""Observations below which an error estimated from them is too rough for the largest of many.

With 16 observations of 500 points without an edge, Hansen's test would find one in half of all
cases at the 5 % level; White's, which needs no error, keeps to it.
"""

AT_ONCE = 1 << 20
"""Resampled means in memory at a time."""


@dataclass(frozen=True, slots=True)
class RealityCheck:
    """P-values of "no point is better than the benchmark". NaN where it cannot be measured.

    Attributes:
        white: of White's reality check.
        lower, consistent, upper: of Hansen's test; ``consistent`` is the one to quote.
        statistic: Hansen's, the largest mean over its error.
        best: the point that has it; -1 where there is none.
        points: how many were tested; those that never vary are left out.
        observations: of each point.
        mean_block: mean length of the resampled blocks, in observations.
        resamples: how many there were.
        seed: of the draws.
    """

    white: float
    lower: float
    consistent: float
    upper: float
    statistic: float
    best: int
    points: int
    observations: int
    mean_block: float
    resamples: int
    seed: int


class _Counts(NamedTuple):
    white: int
    lower: int
    consistent: int
    upper: int


def reality_check(
    excess: Floats,
    *,
    errors: Floats | None = None,
    resamples: int = RESAMPLES,
    mean_block: float | None = None,
    seed: int = 0,
) -> RealityCheck:
    """White's reality check and Hansen's SPA test.

    Args:
        excess: ``[P, n]``, return of each point over the benchmark in each interval. No NaN.
        errors: ``[P]``, standard deviation of an interval's return, where it is known better than
            from these observations (from the bars inside the intervals). None takes the variance
            of the stationary bootstrap, Hansen's equation 9; with fewer than 60 observations that
            is too rough, and Hansen's p-values are NaN.
        resamples: how many to draw.
        mean_block: mean length of a block, 1 or more; None takes :func:`mean_block_length` of the
            mean over the points.
        seed: of the draws.

    Raises:
        ValueError: less than one resample, or a block shorter than an observation.
    """
    if resamples < 1:
        raise ValueError(f"{resamples} resamples give no p-value; take 1,000 or more")
    size = excess.shape[1]
    if mean_block is None:
        mean_block = mean_block_length(excess.mean(axis=0)) if len(excess) else 1.0
    if not mean_block >= 1.0:
        raise ValueError(f"a mean block of {mean_block} is shorter than an observation; take 1")
    usable = np.empty(0, np.intp)
    if size >= 3:
        mean = excess.mean(axis=1)
        # a sample's own mean takes one of its n degrees of freedom
        away = (excess - mean[:, None]) * math.sqrt(size / (size - 1.0))
        deviation = _deviation(away, mean_block) if errors is None else errors
        varies = np.abs(away).max(axis=1, initial=0.0) > FLAT
        usable = np.flatnonzero(varies & (deviation > FLAT))
    if not len(usable):
        nan = math.nan
        return RealityCheck(nan, nan, nan, nan, nan, -1, 0, size, mean_block, resamples, seed)
    mean, away, deviation = mean[usable], away[usable], deviation[usable]
    score = math.sqrt(size) * mean / deviation
    counts = _larger(away, mean, deviation, score, resamples, mean_block, seed)
    white, *hansen = ((1.0 + count) / (1.0 + resamples) for count in counts)
    known = errors is not None or size >= FEWEST
    lower, consistent, upper = hansen if known else (math.nan,) * 3
    return RealityCheck(
        white,
        lower,
        consistent,
        upper,
        statistic=float(score.max()) if known else math.nan,
        best=int(usable[(score if known else mean).argmax()]),
        points=len(usable),
        observations=size,
        mean_block=mean_block,
        resamples=resamples,
        seed=seed,
    )


def _deviation(away: Floats, mean_block: float) -> Floats:
    """Long-run standard deviation of an observation, ``[P]`` (Hansen 2005, equation 9).

    ``g(0) + 2 * sum over lags of k(i) * g(i)`` with autocovariances g and
    ``k(i) = (n - i)/n * (1 - q)**i + i/n * (1 - q)**(n - i)``, ``q = 1 / mean_block``.
    """
    size = away.shape[1]
    lag = np.arange(size)
    stay = 1.0 - 1.0 / mean_block
    kernel = (size - lag) / size * stay**lag + lag / size * stay ** (size - lag)
    kernel[0] = 1.0
    places = np.abs(lag[:, None] - lag[None, :])
    variance = np.einsum("pt,pt->p", inner_products(away, kernel[places]), away) / size
    return np.asarray(np.sqrt(np.maximum(variance, 0.0)))


def _larger(
    away: Floats,
    mean: Floats,
    deviation: Floats,
    score: Floats,
    resamples: int,
    mean_block: float,
    seed: int,
) -> _Counts:
    """How many resamples are at least as large as what was seen, for each test."""
    size = away.shape[1]
    root = math.sqrt(size)
    white, most = root * float(mean.max()), max(float(score.max()), 0.0)
    bound = -math.sqrt(2.0 * math.log(math.log(size)))
    shifts = (np.minimum(score, 0.0), np.where(score < bound, score, 0.0), np.zeros(1))
    found = np.zeros(4, np.int64)
    step = max(AT_ONCE // len(away), 1)
    for drawn in resampled(np.arange(size, dtype=np.float64), resamples, mean_block, seed):
        for first in range(0, len(drawn), step):
            weights = _weights(drawn[first : first + step], size)
            means = inner_products(weights, away)
            means *= root
            found[0] += int((means.max(axis=1) >= white).sum())
            means /= deviation
            for place, shift in enumerate(shifts, 1):
                largest = np.maximum((means + shift).max(axis=1), 0.0)
                found[place] += int((largest >= most).sum())
    return _Counts(*found.tolist())


def _weights(drawn: Floats, size: int) -> Floats:
    """Share of each observation in each resample, ``[k, n]``."""
    rows = len(drawn)
    places = drawn.astype(np.intp) + size * np.arange(rows)[:, None]
    counts = np.bincount(places.reshape(-1), minlength=rows * size)
    return counts.reshape(rows, size) / size
