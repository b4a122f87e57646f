"""A judgement as text: it reads back whole, and what is damaged is refused."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from stockstream.errors import DataError
from stockstream.study.belief.belief import judge
from stockstream.study.belief.document import belief_of, belief_text
from stockstream.testing.noise import moments_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from stockstream.study.belief.belief import Belief

GRID = {"fast": np.repeat(np.arange(5, 10), 4), "slow": np.tile(np.arange(20, 60, 10), 5)}


def judged(points: int = 20) -> Belief:
    returns = np.random.default_rng(2).normal(0.0003, 0.01, (points, 800))
    grid = {name: values[:points] for name, values in GRID.items()}
    return judge(moments_of(returns), parameters=grid, resamples=100)


def shortened(belief: Belief) -> Belief:
    """With a few of its thousands of halves."""
    found = belief.overfitting
    few = replace(found, logits=found.logits[:7], pairs=found.pairs[:7])
    return replace(belief, overfitting=few, plateau=None)


WHOLE = shortened(judged())
TEXT = belief_text(WHOLE)


def test_it_reads_back_whole() -> None:
    again = belief_of(TEXT)
    assert belief_text(again) == TEXT
    assert again.verdict == WHOLE.verdict
    assert again.notes == WHOLE.notes
    assert again.deflated == WHOLE.deflated
    assert again.conclusion == WHOLE.conclusion
    assert again.to_dict() == WHOLE.to_dict()
    np.testing.assert_array_equal(again.overfitting.pairs, WHOLE.overfitting.pairs)


def test_the_plateau_is_left_out() -> None:
    belief = judged()
    assert belief.plateau is not None
    assert belief_of(belief_text(belief)).plateau is None


def test_one_point_has_numbers_that_are_none() -> None:
    alone = judged(1)
    again = belief_of(belief_text(alone))
    assert math.isnan(again.overfitting.probability)
    assert again.overfitting.pairs.shape == (0, 2)
    assert belief_text(again) == belief_text(alone)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "null", "[]", "{}", "7", '"text"', "\0", TEXT[:-1], TEXT[: len(TEXT) // 2]),
        *("[" * 100_000, '{"deflated": ' * 100_000, "1" * 5_000),
    ],
)
def test_text_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DataError, match="measure it again"):
        belief_of(text)


def changed(where: tuple[str, ...], value: Any) -> str:
    given: Any = json.loads(TEXT)
    part = given
    for name in where[:-1]:
        part = part[name]
    part[where[-1]] = value
    return json.dumps(given)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("point",), "0"),
        (("point",), 1.5),
        (("trades",), "many"),
        (("trials",), None),
        (("neighbour_median",), []),
        (("unknown",), 1),
        (("notes",), 5),
        (("verdict",), [{"a": 1}]),
        (("deflated",), []),
        (("deflated", "sharpe"), "<b>9</b>"),
        (("deflated", "sharpe"), True),
        (("decay", "kept"), None),
        (("overfitting", "pairs"), [[1.0, 2.0, 3.0]]),
        (("overfitting", "logits"), ["a"]),
        (("overfitting", "logits"), [10**400]),
        (("reality_check", "more"), 0),
    ],
)
def test_a_part_of_another_kind_is_refused(where: tuple[str, ...], value: Any) -> None:
    with pytest.raises(DataError, match="measure it again"):
        belief_of(changed(where, value))


@pytest.mark.parametrize("name", json.loads(TEXT))
def test_a_part_that_is_missing_is_refused(name: str) -> None:
    given = json.loads(TEXT)
    del given[name]
    if name in {"plateau", "notes", "verdict"}:
        assert belief_of(json.dumps(given)).point == WHOLE.point
        return
    with pytest.raises(DataError, match="measure it again"):
        belief_of(json.dumps(given))


def scrambled(text: str, random: np.random.Generator) -> str:
    """Some characters lost, doubled or replaced."""
    start = int(random.integers(len(text)))
    end = start + int(random.integers(1, 40))
    tricks: list[Callable[[], str]] = [
        lambda: text[:start] + text[end:],
        lambda: text[:end] + text[start:],
        lambda: text[:start] + "NaN" + text[end:],
        lambda: text[:start] + "\ud800\0" + text[end:],
    ]
    return tricks[int(random.integers(len(tricks)))]()


def test_damaged_text_is_refused_or_reads_as_a_judgement() -> None:
    random = np.random.default_rng(11)
    refused = 0
    for _ in range(400):
        try:
            belief_of(scrambled(TEXT, random)).to_dict()
        except DataError:
            refused += 1
    assert refused > 100
