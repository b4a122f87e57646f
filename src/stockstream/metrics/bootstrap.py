"""How far a result may be luck: confidence intervals from the stationary bootstrap.

Politis and Romano, "The stationary bootstrap" (JASA 89, 1994). A resample strings blocks of the
returns together, each of which begins anywhere and has a length drawn from a geometric
distribution, and goes round at the end. Blocks keep what follows on what, such as quiet and wild
weeks, which single draws would tear apart and so make drawdowns look too small.

Without a stated mean length, the automatic one of Politis and White (2004), corrected by Patton,
Politis and White (2009), is taken. Intervals are percentiles of the resamples. They hold as far as
the future is like the past, and know nothing of how many rules were tried before this one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.metrics.returns import FLAT, annualised
from stockstream.metrics.series import floats

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from stockstream.metrics.series import Floats, SeriesLike

__all__ = ["Confidence", "Interval", "confidence", "fan", "mean_block_length", "resampled"]

RESAMPLES = 2_000
CHUNK = 200_000
"""Returns drawn at a time: what stays in the cache of a core."""


class Interval(NamedTuple):
    """The bounds of a confidence interval; NaN where it cannot be measured."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Confidence:
    """Confidence intervals of one run.

    Attributes:
        total_return, annualised_return, sharpe, sortino, max_drawdown: the intervals.
        loss: share of the resamples that end with less than they began with.
        level: probability that an interval should hold the truth, such as 0.95.
        resamples: how many there were.
        mean_block: mean length of the blocks, in bars.
        seed: of the draws: the same seed, the same intervals.
    """

    total_return: Interval
    annualised_return: Interval
    sharpe: Interval
    sortino: Interval
    max_drawdown: Interval
    loss: float
    level: float
    resamples: int
    mean_block: float
    seed: int


def confidence(
    returns: SeriesLike,
    *,
    level: float = 0.95,
    resamples: int = RESAMPLES,
    mean_block: float | None = None,
    seed: int = 0,
    periods: float = 252,
    risk_free: float = 0.0,
) -> Confidence:
    """Bootstrap the headline numbers of a series of returns.

    Args:
        returns: ``[T]``, simple, per bar.
        level: between 0 and 1.
        resamples: how many to draw; 2,000 hold a 95 % bound still to about a tenth of its distance.
        mean_block: mean length of a block in bars, 1 or more; None takes
            :func:`mean_block_length`.
        seed: of the draws.
        periods: bars in a year.
        risk_free: return of cash per bar.

    Raises:
        ValueError: the level, the number of resamples or the block length makes no sense.
    """
    series = floats(returns)
    if not 0.0 < level < 1.0:
        raise ValueError(f"level {level} is no probability between 0 and 1, such as 0.95")
    if resamples < 1:
        raise ValueError(f"{resamples} resamples give no interval; take 1,000 or more")
    length = mean_block_length(series) if mean_block is None else float(mean_block)
    if not length >= 1.0:
        raise ValueError(f"a mean block of {length} bars is shorter than a bar; take 1 or more")
    measured = _measured(series, resamples, length, seed, periods, risk_free)
    growth, sharpes, sortinos, falls = measured
    low, high = _bounds(growth, level)
    bars = len(series)
    return Confidence(
        total_return=Interval(low - 1.0, high - 1.0),
        annualised_return=Interval(annualised(low, bars, periods), annualised(high, bars, periods)),
        sharpe=_bounds(sharpes, level),
        sortino=_bounds(sortinos, level),
        max_drawdown=_bounds(falls, level),
        loss=float((growth < 1.0).mean()) if np.isfinite(growth).all() else math.nan,
        level=level,
        resamples=resamples,
        mean_block=length,
        seed=seed,
    )


def fan(
    returns: SeriesLike,
    at: NDArray[np.int64],
    quantiles: Sequence[float],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Floats:
    """How far apart the resamples are as time goes on.

    Args:
        returns: ``[T]``, simple, per bar.
        at: bars to look at, ``[n]``.
        quantiles: between 0 and 1, ``[q]``.
        resamples: how many to draw.
        seed: of the draws.

    Returns:
        ``[q, n]``: quantiles of what 1 unit of money has become after these bars; NaN where nothing
        can be drawn, because there are too few returns or all was lost.
    """
    series = floats(returns)
    if len(series) < 2 or not np.isfinite(series).all() or series.min() <= -1.0:
        return np.full((len(quantiles), len(at)), np.nan)
    grown = [
        np.cumprod(drawn + 1.0, axis=1)[:, at]
        for drawn in resampled(series, resamples, mean_block_length(series), seed)
    ]
    return np.asarray(np.quantile(np.concatenate(grown), quantiles, axis=0), np.float64)


def resampled(series: Floats, resamples: int, mean_block: float, seed: int) -> Iterator[Floats]:
    """The resamples, some at a time: ``[k, T]`` until there were ``resamples`` of them.

    A block that is cut at the end of a resample is no shorter for it: geometric lengths have no
    memory. So all blocks of a chunk are drawn in one go, and each resample begins a new one.
    """
    rng = np.random.default_rng(seed)
    bars = len(series)
    most = max(CHUNK // bars, 1)
    for done in range(0, resamples, most):
        rows = min(most, resamples - done)
        yield series.take(_indexes(rng, rows, bars, mean_block), mode="wrap").reshape(rows, bars)


def _indexes(rng: np.random.Generator, rows: int, bars: int, mean_block: float) -> NDArray[np.intp]:
    size = rows * bars
    begins = np.zeros(size, np.bool_)
    begins[_block_starts(rng, size, mean_block)] = True
    begins[::bars] = True
    starts = np.flatnonzero(begins)
    shift = rng.integers(0, bars, len(starts)) - starts
    return np.repeat(shift, np.diff(starts, append=size)) + np.arange(size)


def _block_starts(rng: np.random.Generator, size: int, mean_block: float) -> NDArray[np.int64]:
    starts = np.zeros(1, np.int64)
    while starts[-1] < size:
        more = int((size - starts[-1]) / mean_block * 1.05) + 16
        lengths = rng.geometric(1.0 / mean_block, more)
        starts = np.concatenate((starts, starts[-1] + lengths.cumsum()))
    return starts[starts < size]


def _measured(
    series: Floats, resamples: int, length: float, seed: int, periods: float, risk_free: float
) -> tuple[Floats, Floats, Floats, Floats]:
    """Growth, Sharpe, Sortino and deepest drawdown of each resample, each ``[resamples]``."""
    bars = len(series)
    if bars < 2 or not np.isfinite(series).all() or series.min() <= -1.0:
        nothing = np.full(resamples, np.nan)
        return nothing, nothing, nothing, nothing
    found = np.empty((4, resamples))
    done = 0
    year = math.sqrt(periods)
    for drawn in resampled(series, resamples, length, seed):
        here = slice(done, done + len(drawn))
        excess = drawn.mean(axis=1) - risk_free
        deviation = drawn.std(axis=1, ddof=1)
        short = np.minimum(drawn - risk_free, 0.0)
        shortfall = np.sqrt(np.einsum("ij,ij->i", short, short) / bars)
        wealth = np.asarray(np.cumprod(drawn + 1.0, axis=1), np.float64)
        found[0, here] = wealth[:, -1]
        found[1, here] = _over(excess, deviation) * year
        found[2, here] = _over(excess, shortfall) * year
        found[3, here] = _deepest(wealth)
        done = here.stop
    return found[0], found[1], found[2], found[3]


def _deepest(wealth: Floats) -> Floats:
    """Deepest drawdown of each row; a row begins at 1.0, before its first value."""
    high = np.maximum.accumulate(wealth, axis=1)
    np.maximum(high, 1.0, out=high)
    return np.asarray((wealth / high).min(axis=1) - 1.0)


def _over(gain: Floats, risk: Floats) -> Floats:
    ratio = np.full(len(gain), np.nan)
    np.divide(gain, risk, out=ratio, where=risk > FLAT)
    return ratio


def _bounds(values: Floats, level: float) -> Interval:
    """Percentiles of what was measured; NaN unless nearly all of it could be."""
    known = values[np.isfinite(values)]
    if len(known) < level * len(values):
        return Interval(math.nan, math.nan)
    low, high = np.quantile(known, ((1.0 - level) / 2.0, (1.0 + level) / 2.0))
    return Interval(float(low), float(high))


def mean_block_length(returns: SeriesLike) -> float:
    """Mean length of blocks that suits the returns and their size, in bars, at least 1.

    The longer one of the automatic lengths for the returns and for their absolute values: wild
    weeks follow wild weeks even where gains do not follow gains.
    """
    series = floats(returns)
    if len(series) < 10 or not np.isfinite(series).all():
        return 1.0
    return max(_automatic_length(series), _automatic_length(np.abs(series)))


def _automatic_length(series: Floats) -> float:
    """Politis and White (2004), section 3.2, with the constants corrected in 2009."""
    bars = len(series)
    away = series - series.mean()
    variance = float(away @ away) / bars
    if not variance > FLAT * FLAT:
        return 1.0
    quiet = max(5, math.ceil(math.log10(bars) ** 0.5))
    most = min(math.ceil(math.sqrt(bars)) + quiet, bars - 1)
    covariance = np.array(
        [float(away[lag:] @ away[: bars - lag]) / bars for lag in range(most + 1)]
    )
    reach = _last_telling_lag(np.abs(covariance[1:]) / variance, bars, quiet)
    span = min(2 * reach, most)
    lags = np.arange(1, span + 1)
    # trapezoidal: 1 up to half the span, then down to 0
    weight = np.minimum(1.0, 2.0 * (1.0 - lags / span))
    spectrum = variance + 2.0 * float(weight @ covariance[lags])
    slope = 2.0 * float((weight * lags) @ covariance[lags])
    if not spectrum > 0.0:
        return 1.0
    length = math.cbrt(slope * slope / (spectrum * spectrum) * bars)
    ceiling = math.ceil(min(3.0 * math.sqrt(bars), bars / 3.0))
    return min(max(length, 1.0), float(ceiling))


def _last_telling_lag(correlation: Floats, bars: int, quiet: int) -> int:
    """The lag, at least 1, after which ``quiet`` correlations in a row look like zero."""
    telling = correlation >= 2.0 * math.sqrt(math.log10(bars) / bars)
    for lag in range(len(telling) - quiet + 1):
        if not telling[lag : lag + quiet].any():
            return max(lag, 1)
    places = np.flatnonzero(telling)
    return int(places[-1]) + 1 if len(places) else 1
