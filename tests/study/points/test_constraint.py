"""Constraints between parameters: what they say, what is refused, columns and single values."""

from __future__ import annotations

import ast
import math
from random import Random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockstream.errors import GridError
from stockstream.study.points.constraint import read_constraint
from stockstream.study.points.constraint_text import MOST_CHARACTERS, kind_of

KNOWN: dict[str, tuple[Any, ...]] = {
    "fast": (5, 10, 20),
    "slow": (10, 50),
    "stop": (0.1, 0.25),
    "mode": ("calm", "bold"),
    "use": (True, False),
    "factors": (("A",), ("B", "C")),
    "mixed": (1, "a"),
}
POINT = {"fast": 10, "slow": 50, "stop": 0.25, "mode": "bold", "use": True}

HOLDS = {
    "fast < slow": True,
    "fast >= slow": False,
    "slow >= 2 * fast and stop < 0.2": False,
    "slow >= 2 * fast or stop < 0.2": True,
    "not use": False,
    "not use or mode == 'bold'": True,
    'mode in ("calm", "bold")': True,
    'mode in ["calm"]': False,
    "mode not in ('calm',)": True,
    "fast in (5, 10) and slow not in (10,)": True,
    "5 < fast < slow - 1 <= 49": True,
    "5 < fast < slow < 50": False,
    "use == true and (mode == 'calm') == False": True,
    "fast + slow - 60 == 0": True,
    "slow / fast == 5 and slow // 4 == 12 and slow % 4 == 2": True,
    "-slow // 4 == -13 and -slow % 4 == 2": True,
    "min(fast, slow, 7) == 7 and max(fast, slow) == 50": True,
    "abs(fast - slow) == 40 and -fast == +fast - 20": True,
    "slow / (fast - 10) > 2": False,
    "slow / (fast - 10) < 2": False,
    "slow / (fast - 10) != 2": True,
    "fast != 10 and slow / (fast - 10) > 2": False,
    "fast == 10 or slow % (fast - 10) > 2": True,
    "max(slow // (fast - 10), 5) > 0": False,
    "1e308 * fast > 1e308": True,
    "fast\n  < slow\t": True,
    "1 < 2": True,
}


@pytest.mark.parametrize(("text", "holds"), HOLDS.items())
def test_constraints_hold_or_not(text: str, holds: bool) -> None:
    assert read_constraint(text, KNOWN).holds(POINT) is holds


def columns_of(points: list[dict[str, Any]]) -> dict[str, Any]:
    """The same points as columns."""
    kinds = {"mode": object}
    return {
        name: np.array([point[name] for point in points], dtype=kinds.get(name)) for name in POINT
    }


@pytest.mark.parametrize("text", HOLDS)
def test_columns_and_single_values_give_the_same_answer(text: str) -> None:
    random = np.random.default_rng(3)
    points = [
        {name: KNOWN[name][int(random.integers(len(KNOWN[name])))] for name in POINT}
        for _ in range(200)
    ]
    constraint = read_constraint(text, KNOWN)
    with np.errstate(all="ignore"):
        held = np.broadcast_to(constraint.holds(columns_of(points)), len(points))
    assert held.dtype == np.bool_
    assert held.tolist() == [constraint.holds(point) for point in points]


NUMBERS = st.sampled_from(["fast", "slow", "stop", "0", "3", "0.5", "7e9"])
COMPUTED = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(st.sampled_from(["min", "max"]), inner, inner).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"
        ),
        inner.map(lambda part: f"abs(-{part})"),
    ),
    max_leaves=8,
)


@given(COMPUTED, st.sampled_from(["<", "<=", "==", "!=", ">=", ">"]), COMPUTED, st.data())
def test_arithmetic_is_the_same_for_columns(
    left: str, sign: str, right: str, data: st.DataObject
) -> None:
    constraint = read_constraint(f"{left} {sign} {right}", KNOWN)
    wholes, fractions = st.integers(-(2**53), 2**53), st.floats(allow_nan=False, width=64)
    points = [
        {"fast": data.draw(wholes), "slow": data.draw(wholes), "stop": data.draw(fractions)}
        for _ in range(4)
    ]
    columns = {name: np.array([point[name] for point in points]) for name in points[0]}
    with np.errstate(all="ignore"):
        held = np.broadcast_to(constraint.holds(columns), len(points))
    assert held.tolist() == [constraint.holds(point) for point in points]


def test_columns_may_be_the_sides_of_a_mesh() -> None:
    constraint = read_constraint("fast < slow and mode in ('calm',)", KNOWN)
    held = constraint.holds(
        {
            "fast": np.array([5, 10, 20]).reshape(3, 1, 1),
            "slow": np.array([10, 50]).reshape(1, 2, 1),
            "mode": np.array(["calm", "bold"], dtype=object).reshape(1, 1, 2),
        }
    )
    assert held[:, :, 0].tolist() == [[True, True], [False, True], [False, True]]
    assert not held[:, :, 1].any()


def test_a_constraint_names_its_parameters() -> None:
    constraint = read_constraint("slow > fast and max(slow, 3) < 60", KNOWN)
    assert constraint.names == ("slow", "fast")
    assert constraint == read_constraint("slow > fast and max(slow, 3) < 60", KNOWN)
    assert math.isnan(constraint.holds({"slow": 5, "fast": 4}) * math.nan)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ((1, 2.5), "number"),
        ((True,), "truth"),
        (("a", "b"), "text"),
        ((("a",), ()), "list"),
        ((True, 1), "mixed"),
        ((None,), "mixed"),
    ],
)
def test_values_are_of_a_kind(values: tuple[Any, ...], kind: str) -> None:
    assert kind_of(values) == kind


REFUSED = {
    "": (0, "the constraint is empty"),
    "  ": (0, "the constraint is empty"),
    "fsat < slow": (0, "unknown parameter 'fsat'"),
    "slow > fsat": (7, "did you mean 'fast'? known: fast, slow"),
    "fast": (0, "this is a number, not a condition"),
    "mode": (0, "this is a word, not a condition"),
    "fast <": (6, "the constraint cannot be read, invalid syntax"),
    "(fast < 5": (0, "the constraint cannot be read"),
    "fast = 5": (5, "'=' has no meaning here"),
    "fast < slow & use": (12, "write and"),
    "fast < slow | use": (12, "write or"),
    "!use": (0, "write not"),
    "fast ^ 2 < 9": (5, "there are no powers"),
    "mode == calm": (8, 'a value of mode stands in quotes: "calm"'),
    "mode == 'clam'": (8, "mode is never 'clam'"),
    "mode in ('calm', 'blod')": (17, "did you mean 'bold'?"),
    "mode < 'calm'": (7, "a word has no order"),
    "mode == 5": (8, "a word cannot be compared with a number"),
    "use == 'a'": (7, "a condition cannot be compared with a word"),
    "use < true": (6, "a condition has no order"),
    "factors == 'A'": (0, "factors has values that are lists"),
    "mixed > 1": (0, "mixed has values that are of several kinds"),
    "stop < 5%": (7, "write 0.05 for 5 %"),
    "5% < stop": (0, "write 0.05 for 5 %"),
    "fast ** 2 < 5": (0, "this cannot stand in a constraint"),
    "9**9**9**9 > 1": (0, "this cannot stand in a constraint"),
    "'a' * 9999999999 == mode": (0, "this is a word, and a number belongs here"),
    "__import__('os').system('ls')": (16, "'.' has no meaning here"),
    "__import__('os') == 1": (0, "this function does not exist"),
    "fast.real > 1": (4, "'.' has no meaning here"),
    "(lambda x: x)(fast) > 1": (9, "':' has no meaning here"),
    "[x for x in (1, 2)]": (0, "this cannot stand in a constraint"),
    "fast if use else slow": (0, "this cannot stand in a constraint"),
    "(fast := 5) > 1": (6, "':' has no meaning here"),
    "fast[0] > 1": (0, "this cannot stand in a constraint"),
    "f'{fast}' == mode": (0, "this cannot stand in a constraint"),
    "b'a' == mode": (0, "this cannot stand in a constraint"),
    "None == fast": (0, "this cannot stand in a constraint"),
    "fast < 1_000": (7, "'1_000' is no number"),
    "fast < 0x10": (7, "'0x10' is no number"),
    "fast < 3j": (7, "'3j' is no number"),
    "fast < 1e999": (7, "this number is too large"),
    f"fast < {'9' * 400}": (7, "this number is too large"),
    "fast is 5": (8, "write == or != to compare"),
    "use + 1 > 2": (0, "this is a condition, and a number belongs here"),
    "use and fast": (8, "this is a number, and a condition belongs here"),
    "not fast": (4, "this is a number, and a condition belongs here"),
    "min(fast) > 1": (0, "min takes two numbers or more"),
    "min(fast, slow, key=fast) > 1": (19, "'=' has no meaning here"),
    "max(*fast) > 1": (0, "max takes two numbers or more"),
    "abs(1, 2) > 1": (0, "abs takes one number"),
    "pow(2, 3) > 1": (0, "this function does not exist"),
    "mode in ()": (8, "in has no list of choices after it"),
    "mode in 'calm'": (8, "in has no list of choices after it"),
    "fast in (1,) < 3": (8, "this cannot stand in a constraint"),
    "fast; slow": (4, "';' has no meaning here"),
    "fast < \u0665": (7, "has no meaning here"),
    "mode == '\u00e9' or fsat > 1": (8, "mode is never"),
    "'\u00e9\u00e9' != 'x' and fsat > 1": (16, "unknown parameter 'fsat'"),
    "mode == 'calm": (8, "close the quote"),
    "mode == '\\x41'": (8, "close the quote"),
    "not " * 40 + "use": (124, "this is nested too deep"),
    "-" * 200 + "1 < 2": (30, "this is nested too deep"),
    "+ ".join(["1 "] * 200) + "< 2": (600, "more than 300 words and signs"),
    "(" * 290 + "1 < 2": (200, "the constraint cannot be read"),
    "1 < 2 or " * 200: (MOST_CHARACTERS, "the constraint has 1,800 characters, more than 1,000"),
}


@pytest.mark.parametrize(("text", "says"), REFUSED.items())
def test_what_is_no_constraint_is_refused(text: str, says: tuple[int, str]) -> None:
    with pytest.raises(GridError) as caught:
        read_constraint(text, KNOWN)
    error, (position, what) = caught.value, says
    assert what in str(error)
    assert error.text == text
    assert error.position == position
    assert error.hint


def test_nothing_is_ever_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*_: object) -> None:
        raise AssertionError

    for name in ("eval", "exec", "compile"):
        if name != "compile":  # which ast.parse calls, to parse only
            monkeypatch.setattr(f"builtins.{name}", run)
    assert read_constraint("fast < slow", KNOWN).holds(POINT)
    assert isinstance(ast.parse("1 < 2", mode="eval"), ast.Expression)


SEEDS = (
    *HOLDS,
    "fast < slow and slow >= 2 * fast and stop < 0.25 or not use and mode in ('calm', 'bold')",
    "min(fast, slow, 7) % 2 == 0 and abs(-fast) // 3 > 1 and (fast + slow) / 2 < 30.5",
)
PIECES = (
    *"()[]'\"<>=!*/%+-.,:\\ 9\u0968\u00e9\0\n",
    "**",
    "not ",
    " in ",
    "lambda",
    "1e999",
    "fsat ",
)


def fuzzed(random: Random) -> str:
    """A constraint with some places broken."""
    text = random.choice(SEEDS)
    for _ in range(random.randint(1, 6)):
        at, stop = sorted(random.choices(range(len(text) + 1), k=2))
        pieces = ("", random.choice(PIECES) * random.choice((1, 2, 90)), text[at:stop] * 2)
        change = random.randint(0, 2)
        text = text[:at] + pieces[change] + text[at if change == 1 else stop :]
    return text


def is_refused(text: str) -> bool:
    """Whether a text is no constraint; the error must say where and what to do."""
    error = None
    try:
        constraint = read_constraint(text, KNOWN)
    except GridError as refused:
        error = refused
    if error is None:
        assert constraint.holds(POINT) in {True, False}
        return False
    assert error.position is not None
    assert 0 <= error.position <= max(len(text), MOST_CHARACTERS)
    assert error.hint
    assert len(str(error)) < 600
    return True


@pytest.mark.parametrize("count", [3_000, pytest.param(100_000, marks=pytest.mark.slow)])
def test_broken_constraints_are_refused_with_a_place_and_advice(count: int) -> None:
    random = Random(5)  # noqa: S311 - not for secrets
    refused = sum(is_refused(fuzzed(random)) for _ in range(count))
    assert refused > count / 2
