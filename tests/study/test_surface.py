"""Heat maps, slices and marginals of points."""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError, UnknownNameError
from stockstream.study.steps import MOST_STEPS, steps_of, written
from stockstream.study.surface import QUANTILES, grouped_quantiles, heat_map, lattice_of

AXES: dict[str, tuple[Any, ...]] = {"fast": (5, 10, 20), "slow": (50, 100), "strict": (True, False)}


def grid(axes: dict[str, tuple[Any, ...]] = AXES) -> pl.DataFrame:
    """Every combination; the metric is the number of the point."""
    rows = list(product(*axes.values()))
    columns = {
        name: pl.Series([list(v) if isinstance(v, tuple) else v for v in values])
        for name, values in zip(axes, zip(*rows, strict=True), strict=True)
    }
    return pl.DataFrame(columns).with_columns(sharpe=pl.int_range(len(rows)).cast(float))


def test_a_cell_is_the_median_of_its_points() -> None:
    surface = heat_map(grid(), AXES, "slow", "fast", "sharpe")
    # strict changes fastest: 0 and 1, 2 and 3, ...
    assert surface.values.tolist() == [[0.5, 2.5], [4.5, 6.5], [8.5, 10.5]]
    assert surface.points.tolist() == [[2, 2]] * 3
    assert surface.rule == "median"
    assert surface.fixed == {}
    assert surface.frame().columns == ["fast", "50", "100"]
    assert surface.frame()["fast"].to_list() == ["5", "10", "20"]


def test_other_parameters_can_be_held_at_a_point() -> None:
    surface = heat_map(grid(), AXES, "slow", "fast", "sharpe", at=3)
    assert surface.values.tolist() == [[1.0, 3.0], [5.0, 7.0], [9.0, 11.0]]
    assert surface.rule == ""
    assert surface.fixed == {"strict": "false"}


def test_what_is_missing_is_null_and_never_zero() -> None:
    points = grid().filter(~((pl.col("fast") == 20) & (pl.col("slow") == 50)))
    points = points.with_columns(
        sharpe=pl.when(pl.col("fast") == 10).then(float("nan")).otherwise(pl.col("sharpe"))
    )
    surface = heat_map(points, AXES, "slow", "fast", "sharpe")
    assert np.isnan(surface.values).tolist() == [[False, False], [True, True], [True, False]]
    assert surface.frame().null_count().row(0) == (0, 2, 1)
    nulls = points.with_columns(pl.col("sharpe").fill_nan(None))
    again = heat_map(nulls, AXES, "slow", "fast", "sharpe")
    np.testing.assert_array_equal(again.values, surface.values)


@pytest.mark.parametrize(
    ("x", "y", "metric", "error"),
    [
        ("fast", "fast", "sharpe", ConfigError),
        ("fats", "slow", "sharpe", UnknownNameError),
        ("fast", "slow", "sharp", UnknownNameError),
        ("fast", "slow", "strict", UnknownNameError),
    ],
)
def test_what_cannot_be_drawn_is_refused(x: str, y: str, metric: str, error: Any) -> None:
    with pytest.raises(error):
        heat_map(grid(), AXES, x, y, metric)


def test_a_parameter_that_is_called_like_a_number_keeps_its_name() -> None:
    points = grid({"trades": (1, 2), "slow": (3, 4)}).rename({"trades": "parameter_trades"})
    axes: dict[str, tuple[Any, ...]] = {"trades": (1, 2), "slow": (3, 4)}
    points = points.with_columns(trades=pl.lit(99))
    surface = heat_map(points, axes, "slow", "trades", "sharpe")
    assert surface.frame().columns == ["trades", "3", "4"]
    assert surface.values.tolist() == [[0.0, 1.0], [2.0, 3.0]]


def test_a_label_like_the_name_of_the_other_axis_makes_no_double_column() -> None:
    axes: dict[str, tuple[Any, ...]] = {"kind": (1, 2), "mode": ("kind", "other")}
    frame = heat_map(grid(axes), axes, "mode", "kind", "sharpe").frame()
    assert frame.columns == ["kind", "mode=kind", "mode=other"]


def test_marginals_have_the_spread_and_the_slice() -> None:
    lattice = lattice_of(grid(), AXES)
    values = grid()["sharpe"].to_numpy()
    found = lattice.marginal(values, "fast", at=3)
    assert found.points.tolist() == [4, 4, 4]
    assert found.quantiles[0].tolist() == [0.0, 0.75, 1.5, 2.25, 3.0]
    assert found.through.tolist() == [3.0, 7.0, 11.0]
    assert np.isnan(lattice.marginal(values, "fast").through).all()


def test_a_single_point_has_no_axes() -> None:
    lattice = lattice_of(pl.DataFrame({"fast": [7]}), {"fast": (7,)})
    assert lattice.axes == ()
    with pytest.raises(UnknownNameError):
        lattice.axis("fast")


@given(
    st.lists(st.tuples(st.integers(0, 4), st.floats(-1e6, 1e6)), max_size=60),
)
def test_quantiles_of_cells_are_those_of_numpy(pairs: list[tuple[int, float]]) -> None:
    cells = np.array([cell for cell, _ in pairs], dtype=np.int64)
    values = np.array([value for _, value in pairs])
    found = grouped_quantiles(cells, values, 5, QUANTILES)
    for cell in range(5):
        inside = values[cells == cell]
        if len(inside):
            wanted = np.quantile(inside, QUANTILES)
            np.testing.assert_allclose(found[cell], wanted, rtol=1e-12, atol=1e-9)
        else:
            assert np.isnan(found[cell]).all()


@pytest.mark.parametrize(
    ("values", "spacing"),
    [
        ((10, 20, 30, 40), "linear"),
        ((1, 2, 3, 100), "linear"),
        ((0.001, 0.01, 0.1, 1.0), "log"),
        ((5, 10, 20, 40, 80), "log"),
        ((-5, 0, 5, 500), "linear"),
        (("sma", "ema"), "choice"),
        ((True, False), "choice"),
    ],
)
def test_the_spacing_is_seen(values: tuple[Any, ...], spacing: str) -> None:
    steps = steps_of("p", pl.Series(list(values)), values)
    assert steps.spacing == spacing
    assert steps.values == values
    assert steps.places(pl.Series(list(values))).tolist() == list(range(len(values)))


def test_many_numbers_share_bins() -> None:
    numbers = np.geomspace(0.001, 10.0, 500)
    steps = steps_of("p", pl.Series(numbers), numbers.tolist())
    assert steps.spacing == "log"
    assert len(steps) <= MOST_STEPS
    places = steps.places(pl.Series([*numbers, math.nan]))
    assert places[0] == 0
    assert places[-2] == len(steps) - 1
    assert places[-1] == -1
    assert (np.diff(places[:-1]) >= 0).all()
    counts = np.bincount(places[:-1])
    assert counts.min() >= 12
    assert counts.max() <= 13


def test_choices_keep_their_order_and_too_many_are_counted() -> None:
    names = [f"word {place}" for place in range(MOST_STEPS + 7)]
    steps = steps_of("p", pl.Series(names), names)
    assert steps.labels[:2] == ("word 0", "word 1")
    assert steps.left_out == 7
    assert steps.places(pl.Series(names))[-7:].tolist() == [-1] * 7
    assert steps.shown(-1) == "other"


def test_lists_are_choices() -> None:
    values = (("DebtToEquity",), ("DebtToEquity", "PE"), ())
    column = pl.Series([list(value) for value in values])
    steps = steps_of("factors", column, values)
    assert steps.labels == ("DebtToEquity", "DebtToEquity, PE", "none")
    assert steps.places(column).tolist() == [0, 1, 2]


def test_a_search_gives_no_values_of_its_own() -> None:
    steps = steps_of("p", pl.Series([3.0, 1.0, 2.0, 1.0]))
    assert steps.values == (1.0, 2.0, 3.0)


def test_labels_are_short_and_never_equal() -> None:
    long = "x" * 200
    steps = steps_of("p", pl.Series([long, long + "y", "z"]), [long, long + "y", "z"])
    assert len(set(steps.labels)) == 3
    assert max(map(len, steps.labels)) <= 30
    close = (0.12345678, 0.12345679)
    assert steps_of("p", pl.Series(close), close).labels == ("0.12345678", "0.12345679")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (0.1, "0.1"),
        (1 / 3, "0.333333"),
        (7, "7"),
        (("a", 0.5), "a, 0.5"),
        (None, "none"),
        ("EMA", "EMA"),
    ],
)
def test_values_are_written_for_people(value: Any, text: str) -> None:
    assert written(value) == text
