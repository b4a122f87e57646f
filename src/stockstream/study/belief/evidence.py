"""The parts of a judgement: luck, one point's ratio against it, the bootstrap."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from stockstream.metrics.deflated import (
    average_correlation,
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    luck_probability,
    minimum_backtest_length,
    minimum_track_record,
)
from stockstream.metrics.reality_check import reality_check
from stockstream.metrics.significance import probability_above, sharpe_error

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.reality_check import RealityCheck
    from stockstream.study.belief.moments import Floats, PointMoments

__all__ = ["Deflated", "Luck", "Tested", "against_cash", "deflated", "deflated_of_all", "luck_of"]

MOST_CELLS = 20_000_000
"""Observations of all points together that the bootstrap takes; of more a sample of the points."""


class Luck(NamedTuple):
    """What so many trials without an edge look like.

    Attributes:
        trials: that are reckoned with.
        correlation: mean correlation of the points' block returns.
        effective: independent trials that all are worth by that.
        spread: standard deviation of a ratio over trials, per return.
        source: where the spread is from.
    """

    trials: int
    correlation: float
    effective: float
    spread: float
    source: str


@dataclass(frozen=True, slots=True)
class Deflated:
    """A point's Sharpe ratio against luck.

    Ratios are per year.

    Attributes:
        sharpe, error: the point's ratio and its standard error.
        skew, kurtosis: of its returns; 3 is the kurtosis of a normal distribution.
        probability: of a true ratio above 0 if it were the only trial (probabilistic Sharpe).
        spread: standard deviation of a ratio over trials, of which luck draws the best.
        expected_maximum: ratio that the best of so many trials without an edge has.
        deflated_sharpe: probability of a true ratio above that.
        deflated_effective: the same with the effective number of trials.
        luck: probability of a best this good if no trial had an edge; an upper bound.
        luck_effective: the same with the effective number.
        minimum_years: below which luck alone is expected to show this ratio.
        track_record_years: after which this ratio, of a single trial, is above 0 with 95 %.
    """

    sharpe: float
    error: float
    skew: float
    kurtosis: float
    probability: float
    spread: float
    expected_maximum: float
    deflated_sharpe: float
    deflated_effective: float
    luck: float
    luck_effective: float
    minimum_years: float
    track_record_years: float


class Tested(NamedTuple):
    """The bootstrap tests, and in words what they resampled."""

    check: RealityCheck
    source: str


def luck_of(moments: PointMoments, own_trials: int, other_trials: int) -> Luck:
    """What luck makes of the trials.

    The spread is that of the ratios over the trials: where they hang together they differ less,
    and their best is less far up. Trials of other studies are not among them, so with these it is
    at least the sampling error of a ratio of 0, as if they were independent.

    Args:
        moments: of the points.
        own_trials: points of the study that ran.
        other_trials: of other studies on the same data.
    """
    ratios = moments.sharpe[np.isfinite(moments.sharpe)]
    seen = float(ratios.std(ddof=1)) if len(ratios) > 1 else math.nan
    sampling = math.sqrt(1.0 / max(moments.bars - 1, 1))
    taken = math.isnan(seen) or (other_trials > 0 and seen < sampling)
    trials = own_trials + other_trials
    correlation = average_correlation(moments.sums[moments.ran])
    return Luck(
        trials=trials,
        correlation=correlation,
        effective=effective_trials(trials, correlation),
        spread=sampling if taken else seen,
        source="the sampling error of a ratio of 0" if taken else "the trials",
    )


def deflated(moments: PointMoments, point: int, luck: Luck) -> Deflated:
    """One point's ratio against luck; NaN where it has none (``point`` is -1, or flat)."""
    year = math.sqrt(moments.periods)
    ratio, skew, kurtosis = math.nan, math.nan, math.nan
    if point >= 0:
        ratio = float(moments.sharpe[point])
        skew, kurtosis = (float(values[point]) for values in moments.shape)
    error = sharpe_error(ratio, moments.bars, skew, kurtosis)
    alone = probability_above(ratio, 0.0, error)

    def against(trials: float) -> float:
        return deflated_sharpe(ratio, moments.bars, trials, luck.spread**2, skew, kurtosis)

    return Deflated(
        sharpe=ratio * year,
        error=error * year,
        skew=skew,
        kurtosis=kurtosis,
        probability=alone,
        spread=luck.spread * year,
        expected_maximum=luck.spread * year * expected_maximum(luck.trials),
        deflated_sharpe=against(luck.trials),
        deflated_effective=against(luck.effective),
        luck=luck_probability(alone, luck.trials),
        luck_effective=luck_probability(alone, luck.effective),
        minimum_years=minimum_backtest_length(luck.trials, ratio * year),
        track_record_years=minimum_track_record(ratio, skew, kurtosis) / moments.periods,
    )


def deflated_of_all(moments: PointMoments, luck: Luck) -> Floats:
    """Deflated Sharpe ratio of every point, ``[P]``; NaN where it has none."""
    skew, kurtosis = moments.shape
    numbers = zip(moments.sharpe.tolist(), skew.tolist(), kurtosis.tolist(), strict=True)
    if not luck.spread >= 0.0:
        return np.full(len(moments), np.nan)
    by_luck = math.sqrt(luck.spread**2) * expected_maximum(luck.trials)
    return np.array(
        [
            probability_above(one, by_luck, sharpe_error(one, moments.bars, *shape))
            for one, *shape in numbers
        ]
    )


def against_cash(moments: PointMoments, rate: float, resamples: int, seed: int) -> Tested:
    """White's and Hansen's tests on the finest returns that are there.

    Those are the intervals of the kept equity if they are finer than the blocks, else the blocks'
    sums. The errors of Hansen's test are from the bars, wherever there are more of them than
    blocks: those from 16 sums are too rough.

    Args:
        moments: over cash.
        rate: return of cash per bar, for the kept equity.
        resamples: of the bootstrap.
        seed: of the bootstrap.
    """
    usable = np.flatnonzero(moments.ran)
    curve = moments.curve
    fine = curve is not None and curve.shape[1] - 1 > len(moments.counts)
    filled = np.flatnonzero(moments.counts > 0)
    size = curve.shape[1] - 1 if curve is not None and fine else len(filled)
    most = max(MOST_CELLS // max(size, 1), 1)
    sampled = len(usable) > most
    if sampled:
        usable = np.sort(np.random.default_rng(seed).choice(usable, most, replace=False))
    length = moments.bars / max(size, 1)
    if curve is not None and fine:
        excess = _interval_returns(np.asarray(curve[usable], np.float64)) - rate * length
        source = f"{size} intervals of about {length:.1f} returns of the kept equity"
    else:
        excess = moments.sums[np.ix_(usable, filled)]
        source = f"the sums of returns in {size} blocks"
    whole = np.isfinite(excess).all(axis=1)
    places = usable[whole]
    errors = moments.deviation[places] * math.sqrt(length)
    check = reality_check(
        excess[whole],
        errors=errors if moments.bars > 2 * len(moments.counts) else None,
        resamples=resamples,
        mean_block=None if fine else 1.0,
        seed=seed,
    )
    if check.best >= 0:
        check = replace(check, best=int(places[check.best]))
    return Tested(check, source + (f", {most:,} points drawn with the seed" if sampled else ""))


def _interval_returns(equity: NDArray[np.float64]) -> Floats:
    """Return of each interval, ``[P, K - 1]``; NaN after a loss of everything."""
    before = equity[:, :-1]
    found = np.full(before.shape, np.nan)
    np.divide(equity[:, 1:], before, out=found, where=before > 0.0)
    return found - 1.0
