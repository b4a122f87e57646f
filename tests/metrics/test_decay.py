"""What is left on later data."""

from __future__ import annotations

import math

import numpy as np
import pytest

from stockstream.metrics.decay import out_of_sample_decay, rank_correlation


def test_the_best_before_is_looked_at_after() -> None:
    found = out_of_sample_decay(
        np.array([0.5, 2.0, np.nan, 1.0]), np.array([0.4, 0.5, 9.0, np.nan])
    )
    assert (found.point, found.before, found.after) == (1, 2.0, 0.5)
    assert found.kept == 0.25
    assert found.median_after == pytest.approx(0.45)
    assert found.points == 2
    assert math.isnan(found.correlation)


def test_a_loss_before_keeps_nothing() -> None:
    found = out_of_sample_decay(np.array([-1.0, -2.0]), np.array([1.0, 1.0]))
    assert math.isnan(found.kept)
    assert found.after == 1.0


def test_nothing_known() -> None:
    found = out_of_sample_decay(np.array([np.nan, 1.0]), np.array([1.0, np.nan]))
    assert found.point == -1
    assert found.points == 0
    assert math.isnan(found.after)


def test_rank_correlation() -> None:
    x = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
    assert rank_correlation(x, np.exp(x)) == pytest.approx(1.0)
    assert rank_correlation(x, -x) == pytest.approx(-1.0)
    # ranks 1, 2.5, 2.5, 4, 5 by hand
    assert rank_correlation(x, np.array([1.0, 2.0, 2.0, 4.0, 5.0])) == pytest.approx(
        np.corrcoef([1, 2, 3, 4, 5], [1, 2.5, 2.5, 4, 5])[0, 1]
    )
    assert math.isnan(rank_correlation(x, np.ones(5)))
    assert math.isnan(rank_correlation(x[:2], x[:2]))
    tied = rank_correlation(np.array([1.0, 2.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0, 4.0]))
    assert tied == pytest.approx(0.9486832980505138)  # scipy.stats.spearmanr


def test_ranks_are_of_what_is_known_of_both() -> None:
    x = np.array([1.0, 2.0, 3.0, np.nan, 0.0])
    assert rank_correlation(x, np.array([9.0, 8.0, 7.0, 1.0, np.nan])) == pytest.approx(-1.0)
    assert math.isnan(rank_correlation(x, np.array([9.0, 8.0, np.nan, 1.0, np.nan])))
