"""White's and Hansen's tests, against an implementation that draws and counts one by one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.metrics.bootstrap import resampled
from stockstream.metrics.reality_check import reality_check

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

RESAMPLES = 300


def by_hand(excess: Floats, mean_block: float, seed: int) -> tuple[float, ...]:
    """The two papers' formulas on the same draws, with loops in place of products."""
    points, size = excess.shape
    mean = excess.mean(axis=1)
    away = (excess - mean[:, None]) * math.sqrt(size / (size - 1))
    deviation = np.array([_long_run(away[k], mean_block) for k in range(points)])
    root = math.sqrt(size)
    score = root * mean / deviation
    bound = -math.sqrt(2 * math.log(math.log(size)))
    seen = (root * mean.max(), max(0.0, float(score.max())))
    larger = np.zeros(4)
    draws = resampled(np.arange(size, dtype=float), RESAMPLES, mean_block, seed)
    for chosen in np.vstack(list(draws)).astype(int):
        shifted = root * np.array([away[k][chosen].mean() for k in range(points)])
        larger[0] += shifted.max() >= seen[0]
        lower = [s / w + min(t, 0.0) for s, w, t in zip(shifted, deviation, score, strict=True)]
        middle = [
            s / w + (t if t < bound else 0.0)
            for s, w, t in zip(shifted, deviation, score, strict=True)
        ]
        upper = shifted / deviation
        for place, values in enumerate((lower, middle, upper), 1):
            larger[place] += max(0.0, *values) >= seen[1]
    return tuple(((1 + larger) / (1 + RESAMPLES)).tolist())


def _long_run(away: Floats, mean_block: float) -> float:
    size, stay = len(away), 1 - 1 / mean_block
    total = float(away @ away) / size
    for lag in range(1, size):
        weight = (size - lag) / size * stay**lag + lag / size * stay ** (size - lag)
        total += 2 * weight * float(away[lag:] @ away[:-lag]) / size
    return math.sqrt(total)


@pytest.mark.parametrize("mean_block", [1.0, 4.0])
@pytest.mark.parametrize("edge", [-0.3, 0.0, 0.15])
def test_they_are_the_formulas_of_the_papers(mean_block: float, edge: float) -> None:
    rng = np.random.default_rng(3)
    excess = rng.normal(0.0, 1.0, (8, 90)) * rng.uniform(0.5, 3.0, (8, 1)) + 0.5 * rng.normal(
        size=90
    )
    excess[0] += edge
    excess[1] -= 1.0
    found = reality_check(excess, resamples=RESAMPLES, mean_block=mean_block, seed=5)
    expected = by_hand(excess, mean_block, 5)
    got = found.white, found.lower, found.consistent, found.upper
    assert got == pytest.approx(expected, abs=1e-12)
    assert found.lower <= found.consistent <= found.upper


def test_a_hopeless_point_makes_the_upper_bound_toothless_but_not_the_consistent_test() -> None:
    """Hansen's reason for his test: bad points must not hide a good one."""
    rng = np.random.default_rng(1)
    good = rng.normal(0.28, 1.0, (1, 120))
    bad = rng.normal(-3.0, 1.0, (300, 120))
    found = reality_check(np.vstack((good, bad)), resamples=999, mean_block=1.0)
    alone = reality_check(good, resamples=999, mean_block=1.0)
    assert found.best == 0
    assert found.consistent == pytest.approx(alone.consistent, abs=0.005)
    assert found.upper > 10 * found.consistent


def test_the_same_seed_draws_the_same() -> None:
    excess = np.random.default_rng(2).normal(0.0, 1.0, (5, 80))
    assert reality_check(excess, resamples=200) == reality_check(excess, resamples=200)
    assert reality_check(excess, resamples=200).mean_block >= 1.0


def test_errors_from_few_observations_are_refused() -> None:
    """16 sums of blocks: White's test stands, Hansen's needs errors from the bars."""
    excess = np.random.default_rng(4).normal(0.0, 1.0, (50, 16))
    rough = reality_check(excess, resamples=200, mean_block=1.0)
    assert math.isnan(rough.consistent)
    assert math.isnan(rough.statistic)
    assert 0.0 < rough.white <= 1.0
    assert rough.best == int(excess.mean(axis=1).argmax())
    known = reality_check(excess, errors=np.ones(50), resamples=200, mean_block=1.0)
    assert 0.0 < known.consistent <= 1.0
    assert known.white == rough.white


def test_points_that_never_vary_are_left_out() -> None:
    excess = np.random.default_rng(5).normal(0.1, 1.0, (4, 80))
    excess[2] = 0.0
    found = reality_check(excess, resamples=200, mean_block=1.0)
    without = reality_check(np.delete(excess, 2, axis=0), resamples=200, mean_block=1.0)
    assert found.points == 3
    assert found.white == without.white


@pytest.mark.parametrize("shape", [(0, 80), (4, 0), (4, 2)])
def test_too_little_to_test(shape: tuple[int, int]) -> None:
    found = reality_check(np.random.default_rng(1).normal(size=shape), resamples=10)
    assert math.isnan(found.white)
    assert found.best == -1


def test_flat_points_have_no_p_value() -> None:
    assert math.isnan(reality_check(np.zeros((3, 80)), resamples=10, mean_block=1.0).white)


@pytest.mark.parametrize(("resamples", "mean_block"), [(0, 1.0), (10, 0.5), (10, math.nan)])
def test_options_that_make_no_sense(resamples: int, mean_block: float) -> None:
    with pytest.raises(ValueError, match="take 1"):
        reality_check(np.ones((2, 80)), resamples=resamples, mean_block=mean_block)
