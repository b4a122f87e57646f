"""CSCV, against an implementation from the paper's words that knows only returns."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from stockstream.metrics.overfitting import MOST_BLOCKS, overfitting
from stockstream.testing.noise import moments_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stockstream.metrics.overfitting import Overfitting

    Floats: TypeAlias = NDArray[np.float64]


def measured(returns: Floats, blocks: int, **options: int) -> Overfitting:
    moments = moments_of(returns, blocks)
    return overfitting(moments.counts, moments.sums, moments.squares, **options)


def by_hand(returns: Floats, blocks: int) -> tuple[Floats, Floats]:
    """Logits, and ratios in and out of sample, straight from the paper, one half at a time."""
    points = len(returns)
    parts = np.split(returns, blocks, axis=1)
    logits, pairs = [], []
    for inside in combinations(range(blocks), blocks // 2):
        outside = [b for b in range(blocks) if b not in inside]
        here = _sharpe(np.hstack([parts[b] for b in inside]))
        there = _sharpe(np.hstack([parts[b] for b in outside]))
        best = int(np.argmax(here))
        rank = 1 + int((there < there[best]).sum()) + (int((there == there[best]).sum()) - 1) / 2
        omega = rank / (points + 1)
        logits.append(math.log(omega / (1 - omega)))
        pairs.append((here[best], there[best]))
    return np.array(logits), np.array(pairs)


def _sharpe(returns: Floats) -> Floats:
    return np.asarray(returns.mean(axis=1) / returns.std(axis=1, ddof=1) * math.sqrt(252))


@pytest.mark.parametrize(("points", "blocks"), [(2, 4), (7, 6), (20, 8), (33, 10)])
def test_it_is_the_procedure_of_the_paper(points: int, blocks: int) -> None:
    returns = np.random.default_rng(points).normal(0.0004, 0.01, (points, blocks * 15))
    logits, pairs = by_hand(returns, blocks)
    found = measured(returns, blocks)
    assert found.halves == math.comb(blocks, blocks // 2)
    np.testing.assert_allclose(np.sort(found.logits), np.sort(logits), rtol=1e-9)
    by_first = np.lexsort((found.pairs[:, 1], found.pairs[:, 0]))
    expected = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
    np.testing.assert_allclose(found.pairs[by_first], expected, rtol=1e-8)
    assert found.probability == (logits <= 0).mean()
    assert found.loss == (pairs[:, 1] < 0).mean()
    slope, intercept = np.polyfit(pairs[:, 0], pairs[:, 1], 1)
    assert found.slope == pytest.approx(slope)
    assert found.intercept == pytest.approx(intercept)
    assert found.in_sample == pytest.approx(np.median(pairs[:, 0]))
    assert found.out_of_sample == pytest.approx(np.median(pairs[:, 1]))


def test_the_full_overfit_of_the_paper() -> None:
    """Its first test case: every strategy earns nothing overall; what is won here is lost there.

    The probability of overfitting is 1.
    """
    returns = np.random.default_rng(1).normal(0.0, 0.01, (100, 1000))
    returns -= returns.mean(axis=1, keepdims=True)
    found = measured(returns, 8)
    assert found.probability == 1.0
    assert found.loss == 1.0
    assert found.slope == pytest.approx(-1.0, abs=0.05)


def test_a_true_edge_is_chosen_again() -> None:
    returns = np.random.default_rng(2).normal(0.0, 0.01, (50, 2000))
    returns[17] += 0.0025
    found = measured(returns, 16)
    assert found.probability == 0.0
    assert found.loss == 0.0
    assert found.halves == 12_870


def test_points_that_are_the_same_share_a_rank() -> None:
    returns = np.random.default_rng(3).normal(0.0, 0.01, (1, 320))
    found = measured(np.repeat(returns, 6, axis=0), 8)
    np.testing.assert_allclose(found.logits, 0.0, atol=1e-12)


def test_points_out_of_the_market_have_ratio_zero() -> None:
    returns = np.zeros((3, 160))
    returns[0] = np.random.default_rng(5).normal(-0.01, 0.001, 160)
    found = measured(returns, 8)
    np.testing.assert_array_equal(found.pairs, 0.0)
    np.testing.assert_allclose(found.logits, math.log(2.5 / 1.5))


def test_the_order_of_the_points_does_not_matter() -> None:
    returns = np.random.default_rng(6).normal(0.0, 0.01, (40, 320))
    one, other = measured(returns, 8), measured(returns[::-1].copy(), 8)
    np.testing.assert_allclose(one.logits, other.logits)


def test_more_points_than_the_limit_are_sampled_with_the_seed() -> None:
    returns = np.random.default_rng(7).normal(0.0, 0.01, (300, 160))
    small = measured(returns, 8, most_points=100, seed=3)
    assert small.points == 100
    assert small.probability == measured(returns, 8, most_points=100, seed=3).probability
    taken = np.sort(np.random.default_rng(3).choice(300, 100, replace=False))
    np.testing.assert_array_equal(small.logits, measured(returns[taken], 8).logits)


@pytest.mark.parametrize(("given", "used"), [(5, 4), (7, 6), (16, 16), (17, 16), (40, 16)])
def test_blocks_are_joined_to_an_even_number(given: int, used: int) -> None:
    returns = np.random.default_rng(8).normal(0.0, 0.01, (10, 400))
    assert measured(returns, given).blocks == used <= MOST_BLOCKS


def test_empty_blocks_are_left_out() -> None:
    moments = moments_of(np.random.default_rng(9).normal(0.0, 0.01, (10, 400)), 8)
    empty = np.zeros((10, 2))
    padded = overfitting(
        np.concatenate((moments.counts, [0.0, 0.0])),
        np.hstack((moments.sums, empty)),
        np.hstack((moments.squares, empty)),
    )
    whole = overfitting(moments.counts, moments.sums, moments.squares)
    np.testing.assert_array_equal(padded.logits, whole.logits)


@pytest.mark.parametrize(("points", "blocks"), [(0, 16), (1, 16), (10, 1), (10, 3)])
def test_too_little_to_halve(points: int, blocks: int) -> None:
    found = measured(np.random.default_rng(1).normal(0.0, 0.01, (points, 160)), blocks)
    assert math.isnan(found.probability)
    assert found.halves == 0
    assert found.points == points


def test_points_that_never_trade_cannot_be_told_apart() -> None:
    assert math.isnan(measured(np.zeros((5, 160)), 8).probability)
