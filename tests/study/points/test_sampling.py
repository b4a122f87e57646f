"""Samples of a grid: different points, the same ones for the same seed, as likely as any other."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError, GridError, UnknownNameError
from stockstream.study.points.sampling import LARGEST_GRID, Sample, Shuffle, sobol_points


@given(st.integers(1, 5_000), st.integers(0, 2**40))
def test_a_shuffle_has_every_number_once(size: int, seed: int) -> None:
    assert sorted(Shuffle(size, seed).at(np.arange(size)).tolist()) == list(range(size))


def test_a_shuffle_needs_no_memory() -> None:
    shuffle = Shuffle(LARGEST_GRID, 7)
    places = np.array([0, 1, LARGEST_GRID - 1])
    numbers = shuffle.at(places)
    assert len(set(numbers.tolist())) == 3
    assert numbers.min() >= 0
    assert numbers.max() < LARGEST_GRID
    assert shuffle.at(places[1:]).tolist() == numbers[1:].tolist()


FIRST_FIVE = [336, 881, 540, 339, 734]


def test_the_same_seed_gives_the_same_order_on_every_machine() -> None:
    assert Shuffle(1_000, 0).at(np.arange(5)).tolist() == FIRST_FIVE
    assert Shuffle(1_000, 1).at(np.arange(5)).tolist() != FIRST_FIVE


def chi_squared(counts: np.ndarray[Any, Any]) -> float:
    expected = counts.mean()
    return float(((counts - expected) ** 2 / expected).sum())


def test_every_number_is_as_likely_at_every_place() -> None:
    """Over 1,500 seeds chi-squared stays below its 99.99 % point."""
    size, seeds = 10, 1_500
    orders = np.array([Shuffle(size, seed).at(np.arange(size)) for seed in range(seeds)])
    for place in range(size):
        counts = np.bincount(orders[:, place], minlength=size)
        assert chi_squared(counts) < 33.7  # 9 degrees of freedom, 99.99 %
    pairs = np.bincount(orders[:, 0] * size + orders[:, 1], minlength=size**2)
    pairs = pairs[np.arange(size**2) // size != np.arange(size**2) % size]
    assert chi_squared(pairs) < 149.0  # 89 degrees of freedom, 99.99 %


def test_neighbours_are_far_apart() -> None:
    numbers = Shuffle(10**8, 3).at(np.arange(200_000)).astype(np.float64)
    assert abs(np.corrcoef(numbers[:-1], numbers[1:])[0, 1]) < 0.01
    counts = np.bincount((numbers // 10**6).astype(np.int64), minlength=100)
    assert chi_squared(counts) < 161.4  # 99 degrees of freedom, 99.99 %


def all_of_them(numbers: Any) -> Any:
    return np.ones(len(numbers), dtype=np.bool_)


def test_a_sobol_sample_covers_each_axis_evenly() -> None:
    sizes, sample = (16, 16, 16), Sample("sobol", 256, 3)
    numbers = sobol_points(sizes, sample, all_of_them)
    assert len(set(numbers.tolist())) == 256
    for stride in (1, 16, 256):
        counts = np.bincount(numbers // stride % 16, minlength=16)
        assert counts.min() >= 13  # at random some value would have fewer than 9 of 16
        assert counts.max() <= 19
    assert numbers.tolist() == sobol_points(sizes, sample, all_of_them).tolist()
    other = sobol_points(sizes, Sample("sobol", 256, 4), all_of_them)
    assert numbers.tolist() != other.tolist()


def test_a_sobol_sample_keeps_to_the_constraints() -> None:
    numbers = sobol_points((10, 10), Sample("sobol", 45, 0), lambda n: n // 10 < n % 10)
    assert len(set(numbers.tolist())) == 45
    assert all(number // 10 < number % 10 for number in numbers.tolist())


def test_a_sobol_sample_that_cannot_be_found_is_refused() -> None:
    with pytest.raises(GridError, match="met 3 points of the grid that the constraints keep"):
        sobol_points((10, 10), Sample("sobol", 4, 0), lambda n: n < 3)


def test_without_scipy_the_message_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy.stats", None)
    with pytest.raises(ConfigError, match=r'needs SciPy: pip install "stockstream\[optimize\]"'):
        sobol_points((10, 10), Sample("sobol", 4, 0), all_of_them)


def test_samples_are_checked() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'sobol'"):
        Sample("sobl", 10)  # type: ignore[arg-type]
    with pytest.raises(GridError, match="a sample of 0 points"):
        Sample("random", 0)
    with pytest.raises(GridError, match=r"a Sobol sample of 2,000,000 points.*sample at random"):
        Sample("sobol", 2_000_000)
    assert str(Sample("sobol", 1_000, 4)) == "1,000 by Sobol (seed 4)"
    assert Sample(**Sample("random", 5, 1).as_dict()) == Sample("random", 5, 1)
