"""The points of a study: numbered, filtered and sampled without a list of them."""

from __future__ import annotations

import json
import tracemalloc
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import GridError
from stockstream.study.grid import expand, parse_grid_text
from stockstream.study.points import sieve
from stockstream.study.points.constraint import read_constraint
from stockstream.study.points.sampling import Sample
from stockstream.study.points.space import Space

if TYPE_CHECKING:
    from stockstream.study.grid import Grid

GRID = parse_grid_text("a=1,2,3; mode=x,y; b=1:5:5; use=true,false; c=0.5,1,2")

CONSTRAINTS = [
    (),
    ("a < b",),
    ("mode == 'x' or not use", "a * 2 > b"),
    ("use",),
    ("c < 1 and a + b == 4",),
    ("1 < 2",),
    ("a < c < b",),
]


def points_of(grid: Grid, where: tuple[str, ...]) -> list[dict[str, Any]]:
    """The slow way."""
    constraints = [read_constraint(text, grid) for text in where]
    return [point for point in expand(grid) if all(one.holds(point) for one in constraints)]


@pytest.mark.parametrize("block", [1, 7, 30, 1 << 18])
@pytest.mark.parametrize("where", CONSTRAINTS, ids=str)
def test_points_are_those_of_the_grid_that_hold(
    where: tuple[str, ...], block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sieve, "BLOCK", block)
    space, expected = Space(GRID, where), points_of(GRID, where)
    assert space.size == len(expected)
    assert [space.values(point) for point in range(space.size)] == expected
    for first, stop in ((0, space.size), (space.size // 3, space.size), (2, 2)):
        columns = space.columns(first, stop)
        assert list(columns) == list(GRID)
        for name, column in columns.items():
            assert column.tolist() == [point[name] for point in expected[first:stop]]


def test_columns_have_the_kind_of_their_values() -> None:
    grid = parse_grid_text("a=1,2; b=1,2.5; c=true,false; d=x,y; e=[A,B],[C,D]")
    kinds = {name: column.dtype.kind for name, column in Space(grid).columns(0, 3).items()}
    assert kinds == {"a": "i", "b": "f", "c": "b", "d": "O", "e": "O"}
    assert Space(grid).columns(30, 32)["e"].tolist() == [("A", "B"), ("C", "D")]
    assert Space(grid).values(31)["e"] == ("C", "D")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["random", "sobol"])
@pytest.mark.parametrize("where", CONSTRAINTS, ids=str)
def test_a_sample_is_of_different_points_that_hold(where: tuple[str, ...], method: Any) -> None:
    expected = points_of(GRID, where)
    space = Space(GRID, where, Sample(method, 7, 5))
    points = [space.values(point) for point in range(space.size)]
    assert len(points) == 7
    assert len({str(point) for point in points}) == 7
    assert all(point in expected for point in points)
    again = Space(GRID, where, Sample(method, 7, 5))
    assert points == [again.values(point) for point in range(7)]
    assert points != [Space(GRID, where, Sample(method, 7, 6)).values(i) for i in range(7)]


def test_a_larger_sample_begins_with_the_smaller_one() -> None:
    for method in ("random", "sobol"):
        few, more = (Space(GRID, ("a < b",), Sample(method, n, 2)) for n in (10, 60))
        assert more.numbers(0, 10).tolist() == few.numbers(0, 10).tolist()


def test_a_sample_of_all_is_all() -> None:
    where = ("a < b",)
    expected = points_of(GRID, where)
    space = Space(GRID, where, Sample("random", len(expected)))
    assert sorted(space.numbers(0, space.size)) == sorted(
        Space(GRID, where).numbers(0, len(expected))
    )


def test_too_large_a_sample_is_refused() -> None:
    with pytest.raises(
        GridError, match=r"a sample of 500 points from 3 x 2 x 5 x 2 x 3 = 180 combinations"
    ):
        _ = Space(GRID, (), Sample("random", 500)).size
    with pytest.raises(GridError, match="sample of 150 points, and the constraints leave 108 of"):
        _ = Space(GRID, ("a < b",), Sample("random", 150)).size


def test_some_point_must_be_left() -> None:
    says = "leave none of 3 x 2 x 5 x 2 x 3 = 180 combinations: loosen a > b or a < b"
    with pytest.raises(GridError, match=says):
        _ = Space(GRID, ("a > b", "a < b")).size


def test_points_beyond_the_last_are_refused() -> None:
    with pytest.raises(GridError, match=r"points 170 to 181 of 180: points are numbered from 0"):
        Space(GRID).columns(170, 181)


def test_fixed_parameters_may_be_named() -> None:
    space = Space({"a": (1, 2, 3)}, ("a < slow and mode == 'x'",), fixed={"slow": 3, "mode": "x"})
    assert [space.values(point) for point in range(space.size)] == [{"a": 1}, {"a": 2}]
    with pytest.raises(GridError, match="the constraints leave none of 1 combination"):
        _ = Space({}, ("slow > 3",), fixed={"slow": 3}).size
    assert Space({}, ("slow > 2",), fixed={"slow": 3}).values(0) == {}
    assert Space({}).size == 1


def test_a_wrong_constraint_is_refused_at_once() -> None:
    with pytest.raises(GridError, match="unknown parameter 'sloe'") as caught:
        Space({"slow": (1, 2)}, ("sloe < 3",))
    assert caught.value.position == 0


def test_listed_points_are_as_they_are_listed() -> None:
    space = Space(GRID, listed=(179, 3, 64))
    assert space.size == 3
    assert space.numbers(0, 3).tolist() == [179, 3, 64]
    assert space.values(0) == expand(GRID)[179]
    assert space.describe().endswith("3 of them listed")
    with pytest.raises(GridError, match="a point beyond the 180 of the grid"):
        Space(GRID, listed=(180,))


def test_numbers_and_places_belong_together() -> None:
    space = Space(GRID, ("a < b",))
    places = space.places(0, space.size)
    numbers = space.numbers(0, space.size)
    for i in (0, 5, space.size - 1):
        assert space.number([int(place[i]) for place in places.values()]) == numbers[i]
    assert space.keeps(np.arange(space.whole)).sum() == space.size


@pytest.mark.parametrize(
    "space",
    [
        Space(GRID),
        Space(parse_grid_text("f=[A,B],[C]; x=1,2.5"), ("x < n",), fixed={"n": 3, "t": ("A",)}),
        Space(GRID, ("a < b",), Sample("random", 5, 3)),
        Space(GRID, listed=(3, 1)),
        Space({}),
    ],
)
def test_a_space_goes_through_json(space: Space) -> None:
    again = Space.from_dict(json.loads(json.dumps(space.as_dict(), sort_keys=True)))
    assert again == space
    assert list(again.axes) == list(space.axes)
    assert again.numbers(0, space.size).tolist() == space.numbers(0, space.size).tolist()


def test_what_is_tried_is_described() -> None:
    grid = parse_grid_text("fast=5:44:40; slow=50,100")
    assert Space(grid, ("slow >= 2 * fast",)).describe() == (
        "fast: 5, 6, ... 44 (40)\n"
        "slow: 50, 100 (2)\n"
        "40 x 2 = 80 combinations\n"
        "where slow >= 2 * fast\n"
        "61 of 80 combinations are left"
    )
    assert Space(grid, sample=Sample("random", 9, 4)).describe().splitlines()[-2:] == [
        "40 x 2 = 80 combinations",
        "sample: 9 at random (seed 4)",
    ]


VAST = parse_grid_text("a=1:10000:10000; b=1:10000:10000; c=1:10000:10000")


def test_a_vast_grid_is_refused_and_may_be_sampled() -> None:
    with pytest.raises(GridError) as caught:
        Space(VAST)
    assert str(caught.value) == (
        "10,000 x 10,000 x 10,000 = 1,000,000,000,000 combinations, more than 100,000,000: give "
        "fewer points to a parameter, or try a sample of it (--sample 10000)"
    )
    for method in ("random", "sobol"):
        space = Space(VAST, ("a < b < c",), Sample(method, 2_000, 1))
        columns = space.columns(0, space.size)
        assert (columns["a"] < columns["b"]).all()
        assert (columns["b"] < columns["c"]).all()
        assert len(np.unique(space.numbers(0, 2_000))) == 2_000


HUNDRED_MILLION = parse_grid_text("a=1:100:100; b=1:100:100; c=0.01:1:100; d=0.01:1:100")


@pytest.mark.slow
def test_a_hundred_million_points_take_no_memory() -> None:
    tracemalloc.start()
    space = Space(HUNDRED_MILLION, ("a * c < b * d and (a + b) % 3 != 0",))
    assert space.size == 33_324_002
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20e6

    columns = space.columns(16_000_000, 17_000_000)
    assert (columns["a"] * columns["c"] < columns["b"] * columns["d"]).all()
    assert ((columns["a"] + columns["b"]) % 3 != 0).all()
    numbers = space.numbers(16_000_000, 17_000_000)
    assert (np.diff(numbers) > 0).all()


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=4),
    st.integers(1, 30),
    st.sampled_from([1, 3, 16, 1 << 18]),
)
def test_any_grid_and_limit(sizes: list[int], limit: int, block: int) -> None:
    before, sieve.BLOCK = sieve.BLOCK, block
    try:
        grid: Grid = {f"p{i}": tuple(range(size)) for i, size in enumerate(sizes)}
        where = (f"{' + '.join(grid)} < {limit}",)
        space, expected = Space(grid, where), points_of(grid, where)
        assert space.size == len(expected)
        assert [space.values(point) for point in range(space.size)] == expected
    finally:
        sieve.BLOCK = before
