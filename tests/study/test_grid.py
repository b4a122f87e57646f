"""The grammar of a grid: what it reads, what it refuses, and what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import GridError
from stockstream.study.grid import (
    MOST_VALUES,
    check_values,
    combinations,
    demand_few_points,
    demand_whole,
    describe,
    expand,
    parse_grid_text,
    parse_grids,
    parse_values,
    read_values,
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
    '[1, 2.5, "a b", true]': (1, 2.5, "a b", True),
    "'a;b', \"c,\\u00e9\\n\"": ("a;b", "c,\u00e9\n"),
    '"true","nan",log': ("true", "nan", "log"),
    "[A,B],[C]": (("A", "B"), ("C",)),
    "[[A, B], [C]]": (("A", "B"), ("C",)),
    "[[A,B]]": (("A", "B"),),
    "[A,B],C": (("A", "B"), "C"),
    "[[1:3:3,x],[]]": ((1, 2, 3, "x"), ()),
    "log 1:1000:4": (1, 10, 100, 1000),
    "log 0.001:0.1:3": (0.001, 0.01, 0.1),
    "log 1%:4%:3": (0.01, 0.02, 0.04),
    "log 1:2:2, log 4:16:3": (1, 2, 4, 8, 16),
    "log 1:3:3": (1.0, 3**0.5, 3.0),
}


@pytest.mark.parametrize(("text", "values"), READ.items())
def test_values_are_read(text: str, values: tuple[Any, ...]) -> None:
    [(name, read)] = parse_grid_text(f"period={text}").items()
    assert (name, read) == ("period", values)
    assert parse_values(text) == read_values("period", text) == values
    assert [type(value) for value in read] == [type(value) for value in values]


def test_a_range_is_exactly_what_its_points_would_be() -> None:
    assert parse_values("0.05:0.45:9") == parse_values("0.05,0.1,0.15,0.2,0.25,0.3,0.35,0.4,0.45")


REFUSED = {
    "": (0, "here stands no parameter"),
    "fast_period": (11, "fast_period has no =: write the name of a parameter"),
    "=5": (0, "here stands no parameter"),
    "fast period=5": (5, "fast has no ="),
    "x=": (2, "a value is missing"),
    "x=5,,7": (4, "a value is missing"),
    "x=5,": (4, "a value is missing"),
    "x=[]": (3, "a value is missing"),
    "x=5;;y=6": (4, "here stands no parameter"),
    "x=5;x=6": (4, "x is given twice: join its values"),
    "x=91:7:5": (2, "the range does not rise: write the smaller number first"),
    "x=7:7:2": (2, "does not rise"),
    "x=7:91": (6, "the range has no number of points: write min:max:number of points"),
    "x=7:91:5:2": (8, "the range has a fourth number"),
    "x=7:91:0": (7, "the range has 0 points: a range has at least 2"),
    "x=7:91:1": (7, "has 1 points"),
    "x=7:91:2.5": (7, "'2.5' stands where the number of points belongs"),
    "x=7:91:-5": (7, "where the number of points belongs"),
    "x=a:b:3": (2, "'a:b:3' is no range"),
    "x=:5:3": (2, "is no range"),
    "x=1:nan:3": (4, "'nan' is no number"),
    "x=5:": (4, "'' is no number"),
    "x=log 0:1:5": (2, "a log range has numbers above 0"),
    "x=log -1:1:5": (2, "a log range has numbers above 0"),
    "x=log 1:2:501": (2, "a log range of 501 points, more than 500"),
    "x=log 5": (2, "here stands no range"),
    "x=7:91:5log": (8, "'7:91:5log' is no value"),
    "x=nan": (2, "'nan' is not a finite number"),
    "x=1,-inf": (4, "'-inf' is not a finite number"),
    "x=Infinity": (2, "not a finite number"),
    "x=1e999": (2, "too large for a number"),
    "x=1e-999": (2, "too small for a number"),
    "x=99999999999999999999": (2, "too large for a whole number"),
    "x=1:10001:10001": (10, "10,001 values are more than 10,000"),
    "x=1:9999999999:9999999999": (15, "9,999,999,999 values are more than"),
    "x=1:6000:6000,6001:12000:6000": (14, "12,000 values are more than"),
    "x=[[1:6000:6000,6001:12000:6000]]": (16, "12,000 values are more than"),
    "x=5,6,5": (6, "x has the value 5 twice: give it once"),
    "x=5,5.0": (4, "x has the value 5 twice"),
    "x=5:7:3,6": (8, "x has the value 6 twice"),
    "x=[A,B],[A,B]": (8, "x has the value [A,B] twice"),
    "x=\u0665": (2, "is no value: write a number"),
    "x=\uff11\uff12": (2, "is no value"),
    "x=1_000": (2, "'1_000' is no number"),
    "x=0x10": (2, "'0x10' is no number"),
    "x=5 6": (2, "'5 6' is no number"),
    "x=a b": (4, "'a b' is no value: write a number, min:max:points, true"),
    "x=--5": (2, "'--5' is no value"),
    "x=250%": (2, "is not below 100 %: write 2.5 for 250 %"),
    "x=[5,6": (6, "the bracket is open: close it with ]"),
    "x=5]": (3, "'5]' is no value"),
    "x=[[[A]]]": (4, "a list that is a value cannot hold a list"),
    "x='abc": (2, "the quote is open"),
    'x="abc': (2, "the quoted text cannot be read, unterminated string"),
    'x="a\\q"': (4, "the quoted text cannot be read, invalid"),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.items())
def test_what_is_no_grid_is_refused(text: str, says: tuple[int, str]) -> None:
    with pytest.raises(GridError) as caught:
        parse_grid_text(text)
    error, (position, what) = caught.value, says
    assert (error.text, error.position) == (text, position)
    shown = f" (character {position + 1} of {text!r})"
    assert what in str(error).replace(shown, "")
    assert shown in str(error)
    assert str(error).endswith(f": {error.hint}")


def test_a_log_range_has_exact_ends_and_even_ratios() -> None:
    values = parse_values("log 0.1:7:25")
    assert (values[0], values[-1], len(values)) == (0.1, 7.0, 25)
    ratios = [after / before for before, after in pairwise(values)]
    assert max(ratios) == pytest.approx(min(ratios), rel=1e-14)
    assert ratios[0] == pytest.approx(70.0 ** (1 / 24), rel=1e-14)
    assert parse_values("log 1:1000000000000000000:7") == tuple(1000**i for i in range(7))


def test_a_whole_grid_is_one_text() -> None:
    grid = parse_grid_text(" fast=5,10 ; slow = 50:150:3;factors=[A,B],[C];")
    assert list(grid.items()) == [
        ("fast", (5, 10)),
        ("slow", (50, 100, 150)),
        ("factors", (("A", "B"), ("C",))),
    ]
    assert write_grid(grid) == "fast=5,10; slow=50,100,150; factors=[A,B],[C]"
    assert parse_grid_text(write_grid(grid)) == grid


def test_a_parameter_is_given_once() -> None:
    grid = parse_grids(["fast=5,10", "slow=50; stop=5%"])
    assert list(grid.items()) == [("fast", (5, 10)), ("slow", (50,)), ("stop", (0.05,))]
    with pytest.raises(GridError, match="fast is given twice: join its values"):
        parse_grids(["fast=5", "fast=10"])


def test_values_alone_have_no_semicolon() -> None:
    with pytest.raises(GridError, match="a ; parts parameters, not values"):
        parse_values("5;6")


@pytest.mark.parametrize(
    ("given", "values"),
    [
        ("5:7:3", (5, 6, 7)),
        (5, (5,)),
        (2.5, (2.5,)),
        (True, (True,)),
        ([5, "6"], (5, "6")),
        (np.arange(3), (0, 1, 2)),
        ((["A"], ("B", "C")), (("A",), ("B", "C"))),
    ],
)
def test_values_come_as_text_or_as_they_are(given: Any, values: tuple[Any, ...]) -> None:
    assert read_values("x", given) == values


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("5:44:7", "has 11.5: the nearest exact ranges are 5:41:7 and 5:44:4"),
        ("5:50:5", "ranges are 5:49:5 and 5:50:4; if 5 was meant as the step: 5:50:10"),
        ("7:90:5", "the nearest exact ranges are 7:91:5 and 7:90:2"),
        ("5:44:10", "grid 5, 9.333333333, ... 44 (10) has 9.333333333: the nearest"),
        ("5,6.5", "p takes whole numbers, and its grid 5, 6.5 (2) has 6.5"),
        ("1,1.5,7", "1, 1.5, 7 (3) has 1.5: give whole numbers, such as 1,2,7"),
        ("x,1.5", "x, 1.5 (2) has 1.5: give whole numbers"),
        ("log 5:200:6", "has 10.45639553: give whole numbers, such as 5,10,22,46,96,200"),
        ("log 1:1000:60", "give whole numbers"),
    ],
)
def test_points_of_a_whole_number_parameter_are_whole(text: str, says: str) -> None:
    with pytest.raises(GridError, match=re.escape(says)):
        demand_whole("p", parse_values(text))


def test_whole_numbers_may_be_written_with_a_point() -> None:
    demand_whole("p", parse_values("5.0,10"))


@given(st.integers(-500, 500), st.integers(2, 300), st.integers(2, 60))
def test_proposed_ranges_are_exact(low: int, span: int, points: int) -> None:
    values = parse_values(f"{low}:{low + span}:{points}")
    try:
        demand_whole("p", values)
    except GridError as error:
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
    assert show_values([("Value", "Size"), ("Size",)]) == "[Value,Size], [Size] (2)"


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
    for refuse in (expand, demand_few_points):
        with pytest.raises(GridError) as caught:
            refuse(grid)
        assert str(caught.value).startswith(
            "10,000 x 10,000 x 10,000 = 1,000,000,000,000 combinations, more than "
        )
        assert "try a sample of it" in caught.value.hint


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
        ([2**64], "'18446744073709551616' is too large for a whole number"),
        ([[["a"]]], "\"['a']\" is a list in a list"),
        (range(MOST_VALUES + 1), "10,001 values"),
    ],
)
def test_values_from_python_are_checked(values: list[Any], says: str) -> None:
    with pytest.raises(GridError, match=re.escape(says)):
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
    st.text(max_size=12),
)
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=4).map(tuple))


def key(value: Any) -> tuple[bool, Any]:
    return isinstance(value, bool), value


@pytest.mark.slow
@given(
    st.dictionaries(
        NAMES, st.lists(VALUES, min_size=1, max_size=12, unique_by=key), min_size=1, max_size=4
    )
)
def test_written_and_read_again_a_grid_is_the_same(grid: dict[str, list[Any]]) -> None:
    text = write_grid(grid)
    read = parse_grid_text(text)
    assert list(read.items()) == [(name, tuple(values)) for name, values in grid.items()]
    for name, values in grid.items():
        assert [type(value) for value in read[name]] == [type(value) for value in values]
    assert write_grid(read) == text
    assert parse_grid_text(text + ";") == read


@given(st.one_of(st.text(), st.text("0123456789.,:%+-eE[]=naif \u0661", max_size=40)))
def test_any_text_is_a_grid_or_a_grid_error(text: str) -> None:
    for attempt in (text, f"x={text}"):
        try:
            grid = parse_grid_text(attempt)
        except GridError:
            continue
        assert all(1 <= len(values) <= MOST_VALUES for values in grid.values())


SEEDS = (
    "fast_period=5:44:40; slow_period=50,100",
    "stop=log 0.001:0.1:5,5%;mode=fast,'a b';on=true,false",
    'factors=[[A,B],[C]]; x=-1.5e-3,"q\\n", [1,2.0]',
    "x=1:999:999,0.5; y=log 1:1e300:99",
)
PIECES = (*";,:=[]\"'%\\-.x70\u0968 ", "log ", "true", "nan", "1e999", "9" * 22)


def fuzzed(random: Random) -> str:
    """A grid with some places broken."""
    text = random.choice(SEEDS)
    for _ in range(random.randint(1, 6)):
        at, stop = sorted(random.choices(range(len(text) + 1), k=2))
        change = random.randint(0, 3)
        middle = ("", random.choice(PIECES), text[at:stop] * 2, text[at:stop][::-1])[change]
        text = text[:at] + middle + text[stop if change != 1 else at :]
    return text


def is_refused(text: str) -> bool:
    """Whether a text is no grid; the error must say where and what to do."""
    error = None
    try:
        parse_grid_text(text)
    except GridError as refused:
        error = refused
    if error is None:
        return False
    assert error.text == text
    assert error.position is not None
    assert 0 <= error.position <= len(text)
    assert error.hint
    assert len(str(error)) < 500
    return True


@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_broken_grids_are_refused_with_a_place_and_advice(count: int) -> None:
    random = Random(5)  # noqa: S311 - not for secrets
    refused = sum(is_refused(fuzzed(random)) for _ in range(count))
    assert refused > count / 2


@pytest.mark.parametrize(
    "text", ["1" * 200_000 + "x", "9" * 200_000, "," * 200_000, "1:" * 100_000, "a" * 200_000 + "!"]
)
def test_long_text_is_refused(text: str) -> None:
    with pytest.raises(GridError) as caught:
        parse_grid_text(f"x={text}")
    assert len(str(caught.value)) < 500


def test_a_scheduler_can_read_a_grid_without_the_engine() -> None:
    code = (
        "import sys, stockstream.study.grid, stockstream.study.points.constraint\n"
        "heavy = {'numpy', 'polars', 'numba', 'pydantic'} & set(sys.modules)\n"
        "mine = [m for m in sys.modules if m.startswith('stockstream.') and 'study' not in m]\n"
        "assert not heavy and mine == ['stockstream.errors'], (heavy, mine)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
