"""The map beside a backtest: medians of neighbours by hand, and the point on it."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest

from stockstream.errors import UnknownNameError
from stockstream.report.study.plateau import pairs_of, plateau_map

NAN = float("nan")


class Made:
    """A study that has been made: its grid, and a Sharpe ratio for each point."""

    def __init__(self, sharpe: list[float], left_out: tuple[int, ...] = (), **grid: Any) -> None:
        self.grid = grid
        rows = list(product(*grid.values()))
        columns = {name: [row[i] for row in rows] for i, name in enumerate(grid)}
        self._points = pl.DataFrame(
            {**columns, "point": range(len(rows)), "sharpe": sharpe}
        ).filter(~pl.col("point").is_in(left_out))

    def points(self, _: Any) -> pl.DataFrame:
        return self._points


def shown(study: Any, point: int, x: str = "slow", y: str = "fast") -> tuple[Any, Any]:
    figure = plateau_map(study, point, x, y)
    assert figure is not None
    cells, star = figure.data
    return cells, star


SQUARE = Made([1, 2, 3, 4, 100, 6, 7, 8, 9], fast=(5, 10, 15), slow=(30, 40, 50))


def test_a_spike_is_not_seen_in_its_own_place() -> None:
    cells, star = shown(SQUARE, 4)
    around = [1, 2, 3, 4, 6, 7, 8, 9]
    assert cells.z[1][1] == np.median(around)
    assert cells.z[0][0] == np.median([2, 4, 100])
    assert cells.z[2][2] == np.median([6, 8, 100])
    assert cells.z[0][1] == np.median([1, 3, 4, 100, 6])
    assert (list(cells.x), list(cells.y)) == (["30", "40", "50"], ["5", "10", "15"])
    assert (list(star.x), list(star.y)) == (["40"], ["10"])


def test_the_star_is_at_the_point_and_other_parameters_are_held_there() -> None:
    values = [float(one) for one in range(8)]
    study = Made(values, fast=(5, 10), slow=(30, 40), stop=(0.1, 0.2))
    for point in (2, 3):
        cells, star = shown(study, point)
        assert (list(star.x), list(star.y)) == (["40"], ["5"])
        held = [values[place] for place in range(8) if place != point]
        assert cells.z[0][1] == np.float32(np.median(held))


def test_a_parameter_with_one_value_is_no_axis() -> None:
    study: Any = Made([1.0, 2.0, 3.0, 4.0], fast=(5, 10), slow=(30, 40), stop=(0.1,))
    assert pairs_of(study) == [("slow", "fast")]
    lone: Any = Made([1.0, 2.0], fast=(5, 10), slow=(30,))
    assert pairs_of(lone) == []


def test_there_is_no_map_of_nothing() -> None:
    nothing: Any = Made([NAN] * 4, fast=(5, 10), slow=(30, 40))
    assert plateau_map(nothing, 0, "slow", "fast") is None
    without: Any = Made([1.0, 2.0, 3.0, 4.0], (2,), fast=(5, 10), slow=(30, 40))
    assert plateau_map(without, 2, "slow", "fast") is None
    assert plateau_map(without, 99, "slow", "fast") is None


def test_points_that_are_missing_leave_a_gap() -> None:
    study = Made([1, 2, 3, 4, 5, 6, 7, 8, 9], (8,), fast=(5, 10, 15), slow=(30, 40, 50))
    cells, _ = shown(study, 0)
    assert np.isnan(cells.z[2][2])
    assert cells.z[1][1] == np.median([1, 2, 3, 4, 6, 7, 8])


def test_an_axis_that_is_none_is_named() -> None:
    study: Any = SQUARE
    with pytest.raises(UnknownNameError, match="medium"):
        plateau_map(study, 4, "medium", "fast")
