"""Noise must not pass more often than it may, and a planted edge must be found.

``scripts/measure_belief.py`` writes the same measurements into ``docs/guide/belief.md``.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from stockstream.testing.noise import World, rates, simulated, swept, threshold_rates

if TYPE_CHECKING:
    from stockstream.testing.noise import Rates

RUNS = 500
FEWER = 200
"""Where the seeds are fixed, the wider error is allowed for, and each run costs 30 to 80 ms."""
ERRORS = 3.0
"""Standard errors by which a measured share may be off: one in 370 seeds would fail."""


def at_most(share: float, level: float, runs: int = RUNS) -> bool:
    return share <= level + ERRORS * math.sqrt(level * (1.0 - level) / runs)


def at_level(pair: tuple[float, float], runs: int = RUNS) -> bool:
    """Both shares are the nominal ones, within the binomial error."""
    return all(
        at_most(share, level, runs)
        and share >= level - ERRORS * math.sqrt(level * (1.0 - level) / runs)
        for share, level in zip(pair, (0.05, 0.01), strict=True)
    )


def never_too_often(found: Rates) -> bool:
    """No test finds an edge in noise more often than its level."""
    pairs = (found.deflated, found.luck, found.white, found.hansen)
    return all(
        at_most(pair[0], 0.05, found.runs) and at_most(pair[1], 0.01, found.runs) for pair in pairs
    )


def is_half(found: Rates) -> bool:
    return abs(found.overfitting - 0.5) <= ERRORS * found.overfitting_error


@pytest.mark.slow
def test_a_little_noise() -> None:
    found = rates(simulated(World(points=20, bars=400), 60, seed=5, resamples=200))
    assert never_too_often(found)
    assert is_half(found)


def test_a_large_edge() -> None:
    world = World(points=20, bars=1000, ratio=4.0, winners=1)
    found = rates(simulated(world, 20, seed=6, resamples=200))
    assert min(found.deflated[0], found.luck[0], found.white[0], found.hansen[0]) >= 0.9
    assert found.overfitting < 0.1


@pytest.mark.slow
def test_sweeps_of_a_random_walk() -> None:
    found = rates(swept(8, seed=7))
    assert never_too_often(found)
    assert 0.1 < found.overfitting < 0.9


@pytest.mark.slow
def test_the_deflated_ratio_keeps_its_level_where_it_is_the_test() -> None:
    """Against a true ratio that is just what luck shows, and of a single trial against none."""
    assert at_level(threshold_rates(RUNS, seed=1).deflated)
    single = rates(simulated(World(points=1), RUNS, seed=2))
    assert at_level(single.deflated)
    assert single.luck == single.deflated


@pytest.mark.slow
def test_independent_noise() -> None:
    found = rates(simulated(World(), RUNS, seed=3))
    assert never_too_often(found)
    assert at_level(found.luck)
    assert is_half(found)


@pytest.mark.slow
@pytest.mark.parametrize(("tails", "seed"), [(None, 4), (4, 6)])
def test_correlated_noise(tails: int | None, seed: int) -> None:
    found = rates(simulated(World(correlation=0.5, tails=tails), FEWER, seed))
    assert never_too_often(found)
    assert is_half(found)


@pytest.mark.slow
def test_the_bootstrap_is_near_its_level_on_kept_equity() -> None:
    """A bootstrap is right in the limit; with 125 intervals 5 % may be 9 %."""
    for correlation, seed in ((0.0, 8), (0.5, 9)):
        world = World(correlation=correlation, intervals=125)
        found = rates(simulated(world, FEWER, seed))
        for pair in (found.white, found.hansen):
            assert 0.015 <= pair[0] <= 0.09
            assert pair[1] <= 0.035


@pytest.mark.slow
def test_a_planted_edge_is_found() -> None:
    one = rates(simulated(World(ratio=3.0, winners=1), 100, seed=11))
    assert min(one.deflated[0], one.luck[0], one.white[0], one.hansen[0]) > 0.85
    assert one.overfitting < 0.1
    every = World(ratio=1.5, winners=100, correlation=0.9)
    found = rates(simulated(every, 100, seed=12))
    assert min(found.deflated[0], found.white[0], found.hansen[0]) > 0.75
    assert is_half(found)


@pytest.mark.slow
def test_real_sweeps_of_a_random_walk_and_of_one_with_trends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STOCKSTREAM_JIT", "always")  # each sweep is small, all of them are not
    beliefs = list(swept(RUNS, seed=1))
    found = rates(beliefs)
    assert never_too_often(found)
    assert is_half(found)
    noise, trend = rates(beliefs[:100]), rates(swept(100, seed=1, trend=0.002))
    assert trend.deflated[0] > noise.deflated[0] + 0.15
    assert trend.white[0] > noise.white[0] + 0.15
