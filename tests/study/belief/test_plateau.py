"""Neighbours on a grid, against a search through all pairs of points."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest

from stockstream.study.belief.plateau import plateau

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]

NAN = math.nan


def grid(*axes: tuple[str, list[Any]]) -> dict[str, NDArray[Any]]:
    """The columns of a full grid, the last axis changing fastest."""
    rows = list(itertools.product(*(values for _, values in axes)))
    return {name: np.array([row[i] for row in rows]) for i, (name, _) in enumerate(axes)}


def by_hand(columns: dict[str, NDArray[Any]], numbers: Floats) -> tuple[Floats, list[int]]:
    """Neighbour medians and counts by comparing each point with each other."""
    order = {name: sorted(set(values.tolist())) for name, values in columns.items()}
    rows = [
        {name: order[name].index(values[i]) for name, values in columns.items()}
        for i in range(len(numbers))
    ]
    medians, counts = [], []
    for here in rows:
        near = [
            numbers[j]
            for j, there in enumerate(rows)
            if max(abs(here[name] - there[name]) for name in columns) == 1
            and not math.isnan(numbers[j])
        ]
        medians.append(float(np.median(near)) if near else NAN)
        counts.append(len(near))
    return np.array(medians), counts


@pytest.mark.parametrize("sizes", [(9,), (5, 4), (4, 3, 3)])
def test_neighbours_are_one_step_away(sizes: tuple[int, ...]) -> None:
    rng = np.random.default_rng(len(sizes))
    columns = grid(*((f"p{i}", [v * v + 3 for v in range(size)]) for i, size in enumerate(sizes)))
    numbers = rng.normal(size=math.prod(sizes))
    numbers[rng.random(len(numbers)) < 0.1] = NAN
    medians, counts = by_hand(columns, numbers)
    found = plateau(columns, numbers)
    assert found.most == 3 ** len(sizes) - 1
    np.testing.assert_array_equal(found.neighbours, counts)
    enough = np.array(counts) >= found.most / 4
    np.testing.assert_allclose(found.median[enough], medians[enough])
    assert np.isnan(found.median[~enough]).all()
    np.testing.assert_allclose(found.score, np.minimum(numbers, found.median))


def test_a_lone_peak_is_worth_its_neighbours_and_a_hill_itself() -> None:
    columns = grid(("fast", [5, 10, 20, 40]), ("slow", [50, 100, 150, 200]))
    numbers = np.zeros(16)
    numbers[5] = 3.0
    found = plateau(columns, numbers)
    assert found.score[5] == 0.0
    assert found.neighbours[5] == 8
    numbers[:] = 1.0
    numbers[5] = 1.2
    assert plateau(columns, numbers).score[5] == 1.0


def test_edges_have_fewer_neighbours() -> None:
    found = plateau(grid(("a", [1, 2, 3]), ("b", [1, 2, 3])), np.arange(9.0))
    np.testing.assert_array_equal(found.neighbours, [3, 5, 3, 5, 8, 5, 3, 5, 3])


def test_refused_neighbours_are_missing() -> None:
    """A constraint takes half of the grid: the points at its border keep the others."""
    columns = grid(("fast", [10, 20, 30]), ("slow", [10, 20, 30]))
    numbers = np.where(columns["fast"] < columns["slow"], 1.0, NAN)
    found = plateau(columns, numbers)
    assert found.neighbours[2] == 2
    assert found.score[2] == 1.0
    assert np.isnan(found.score[4])


def test_an_island_has_no_score() -> None:
    numbers = np.full(25, NAN)
    numbers[12] = 2.0
    found = plateau(grid(("a", list(range(5))), ("b", list(range(5)))), numbers)
    assert found.neighbours[12] == 0
    assert np.isnan(found.score).all()


@pytest.mark.parametrize("kinds", [["sma", "ema"], [True, False]])
def test_axes_without_an_order_divide_the_grid(kinds: list[Any]) -> None:
    columns = grid(("kind", kinds), ("period", [5, 10, 20, 40]))
    numbers = np.array([1.0, 1.0, 1.0, 1.0, 5.0, 5.0, 5.0, 5.0])
    found = plateau(columns, numbers)
    assert found.ordered == ("period",)
    assert found.categories == ("kind",)
    np.testing.assert_array_equal(found.score, numbers)


def test_lists_are_words() -> None:
    lists = np.empty(2, object)
    lists[:] = [(1, 2), (3,)]
    found = plateau({"periods": lists}, np.array([1.0, 2.0]))
    assert found.categories == ("periods",)
    assert found.most == 0
    assert np.isnan(found.score).all()


def test_an_axis_with_one_value_is_none() -> None:
    columns = grid(("a", [7]), ("b", [1, 2, 3]))
    found = plateau(columns, np.ones(3))
    assert found.ordered == ("b",)
    assert found.most == 2


def test_many_axes_move_one_at_a_time() -> None:
    columns = grid(*((name, [1, 2, 3]) for name in "abcde"))
    found = plateau(columns, np.ones(243))
    assert found.most == 10
    assert found.neighbours.max() == 10
    assert found.neighbours.min() == 5


def test_the_order_of_the_points_does_not_matter() -> None:
    columns = grid(("a", list(range(6))), ("b", list(range(7))))
    numbers = np.random.default_rng(3).normal(size=42)
    mixed = np.random.default_rng(4).permutation(42)
    whole = plateau(columns, numbers)
    other = plateau({name: values[mixed] for name, values in columns.items()}, numbers[mixed])
    np.testing.assert_array_equal(other.score, whole.score[mixed])


def test_scattered_points_are_compared_with_those_near_them() -> None:
    """Random points fill no grid; a smooth hill is still told from noise."""
    rng = np.random.default_rng(5)
    columns = {"a": rng.uniform(0, 1, 400), "b": rng.uniform(0, 100, 400)}
    hill = -((columns["a"] - 0.5) ** 2) - ((columns["b"] - 50) / 100) ** 2
    found = plateau(columns, hill)
    assert found.scattered
    assert found.neighbours.mean() > 4
    known = np.isfinite(found.median)
    assert np.corrcoef(found.median[known], hill[known])[0, 1] > 0.9
    peak = hill.copy()
    lonely = int(np.argmin(hill))
    peak[lonely] = 9.0
    assert plateau(columns, peak).score[lonely] < 0.0


@pytest.mark.parametrize("points", [0, 1])
def test_nothing_to_compare(points: int) -> None:
    found = plateau({"a": np.arange(points)}, np.ones(points))
    assert np.isnan(found.score).all()
    assert plateau({}, np.ones(points)).most == 0
