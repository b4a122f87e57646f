"""The grammar of a grid: what it reads, what it refuses, and what it says."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import ConfigError
from stockstream.study.grid import (
    MOST_VALUES,
    check_values,
    combinations,
    demand_whole,
    describe,
    expand,
    parse_grid,
    parse_grids,
    parse_values,
    show_values,
    write_grid,
)

READ = {
    "7": (7,),
    "7,14,21": (7, 14, 21),
    "7:91:5": (7, 28, 49, 70, 91),
    "5:44:40": tuple(range(5, 45)),
    "-3:3:3": (-3, 0, 3),
    "1:2:5": (1.0, 1.25, 1.5, 1.75, 2.0),
    "1.0:3.0:3": (1.0, 2.0, 3.0),
    "0.1:0.5:5": (0.1, 0.2, 0.3, 0.4, 0.5),
    "5%,10 %,2.5%": (0.05, 0.1, 0.025),
    "5%:15%:3": (0.05, 0.1, 0.15),
    "1e-3,.5,2.": (0.001, 0.5, 2.0),
    "true,FALSE": (True, False),
    "fast, slow": ("fast", "slow"),
    "DebtToEquity,P/E,a.b-c": ("DebtToEquity", "P/E", "a.b-c"),
    "[7, 14]": (7, 14),
    " 7 ,  10:30:3 ": (7, 10, 20, 30),
    "yes": ("yes",),
    "1,2.0,x,true": (1, 2.0, "x", True),
}


@pytest.mark.parametrize(("text", "values"), READ.items())
def test_values_are_read(text: str, values: tuple[Any, ...]) -> None:
    name, read = parse_grid(f"period={text}")
    assert (name, read) == ("period", values)
    assert [type(value) for value in read] == [type(value) for value in values]


def test_a_range_is_exactly_what_its_points_would_be() -> None:
    assert parse_values("0.05:0.45:9") == parse_values("0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45")


REFUSED = {
    "": "is no grid",
    "fast_period": "is no grid: write the name of a parameter",
    "=5": "is no grid",
    "fast period=5": "is no grid",
    "x=": "value 1, is empty",
    "x=5,,7": "value 2, is empty",
    "x=5,": "value 2, is empty",
    "x=[]": "value 1, is empty",
    "x=91:7:5": "'91:7:5', does not rise: write the smaller number first",
    "x=7:7:2": "does not rise",
    "x=7:91": "'7:91', is no range: write min:max:number of points",
    "x=7:91:5:2": "is no range",
    "x=7:91:0": "has 0 points: a range has at least 2",
    "x=7:91:1": "has 1 points",
    "x=7:91:2.5": "ends with '2.5' where the number of points belongs",
    "x=7:91:-5": "where the number of points belongs",
    "x=a:b:3": "'a', is not a number",
    "x=1:nan:3": "'nan', is not a number",
    "x=nan": "'nan', is not a finite number",
    "x=1,-inf": "value 2, '-inf', is not a finite number",
    "x=Infinity": "not a finite number",
    "x=1e999": "too large for a number",
    "x=1e-999": "too small for a number",
    "x=99999999999999999999": "too large for a whole number",
    "x=1:10001:10001": "makes 10,001 values, more than 10,000",
    "x=1:9999999999:9999999999": "makes 9,999,999,999 values",
    "x=1:6000:6000,6001:12000:6000": "value 2, makes 12,000 values",
    "x=5,6,5": "x has the value 5 twice",
    "x=5,5.0": "x has the value 5 twice",
    "x=5:7:3,6": "x has the value 6 twice",
    "x=\u0665": "is no number, range, true, false or word (digits are 0 to 9)",
    "x=\uff11\uff12": "digits are 0 to 9",
    "x=1_000": "is no number",
    "x=0x10": "is no number",
    "x=5 6": "is no number",
    "x=--5": "is no number",
    "x=250%": "is not below 100 %",
    "x=[5,6": "'[5', is no number",
}


@pytest.mark.parametrize(("text", "says"), REFUSED.items())
def test_what_is_no_grid_is_refused(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        parse_grid(text)


def test_a_parameter_is_given_once() -> None:
    grid = parse_grids(["fast=5,10", "slow=50"])
    assert list(grid.items()) == [("fast", (5, 10)), ("slow", (50,))]
    with pytest.raises(ConfigError, match="fast is given twice: join its values"):
        parse_grids(["fast=5", "fast=10"])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5:44:7", "has 11.5; the nearest exact ranges are 5:41:7 and 5:44:4"),
        ("5:50:5", "ranges are 5:49:5 and 5:50:4; if 5 was meant as the step: 5:50:10"),
        ("7:90:5", "the nearest exact ranges are 7:91:5 and 7:90:2"),
        ("5:44:10", "grid 5, 9.333333333, ... 44 (10) has 9.333333333; the nearest"),
        ("5,6.5", "p takes whole numbers, and its grid 5, 6.5 (2) has 6.5"),
        ("1,1.5,7", "1, 1.5, 7 (3) has 1.5"),
        ("x,1.5", "x, 1.5 (2) has 1.5"),
    ],
)
def test_points_of_a_whole_number_parameter_are_whole(text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        demand_whole("p", parse_values(text))


def test_whole_numbers_may_be_written_with_a_point() -> None:
    demand_whole("p", parse_values("5.0,10"))


@given(st.integers(-500, 500), st.integers(2, 300), st.integers(2, 60))
def test_proposed_ranges_are_exact(low: int, span: int, points: int) -> None:
    values = parse_values(f"{low}:{low + span}:{points}")
    try:
        demand_whole("p", values)
    except ConfigError as error:
        proposed = re.findall(r"-?\d+:-?\d+:\d+", str(error))
        assert len(proposed) >= 2
        for text in proposed:
            demand_whole("p", parse_values(text))


def test_the_expansion_is_shown_before_anything_runs() -> None:
    grid = parse_grids(["fast_period=5:44:40", "slow_period=50,100", "stop=true,false"])
    assert describe(grid) == (
        "fast_period: 5, 6, ... 44 (40)\n"
        "slow_period: 50, 100 (2)\n"
        "stop: true, false (2)\n"
        "40 x 2 x 2 = 160 combinations"
    )
    assert describe({}) == "1 combination"
    assert describe({"a": (1, 2)}) == "a: 1, 2 (2)\n2 combinations"
    assert show_values(parse_values("7:91:5")) == "7, 28, 49, 70, 91 (5)"
    assert show_values([("Value", "Size"), ("Size",)]) == "Value/Size, Size (2)"


def test_the_last_parameter_changes_fastest() -> None:
    grid = {"a": (1, 2), "b": ("x", "y")}
    assert combinations(grid) == 4
    assert expand(grid) == [
        {"a": 1, "b": "x"},
        {"a": 1, "b": "y"},
        {"a": 2, "b": "x"},
        {"a": 2, "b": "y"},
    ]
    assert expand({}) == [{}]


def test_a_vast_grid_is_refused_at_once_with_the_arithmetic() -> None:
    grid = parse_grids(f"p{i}=1:10000:10000" for i in range(3))
    began = time.perf_counter()
    with pytest.raises(
        ConfigError, match=r"10,000 x 10,000 x 10,000 = 1,000,000,000,000 combinations, more than"
    ):
        expand(grid)
    assert time.perf_counter() - began < 0.1


def test_values_from_python_are_made_plain() -> None:
    values = check_values("x", [np.int64(5), np.float64(0.5), True, "a", ["b", "c"]])
    assert values == (5, 0.5, True, "a", ("b", "c"))
    assert [type(value) for value in values] == [int, float, bool, str, tuple]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ([], "x has no values"),
        ([1, float("nan")], "nan is not a finite number"),
        ([float("inf")], "inf is not a finite number"),
        ([None], "'None' is no number, text, true or false"),
        ([{"a": 1}], "is no number, text"),
        ([1, 1.0], "x has the value 1 twice"),
        (range(MOST_VALUES + 1), "10,001 values"),
    ],
)
def test_values_from_python_are_checked(values: list[Any], says: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(says)):
        check_values("x", values)


NAMES = st.from_regex(r"[a-z_][a-z0-9_]{0,12}", fullmatch=True)
WORDS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.+/-]{0,12}", fullmatch=True).filter(
    lambda word: word.casefold() not in {"true", "false", "nan", "inf", "infinity"}
)
SCALARS = st.one_of(
    st.booleans(),
    st.integers(-(2**63) + 1, 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    WORDS,
)


@given(
    NAMES,
    st.lists(SCALARS, min_size=1, max_size=12, unique_by=lambda v: (isinstance(v, bool), v)),
)
def test_written_and_read_again_a_grid_is_the_same(name: str, values: list[Any]) -> None:
    read = parse_grid(write_grid(name, values))
    assert read == (name, tuple(values))
    assert [type(value) for value in read[1]] == [type(value) for value in values]


@given(st.one_of(st.text(), st.text("0123456789.,:%+-eE[]=naif \u0661", max_size=40)))
def test_any_text_is_a_grid_or_a_config_error(text: str) -> None:
    for attempt in (text, f"x={text}"):
        try:
            name, values = parse_grid(attempt)
        except ConfigError:
            continue
        assert name
        assert 1 <= len(values) <= MOST_VALUES


@pytest.mark.parametrize(
    "text", ["1" * 200_000 + "x", "9" * 200_000, "," * 200_000, "1:" * 100_000, "a" * 200_000 + "!"]
)
def test_long_text_is_refused_quickly(text: str) -> None:
    began = time.perf_counter()
    with pytest.raises(ConfigError) as caught:
        parse_grid(f"x={text}")
    assert time.perf_counter() - began < 1.0
    assert len(str(caught.value)) < 500


def test_a_scheduler_can_read_a_grid_without_the_engine() -> None:
    code = (
        "import sys, stockstream.study.grid\n"
        "heavy = {'numpy', 'polars', 'numba', 'pydantic'} & set(sys.modules)\n"
        "mine = [m for m in sys.modules if m.startswith('stockstream.') and 'study' not in m]\n"
        "assert not heavy and mine == ['stockstream.errors'], (heavy, mine)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
