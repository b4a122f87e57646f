"""Deflated Sharpe ratios and minimum lengths, against the papers' numbers and brute force."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest

from stockstream.metrics.deflated import (
    average_correlation,
    deflated_sharpe,
    effective_trials,
    expected_maximum,
    luck_probability,
    minimum_backtest_length,
    minimum_track_record,
)
from stockstream.metrics.significance import probability_above, sharpe_error

DAILY = 2.5 / math.sqrt(250)
"""The ratio of the example in Bailey and Lopez de Prado (2014): 2.5 a year, 250 days in it."""

VARIANCE = 0.5 / 250


@pytest.mark.parametrize(
    ("trials", "skew", "kurtosis", "expected"),
    [(100, -3.0, 10.0, 0.9004), (46, -3.0, 10.0, 0.9505), (88, 0.0, 3.0, 0.9505)],
)
def test_the_example_of_the_paper(
    trials: int, skew: float, kurtosis: float, expected: float
) -> None:
    """100 trials in five years of days; with 46, or with normal returns and 88, it would pass."""
    found = deflated_sharpe(DAILY, 1250, trials, VARIANCE, skew, kurtosis)
    assert found == pytest.approx(expected, abs=5e-5)


def test_the_luck_of_the_example() -> None:
    assert math.sqrt(VARIANCE) * expected_maximum(100) == pytest.approx(0.1132, abs=5e-5)


def test_the_example_of_the_minimum_backtest_length() -> None:
    """Bailey et al. (2014): not more than 45 trials in five years, or a ratio of 1 is expected."""
    assert minimum_backtest_length(45, 1.0) == pytest.approx(5.0, abs=0.005)
    assert expected_maximum(10) == pytest.approx(1.57, abs=0.005)


@pytest.mark.parametrize(
    ("periods", "years"),
    [(252, 2.73), (52, 2.83), (12, 3.24)],
)
def test_the_example_of_the_minimum_track_record(periods: int, years: float) -> None:
    """Bailey and Lopez de Prado (2012): a ratio of 2 against 1, by the day, the week, the month."""
    year = math.sqrt(periods)
    bars = minimum_track_record(2.0 / year, benchmark=1.0 / year)
    assert bars / periods == pytest.approx(years, abs=0.005)


@pytest.mark.parametrize(("trials", "error"), [(2, 0.08), (5, 0.03), (50, 0.015), (1000, 0.01)])
def test_the_expected_maximum_is_near_the_exact_one(trials: int, error: float) -> None:
    """The exact one is the integral of ``1 - F ** N`` above zero less that of ``F ** N`` below."""
    grid = np.linspace(0.0, 9.0, 90_001)
    upper = 0.5 * np.array([math.erfc(-x / math.sqrt(2)) for x in grid])
    exact = np.trapezoid((1.0 - upper**trials) - (1.0 - upper) ** trials, grid)
    assert expected_maximum(trials) == pytest.approx(exact, rel=error)


def test_the_expected_maximum_grows_and_keeps_its_digits() -> None:
    numbers = [1.0, 1.2, 1.5, 2.0, 3.0, 10.0, 1e3, 1e6, 1e12, 1e100]
    found = [expected_maximum(number) for number in numbers]
    assert found == sorted(found)
    assert found[0] == 0.0
    assert all(math.isfinite(value) for value in found)
    assert found[-1] < math.sqrt(2.0 * math.log(1e100))
    assert math.isnan(expected_maximum(math.nan))


def test_one_trial_is_the_probabilistic_sharpe_ratio() -> None:
    found = deflated_sharpe(0.1, 500, 1, 0.01, -0.5, 5.0)
    assert found == probability_above(0.1, 0.0, sharpe_error(0.1, 500, -0.5, 5.0))


@pytest.mark.parametrize(
    ("ratio", "bars", "variance"),
    [(math.nan, 500, 0.01), (0.1, 1, 0.01), (0.1, 500, math.nan), (0.1, 500, -1.0)],
)
def test_what_cannot_be_measured(ratio: float, bars: int, variance: float) -> None:
    assert math.isnan(deflated_sharpe(ratio, bars, 10, variance))


def test_the_probability_of_luck() -> None:
    assert luck_probability(0.95, 1) == pytest.approx(0.05)
    assert luck_probability(0.999, 100) == pytest.approx(1.0 - 0.999**100)
    assert luck_probability(1.0 - 1e-12, 1000) == pytest.approx(1e-9, rel=1e-4)
    assert luck_probability(0.0, 3) == 1.0
    assert luck_probability(1.0, 3) == 0.0
    assert math.isnan(luck_probability(math.nan, 3))
    assert math.isnan(luck_probability(0.5, math.nan))


def test_the_average_correlation_is_that_of_all_pairs() -> None:
    rng = np.random.default_rng(4)
    series = rng.normal(size=(9, 16)) + rng.normal(size=16)
    matrix = np.asarray(np.corrcoef(series)).tolist()
    pairs = [float(matrix[i][j]) for i, j in combinations(range(9), 2)]
    assert average_correlation(series) == pytest.approx(np.mean(pairs))
    assert average_correlation(np.vstack((series, np.zeros(16)))) == pytest.approx(np.mean(pairs))


@pytest.mark.parametrize("shape", [(0, 16), (1, 16), (5, 2)])
def test_no_correlation_without_pairs(shape: tuple[int, int]) -> None:
    assert math.isnan(average_correlation(np.random.default_rng(1).normal(size=shape)))


@pytest.mark.parametrize(
    ("correlation", "expected"),
    [(0.0, 100.0), (1.0, 1.0), (0.5, 50.5), (-0.2, 100.0), (math.nan, 100.0)],
)
def test_the_effective_number_of_trials(correlation: float, expected: float) -> None:
    assert effective_trials(100, correlation) == pytest.approx(expected)


def test_the_spread_over_correlated_trials_has_allowed_for_the_correlation() -> None:
    """Why the verdict takes the raw number: with it the expected maximum is right."""
    rng = np.random.default_rng(7)
    own, shared = rng.normal(size=(4000, 50)), rng.normal(size=(4000, 1))
    ratios = math.sqrt(0.3) * own + math.sqrt(0.7) * shared
    luck = np.sqrt(ratios.var(axis=1, ddof=1).mean()) * expected_maximum(50)
    assert ratios.max(axis=1).mean() == pytest.approx(luck, rel=0.03)


def test_the_minimum_lengths_of_what_earns_nothing() -> None:
    assert math.isnan(minimum_backtest_length(45, 0.0))
    assert math.isnan(minimum_backtest_length(45, math.nan))
    assert minimum_track_record(0.0) == math.inf
    assert math.isnan(minimum_track_record(math.nan))
    assert math.isnan(minimum_track_record(1.0, skew=5.0))
